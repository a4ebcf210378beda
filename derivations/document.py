"""Derived results as text, LaTeX and JSON."""

import json
import re

from sympy import Add, Basic, MatrixBase, Mul, Tuple, fraction, latex, sstr

from derivations.result import Result

WIDTH = 62
PREAMBLE = "\n".join(
    [
        r"\documentclass{article}",
        r"\usepackage{amsmath}",
        r"\setcounter{MaxMatrixCols}{20}",
        r"\allowdisplaybreaks",
        r"\begin{document}",
    ]
)
GREEK = {
    r"\sigma": "σ",
    r"\gamma": "γ",
    r"\lambda": "λ",
    r"\kappa": "κ",
    r"\rho": "ρ",
    r"\tau": "τ",
    r"\beta": "β",
    r"\eta": "η",
    r"\Sigma": "Σ",
    r"\Pi": "Π",
    r"\chi": "χ",
    r"\varsigma": "ς",
    r"\bar g": "ḡ",
    r"\infty": "∞",
    r"\in ": "∈ ",
    r"\dots": "…",
    r"\partial": "∂",
    r"\nabla": "∇",
    r"\Delta": "Δ",
    r"\pm": "±",
    r"\neq": "≠",
    r"\times": "×",
    r"\to": "→",
    r"\leftarrow": "←",
    r"\sum": "Σ",
    r"\det": "det",
    r"\min": "min",
    r"\dot": "d/dt ",
    r"\sqrt": "√",
    r"\varphi": "φ",
    r"\pi": "π",
    r"\omega": "ω",
    r"\epsilon": "ε",
    r"\sin": "sin",
    r"\cos": "cos",
    r"\leq": "≤",
    r"\log": "log",
    r"\mu": "μ",
    r"\max": "max",
    r"\geq": "≥",
    r"\approx": "≈",
    r"\propto": "∝",
    r"\cdot": "·",
    r"\|": "‖",
    r"\,": " ",
    r"\;": " ",
}


def plain(text: str) -> str:
    """Light LaTeX as plain Unicode text.

    :param text: prose with mathematics between dollar signs, or a left-hand side
    """
    text = re.sub(r"\\(left|right|bigl|bigr)(?![a-z])|\$", "", text)
    text = re.sub(r"\\(?:mathrm|text)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\t?frac(\w)(\w)", r"\1/\2", text)
    for command in sorted(GREEK, key=len, reverse=True):
        text = re.sub(re.escape(command) + ("(?![a-z])" if command[-1].isalpha() else ""), GREEK[command], text)
    previous = None
    while previous != text:
        previous = text
        text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", _ratio, text)
        text = re.sub(r"([_^])\{([^{}]*)\}", lambda m: m[1] + _grouped(m[2]), text)
        text = re.sub(r"(?<![_^\w])\{([^{}]*)\}|(?<=√)\{([^{}]*)\}", lambda m: _grouped(m[1] or m[2] or ""), text)
    return text.strip()


def _grouped(content: str) -> str:
    """A group without its braces, in parentheses if it is more than one word."""
    return content if re.fullmatch(r"\d+|[^\W\d]\w*'*|\*|", content) else f"({content})"


def _ratio(match: re.Match) -> str:
    return f"{_grouped(match[1])}/{_grouped(match[2])}"


def printed_width(text: str) -> int:
    """Roughly how many characters wide a LaTeX formula is when set.

    :param text: the LaTeX
    """
    bare = re.sub(r"\\(left|right|bigl|bigr|frac|mathrm)\b", "", text)
    bare = re.sub(r"\\[a-z]+", "x", bare)
    return len(re.sub(r"[{}_^ ]", "", re.sub(r" ([+-]) ", r"..\1", bare)))


def lines_of(expression: Basic) -> list[str]:
    """An expression's LaTeX, cut into lines at its top-level product, sum or list where it is long.

    :param expression: the expression
    """
    whole = latex(expression)
    if isinstance(expression, MatrixBase) or printed_width(whole) <= WIDTH:
        return [whole]
    if isinstance(expression, Tuple):
        entries = [lines_of(entry) for entry in expression]
        closed = [line for entry in entries[:-1] for line in [*entry[:-1], entry[-1] + ","]] + entries[-1]
        return [r"\bigl(" + closed[0], *closed[1:-1], closed[-1] + r"\bigr)"]
    if isinstance(expression, Mul):
        return _product_lines(expression)
    return _sum_lines(expression) if isinstance(expression, Add) else [whole]


def _product_lines(expression: Mul) -> list[str]:
    """Scalars, short factors and the denominator first, then every sum in brackets of its own."""
    numerator, denominator = fraction(expression)
    factors = Mul.make_args(numerator)
    sums = [factor for factor in factors if isinstance(factor, Add)]
    if not sums:
        return [latex(expression)]
    scalars = Mul(*(factor for factor in factors if not isinstance(factor, Add))) / denominator
    head = "" if scalars == 1 else "-" if scalars == -1 else latex(scalars)
    lines: list[str] = [head] if printed_width(head) > WIDTH // 4 else []
    for factor in sums:
        inner = lines_of(factor)
        before = r"\times " if lines else head
        inner[0] = before + r"\bigl(" + inner[0]
        inner[-1] += r"\bigr)"
        lines += inner
    return lines


def _sum_lines(expression: Add) -> list[str]:
    """The terms of a sum, gathered into lines of limited width."""
    lines: list[str] = []
    current = ""
    for term in expression.as_ordered_terms():
        text = latex(term)
        text = text if text.startswith("-") or not (lines or current) else "+ " + text
        if current and printed_width(current + text) > WIDTH:
            lines.append(current)
            current = ""
        current = f"{current} {text}".strip()
    return [*lines, current]


def equation(left: str, right: Basic) -> str:
    """A displayed equation; a long right-hand side is broken into aligned lines.

    :param left: left-hand side as LaTeX
    :param right: right-hand side
    """
    lines = lines_of(right)
    relation = " " if left.rstrip().endswith(",") else " = "
    if len(lines) == 1 and printed_width(left + lines[0]) <= WIDTH + 10:
        return "\\begin{equation*}\n" + f"{left}{relation}{lines[0]}" + "\n\\end{equation*}"
    start = "" if printed_width(left + lines[0]) <= WIDTH + 6 else "\\\\\n&\\quad "
    body = " \\\\\n&\\quad ".join(lines)
    return "\\begin{align*}\n" + f"&{left}{relation}{start}{body}" + "\n\\end{align*}"


def as_latex(results: list[Result], standalone: bool = False) -> str:
    """LaTeX that compiles in a plain article with amsmath.

    :param results: the results
    :param standalone: whether to add a preamble, for a document of its own
    """
    parts = []
    for result in results:
        parts.append(f"\\section*{{{result.title}}}\n{result.statement}\n")
        parts += [
            f"\\paragraph{{Step {i}.}} {s.reason}\n{equation(s.left, s.right)}" for i, s in enumerate(result.steps, 1)
        ]
        parts.append("\\paragraph{Result.}")
        parts += [equation(left, right) for left, right in result.expressions.items()]
        parts.append("\\emph{Source:} " + result.source.replace("&", r"\&") + ".\n")
    text = "\n".join(parts)
    return f"{PREAMBLE}\n{text}\n\\end{{document}}\n" if standalone else text + "\n"


def as_text(results: list[Result]) -> str:
    """Plain text, one equation a line.

    :param results: the results
    """
    lines: list[str] = []
    for result in results:
        lines += [f"{result.name}: {result.title}", plain(result.statement), f"source: {result.source}", ""]
        for index, step in enumerate(result.steps, 1):
            lines += [f"  {index}. {plain(step.reason)}", f"     {_equation_text(step.left, step.right)}"]
        lines += ["", *(f"  {_equation_text(left, right)}" for left, right in result.expressions.items()), ""]
    return "\n".join(lines)


def _equation_text(left: str, right: Basic) -> str:
    value = sstr(right.tolist() if isinstance(right, MatrixBase) else right).replace("lamda", "lambda")
    left = plain(left)
    return f"{left} {value}" if left.endswith(",") else f"{left} = {value}"


def as_json(results: list[Result]) -> str:
    """JSON: a list of results, each expression as LaTeX and as text that sympy reads back.

    ``sympify(text, locals=theory.symbols.names())`` gives the expression with the symbols of the theory.

    :param results: the results
    """

    def expression(value: Basic) -> dict[str, str]:
        return {
            "latex": latex(value),
            "sympy": sstr(value.tolist() if isinstance(value, MatrixBase) else value),
        }

    documents = [
        {
            "name": r.name,
            "title": r.title,
            "statement": r.statement,
            "source": r.source,
            "verified": r.verified,
            "steps": [{"reason": s.reason, "left": s.left, **expression(s.right)} for s in r.steps],
            "expressions": {left: expression(right) for left, right in r.expressions.items()},
        }
        for r in results
    ]
    return json.dumps(documents, indent=2, ensure_ascii=False)
