"""The laws of the stages: exact sums, and limits with their rates."""

import mpmath
import pytest
from sympy import LambertW, Matrix, Rational, Symbol, cancel, exp, expand, lambdify, sin, sqrt

from theory.double_integrator.stages import (
    T,
    axis_loss,
    axis_power,
    envelope,
    envelope_minimiser,
    geometric_loss,
    geometric_sum,
    s,
    scaled_axis_loss,
    scaled_root,
    unwound,
)
from theory.symbols import sigma_zm

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
    root = sqrt(sigma_zm)
    for steps in range(5):
        found = axis_power((1 + root) ** steps, (1 - root) ** steps).expand()
        assert found == (Matrix([[1, 1], [sigma_zm, 1]]) ** steps).expand()


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


def test_scaled_loss_is_that_of_the_notes():
    noted = ((exp(s) - 1) - sqrt(s / T) / 2 * exp(s) * sin(2 * sqrt(s * T))) / s**2
    assert expand(scaled_axis_loss() - noted) == 0
    assert cancel(envelope() - (exp(s) - 1) / s**2) == 0


def test_scaled_loss_errs_in_first_order():
    assert order(scaled_axis_loss()) == pytest.approx(1.0, abs=0.1)


def test_without_the_oscillation_the_order_is_one_half():
    assert order((exp(s) - 1) / s**2) == pytest.approx(0.5, abs=0.1)


def test_with_the_opposite_oscillation_the_order_is_one_half():
    mirrored = 2 * (exp(s) - 1) / s**2 - scaled_axis_loss()
    assert order(mirrored) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("b", "c"), [(1, 2), (Rational(1, 2), 2), (3, 4)])
def test_root_of_a_scaled_slope(b, c):
    slope = exp(s) * (b * s - c * (1 - exp(-s))) / s**3
    root = scaled_root(slope)
    assert root.evalf() > 0
    assert unwound(expand(slope * s**3).subs(s, root)).expand() == 0
    with mpmath.workdps(40):
        found = mpmath.findroot(lambda x: b * x - c * (1 - mpmath.exp(-x)), 2 * c / b)
        assert abs(found - mpmath.mpf(str(root.evalf(38)))) < mpmath.mpf(10) ** -35


@pytest.mark.parametrize("slope", [exp(s) / s**2, exp(s) * (2 * s - 1 + exp(-s)) / s**3, -exp(s) / s**3])
def test_slopes_of_another_form_are_refused(slope):
    with pytest.raises(ValueError, match="slope must be"):
        scaled_root(slope)


def test_lambert_functions_are_taken_out_of_exponentials():
    w, other = LambertW(-Rational(1, 5)), LambertW(3)
    power = exp(2 * w - other + s)
    assert expand(unwound(power) - Rational(1, 25) / w**2 * other / 3 * exp(s)) == 0
    assert unwound(exp(s) + 1) == exp(s) + 1
