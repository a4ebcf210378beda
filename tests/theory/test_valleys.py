"""The valleys of the loss on the σ_zm axis: limits to fifty digits, rates against the exact sum and the scaled loss."""

import mpmath
import pytest
from sympy import LambertW, Rational, acos, cos, exp, expand, lambdify, pi, simplify, sin, sqrt

from theory.double_integrator.stages import T, axis_loss, envelope, envelope_minimiser, s, scaled_axis_loss, theta
from theory.double_integrator.valleys import (
    axis_slope,
    first_valleys,
    least,
    lower_envelope,
    lower_shift,
    nearest_valley,
    swing_slope,
    valley,
    valley_cosine,
    valley_index,
    valley_phase,
)
from theory.symbols import sigma_zm


def number(expression):
    """A constant in mpmath."""
    return mpmath.mpf(str(expression.evalf(60)))


def test_limits_of_the_valleys_to_fifty_digits():
    """|f'| = e^s/(2 s²), f = (e^s - 1)/s², solved without Lambert's function."""
    with mpmath.workdps(60):

        def slope(x):
            return mpmath.exp(x) / x**2 - 2 * (mpmath.exp(x) - 1) / x**3

        for sign, near, found in zip((-1, 1), (0.6, 3.9), first_valleys(), strict=True):
            root = mpmath.findroot(lambda x, sign=sign: slope(x) - sign * mpmath.exp(x) / (2 * x**2), near)
            assert abs(root - number(found)) < mpmath.mpf(10) ** -50
    assert [round(float(end), 4) for end in first_valleys()] == [0.6059, 3.9207]
    a = Rational(4, 3)
    assert first_valleys() == (a + LambertW(-a * exp(-a)), 4 + LambertW(-4 * exp(-4)))


def test_slope_at_fixed_phase_is_the_limit_of_the_scaled_slope():
    slope = scaled_axis_loss().diff(s).replace(sin, lambda _: sin(theta)).replace(cos, lambda _: cos(theta))
    limit = lambdify([s, theta], axis_slope(), "mpmath")
    exact = lambdify([s, theta, T], slope, "mpmath")
    gaps = [abs(exact(1.3, 2.0, 10.0**k) - limit(1.3, 2.0)) for k in (6, 8)]
    assert float(gaps[0] / gaps[1]) == pytest.approx(10, rel=0.01)
    assert expand(axis_slope() - envelope().diff(s) + swing_slope() * cos(theta)) == 0
    assert swing_slope() == exp(s) / (2 * s**2)


def test_cosine_rises_from_minus_two_to_two():
    values = [float(valley_cosine().subs(s, x)) for x in (1e-4, 0.3, 0.606, 1.6, 3.92, 10.0, 1e4)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(-2, abs=1e-3)
    assert values[2] == pytest.approx(-1, abs=1e-3)
    assert values[4] == pytest.approx(1, abs=1e-3)
    assert values[-1] == pytest.approx(2, abs=1e-3)


def exact_slope(scaled, horizon):
    """Slope of the exact sum, and its change, in mpmath."""
    loss = lambdify([sigma_zm, T], axis_loss(), "mpmath")
    return mpmath.diff(lambda x: mpmath.re(loss(mpmath.mpc(-x / horizon), mpmath.mpf(horizon))), scaled)


def between(function, low, high):
    """The root of a function that changes sign between two points."""
    return mpmath.findroot(function, (low, high), solver="anderson")


def law(index, horizon):
    """The s with 2√(s T) = arccos c(s) + 2πk."""
    phase = lambdify([s], valley_phase().subs(valley_index, index), "mpmath")
    low, high = ((index + part) ** 2 * mpmath.pi**2 / horizon for part in (0, 0.5))
    return between(lambda x: 2 * mpmath.sqrt(x * horizon) - phase(x), low, high)


@pytest.mark.parametrize("start", [0.9, 1.2, 2.5, 3.5])
def test_phases_of_valleys_err_in_first_order(start):
    gaps = []
    with mpmath.workdps(30):
        for horizon in (10**4, 10**6):
            at = law(int(mpmath.sqrt(start * horizon) / mpmath.pi), horizon)
            reach = mpmath.pi * mpmath.sqrt(at / horizon) / 6
            exact = between(lambda x, h=horizon: exact_slope(x, h), at - reach, at + reach)
            assert exact_slope(at + reach, horizon) > 0 > exact_slope(at - reach, horizon)
            gaps.append(abs(exact - at))
    assert float(mpmath.log(gaps[0] / gaps[1]) / mpmath.log(100)) == pytest.approx(1, abs=0.25)


def test_phase_on_the_other_side_of_a_turn_is_a_ridge():
    horizon, index = 10**5, 121
    with mpmath.workdps(30):
        cosine = lambdify([s], valley_cosine(), "mpmath")
        low, high = ((index + part) ** 2 * mpmath.pi**2 / horizon for part in (0.5, 1))
        at = between(
            lambda x: 2 * mpmath.sqrt(x * horizon) + mpmath.acos(cosine(x)) - 2 * mpmath.pi * (index + 1), low, high
        )
        reach = mpmath.pi * mpmath.sqrt(at / horizon) / 6
        assert exact_slope(at + reach, horizon) < 0 < exact_slope(at - reach, horizon)


def test_lower_envelope_is_touched_and_never_crossed():
    below, f = (lambdify([s, T], e, "mpmath") for e in (lower_envelope(), scaled_axis_loss()))
    for horizon in (50, 10**4):
        gaps = [f(0.3 + k / 500, horizon) - below(0.3 + k / 500, horizon) for k in range(2000)]
        assert min(gaps) >= 0
        touches = [-float(valley().subs({valley_index: k, T: horizon})) for k in (5, 6)]
        assert max(abs(f(x, horizon) - below(x, horizon)) for x in touches) < 1e-12


@pytest.mark.parametrize("k", [0, 1, 5])
def test_touches_are_where_the_oscillation_is_lowest(k):
    phase = 2 * sqrt(-valley().subs(valley_index, k) * T)
    assert phase.simplify() == pi / 2 + 2 * pi * k
    assert sin(phase.simplify()) == 1


def test_lower_envelope_is_least_at_the_shift():
    """(s_T - s*)√T tends to 0.0995…, in first order in 1/√T."""
    slope = lambdify([s, T], lower_envelope().diff(s), "mpmath")
    shift, gaps = number(lower_shift().subs(least, envelope_minimiser())), []
    assert round(float(shift), 4) == 0.0995
    with mpmath.workdps(40):
        at = number(envelope_minimiser())
        for horizon in (10**6, 10**8):
            root = mpmath.findroot(lambda x, h=horizon: slope(x, mpmath.mpf(h)), at)
            gaps.append(abs((root - at) * mpmath.sqrt(horizon) - shift))
    assert float(gaps[0] / gaps[1]) == pytest.approx(10, rel=0.05)


def test_shift_is_a_quarter_of_a_closed_form():
    assert simplify(lower_shift() - sqrt(least) * (2 * least - 3) / (4 * (least - 1))) == 0


def test_nearest_valley_lies_on_the_minimum_of_the_lower_envelope():
    """A touch at k* is at s* + shift/√T, up to 1/T."""
    for horizon in (10**4, 10**6):
        values = {least: envelope_minimiser(), T: horizon}
        touch = valley().subs(valley_index, nearest_valley()).subs(values)
        gap = float(touch + (least + lower_shift() / sqrt(T)).subs(values))
        assert abs(gap) < 0.01 / horizon


def test_phase_of_a_valley_is_the_arc_cosine():
    assert valley_phase().subs(valley_index, 0) == acos(valley_cosine())
