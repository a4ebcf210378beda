"""Verdicts on stability: points exactly on the boundary, one float beside it, and matrices of every size."""

from fractions import Fraction
from functools import reduce

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.common.errors import InputError
from numerics.common.plants import Plant, double_integrator
from numerics.reduced.descent import loop_for
from numerics.reduced.evaluate import evaluate
from numerics.reduced.gains import exact_cubic
from numerics.reduced.spectra import reduced_radius
from numerics.reduced.stability import Stability, exact_polynomial, loop_stability, matrix_stability, stability, verdict
from theory.core.loop import ReducedLoop


def product(*factors):
    """Product of polynomials with exact coefficients, leading first."""
    return [
        Fraction(c) for c in reduce(np.convolve, [np.array([Fraction(c) for c in f], dtype=object) for f in factors])
    ]


def overlaps_at(polynomial):
    """Overlaps with σ_vm = 1 whose cubic λ³ - (σ_vu+2)λ² + (2σ_vu-σ_zm+1)λ + σ_vuσ_zm - σ_vu - σ_zuσ_vm it is."""
    _, a_2, a_1, a_0 = polynomial
    vu = -a_2 - 2
    zm = 2 * vu + 1 - a_1
    exact = [zm, vu * zm - vu - a_0, Fraction(1), vu]
    found = [float(value) for value in exact]
    assert [Fraction(value) for value in found] == exact  # dyadic: nothing was rounded
    return found


def jury(overlaps):
    """1 - a_1 + a_0 a_2 - a_0², exactly: the product of all 1 - λ_i λ_j, of the sign of 1 - ρ for a dominant pair."""
    zm, zu, vm, vu = map(Fraction, overlaps)
    a_2, a_1, a_0 = -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - zu * vm
    return 1 - a_1 + a_0 * a_2 - a_0**2


def dyadic_points(count, rng):
    """Loops with a complex pair on the unit circle and a real root inside."""
    pairs = [(Fraction(int(b), 128), Fraction(int(r), 64)) for b, r in rng.integers((-255, -63), (256, 64), (count, 2))]
    return [overlaps_at(product([1, b, 1], [1, -r])) for b, r in pairs]


def precise_radius(coefficients, digits=60):
    """The spectral radius by mpmath's own iteration; to be called within so many digits."""
    roots = mpmath.polyroots(
        [mpmath.mpf(c.numerator) / c.denominator for c in coefficients], maxsteps=1000, extraprec=8 * digits
    )
    return max(map(abs, roots))


def test_points_on_the_boundary_are_told_where_floats_guess():
    points = dyadic_points(400, np.random.default_rng(1))
    assert {jury(point) for point in points} == {0}
    assert {stability(exact_cubic(point)) for point in points} == {Stability("boundary", 1.0, 0.0)}
    assert {loop_stability(ReducedLoop(), point).verdict for point in points[:40]} == {"boundary"}
    guesses = [np.abs(np.roots([float(c) for c in exact_cubic(point)])).max() < 1 for point in points]
    assert sum(guesses) > 40  # what radius < 1 in floats calls stable


def test_a_float_beside_the_boundary_is_on_its_side():
    rng = np.random.default_rng(2)
    sides = {1: "stable", 0: "boundary", -1: "unstable"}
    seen = []
    for point in dyadic_points(300, rng):
        index, towards = rng.integers(4), rng.choice([-np.inf, np.inf])
        moved = [*point]
        moved[index] = float(np.nextafter(point[index], towards))
        side = jury(moved)
        seen.append(sides[(side > 0) - (side < 0)])
        assert stability(exact_cubic(moved)).verdict == seen[-1]
    assert min(seen.count("stable"), seen.count("unstable")) > 100


def test_the_margin_has_all_its_digits_however_small():
    rng = np.random.default_rng(3)
    for point in dyadic_points(30, rng):
        moved = [float(np.nextafter(point[0], 9.0)), *point[1:]]
        with mpmath.workdps(60):
            expected = 1 - precise_radius(exact_cubic(moved))
            found = evaluate(moved)["margin"]
            assert abs(found / expected - 1) < 1e-14
            assert 0 < abs(expected) < 1e-13


@pytest.mark.parametrize(
    ("point", "side"),
    [
        ([-2.8125, 5.3671875, 1, -1.375], "boundary"),
        ([-0.05, 0.1, 0.2, 0.3], "stable"),
        ([0, 0, 0, 0], "boundary"),
        ([0.25, 0, 0, 0], "unstable"),
        ([-3, 8, 1, -2], "stable"),
        ([5e-324, 0, 0, 0], "unstable"),
        ([-5e-324, 0, 0, 0], "unstable"),
        (overlaps_at(product([1, 1], [1, Fraction(-1, 2)], [1, Fraction(-1, 4)])), "boundary"),
        (overlaps_at(product([1, 1], [1, -2], [1, Fraction(-1, 2)])), "unstable"),
        (overlaps_at(product([1, 1, 1], [1, Fraction(-9, 8)])), "unstable"),
    ],
)
def test_evaluate_decides_exactly(point, side):
    values = evaluate(point)
    assert (values["stability"], values["stable"]) == (side, side == "stable")
    assert np.sign(values["margin"]) == {"stable": 1, "boundary": 0, "unstable": -1}[side] or abs(point[0]) == 5e-324
    assert values["spectral_radius"] == pytest.approx(1 - values["margin"], abs=1e-15)


def test_the_polynomial_of_evaluate_is_rounded_once():
    point = [1e8, 1e8 + 1.0, 1e8 - 1.0, 1e8]
    exact = 10**16 - 10**8 - (10**16 - 1)  # σ_vuσ_zm - σ_vu - σ_vmσ_zu, 0 in floats but for σ_vu
    assert evaluate(point)["characteristic_polynomial"][3] == exact
    rng = np.random.default_rng(0)
    for point in rng.normal(size=(50, 4)):
        zm, zu, vm, vu = map(Fraction, point.tolist())
        exact = [1, -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - vm * zu]
        assert evaluate(point)["characteristic_polynomial"] == [float(c) for c in exact]


LEHMER = [1, 1, 0, -1, -1, -1, -1, -1, 0, 1, 1]
"""One root outside, its inverse inside, the other eight on the circle."""


@pytest.mark.parametrize(
    ("polynomial", "side"),
    [
        (LEHMER, "unstable"),
        (product([1, 0, 1], [1, 0, 1], [1, -1]), "boundary"),
        (product([1, 1, 1, 1, 1], [2, 1], [1, 0, 0]), "boundary"),
        (product([1, -1], [1, -2]), "unstable"),
        (product([1, -2], [2, -1]), "unstable"),
        (product([1, -2], [2, -1], [2, 1, 1]), "unstable"),
        (product([1, -3], [1, Fraction(-1, 3)], [1, 1]), "unstable"),
        (product([5, -6, 5], [5, 3], [7, -1]), "boundary"),
        (product([5, -6, 5], [5, -6, 5], [5, 8, 5]), "boundary"),
        (product([5, -6, 5], [1, -4], [9, 1], [9, 1]), "unstable"),
        ([2, 0, 0, 0], "stable"),
        ([3], "stable"),
        ([-2, 1, 1], "boundary"),
        ([-2, 1, Fraction(1, 2)], "stable"),
        ([1, -1 - Fraction(1, 10**200)], "unstable"),
        ([1, -1 + Fraction(1, 10**200)], "stable"),
    ],
)
def test_marginal_polynomials(polynomial, side):
    assert verdict(polynomial) == side
    found = stability(polynomial)
    assert (found.margin > 0, found.margin < 0) == (side == "stable", side == "unstable")


FACTORS = {
    "inside": [[1, 0], [3, 1], [2, -1], [4, 2, 3], [5, -8, 4]],
    "on": [[1, 1], [1, -1], [1, 1, 1], [13, 10, 13], [5, -6, 5], [1, 0, 0, 0, 1]],
    "outside": [[1, 3], [1, -2], [3, 2, 4], [4, -8, 5], [1, 0, 9]],
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([(k, i) for k, f in FACTORS.items() for i in range(len(f))]), min_size=1, max_size=6))
def test_products_of_factors_with_known_roots(chosen):
    where = {k for k, _ in chosen}
    side = "unstable" if "outside" in where else "boundary" if "on" in where else "stable"
    assert verdict(product(*(FACTORS[k][i] for k, i in chosen))) == side


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 8, 10])
def test_matrices_whose_radius_is_1_but_for_rounding(size):
    """Scaled by their radius in floats, so that 1 - ρ is about 1e-16, and judged by mpmath's QR at 60 digits."""
    rng = np.random.default_rng(size)
    for _ in range(2):
        found = rng.normal(size=(size, size))
        found /= np.abs(np.linalg.eigvals(found)).max()
        with mpmath.workdps(60):
            values = mpmath.eig(mpmath.matrix(found.tolist()), left=False, right=False)
            margin = 1 - max(map(abs, values))
            side = matrix_stability(found)
            assert side.verdict == ("stable" if margin > 0 else "unstable")
            assert abs(side.margin / margin - 1) < 1e-14
            assert abs(margin) < 1e-13


def test_the_polynomial_of_a_matrix_is_exact():
    rng = np.random.default_rng(0)
    matrix = rng.integers(-8, 9, (4, 4)) / 4.0
    found = exact_polynomial(matrix)
    for value in (Fraction(1, 3), Fraction(-2), Fraction(7, 5)):
        shifted = [[value * (i == j) - Fraction(matrix[i, j]) for j in range(4)] for i in range(4)]
        assert sum(c * value ** (4 - k) for k, c in enumerate(found)) == minors(shifted)


def minors(rows):
    """The determinant by minors along the first row."""
    if not rows:
        return Fraction(1)
    rest = [[row[:j] + row[j + 1 :] for row in rows[1:]] for j in range(len(rows))]
    return sum((-1) ** j * rows[0][j] * minors(rest[j]) for j in range(len(rows)))


@pytest.mark.parametrize(("leak", "rank"), [(0.25, 1), (1.0, 2), (0.05, 1)])
def test_loops_of_other_plants_rank_and_leak(rng, leak, rank):
    plants = double_integrator(), Plant(rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(1, 3)))
    for plant in plants:
        loop, parameters = loop_for(plant, rank, leak)
        for scale in (0.1, 0.5, 1.0):
            overlaps = rng.normal(0, scale, len(loop.overlaps.flat))
            radius = float(reduced_radius(loop, overlaps, parameters))
            found = loop_stability(loop, overlaps, parameters)
            assert found.radius == pytest.approx(radius, rel=1e-7)
            assert found.verdict == ("stable" if radius < 1 else "unstable")


def test_the_bulk_counts_and_lies_inside():
    at_rest = loop_for(Plant(np.array([[0.5]]), np.array([[1.0]]), np.array([[1.0]])), 1, 0.25)
    found = loop_stability(at_rest[0], np.zeros(4), at_rest[1])
    assert (found.verdict, found.radius, found.margin) == ("stable", 0.75, 0.25)
    integrator = loop_for(Plant(np.array([[1.0]]), np.array([[1.0]]), np.array([[1.0]])), 1, 0.25)
    assert loop_stability(integrator[0], np.zeros(4), integrator[1]).verdict == "boundary"


@pytest.mark.parametrize(
    ("decide", "argument", "message"),
    [
        (stability, [0.0, 1.0], "coefficients must begin with one other than 0"),
        (stability, [], "coefficients must begin with one other than 0"),
        (matrix_stability, np.ones((2, 3)), "matrix must be square"),
    ],
)
def test_what_has_no_spectrum_is_refused(decide, argument, message):
    with pytest.raises(InputError, match=message):
        decide(argument)
