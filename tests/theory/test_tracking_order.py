"""Slopes at the silent agent, and the drift of the marginal plant: sums written out, notes typed."""

import pytest
from sympy import I, Rational, S, cancel, expand, sqrt

from theory.symbols import amplitude, dt, feedforward, horizon, lam
from theory.tracking.order import (
    best_feedforward,
    chord,
    cycle_residuals,
    horizon_loss,
    needed_control,
    response_from_rest,
    silent_loss,
    silent_slope,
)

ROOTS = {3: (-1 + sqrt(3) * I) / 2, 4: I, 6: (1 + sqrt(3) * I) / 2, 8: (1 + I) / sqrt(2)}
"""λ of cycles of so many steps."""


@pytest.mark.parametrize("lag", [0, 1, 5])
def test_silent_slope_is_the_one_of_the_notes(lag):
    expected = dt**3 * amplitude**2 * (lam**lag + lam**-lag) / 2 / chord()
    assert cancel(silent_slope(lag) - expected) == 0


def test_silent_slope_is_the_derivative_of_the_silent_loss():
    assert cancel(silent_loss().diff(feedforward).subs(feedforward, 0) - silent_slope()) == 0


def test_needed_control_silences_the_formal_loss():
    assert cancel(silent_loss().subs(feedforward, needed_control())) == 0
    assert cancel(needed_control() + chord() / dt**2) == 0


def test_response_from_rest_solves_the_plant():
    first, second, third = (response_from_rest(S(t), lam**t) for t in (5, 6, 7))
    assert cancel(third - 2 * second + first - dt**2 * feedforward * lam**5) == 0
    assert [cancel(response_from_rest(S(t), lam**t)) for t in (0, 1)] == [0, 0]


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_response_from_rest_is_the_stepped_one(root):
    position, speed = S.Zero, S.Zero
    for t in range(6):
        gap = response_from_rest(S(t), lam**t).subs(lam, root) - position
        assert expand(cancel(gap), complex=True) == 0
        position, speed = position + dt * speed, speed + dt * feedforward * root**t


def test_means_over_whole_cycles_telescope():
    assert not any(cycle_residuals())


@pytest.mark.parametrize(("steps", "cycle"), [(3, 3), (4, 4), (12, 4), (12, 6), (8, 8)])
def test_loss_over_whole_cycles_is_the_sum_over_the_steps(steps, cycle):
    root, total = ROOTS[cycle], S.Zero
    for t in range(steps):
        error = (response_from_rest(S(t + 1), lam ** (t + 1)) - lam**t).subs(lam, root)
        total += expand(error * error.subs(I, -I))
    mean = dt * amplitude**2 / 2 * total / steps
    gap = horizon_loss().subs({horizon: steps, lam: root}) - mean
    assert expand(cancel(expand(gap.subs({dt: Rational(1, 3), amplitude: 1}), complex=True))) == 0


def test_drift_doubles_the_slope():
    slope = horizon_loss().diff(feedforward).subs(feedforward, 0)
    assert cancel(slope - 2 * silent_slope()) == 0


def test_without_feedback_hardly_anything_is_gained():
    d = chord()
    best, share = best_feedforward()
    assert cancel(share - 4 / (4 + d * (horizon**2 - 1) / 3)) == 0
    assert cancel(best + 2 * d / dt**2 / (4 + d * (horizon**2 - 1) / 3)) == 0
