"""Whether an expression is exactly zero, decided by computer algebra."""

from collections.abc import Callable

from sympy import Dummy, Expr, MatrixBase, Poly, Rational, Tuple, cancel, expand, nan, simplify, sympify, together

Simplifier = Callable[[Expr], Expr]
"""Brings an expression to a form in which zero is 0."""

REFUTED = 1e-15
"""What an expression must exceed at a sample point to be called non-zero; 40 digits are computed."""


def entries(value: object) -> list[Expr]:
    """The scalar entries of an expression, a matrix, or a tuple of such, by row.

    :param value: an expression, a matrix, a polynomial, a number, or a tuple or list of these
    """
    if isinstance(value, MatrixBase):
        return [entry for row in value.tolist() for entry in row]
    if isinstance(value, Poly):
        return [value.as_expr()]
    if isinstance(value, (Tuple, tuple, list)):
        return [entry for part in value for entry in entries(part)]
    return [sympify(value)]


def gap(left: object, right: object) -> list[Expr]:
    """left - right, entry by entry; the integer 1 where the numbers of entries differ.

    :param left: an expression, a matrix, or a tuple
    :param right: the same
    """
    first, second = entries(left), entries(right)
    if len(first) != len(second):
        return [sympify(1)]
    return [a - b for a, b in zip(first, second, strict=True)]


def vanishes(value: object, by: Simplifier | None = None) -> bool:
    """Whether every entry is exactly zero.

    Expansion first; then the caller's simplifier, or common denominators and :func:`sympy.simplify`. An entry that is not
    zero at a sample point is not zero, which spares the work on wrong equations.

    :param value: an expression, a matrix, or a tuple
    :param by: a simplifier for the case at hand, after which zero must be 0
    """
    return all(_zero(entry, by) for entry in entries(value))


def _zero(entry: Expr, by: Simplifier | None) -> bool:
    if entry.has(nan):
        return False
    if entry == 0 or expand(entry) == 0:
        return True
    if by is not None:
        return by(entry) == 0
    if not entry.is_commutative or _refuted(entry):
        return False
    return any(f(entry) == 0 for f in (lambda e: cancel(together(e)), simplify))


def _refuted(entry: Expr) -> bool:
    """Whether the entry is a number other than zero at a point that its letters may take."""
    letters = sorted(entry.free_symbols, key=str)
    plain = {letter: Dummy(positive=True) for letter in letters}
    values = {plain[s]: Rational(2 * k + 3, 1 if s.is_integer else 7 + 2 * k) for k, s in enumerate(letters)}
    try:
        number = complex(entry.subs(plain, simultaneous=True).subs(values).evalf(40))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return False
    return abs(number) > REFUTED
