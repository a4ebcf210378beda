"""Whether a loop is stable, decided in whole numbers: strictly inside the unit circle, on it, or outside.

Floats are rational numbers. Jury's recursion on exact coefficients therefore knows on which side of the unit circle
every root lies, where eigenvalues in floats know it only up to rounding.

Runs judge their epochs by eigenvalues in floats, see :meth:`numerics.replay.results.Run.stabilisation`; within
rounding of the unit circle that criterion may differ from this one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import lcm

import mpmath
import numpy as np
from sympy import ZZ, Poly
from sympy.polys.matrices import DomainMatrix

from numerics.common.errors import require
from numerics.reduced.roots import (
    DIGITS,
    Number,
    Terms,
    exact_value,
    precise_roots,
    terms_of,
    whole_numbers,
    without_content,
    without_zeros,
)
from theory.core.loop import ReducedLoop
from theory.symbols import lam

STABLE, BOUNDARY, UNSTABLE = "stable", "boundary", "unstable"


@dataclass(frozen=True)
class Stability:
    """On which side of the unit circle the spectrum lies.

    :param verdict: ``"stable"`` where every root lies strictly inside, ``"boundary"`` where the spectral radius ρ is 1,
        ``"unstable"`` where a root lies outside; exact
    :param radius: ρ, rounded once
    :param margin: 1 - ρ, rounded once; positive where stable
    """

    verdict: str
    radius: float
    margin: float


def stability(coefficients: Iterable[Number]) -> Stability:
    """Where the roots of a polynomial lie, from its coefficients as exact numbers.

    :param coefficients: finite real coefficients, leading first; the first not 0
    :raises InputError: if the leading coefficient is 0
    """
    exact = [Fraction(c) for c in coefficients]
    require(bool(exact) and exact[0] != 0, "coefficients must begin with one other than 0; found none")
    side = verdict(exact)
    return Stability(side, *_radius_and_margin(exact, side))


@cache
def _loop_terms(loop: ReducedLoop) -> list[Terms]:
    """Entries of P_eff, then 1-γ, in overlaps and parameters."""
    letters = [*loop.overlaps.flat, *loop.parameters]
    return [terms_of(entry, letters) for entry in (*loop.matrix, 1 - loop.leak)]


def loop_stability(loop: ReducedLoop, overlaps: Iterable[Number], parameters: Iterable[Number] = ()) -> Stability:
    """Where the eigenvalues of the joint system lie, for any plant, rank and leak, from numbers taken as exact.

    They are those of P_eff and the bulk 1-γ, as in :func:`numerics.reduced.spectra.reduced_radius`.

    :param loop: the reduced loop
    :param overlaps: flat overlaps, finite
    :param parameters: values of the loop's parameters
    """
    point = [Fraction(value) for value in (*overlaps, *parameters)]
    *entries, bulk = (exact_value(terms, point) for terms in _loop_terms(loop))
    width, zero = loop.dimension, Fraction(0)
    reduced = exact_polynomial([entries[start : start + width] for start in range(0, width**2, width)])
    return stability([a - bulk * b for a, b in zip([*reduced, zero], [zero, *reduced], strict=True)])


def matrix_stability(matrix: Sequence[Sequence[Number]] | np.ndarray) -> Stability:
    """Where the eigenvalues of a matrix lie, its entries taken as exact.

    :param matrix: finite, square, (k, k)
    :raises InputError: if it is not square
    """
    return stability(exact_polynomial(matrix))


def exact_polynomial(matrix: Sequence[Sequence[Number]] | np.ndarray) -> list[Fraction]:
    """det(λ - A) without rounding, leading coefficient first.

    :param matrix: A, finite, (k, k)
    :raises InputError: if it is not square
    """
    exact = [[Fraction(c) for c in row] for row in matrix]
    size = len(exact)
    require(all(len(row) == size for row in exact), f"matrix must be square; found {size} rows of other lengths")
    scale = lcm(*(c.denominator for row in exact for c in row))
    whole = [[ZZ(c.numerator * (scale // c.denominator)) for c in row] for row in exact]
    return [Fraction(int(c), scale**k) for k, c in enumerate(DomainMatrix(whole, (size, size), ZZ).charpoly())]


def verdict(coefficients: Iterable[Number]) -> str:
    """``"stable"``, ``"boundary"`` or ``"unstable"``, exactly.

    Roots on the circle and pairs λ, 1/λ are those that χ shares with λⁿ χ(1/λ). ρ = 1 where what it shares lies on the
    circle and the rest strictly inside.

    :param coefficients: finite real coefficients, leading first; the first not 0
    """
    polynomial = without_zeros(whole_numbers(coefficients))
    if _inside(polynomial):
        return STABLE
    if abs(polynomial[-1]) > abs(polynomial[0]):  # the product of the roots' moduli exceeds 1
        return UNSTABLE
    whole = Poly(polynomial, lam, domain=ZZ)
    shared = whole.gcd(Poly(polynomial[::-1], lam, domain=ZZ))
    if shared.degree() == 0 or not _on_circle(shared):
        return UNSTABLE
    return BOUNDARY if _inside(_coefficients(whole.exquo(shared))) else UNSTABLE


def _inside(polynomial: list[int]) -> bool:
    """Whether all roots lie strictly inside: |c_n| < |c_0| at every step of the recursion of Schur, Cohn and Jury."""
    while len(polynomial) > 1:
        first, last = polynomial[0], polynomial[-1]
        if abs(last) >= abs(first):
            return False
        reflected = zip(polynomial[:-1], reversed(polynomial[1:]), strict=True)
        polynomial = without_content([first * a - last * b for a, b in reflected])
    return True


def _on_circle(reciprocal: Poly) -> bool:
    """Whether all roots of a polynomial with the roots λ and 1/λ alike lie on the circle.

    They do where those of the derivative lie inside (Cohn); where no root is repeated, strictly inside (Gauss, Lucas).
    """
    simple = reciprocal.exquo(reciprocal.gcd(reciprocal.diff()))
    return _inside(_coefficients(simple.diff()))


def _coefficients(polynomial: Poly) -> list[int]:
    return [int(c) for c in polynomial.all_coeffs()]


def _radius_and_margin(coefficients: list[Fraction], side: str) -> tuple[float, float]:
    """ρ and 1 - ρ, with as many digits as it takes until the difference has them too."""
    if side == BOUNDARY:
        return 1.0, 0.0
    digits = DIGITS
    while True:
        roots = precise_roots(coefficients, digits)
        with mpmath.workdps(digits + 15):
            radius = max(map(abs, roots), default=mpmath.mpf(0))
            margin = 1 - radius
            if abs(margin) > mpmath.mpf(10) ** (20 - digits):
                return float(radius), float(margin)
        digits *= 4
