"""The book: its content, the PDF from which nothing sticks out, and the command that writes it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from derivations import catalogue
from derivations.documents import book, book_latex, pdf, printing
from derivations.documents.claims.table import CLAIMS
from derivations.figures import gallery
from numerics.common.errors import InputError

pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


@pytest.fixture(scope="session")
def compiled(whole):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    return pdf.compile_document(book_latex.document(whole), [picture.file for picture in whole.pictures])


# the content


def test_chapters_hold_every_result_once(whole):
    assert [result.name for result in whole.results] == list(catalogue.ORDER)
    assert len(set(catalogue.ORDER)) == len(catalogue.ORDER)


def test_a_book_of_two_results_has_their_chapters_and_symbols_only(results):
    small = book.compose([results["optimum"], results["stage-one"]])
    assert [result.name for result in small.results] == ["stage-one", "optimum"]
    assert "sigma_zm" in small.symbols
    assert "varsigma" not in small.symbols


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_every_result_has_a_background(results, name):
    about = results[name].background
    assert about.assumptions
    assert about.checks
    for text in (*about.assumptions, about.differs or "."):
        assert text.endswith(".")
        assert text.count("$") % 2 == 0
        assert text.count("{") == text.count("}")


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_the_checks_a_result_names_exist(results, name, decides):
    about = results[name]
    for entry in (*about.background.checks, *(step.check for step in about.steps if step.check)):
        assert decides(entry), entry


def test_figures_come_with_their_chapter_and_measured_difference(whole):
    assert {p.number for p in whole.pictures} == {2, 4}
    (stage,) = [c for c in whole.chapters if "short-term-loss" in {r.name for r in c.results}]
    assert stage.pictures[0].caption.endswith("differ by 3.0e-15.")


def test_every_figure_that_can_be_drawn_has_its_chapter():
    assert tuple(book.FIGURES) == gallery.NUMBERS
    chapter = {name: title for title, names in catalogue.CHAPTERS.items() for name in names}
    assert [chapter[name] for name, _ in book.FIGURES.values()][-2:] == ["Tracking", "Full networks"]


def test_the_worst_line_of_a_report_is_quoted(whole, results):
    (check,) = whole.decided(results["effective-gains"].background.checks)
    assert len(check.lines) == 2
    assert check.worst.difference == 0.1
    assert not check.worst.passed


def test_folders_without_figures_or_reports_are_refused(tmp_path):
    with pytest.raises(InputError, match="--figures must be a folder with figure1"):
        book.compose((), tmp_path)
    with pytest.raises(InputError, match=r"found no report\.json"):
        book.compose((), None, [tmp_path])
    (tmp_path / "report.json").write_text("[]")
    with pytest.raises(InputError, match="must be a report of closedloop validate"):
        book.compose((), None, [tmp_path])


# PDF


def test_no_page_has_anything_sticking_out(compiled):
    assert [width for width in compiled.overfull if width > 2] == []
    assert compiled.pages > 20
    assert compiled.pdf.startswith(b"%PDF")


def test_every_reference_is_resolved_and_no_letter_missing(compiled):
    assert "undefined" not in compiled.log
    assert "Missing character" not in compiled.log
    assert "Rerun" not in re.sub(r"(?i)package: rerun\S*.*|\(.*rerun\S*", "", compiled.log)


@pdflatex
def test_a_complaint_of_tex_is_one_line():
    with pytest.raises(InputError, match=r"found: Undefined control sequence.*\\nonsense"):
        pdf.compile_document("\\documentclass{article}\\begin{document}\\nonsense\\end{document}")


def test_a_missing_pdflatex_is_said_before_work(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="needs pdflatex; found none; install TeX"):
        printing.Order("pdf", tmp_path / "book.pdf").checked()


def test_claims_have_no_letter_that_tex_lacks(job_texts):
    told = [text for claim in CLAIMS for text in (claim.claim, claim.how, claim.place)]
    pieces = [text for found in job_texts.values() for text in found] + told
    strange = {c for piece in pieces for c in book_latex.text(piece) if ord(c) > 127}
    assert strange <= set("±×·°…½–’“”")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("cos(∇L_2) < -0.9", r"cos($\nabla$$L_{2}$) $<$ -0.9"),
        ("λ_1 at 50 %", r"$\lambda_{1}$ at 50 \%"),
        ("φ⁻² & P³", r"$\varphi$$^{-2}$ \& P$^{3}$"),
        ("k_2² < σ_vu²", r"$k_{2}$$^{2}$ $<$ $\sigma_{vu}$$^{2}$"),
    ],
)
def test_claims_as_latex(raw, expected):
    assert book_latex.text(raw) == expected


# the command


@pytest.mark.parametrize("form", ["html", "tex", "latex", "json", "text"])
def test_derive_writes_a_file(run, tmp_path, form):
    path = tmp_path / f"page.{form}"
    code, out, _ = run("derive", "stage-one", "--format", form, "--out", path)
    assert code == 0
    assert str(path) in out
    assert re.search(r"written: 1 result, \d+ kB", out) or form not in ("html", "tex")
    assert "Stage 1" in path.read_text(encoding="utf-8")


def test_a_book_that_takes_the_place_of_another_says_so(run, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    out = run("derive", "stage-one", "saddle", "--format", "html", "--out", path)[1]
    assert f"{path} replaced: 2 results, {path.stat().st_size / 1000:.0f} kB" in out


@pdflatex
def test_derive_writes_a_pdf_with_figures(run, tmp_path, pictures):
    path = tmp_path / "page.pdf"
    code, out, _ = run("derive", "short-term-loss", "--format", "pdf", "--out", path, "--figures", pictures)
    assert code == 0
    assert re.search(r"page.pdf written: 1 result, \d+ pages, \d+ kB", out)
    assert path.read_bytes().startswith(b"%PDF")


@pdflatex
def test_tex_with_macros_and_figures_compiles_where_it_stands(run, tmp_path, pictures):
    path = tmp_path / "page.tex"
    words = ("derive", "short-term-loss", "--format", "tex", "--macros", "--out", path, "--figures", pictures)
    assert run(*words)[0] == 0
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode == 0


MISTAKES = [
    (["--format", "pdf", "--macros"], "--macros goes with --format latex or tex"),
    (["--format", "text", "--symbols", "kappa=k"], "--symbols goes with latex, pdf, html and tex"),
    (["--format", "tex", "--macros", "--symbols", "kappa=k"], "found also --symbols; remove one"),
    (["--format", "json", "--figures", "."], "--figures goes with --format pdf, html or tex"),
    (["--format", "html", "--figures", "nowhere"], "found none in nowhere"),
    (["--format", "html", "--report", "nowhere"], "found no report.json in nowhere"),
    (["--format", "html", "--out", "nowhere/page.html"], "found no folder"),
    (
        ["--format", "html", "--out", "page.pdf"],
        "--out must end in .html for --format html; found page.pdf; rename it or ask for --format pdf",
    ),
    (["--out", "page.pdf"], "--out must not end in .pdf for --format text; found page.pdf"),
    (["--out", "page.tex"], "rename it or ask for --format tex or latex"),
    (["--format", "json", "--out", "page.tex"], "--out must not end in .tex for --format json; found page.tex"),
    (["--format", "pdf", "--out", "page"], "--out must end in .pdf for --format pdf; found page; rename it"),
    (["--format", "latex", "--symbols", "kapa=k"], "did you mean kappa?"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_mistakes_are_one_line(run, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("derive", "visible-overlaps", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert list(Path().iterdir()) == []
