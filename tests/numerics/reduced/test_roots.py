"""Roots to any number of digits, against the factors they are made of and against mpmath's own iteration."""

from fractions import Fraction
from functools import reduce
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.reduced.roots import exact_value, precise_roots, terms_of, whole_numbers, without_zeros
from theory.double_integrator.spectrum import cubic
from theory.symbols import OVERLAPS


def monic(roots):
    """The polynomial with these rational roots."""
    factors = [np.array([Fraction(1), -Fraction(root)], dtype=object) for root in roots]
    return list(reduce(np.convolve, factors))


rationals = st.fractions(-3, 3, max_denominator=1000)


@settings(max_examples=60, deadline=None)
@given(st.lists(rationals, min_size=1, max_size=7))
def test_rational_roots_come_back_with_their_multiplicities(roots):
    found = precise_roots(monic(roots), 40)
    with mpmath.workdps(60):
        expected = [mpmath.mpf(root.numerator) / root.denominator for root in sorted(roots)]
        for value, exact in zip(sorted(found, key=lambda x: x.real), expected, strict=True):
            assert value.imag == 0
            assert abs(value - exact) <= mpmath.mpf(10) ** -40 * abs(exact)
    assert len(set(found)) == len(set(roots))


@pytest.mark.parametrize("gap", [Fraction(1, 10**k) for k in (3, 8, 20, 60, 300)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_close_pair_is_resolved(gap, sign):
    """λ² - λ + 1/4 ± gap²/4: real roots (1 ± gap)/2, or the pair (1 ± i gap)/2."""
    first, second = precise_roots([1, -1, Fraction(1, 4) - sign * gap**2 / 4], 20)
    with mpmath.workdps(400):
        half = mpmath.mpf(gap.numerator) / gap.denominator / 2
        parted = first - second if sign == 1 else (first - second) / mpmath.mpc(0, 1)
        assert abs(parted / (2 * half) - 1) < 1e-9
        assert abs(first + second - 1) < mpmath.mpf(10) ** -20


def test_triple_roots_nearly():
    exact = [Fraction(3, 5), Fraction(3, 5) + Fraction(1, 10**9), Fraction(3, 5) - Fraction(1, 10**12)]
    found = precise_roots(monic(exact), 32)
    with mpmath.workdps(60):
        expected = sorted((mpmath.mpf(x.numerator) / x.denominator for x in exact), reverse=True)
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < mpmath.mpf(10) ** -32


def test_a_random_polynomial_is_that_of_mpmath():
    rng = np.random.default_rng(5)
    for degree in range(2, 11):
        coefficients = rng.normal(size=degree + 1).tolist()
        with mpmath.workdps(60):
            expected = mpmath.polyroots(list(map(mpmath.mpf, coefficients)), maxsteps=500, extraprec=500)
            for root in precise_roots(coefficients, 45):
                assert min(abs(root - other) for other in expected) < mpmath.mpf(10) ** -45 * abs(root)


@pytest.mark.parametrize(
    "coefficients",
    [[1, 1e149, -3e149, 1e140], [1, 1e-300, 2e-5, 1e-320], [1, Fraction(1, 10**400), 0.2, 10**401], [1e-300, 1, 1e300]],
)
def test_roots_of_very_different_sizes(coefficients):
    """By Vieta: their sum, and the sum of their inverses."""
    found = precise_roots(coefficients, 30)
    exact = [Fraction(c) for c in coefficients]
    with mpmath.workdps(900):
        total, inverses = -exact[1] / exact[0], -exact[-2] / exact[-1]
        assert abs(sum(found) - mpmath.mpf(total.numerator) / total.denominator) < 1e-29 * sum(map(abs, found))
        inverse = [1 / x for x in found]
        expected = mpmath.mpf(inverses.numerator) / inverses.denominator
        assert abs(sum(inverse) - expected) < 1e-29 * sum(map(abs, inverse))


def test_pairs_are_conjugate_and_the_order_is_by_modulus():
    rng = np.random.default_rng(0)
    for _ in range(20):
        found = precise_roots(rng.normal(size=7).tolist())
        moduli = list(map(abs, found))
        assert all(b <= a * (1 + 1e-15) for a, b in pairwise(moduli))
        pairs = [x for x in found if x.imag > 0]
        for upper in pairs:
            following = found[found.index(upper) + 1]
            assert following.real == upper.real
            assert following.imag + upper.imag == 0
        assert len(found) == 2 * len(pairs) + sum(x.imag == 0 for x in found)


def test_purely_imaginary_and_zero_roots_are_exact():
    assert list(map(complex, precise_roots([1, 0, 4, 0]))) == [2j, -2j, 0]
    assert list(map(complex, precise_roots([1, 0, 0]))) == [0, 0]
    assert precise_roots([4.0]) == []


def test_a_degree_of_twenty():
    exact = [Fraction(k, 7) for k in range(1, 21)]
    found = precise_roots(monic(exact), 25)
    gaps = [abs(complex(x) - float(e)) for x, e in zip(found, exact[::-1], strict=True)]
    assert max(gaps) < 1e-15


def test_whole_numbers_and_zeros():
    assert whole_numbers([0.5, -0.75, Fraction(1, 3)]) == [6, -9, 4]
    assert without_zeros([3, 0, 1, 0, 0]) == [3, 0, 1]
    assert without_zeros([3]) == [3]


def test_terms_are_those_of_the_polynomial():
    point = [Fraction(1, 3), Fraction(-2, 7), Fraction(5), Fraction(1, 2**70)]
    for coefficient in cubic().all_coeffs():
        exact = coefficient.subs(dict(zip(OVERLAPS, point, strict=True)))
        assert exact_value(terms_of(coefficient, OVERLAPS), point) == Fraction(int(exact.p), int(exact.q))
