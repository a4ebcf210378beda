"""Long expressions cut into lines, by width and by structure."""

import re
from collections.abc import Callable

from sympy import Add, Basic, MatrixBase, Mul, Tuple, fraction

from theory.core.to_latex import to_latex

WIDTH = 62
SPARE = 6
"""What the first line of several may be longer than the others, which are indented."""

Writer = Callable[[Basic], str]
"""Prints an expression as LaTeX."""


def printed_width(text: str) -> int:
    """Roughly how many characters wide a LaTeX formula is when set.

    :param text: the LaTeX
    """
    text = re.sub(r"\\begin\{matrix\}(.*?)\\end\{matrix\}", _widest_row, text, flags=re.DOTALL)
    text = re.sub(r"\\(left|right|biggl|biggr|bigl|bigr|mathrm)\b", "", text)
    text = re.sub(r"\\cl[A-Z][A-Za-z]*", "xyz", text)  # a macro of letters, with its subscript
    text = re.sub(r" ([+-]) ", r"..\1", re.sub(r"\\(?!frac)[A-Za-z]+", "x", text))
    previous = None
    while previous != text:  # from the inside out: scripts in line, of a fraction the longer part
        previous = text
        text = re.sub(r"([_^x])\{([^{}]*)\}", r"\1\2", text)
        text = re.sub(r"\\frac *\{([^{}]*)\} *\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), text)
    text = re.sub(r"[{}_^ ]", "", text)
    return len(text) + len(re.findall("[A-Z]", text)) // 5  # capitals are wider


def _widest_row(matrix: re.Match) -> str:
    """As many letters as the columns of a matrix are wide, with the space between them."""
    rows = [[printed_width(entry) for entry in row.split("&")] for row in matrix[1].split(r"\\")]
    columns = zip(*rows, strict=True)
    return "x" * (sum(map(max, columns)) + 2 * len(rows[0]))


def lines_of(expression: Basic, write: Writer = to_latex, width: int = WIDTH) -> list[str]:
    """An expression's LaTeX, cut into lines at its top-level product, sum or list where it is long.

    :param write: prints an expression without breaking it
    :param width: of a line, as :func:`printed_width` counts
    """
    whole = write(expression)
    if isinstance(expression, MatrixBase) or printed_width(whole) <= width:
        return [whole]
    if isinstance(expression, Tuple):
        return _tuple_lines(expression, write, width)
    if isinstance(expression, Mul):
        return _product_lines(expression, write, width)
    return _sum_lines(expression, write, width) if isinstance(expression, Add) else [whole]


def equation_lines(left: str, right: Basic, write: Writer = to_latex, width: int = WIDTH) -> list[str]:
    """The lines of an equation; the left-hand side has a line of its own where the first would be too long with it.

    :param write: prints an expression without breaking it
    :param width: of a line, as :func:`printed_width` counts
    """
    lines = lines_of(right, write, width)
    first = f"{left} = {lines[0]}"
    spare = SPARE if len(lines) > 1 else 0
    return [first, *lines[1:]] if printed_width(first) <= width + spare else [f"{left} =", *lines]


def _gathered(pieces: list[str], width: int) -> list[str]:
    """Pieces put into lines as long as the width allows."""
    lines: list[str] = []
    for piece in pieces:
        if lines and printed_width(lines[-1] + piece) <= width:
            lines[-1] += " " + piece
        else:
            lines.append(piece)
    return lines


def _tuple_lines(expression: Tuple, write: Writer, width: int) -> list[str]:
    """The entries, long ones broken and short ones side by side."""
    entries = [lines_of(entry, write, width) for entry in expression]
    closed = [line for entry in entries[:-1] for line in [*entry[:-1], entry[-1] + ","]] + entries[-1]
    return _gathered(_bracketed(closed), width)


def _bracketed(lines: list[str]) -> list[str]:
    """Lines between brackets that are as high as fractions where there are some."""
    size = "bigg" if any(r"\frac" in line for line in lines) else "big"
    opened = [f"\\{size}l(" + lines[0], *lines[1:]]
    return [*opened[:-1], opened[-1] + f"\\{size}r)"]


def _product_lines(expression: Mul, write: Writer, width: int) -> list[str]:
    """Scalars, short factors and the denominator first, then every sum in brackets of its own."""
    numerator, denominator = fraction(expression)
    factors = Mul.make_args(numerator)
    sums = [factor for factor in factors if isinstance(factor, Add)]
    if not sums:
        return [write(expression)]
    scalars = Mul(*(factor for factor in factors if not isinstance(factor, Add))) / denominator
    head = "" if scalars == 1 else "-" if scalars == -1 else write(scalars)
    lines: list[str] = [head] if printed_width(head) > width // 4 else []
    for factor in sums:
        inner = _bracketed(lines_of(factor, write, width))
        lines += [(r"\times " if lines else head) + inner[0], *inner[1:]]
    return lines


def _sum_lines(expression: Add, write: Writer, width: int) -> list[str]:
    """The terms of a sum, gathered into lines of limited width."""
    terms = [write(term) for term in expression.as_ordered_terms()]
    signed = [text if text.startswith("-") or not index else "+ " + text for index, text in enumerate(terms)]
    return _gathered(signed, width)
