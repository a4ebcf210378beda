"""Roots of polynomials with rational coefficients, to any number of digits, multiple ones included.

Floats are rational numbers, so a polynomial of floats is one of whole numbers. Its repeated factors are split off
exactly; the roots of what is left are simple, and disks that hold one root each bound the error of every digit. Points
are Gaussian integers over a power of two, (re, im), at which polynomials are evaluated without rounding.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from math import cos, gcd, isqrt, lcm, pi, prod, sin

import mpmath
import numpy as np
from sympy import ZZ, Expr, Poly, Symbol

from theory.symbols import lam

DIGITS = 32
"""Decimal digits to which roots are computed unless told otherwise."""
ROUNDS = 5000
"""Steps after which the iteration is given up; a few are usual, and a pair nears its midpoint threefold in each."""
SEPARATE = 1e-3
"""Gap between two roots in floats, over the largest modulus, below which they are moved before they are refined."""
APART = 1e-9
"""By how much of their moduli: equal points never part, and real ones never turn into a complex pair."""
REACH = 1e-8
"""Least modulus over the largest, below which roots in floats are not near the roots."""

Number = float | Fraction
Point = tuple[int, int]
Terms = list[tuple[Fraction, tuple[tuple[int, int], ...]]]


def whole_numbers(coefficients: Iterable[Number]) -> list[int]:
    """The polynomial times a positive number, as whole numbers without a common factor.

    :param coefficients: finite coefficients, leading first, not all 0; taken as exact
    """
    exact = [Fraction(c) for c in coefficients]
    scale = lcm(*(c.denominator for c in exact))
    return without_content([c.numerator * (scale // c.denominator) for c in exact])


def without_content(polynomial: Sequence[int]) -> list[int]:
    """The polynomial over the greatest common divisor of its coefficients.

    :param polynomial: whole coefficients, not all 0
    """
    content = gcd(*polynomial)
    return [c // content for c in polynomial]


def without_zeros(polynomial: Sequence[int]) -> list[int]:
    """The polynomial over λ^k, with k the number of its roots at 0.

    :param polynomial: whole coefficients, leading first, not all 0
    """
    last = max(index for index, c in enumerate(polynomial) if c)
    return list(polynomial[: last + 1])


def terms_of(expression: Expr, arguments: Sequence[Symbol]) -> Terms:
    """The terms of a polynomial with rational numbers: number, and index and exponent of every letter in it.

    :param expression: the polynomial
    :param arguments: its letters
    """
    return [
        (Fraction(int(c.p), int(c.q)), tuple((index, power) for index, power in enumerate(powers) if power))
        for powers, c in Poly(expression, *arguments).terms()
    ]


def exact_value(terms: Terms, point: Sequence[Fraction]) -> Fraction:
    """A polynomial at a point, without rounding.

    :param terms: its terms, from :func:`terms_of`
    """
    return sum((c * prod(point[index] ** power for index, power in powers) for c, powers in terms), Fraction(0))


def precise_roots(coefficients: Iterable[Number], digits: int = DIGITS) -> list[mpmath.mpc]:
    """All roots by decreasing modulus; multiple ones are exactly equal.

    Errors are below 10^-digits of the modulus, and among roots of one multiplicity below 10^-(digits/2) of the gap to
    the next. Pairs are exactly conjugate, the upper member first, and real roots have the imaginary part 0.

    :param coefficients: real coefficients, leading first; taken as exact, the first not 0
    :param digits: decimal digits of every root, at least 4
    :raises ArithmeticError: if the iteration does not converge
    """
    polynomial = whole_numbers(coefficients)
    rest = without_zeros(polynomial)
    found = [mpmath.mpc(0)] * (len(polynomial) - len(rest))
    with mpmath.workdps(digits + 15):
        for factor, multiplicity in _distinct(rest):
            for root in _simple_roots(factor, digits):
                found += [root] * multiplicity
        return sorted(found, key=lambda root: (-abs(root), -abs(root.imag), -root.imag))


def _distinct(polynomial: list[int]) -> list[tuple[list[int], int]]:
    """Factors without repeated roots, and how often each occurs."""
    factors = Poly(polynomial, lam, domain=ZZ).sqf_list()[1]
    return [([int(c) for c in factor.all_coeffs()], multiplicity) for factor, multiplicity in factors]


def _simple_roots(polynomial: list[int], digits: int) -> list[mpmath.mpc]:
    """Roots of a polynomial without repeated roots and roots at 0, by Börsch-Supan's iteration.

    Points are taken twice as fine where two of them coincide, or none moves any more.
    """
    start, spread = _start(polynomial)
    bits = int((digits + 5) * 3.33) + max(spread, 0)
    points = [(int(mpmath.ldexp(x.real, bits)), int(mpmath.ldexp(x.imag, bits))) for x in start]
    for _ in range(ROUNDS):
        if len(set(points)) == len(points):
            corrections = _corrections(polynomial, points, bits)
            radii = [len(points) * (_modulus(w) + 2) for w in corrections]
            if _isolated(points, radii, digits):
                return _with_conjugates(points, radii, bits)
            if max(map(_modulus, corrections)) > 3:
                points = _step(points, corrections, bits)
                continue
        points, bits = _finer(points, bits), 2 * bits
    raise ArithmeticError(f"the roots of {polynomial} must converge; found no end after {ROUNDS} steps")


def _finer(points: list[Point], bits: int) -> list[Point]:
    """The points over 4^bits in place of 2^bits, each moved by about one of the old units, all differently."""
    moves = [(k + 1, (k + 2) ** 2) for k in range(len(points))]
    unit = bits - 2 * len(points).bit_length()
    return [
        ((x << bits) + (a << unit), (y << bits) + (b << unit)) for (x, y), (a, b) in zip(points, moves, strict=True)
    ]


def _start(polynomial: list[int]) -> tuple[list[mpmath.mpc], int]:
    """Starting points, roots in floats or points on circles, and -log_2 of the least modulus."""
    lead = polynomial[0]
    try:
        guesses = np.roots([float(Fraction(c, lead)) for c in polynomial])
    except (OverflowError, np.linalg.LinAlgError):
        return _circles(polynomial)
    moduli = np.abs(guesses)
    if len(guesses) < len(polynomial) - 1 or not REACH * moduli.max() < moduli.min() < np.inf:
        return _circles(polynomial)
    gaps = [abs(a - b) for a, b in combinations(guesses, 2)]
    if min(gaps, default=np.inf) < SEPARATE * moduli.max():
        guesses = guesses * (1 + APART * np.exp(2j * np.pi * (np.arange(len(guesses)) + 0.3) / len(guesses)))
    return [mpmath.mpc(root) for root in guesses], int(-np.log2(moduli.min()))


def _circles(polynomial: list[int]) -> tuple[list[mpmath.mpc], int]:
    """Points about 0 at the moduli that the slopes of Newton's polygon give: that of the sizes of the coefficients."""
    hull: list[Point] = []
    for index, size in ((k, abs(c).bit_length()) for k, c in enumerate(polynomial) if c):
        while len(hull) > 1 and _below(hull[-2], hull[-1], (index, size)):
            hull.pop()
        hull.append((index, size))
    points = []
    for (i, low), (j, high) in pairwise(hull):
        modulus = mpmath.mpf(2) ** (mpmath.mpf(high - low) / (j - i))
        angles = [pi * (2 * k + 0.6) / (j - i) + i for k in range(j - i)]
        points += [modulus * mpmath.mpc(cos(angle), sin(angle)) for angle in angles]
    (i, low), (j, high) = hull[-2:]
    return points, (low - high) // (j - i) + 8


def _below(first: Point, middle: Point, last: Point) -> bool:
    """Whether the middle point lies on or below the line from the first to the last."""
    return (middle[1] - first[1]) * (last[0] - first[0]) <= (last[1] - first[1]) * (middle[0] - first[0])


def _times(a: Point, b: Point) -> Point:
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _over(a: Point, b: Point) -> Point:
    """a/b, both parts rounded down."""
    size = b[0] * b[0] + b[1] * b[1]
    return (a[0] * b[0] + a[1] * b[1]) // size, (a[1] * b[0] - a[0] * b[1]) // size


def _modulus(a: Point) -> int:
    """|a|, rounded up."""
    return isqrt(a[0] * a[0] + a[1] * a[1]) + 1


def _corrections(polynomial: list[int], points: list[Point], bits: int) -> list[Point]:
    """Weierstrass's corrections χ(x_i) / (c_0 Π_{j≠i} (x_i - x_j)), both parts rounded down.

    The disks about x_i with n times their moduli as radii together hold all roots, and one apart from the others
    exactly one (Smith 1970).
    """
    found = []
    for i, x in enumerate(points):
        value, scale = (polynomial[0], 0), (polynomial[0], 0)
        for k, coefficient in enumerate(polynomial[1:], 1):
            value = _times(value, x)
            value = value[0] + (coefficient << bits * k), value[1]
        for j, y in enumerate(points):
            if j != i:
                scale = _times(scale, (x[0] - y[0], x[1] - y[1]))
        found.append(_over(value, scale))
    return found


def _step(points: list[Point], corrections: list[Point], bits: int) -> list[Point]:
    """x_i - w_i / (1 + Σ_{j≠i} w_j / (x_i - x_j)), of third order at simple roots (Börsch-Supan)."""
    moved = []
    for i, (x, w) in enumerate(zip(points, corrections, strict=True)):
        re, im = 1 << bits, 0
        for j, (y, other) in enumerate(zip(points, corrections, strict=True)):
            if j != i:
                term = _over((other[0] << bits, other[1] << bits), (x[0] - y[0], x[1] - y[1]))
                re, im = re + term[0], im + term[1]
        step = _over((w[0] << bits, w[1] << bits), (re, im))
        moved.append((x[0] - step[0], x[1] - step[1]))
    return moved


def _isolated(points: list[Point], radii: list[int], digits: int) -> bool:
    """Whether the disks are small beside moduli and gaps.

    Then one which meets the real axis holds a real root: its conjugate would lie in no other disk.
    """
    small = all(r * 10**digits < _modulus(x) for x, r in zip(points, radii, strict=True))
    return small and all(
        (r + s) * 10 ** (digits // 2) < _modulus((x[0] - y[0], x[1] - y[1]))
        for (x, r), (y, s) in combinations(zip(points, radii, strict=True), 2)
    )


def _with_conjugates(points: list[Point], radii: list[int], bits: int) -> list[mpmath.mpc]:
    """Real roots, and pairs from their upper members; a real part within the error is 0."""
    found = []
    with mpmath.workprec(max(map(_modulus, points)).bit_length() + 1):
        for (x, y), radius in zip(points, radii, strict=True):
            real = mpmath.ldexp(x if abs(x) > radius else 0, -bits)
            if abs(y) <= radius:
                found.append(mpmath.mpc(real))
            elif y > 0:
                found += [mpmath.mpc(real, mpmath.ldexp(sign * y, -bits)) for sign in (1, -1)]
    return found
