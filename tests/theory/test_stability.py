"""Jury's test against polynomials built from their roots."""

import pytest
from sympy import Poly, Rational, expand, prod

from theory.core.spectrum import jury_conditions
from theory.double_integrator.spectrum import stability_region
from theory.symbols import kappa, lam, sigma_vu, sigma_zm

VISIBLE = (sigma_zm, sigma_vu, kappa)


def with_known_roots(rng, degree):
    """A monic polynomial with rational coefficients, and whether all its roots are inside the circle."""
    factors, inside = [], True
    while sum(f.degree() for f in factors) < degree:
        near = Rational(int(rng.choice([-1, 1])), 10 ** int(rng.integers(1, 9)))
        size = 1 + near if rng.random() < 0.4 else Rational(int(rng.integers(0, 130)), 101)
        if degree - sum(f.degree() for f in factors) >= 2 and rng.random() < 0.5:
            cosine = Rational(int(rng.integers(-99, 100)), 100)
            factors.append(Poly(lam**2 - 2 * size * cosine * lam + size**2, lam))
        else:
            factors.append(Poly(lam - int(rng.choice([-1, 1])) * size, lam))
        inside &= bool(size < 1)
    return prod(factors), inside


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5, 6])
def test_jury_conditions_hold_exactly_inside_the_circle(rng, degree):
    verdicts = []
    for _ in range(80):
        polynomial, inside = with_known_roots(rng, degree)
        assert all(c > 0 for c in jury_conditions(polynomial)) == inside
        verdicts.append(inside)
    assert set(verdicts) == {True, False}


@pytest.mark.parametrize("degree", [2, 3, 4])
def test_both_ends_and_the_table_are_needed(rng, degree):
    fooled = [False] * (degree + 1)
    for _ in range(200):
        polynomial, inside = with_known_roots(rng, degree)
        conditions = jury_conditions(polynomial)
        for dropped in range(len(conditions)):
            rest = [c for i, c in enumerate(conditions) if i != dropped]
            fooled[dropped] |= not inside and all(c > 0 for c in rest)
    assert all(fooled[:2])
    assert any(fooled[2:])


@pytest.mark.parametrize("flipped", [0, 1, 2, 3])
def test_a_flipped_jury_condition_is_noticed(rng, flipped):
    wrong = 0
    for _ in range(60):
        polynomial, inside = with_known_roots(rng, 3)
        conditions = [c * (-1) ** (i == flipped) for i, c in enumerate(jury_conditions(polynomial))]
        wrong += all(c > 0 for c in conditions) != inside
    assert wrong


@pytest.mark.parametrize("edge", [lam - 1, lam + 1, lam**2 - lam + 1, lam**2 + Rational(6, 5) * lam + 1])
def test_roots_on_the_circle_are_not_stable(edge):
    polynomial = Poly(edge * (lam - Rational(1, 3)) * (lam + Rational(1, 2)), lam)
    assert min(jury_conditions(polynomial)) == 0


def test_stability_region_is_the_one_of_the_notes(rationals):
    a_2, a_1, a_0 = -(sigma_vu + 2), 2 * sigma_vu - sigma_zm + 1, sigma_vu * sigma_zm - sigma_vu - kappa
    typed = (
        -sigma_zm * (1 - sigma_vu) - kappa,
        4 + 4 * sigma_vu - sigma_zm * (1 + sigma_vu) + kappa,
        1 - a_0**2,
        (a_0**2 - 1) ** 2 - (a_0 * a_2 - a_1) ** 2,
    )
    assert all(expand(x - y) == 0 for x, y in zip(stability_region(), typed, strict=True))


def overlaps_of(polynomial):
    """The visible overlaps (σ_zm, σ_vu, κ) whose cubic is a given one."""
    _, a_2, a_1, a_0 = polynomial.all_coeffs()
    vu = -a_2 - 2
    zm = 2 * vu + 1 - a_1
    return zm, vu, vu * zm - vu - a_0


def verdicts_of(region, rng, count=150):
    """Pairs of what the region and the roots say, at overlaps chosen by their roots."""
    for _ in range(count):
        polynomial, inside = with_known_roots(rng, 3)
        values = dict(zip(VISIBLE, overlaps_of(polynomial), strict=True))
        yield all(c.subs(values) > 0 for c in region), inside


def test_stability_region_agrees_with_the_roots(rng):
    verdicts = list(verdicts_of(stability_region(), rng))
    assert set(verdicts) == {(True, True), (False, False)}


@pytest.mark.parametrize("letter", VISIBLE)
def test_region_with_an_overlap_flipped_is_noticed(rng, letter):
    flipped = [c.subs(letter, -letter) for c in stability_region()]
    assert any(ours != inside for ours, inside in verdicts_of(flipped, rng))
