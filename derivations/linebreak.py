"""Long expressions cut into lines, by width and by structure."""

import re
from collections.abc import Callable

from sympy import Add, Basic, MatrixBase, Mul, Tuple, fraction, latex

WIDTH = 62
Writer = Callable[[Basic], str]
"""Prints an expression as LaTeX."""


def printed_width(text: str) -> int:
    """Roughly how many characters wide a LaTeX formula is when set.

    :param text: the LaTeX
    """
    bare = re.sub(r"\\(left|right|bigl|bigr|frac|mathrm)\b", "", text)
    bare = re.sub(r"\\cl[A-Z][A-Za-z]*", "xyz", bare)  # a macro of letters, with its subscript
    bare = re.sub(r"\\[a-z]+", "x", bare)
    return len(re.sub(r"[{}_^ ]", "", re.sub(r" ([+-]) ", r"..\1", bare)))


def lines_of(expression: Basic, write: Writer = latex) -> list[str]:
    """An expression's LaTeX, cut into lines at its top-level product, sum or list where it is long.

    :param expression: the expression
    :param write: prints an expression without breaking it
    """
    whole = write(expression)
    if isinstance(expression, MatrixBase) or printed_width(whole) <= WIDTH:
        return [whole]
    if isinstance(expression, Tuple):
        entries = [lines_of(entry, write) for entry in expression]
        closed = [line for entry in entries[:-1] for line in [*entry[:-1], entry[-1] + ","]] + entries[-1]
        return [r"\bigl(" + closed[0], *closed[1:-1], closed[-1] + r"\bigr)"]
    if isinstance(expression, Mul):
        return _product_lines(expression, write)
    return _sum_lines(expression, write) if isinstance(expression, Add) else [whole]


def _product_lines(expression: Mul, write: Writer) -> list[str]:
    """Scalars, short factors and the denominator first, then every sum in brackets of its own."""
    numerator, denominator = fraction(expression)
    factors = Mul.make_args(numerator)
    sums = [factor for factor in factors if isinstance(factor, Add)]
    if not sums:
        return [write(expression)]
    scalars = Mul(*(factor for factor in factors if not isinstance(factor, Add))) / denominator
    head = "" if scalars == 1 else "-" if scalars == -1 else write(scalars)
    lines: list[str] = [head] if printed_width(head) > WIDTH // 4 else []
    for factor in sums:
        inner = lines_of(factor, write)
        before = r"\times " if lines else head
        inner[0] = before + r"\bigl(" + inner[0]
        inner[-1] += r"\bigr)"
        lines += inner
    return lines


def _sum_lines(expression: Add, write: Writer) -> list[str]:
    """The terms of a sum, gathered into lines of limited width."""
    lines: list[str] = []
    current = ""
    for term in expression.as_ordered_terms():
        text = write(term)
        text = text if text.startswith("-") or not (lines or current) else "+ " + text
        if current and printed_width(current + text) > WIDTH:
            lines.append(current)
            current = ""
        current = f"{current} {text}".strip()
    return [*lines, current]
