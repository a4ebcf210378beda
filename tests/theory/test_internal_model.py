"""Perfect tracking with and without eigenvalues at e^{iω}."""

import pytest
from sympy import Matrix, Rational, Symbol, cancel, cos, expand, factor, fraction, rem

from theory.core.plant import double_integrator
from theory.symbols import gain_p, gain_r, gamma, lam, omega, plant_gain
from theory.tracking.internal_model import (
    EIGENVALUE,
    ERROR_GAIN,
    FIRST,
    SECOND,
    deadbeat_loop,
    error_elsewhere,
    error_residual,
    mismatch,
    pole_error,
    present_error,
    recurrent_eigenvalue,
    regulated_error,
    shifted_pole,
    sinusoid_factor,
    tracking_error,
)
from theory.tracking.loop import TrackingLoop, planar_gain, steps_of


def test_error_is_the_mismatch_times_the_closed_loop():
    assert error_residual() == 0
    closed = 1 / (1 / plant_gain - gain_p)
    assert cancel(tracking_error() - closed * mismatch()) == 0


def test_error_is_that_of_the_tracking_loop():
    found = TrackingLoop(double_integrator()).error(Matrix([[gain_p, gain_r]]))[0]
    assert cancel(found - tracking_error(planar_gain(1))) == 0


def test_regulated_error_vanishes_at_poles_only():
    assert cancel(regulated_error() + 1 / (1 + plant_gain * ERROR_GAIN)) == 0


def test_present_error_vanishes_at_a_finite_gain():
    finite = 1 / ((lam - 1) * plant_gain)
    assert cancel(present_error().subs(ERROR_GAIN, finite)) == 0
    assert cancel(regulated_error().subs(ERROR_GAIN, finite)) != 0


def test_perfect_on_one_plant_and_another_only_where_the_agent_is_infinite():
    expected = (1 / FIRST - 1 / SECOND) / (1 / SECOND - gain_p)
    assert cancel(error_elsewhere() - expected) == 0
    assert cancel(error_elsewhere().subs(SECOND, FIRST)) == 0
    assert (
        error_elsewhere().subs(gain_p, 1 / Symbol("D")).subs({FIRST: 2, SECOND: 3}).simplify().subs(Symbol("D"), 0) == 0
    )


def test_a_pole_alone_does_not_track():
    feedback, forward = Symbol("N_p"), Symbol("N_r")
    assert cancel(pole_error() + 1 + lam * forward / feedback) == 0
    assert cancel(pole_error().subs(forward, -feedback / lam)) == 0


@pytest.fixture(scope="module")
def loop():
    return deadbeat_loop()


def test_deadbeat_agent_has_no_joint_eigenvalue_but_zero(loop):
    assert loop.autonomous.matrix.charpoly(lam).as_expr() == lam**6


def test_deadbeat_agent_tracks_one_frequency_exactly(loop):
    numerator, denominator = fraction(cancel(loop.error()[0]))
    assert expand(rem(numerator, sinusoid_factor(), lam)) == 0
    assert expand(rem(numerator, sinusoid_factor().subs(omega, 2 * omega), lam)) != 0
    assert not (denominator / lam**3).cancel().has(lam)
    assert factor(denominator).has(cos(omega))


def test_deadbeat_agent_is_perfect_after_a_few_steps(loop):
    """Position at t+1 is exactly cos ωt once the finite response has passed, cos ω = 3/5."""
    values = {cos(omega): Rational(3, 5)}
    response = [matrix[0].subs(values) for matrix in steps_of(loop, 12)]
    assert response[-6:] == [0] * 6
    wave = [Rational(1), Rational(3, 5)]
    while len(wave) < 20:
        wave.append(Rational(6, 5) * wave[-1] - wave[-2])
    position = [sum(response[k] * wave[t - k] for k in range(min(t, 11) + 1)) for t in range(20)]
    assert [position[t + 1] - wave[t] for t in range(8, 19)] == [0] * 11
    assert position[1] != wave[0]


def test_joint_eigenvalue_leaves_the_agents_pole_by_the_loop_gain():
    """1 + G K_e = 0 with dt = 1 and K_e = ε R/(λ - λ_0), on the way back into the closed form."""
    distance = shifted_pole()
    residue, small = Symbol("R"), next(iter(distance.free_symbols - {plant_gain, Symbol("R")}))
    assert cancel(1 + plant_gain * small * residue / distance) == 0


def test_eigenvalue_of_the_recurrence_for_a_pole():
    w = recurrent_eigenvalue()
    assert cancel((1 - gamma) + gamma * w - lam) == 0
    assert not w.has(EIGENVALUE)
    assert cancel(w - 1 - (lam - 1) / gamma) == 0
