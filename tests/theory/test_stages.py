"""The laws of the stages: exact sums, limits with their rates, and the saddle from explicit weights."""

import mpmath
import pytest
from sympy import LambertW, Matrix, Rational, Symbol, cancel, exp, expand, lambdify, pi, sin, sqrt, zeros

from theory.learning import WeightSpace
from theory.stages import (
    T,
    axis_loss,
    axis_power_residual,
    envelope_minimiser,
    envelope_residual,
    geometric_loss,
    geometric_sum,
    loss_slope,
    nearest_valley,
    s,
    saddle_growth,
    saddle_rates,
    scaled_axis_loss,
    stage_one_shift,
    valley,
    valley_index,
)
from theory.symbols import sigma_vm, sigma_zm, sigma_zu

SQUARES = [Rational(1, 4), -Rational(1, 4), Rational(9, 16), -Rational(4, 9), Rational(9)]


def stepped(sigma, horizon):
    """The loss on the axis by stepping the plant with u_t = σ x_t^(1) for t ≥ 1, both unit starts."""
    total = 0
    for x, y in ((1, 0), (0, 1)):
        for t in range(horizon):
            total += x**2 + y**2
            x, y = x + y, y + (sigma * x if t else 0)
    return Rational(total) / horizon


@pytest.mark.parametrize("horizon", [1, 2, 3, 7])
@pytest.mark.parametrize("sigma", SQUARES)
def test_axis_loss_is_the_stepped_sum_exactly(sigma, horizon):
    closed = axis_loss().subs({T: horizon, sigma_zm: sigma})
    assert expand(closed.simplify()) == stepped(sigma, horizon)


def test_axis_loss_of_another_horizon_is_another_number():
    assert axis_loss().subs({T: 6, sigma_zm: Rational(1, 4)}).simplify() != stepped(Rational(1, 4), 7)


def test_powers_on_the_axis():
    assert axis_power_residual() == zeros(2, 2)


def test_geometric_sum_counts_its_terms():
    r = Symbol("r")
    for terms in range(5):
        assert cancel(geometric_sum(r, terms) - sum(r**k for k in range(terms))) == 0


def test_geometric_loss_is_half_the_sum_of_t_plus_one_powers():
    growth = Rational(6, 5)
    assert geometric_loss(growth).subs(T, 4) == sum(growth**k for k in range(5)) / 2
    assert cancel(geometric_loss().subs(T, 4) - sum((1 - sigma_zm) ** k for k in range(5)) / 2) == 0


@pytest.mark.parametrize("distance", [Rational(1, 100), Rational(1, 25), Rational(1, 4)])
def test_positive_side_of_the_axis_is_worse(distance):
    assert stepped(distance, 50) > 10 * stepped(-distance, 50)


def test_envelope_minimiser_to_fifty_digits():
    with mpmath.workdps(60):
        least = mpmath.findroot(lambda x: x * mpmath.e**x - 2 * (mpmath.e**x - 1), 1.6)
        assert abs(least - mpmath.mpf(str(envelope_minimiser().evalf(55)))) < mpmath.mpf(10) ** -50
    assert envelope_minimiser() == 2 + LambertW(-2 * exp(-2))


def test_envelope_residual_vanishes_identically():
    assert envelope_residual() == 0


def relative_error(law, horizon):
    """Largest relative error of T/2 · law on 1 ≤ s ≤ 2 against the exact sum, in 40 digits."""
    exact, scaled = (lambdify([s, T], e, "mpmath") for e in (axis_loss().subs(sigma_zm, -s / T), law))
    with mpmath.workdps(40):
        points = [mpmath.mpf(1) + mpmath.mpf(k) / 97 for k in range(98)]
        pairs = [(mpmath.re(exact(x, mpmath.mpf(horizon))), scaled(x, mpmath.mpf(horizon))) for x in points]
        return float(max(abs(2 * a / horizon / b - 1) for a, b in pairs))


def order(law):
    """Order in 1/T of the error, from T = 10³ to 10⁵."""
    return float(mpmath.log(relative_error(law, 10**3) / relative_error(law, 10**5)) / mpmath.log(100))


def test_scaled_loss_errs_in_first_order():
    assert order(scaled_axis_loss()) == pytest.approx(1.0, abs=0.1)


def test_without_the_oscillation_the_order_is_one_half():
    assert order((exp(s) - 1) / s**2) == pytest.approx(0.5, abs=0.1)


def test_with_the_opposite_oscillation_the_order_is_one_half():
    mirrored = 2 * (exp(s) - 1) / s**2 - scaled_axis_loss()
    assert order(mirrored) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("k", [0, 1, 5])
def test_valleys_are_where_the_oscillation_is_highest(k):
    phase = 2 * sqrt(-valley().subs(valley_index, k) * T)
    assert phase.simplify() == pi / 2 + 2 * pi * k
    assert sin(phase.simplify()) == 1


def test_nearest_valley_lies_on_the_envelope_minimum():
    k = nearest_valley().subs(T, 1000)
    assert float(valley().subs(T, 1000).subs(valley_index, k) + envelope_minimiser()) == pytest.approx(0, abs=1e-14)


def explicit_rates(m, z, u, v, slope, zm_slope):
    """d(z·u)/dt and d(v·m)/dt from ż = -(m ∂_zm + u ∂_zu), u̇ = -(z ∂_zu), v̇ = -(m ∂_vm), m frozen."""
    by_zu, by_vm = slope * v.dot(m), slope * z.dot(u)
    return -(m * zm_slope + u * by_zu).dot(u) - z.dot(z * by_zu), -(m * by_vm).dot(m)


def numbers():
    m, z, u, v = Matrix([1, -2, 3]), Matrix([2, 1, 5]), Matrix([-1, 4, 2]), Matrix([3, 1, 1])
    space = WeightSpace()
    stack = Matrix.hstack(m, z, u, v)
    gram = stack.T * stack
    values = {space.gram_symbols()[i, j]: gram[i, j] for i in range(4) for j in range(4)}
    values |= {sigma_zu: z.dot(u), sigma_vm: v.dot(m), loss_slope: Rational(7, 3), space.gradient_symbols().zm[0]: 5}
    return (m, z, u, v), values


def test_saddle_rates_are_those_of_explicit_weights():
    weights, values = numbers()
    assert tuple(rate.subs(values) for rate in saddle_rates()) == explicit_rates(*weights, Rational(7, 3), 5)


def test_saddle_rates_depend_on_both_norms():
    (m, z, u, v), values = numbers()
    assert saddle_rates()[0].subs(values) != explicit_rates(m, 0 * z, u, v, Rational(7, 3), 5)[0]


def test_growth_rate_is_the_eigenvalue_of_the_rates():
    _, values = numbers()
    space = WeightSpace()
    still = [rate.subs(space.gradient_symbols().zm[0], 0) for rate in saddle_rates()]
    jacobian = Matrix(still).jacobian([sigma_zu, sigma_vm]).subs(values)
    assert all(value**2 == saddle_growth().subs(values) for value in jacobian.eigenvals())


def test_stage_one_pushes_through_the_invisible_overlap():
    (m, _, u, _), values = numbers()
    assert stage_one_shift().subs(values) == Rational(m.dot(u), m.dot(m))
