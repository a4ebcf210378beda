"""Derived results as documents: LaTeX that compiles, text without markup, JSON that reads back."""

import json
import re
import shutil
import subprocess

import pytest
from sympy import MatrixBase, Symbol, Tuple, latex, symbols, sympify

from derivations import catalogue, linebreak
from derivations.documents.json import as_json
from derivations.documents.latex import as_latex
from derivations.documents.letters import OWN, Letters, macros, renamed
from derivations.documents.text import as_text, plain
from numerics.common.errors import InputError
from theory.symbols import names

pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
PREAMBLE = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"


# LaTeX


def compiled(folder, source):
    """Exit code of pdflatex, and the overfull boxes over 2 pt in its log."""
    (folder / "paper.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
    log = (folder / "paper.log").read_text(encoding="latin-1")
    widths = [float(width) for width in re.findall(r"Overfull \\[hv]box \((\d+\.\d+)pt too", log)]
    return run.returncode, [width for width in widths if width > 2]


@pdflatex
@pytest.mark.parametrize("name", catalogue.ORDER)
def test_result_compiles_in_a_plain_article(tmp_path, results, name):
    source = PREAMBLE + as_latex([results[name]]) + "\\end{document}\n"
    assert compiled(tmp_path, source) == (0, [])


@pdflatex
def test_standalone_document_compiles(tmp_path, results):
    assert compiled(tmp_path, as_latex(list(results.values()), standalone=True)) == (0, [])


@pdflatex
def test_a_formula_too_wide_is_noticed(tmp_path):
    wide = " + ".join(r"\sigma_{zm}^{2}" for _ in range(40))
    code, overfull = compiled(tmp_path, f"{PREAMBLE}\\begin{{equation*}}{wide}\\end{{equation*}}\\end{{document}}\n")
    assert (code, len(overfull)) == (0, 1)


@pdflatex
def test_an_undefined_command_is_noticed(tmp_path):
    code, _ = compiled(tmp_path, PREAMBLE + "$\\undefinedletter$\n\\end{document}\n")
    assert code != 0


def test_long_sums_are_cut_without_loss(results):
    loss = results["short-term-loss"].steps[2].right
    lines = linebreak.lines_of(loss)
    assert len(lines) > 1
    assert "".join(lines).replace(" ", "") == latex(loss).replace(" ", "")


@pytest.mark.parametrize("sign", [1, -1])
def test_long_products_are_cut_without_loss(sign):
    x, y = symbols("x y")
    long = sum(x**k * y ** (20 - k) for k in range(20)) + 1
    lines = linebreak.lines_of(sign * 3 * y * long * (x - y) / (x + 2))
    assert len(lines) > 1
    text = re.sub(r"\\bigl|\\bigr|\\times| ", "", "".join(lines))
    head, *sums = (latex(factor).replace(" ", "") for factor in (sign * 3 * y / (x + 2), x - y, long))
    assert text in {f"{head}({first})({second})" for first, second in (sums, sums[::-1])}


def test_tuples_are_closed_and_separated():
    x = Symbol("x")
    long = sum(x**k for k in range(40))
    text = "".join(linebreak.lines_of(Tuple(long, x, long)))
    assert text.startswith(r"\bigl(")
    assert text.endswith(r"\bigr)")
    assert text.count(",") == 2


def test_every_reason_and_statement_is_in_the_document(results):
    text = as_latex(list(results.values()))
    for result in results.values():
        assert result.statement in text
        assert all(step.reason in text for step in result.steps)


# letters


def test_a_symbol_is_renamed_in_expressions_and_prose(results):
    letters = renamed([results["saddle"]], [r"sigma_zu=\alpha", "sigma_zm=b"])
    text = as_latex([results["saddle"]], letters=letters)
    assert r"\sigma_{zu}" not in text
    assert r"\sigma_{zm}" not in text
    assert r"$\alpha = \sigma_{vm} = 0$" in text
    assert r"\dot\alpha" in text


def test_own_letters_change_nothing(results):
    names = [f"{name}={latex(Symbol(name))}" for name in ("sigma_zm", "kappa", "k_1")]
    for result in results.values():
        renamed_text = as_latex([result], letters=renamed([result], names))
        assert re.sub(r"_\{(\w)\}", r"_\1", renamed_text) == re.sub(r"_\{(\w)\}", r"_\1", as_latex([result]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\kappa_m + \kappa", r"\kappa_m + q"),
        (r"k_1 + k_{1} + k_{12}", r"x^{2} + x^{2} + k_{12}".replace("x^{2}", "{x^{2}}")),
        (r"V^T e^{2T\rho} K(\lambda)", r"V^T e^{2N\rho} K(\lambda)"),
        (r"f_T(T) T(x) k_1^3 A^K e^K", r"f_N(N) T(x) \left({x^{2}}\right)^3 A^J e^J"),
        (r"\mathrm{T} \dot\sigma_{zm}y", r"\mathrm{T} \dot a y".replace("a y", "ay")),
    ],
)
def test_only_whole_letters_are_replaced(text, expected):
    letters = Letters({"kappa": "q", "k_1": "x^{2}", "T": "N", "K": "J", "sigma_zm": "a"})
    assert letters.formula(text) == expected


def test_a_command_does_not_run_into_the_next_letter():
    assert Letters({"sigma_zm": r"\alpha"}).formula(r"\sigma_{zm}y + \sigma_{zm}") == r"\alpha y + \alpha"


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("sigma_zm", "must be NAME=LATEX"),
        ("kapa=a", "did you mean kappa"),
        ("sigma_zm={a", "matched braces"),
        ("sigma_zm=-a", "must give a letter, which can carry an exponent; found '-a'"),
        (r"sigma_zm=\frac{a}{b}", "must give a letter"),
        (r"sigma_zm=\kappa", "must keep symbols apart; found kappa and sigma_zm"),
    ],
)
def test_names_that_cannot_be_are_refused(results, pair, message):
    with pytest.raises(InputError, match=re.escape(message)):
        renamed([results["stability-region"]], [pair])


def test_no_two_letters_share_a_macro(results):
    names = macros(list(results.values())).names
    assert len(set(names.values())) == len(names)
    assert names["k_r"] != names["K_r"]


def test_macros_stand_for_the_letters(results):
    chosen = [results["saddle"], results["effective-gains"]]
    text = as_latex(chosen, letters=macros(chosen))
    defined = dict(re.findall(r"\\providecommand\{(\\cl\w+)\}\{(.*)\}\n", text))
    assert defined[r"\clSigmaZm"] == r"\sigma_{zm}"
    body = re.sub(r"\\providecommand.*\n", "", text)
    assert set(re.findall(r"\\cl[A-Z]\w*", body)) == set(defined)
    assert not [letter for letter in defined.values() if letter in re.sub(r"[A-Za-z]_(?:\\\w+|\{.*?\})", "", body)]


def test_weights_in_a_subscript_are_not_a_greek_letter(results):
    text = as_latex([results["nonlinear-reduction"]])
    assert r"\sigma_{mu}" in text
    assert r"_{\mu}" not in text


@pdflatex
def test_macros_compile(tmp_path, results):
    chosen = list(results.values())
    source = as_latex(chosen, standalone=True, letters=macros(chosen))
    assert compiled(tmp_path, source) == (0, [])


def test_notebooks_show_results_and_steps(results):
    result = results["effective-gains"]
    shown = result._repr_latex_()
    assert shown.startswith("$")
    assert shown.endswith("$")
    assert all(left in shown for left in result.expressions)
    assert latex(result.steps[2].right) in result.steps[2]._repr_latex_()


def test_notebooks_write_symbols_as_documents_do(results):
    assert r"\sigma_{mu}" in results["nonlinear-reduction"]._repr_latex_()
    assert r"W_{0}\left(" in results["stage-boundaries"]._repr_latex_()
    assert r"\Delta t^{3}" in results["tracking-order"]._repr_latex_()


# plain text


def mathematics(result):
    return [result.statement, *result.expressions, *(x for step in result.steps for x in (step.reason, step.left))]


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_plain_text_has_no_markup(results, name):
    assert not [text for text in map(plain, mathematics(results[name])) if re.search(r"[\\${}]", text)]


def test_plain_document_has_no_markup(results):
    assert not [line for line in as_text(list(results.values())).splitlines() if "\\" in line]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\sigma_{zm} \to c\,\sigma_{zm}$", "σ_zm → c σ_zm"),
        (r"$X \leftarrow X Q$", "X ← X Q"),
        (r"$P_{\mathrm{eff}}$", "P_eff"),
        (r"$\left[\lambda\right]$", "[λ]"),
    ],
)
def test_commands_become_letters(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("grouped", "other"),
    [
        (r"e^{2T\rho}", r"e^2 T\rho"),
        (r"x^{N-q-r}", r"x^N-q-r"),
        (r"h_{t+1}", r"h_t+1"),
        (r"\frac{d}{dt}(x)", r"ddt(x)"),
        (r"\frac1T x", r"1T x"),
    ],
)
def test_plain_text_keeps_what_braces_group(grouped, other):
    squeezed = [plain(text).replace(" ", "") for text in (grouped, other)]
    assert squeezed[0] != squeezed[1]


# JSON


def expressions(results):
    """Every expression with its JSON entry; matrices and the non-commuting letters of blocks left out."""
    written = {entry["name"]: entry for entry in json.loads(as_json(list(results.values())))}
    for name, result in results.items():
        pairs = [*zip((s.right for s in result.steps), written[name]["steps"], strict=True)]
        pairs += zip(result.expressions.values(), written[name]["expressions"].values(), strict=True)
        yield from ((name, value, entry) for value, entry in pairs if _commutes(value))


def _commutes(value):
    return not isinstance(value, MatrixBase) and all(symbol.is_commutative for symbol in value.free_symbols)


def bare(expression):
    """An expression, or the entries of a tuple, with every symbol stripped of its assumptions."""
    entries = Tuple(*expression) if isinstance(expression, (tuple, Tuple)) else Tuple(expression)
    return entries.xreplace({symbol: Symbol(symbol.name) for symbol in entries.free_symbols})


def reads_back(text, value):
    """Whether the text is read as the expression, letter for letter."""
    read, expected = bare(sympify(text, locals=names())), bare(value)
    return len(read) == len(expected) and all((a - b).expand() == 0 for a, b in zip(read, expected, strict=True))


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_json_expressions_read_back(results, name):
    entries = [(value, entry["sympy"]) for owner, value, entry in expressions(results) if owner == name]
    assert not [text for value, text in entries if not reads_back(text, value)]


def test_json_expressions_in_the_table_read_back_with_its_symbols(results):
    table = set(names().values())
    entries = [(value, entry["sympy"]) for _, value, entry in expressions(results) if value.free_symbols <= table]
    assert len(entries) > 40
    assert all(sympify(text, locals=names()).free_symbols <= table for value, text in entries if value.is_Add)


def test_a_changed_sign_does_not_read_back(results):
    loss = results["short-term-loss"].expressions["L_2"]
    assert not reads_back(str(loss).replace("14*", "-14*"), loss)


def test_json_latex_is_that_of_the_expression(results):
    assert all(entry["latex"] == OWN.write(value) for _, value, entry in expressions(results))


def test_json_says_what_is_verified(results):
    written = json.loads(as_json(list(results.values())))
    assert [entry["name"] for entry in written] == list(catalogue.ORDER)
    assert all(entry["verified"] == results[entry["name"]].verified for entry in written)
    steps = [step for entry in written for step in entry["steps"]]
    assert all(set(step) - {"check"} == {"kind", "verified", "reason", "left", "latex", "sympy"} for step in steps)
    assert all(step["verified"] == (step["kind"] == "proved") for step in steps)
    assert all(("check" in step) == (step["kind"] == "numerical") for step in steps)


def test_expressions_in_text_have_the_letters_of_the_prose(results):
    text = as_text([results["perturbed-roots"], results["nonlinear-reduction"]])
    assert "λ_3^(2) = 2*κ^2*(1 - σ_vu)/(σ_vu^2 - 2*σ_vu - σ_zm + 1)^3" in text
    assert "σ_mu/N" in text
    assert "∂_zu L" in as_text([results["saddle"]])
    assert "m·u" in as_text([results["saddle"]])
    lines = as_text(list(results.values())).splitlines()
    whole = "\n".join(line for line in lines if "closedloop validate" not in line)  # the words of claims
    assert "**" not in whole
    assert not re.findall(r"\b(?:sigma|lamda|lambda|kappa|gamma|sqrt|pi|exp|LambertW)\b|(?:sigma|lamda)_\w*", whole)
    assert "W_0(-2*e^(-2)) + 2" in whole
    assert "J^* = (7*√5 + 19)/2" in whole
    assert "e^(iω)" in whole


def test_text_leaves_no_latex_word_behind(results):
    text = as_text(list(results.values()))
    assert [line for line in text.splitlines() if "\\" in line] == []


def test_a_symbol_that_contains_a_renamed_letter_keeps_its_own(results):
    chosen = [results["saddle"]]
    for letters, new in ((renamed(chosen, ["kappa=k"]), "k"), (macros(chosen), r"\clKappa")):
        text = as_latex(chosen, letters=letters)
        assert f"through ${new}$ only" in text
        assert r"|L_\kappa|" in text
        assert r"L_{\kappa}^{2}" in text
        assert not re.search(rf"L_{{?{re.escape(new)}", text)


def test_a_symbol_is_renamed_once(results):
    with pytest.raises(InputError, match="rename a symbol once; found kappa twice"):
        renamed([results["saddle"]], ["kappa=k", "kappa=c"])
