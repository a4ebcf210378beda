"""The best agent against random starts of an own loss, and the full-state regulator against Riccati's recursion."""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.reduced.gains import closed_form
from numerics.reduced.stages.optimum import GOLDEN, lqr_gain, observed_feedback, optimum
from numerics.replay.settings import Settings, paper_penalty


def stepped(visible, horizon, penalty, weight=0.5):
    """The population loss by stepping the plant and the controller b⁺ = σ_vu b + κ y, u = σ_zm y + b."""
    zm, kappa, vu = visible
    x, y, memory, control, total = np.eye(2)[0], np.eye(2)[1], np.zeros(2), np.zeros(2), 0.0
    for _ in range(horizon):
        total += weight * (x @ x + y @ y) + penalty * (control @ control)
        x, y = x + y, y + control
        control, memory = zm * x + memory, kappa * x + vu * memory
    return 4 / 3 * total / horizon


@pytest.mark.parametrize("horizon", [4, 5, 20])
@pytest.mark.parametrize("penalty", [0.0, 0.5, 5.0])
def test_no_random_start_finds_better(horizon, penalty, rng):
    best = optimum(Settings(horizon=horizon, control_penalty=penalty))
    for _ in range(8):
        start = rng.uniform([-2.5, -1.0, -2.0], [0.5, 4.0, 1.0])
        with np.errstate(all="ignore"):
            found = minimize(stepped, start, (horizon, penalty), "Nelder-Mead", options={"maxfev": 1200})
        assert found.fun >= best.loss * (1 - 1e-12)


@pytest.mark.parametrize("penalty", [0.0, 0.5, 50.0])
@pytest.mark.parametrize("horizon", [3, 6, 50, 80, 200])
def test_loss_and_slope_are_those_of_the_stepped_loop(horizon, penalty):
    found = optimum(Settings(horizon=horizon, control_penalty=penalty))
    visible = found.overlaps[[0, 1, 3]]
    assert found.overlaps[2] == 1
    assert found.loss == pytest.approx(stepped(visible, horizon, penalty), rel=1e-12)
    assert found.slope < 1e-5 * found.loss
    for row in 1e-3 * np.eye(3):
        assert stepped(visible + row, horizon, penalty) >= found.loss * (1 - 1e-12)
        assert stepped(visible - row, horizon, penalty) >= found.loss * (1 - 1e-12)


def test_three_steps_in_closed_form():
    """Only σ_zm acts within three steps: Σ = 2 + 3 + 5 + σ² + (1 + σ)², least at -1/2."""
    found = optimum(Settings(horizon=3))
    assert found.overlaps[0] == pytest.approx(-0.5, abs=1e-8)
    assert found.loss == pytest.approx(0.5 * 4 / 3 * 10.5 / 3, rel=1e-12)


def test_long_horizon_has_the_golden_optimum():
    found = optimum(Settings(horizon=60))
    np.testing.assert_allclose(found.overlaps, [-GOLDEN, 2 * GOLDEN, 1, 1 - np.sqrt(5)], atol=1e-7)
    assert found.loss * 60 == pytest.approx(0.5 * 4 / 3 * (6 + 7 * GOLDEN), rel=1e-12)


def test_free_optimum_has_lqr_s_gains_beside_its_observer_root():
    """Its roots are 0, φ⁻², φ⁻²: with φ⁻² as λ_3 the gains are LQR's, with the fast root 0 they keep the double one."""
    found = optimum(Settings(horizon=60))
    np.testing.assert_allclose(found.gains, [1 / GOLDEN, GOLDEN], atol=1e-6)
    k_1, k_2 = closed_form(found.overlaps)
    assert (2 - k_2, 1 - k_2 + k_1) == pytest.approx((2 / GOLDEN**2, 1 / GOLDEN**4), abs=1e-7)


def test_a_minimum_that_is_not_reached_is_refused(monkeypatch):
    short = partial(minimize, options={"maxiter": 1})
    monkeypatch.setattr(
        "numerics.reduced.stages.optimum.minimize", lambda f, x, options, **rest: short(f, x + 0.01, **rest)
    )
    with pytest.raises(InputError, match=r"slope below 1e-05 of the loss; found .* at horizon 50, control_penalty 0.5"):
        optimum(Settings(control_penalty=0.5))


def riccati(A, B, Q, R):
    """Value iteration of the full-state regulator."""
    S = Q
    for _ in range(3000):
        K = np.linalg.solve(R + B.T @ S @ B, B.T @ S @ A)
        S = Q + A.T @ S @ (A - B @ K)
    return K


@pytest.mark.parametrize("penalty", [0.01, 0.5, 5.0])
def test_lqr_is_the_limit_of_value_iteration(penalty):
    A, B = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[0.0], [1.0]])
    expected = riccati(A, B, 0.5 * np.eye(2), penalty * np.eye(1))
    np.testing.assert_allclose(lqr_gain(0.5, penalty), expected, rtol=1e-9)
    assert np.abs(np.linalg.eigvals(A - B @ expected)).max() < 1


def test_lqr_of_a_plant_with_two_controls(rng):
    plant = Plant(rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), np.eye(3))
    expected = riccati(plant.A, plant.B, np.eye(3), 0.3 * np.eye(2))
    np.testing.assert_allclose(lqr_gain(1.0, 0.3, plant), expected, rtol=1e-8)


def test_free_control_has_the_golden_gain():
    np.testing.assert_allclose(lqr_gain()[0], [1 / GOLDEN, GOLDEN], atol=1e-11)


@pytest.mark.parametrize("penalty", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("horizon", [50, 80, 200])
def test_the_agent_of_a_long_horizon_has_lqr_s_gains(penalty, horizon):
    gains = optimum(Settings(horizon=horizon, control_penalty=penalty)).gains
    right, wrong = (np.abs(gains - lqr_gain(0.5, cost)[0]).max() for cost in (penalty, 1.01 * penalty + 1e-3))
    assert right < 1e-6 < 1e-4 < wrong


def separated(penalty):
    """Overlaps (σ_zm, κ, σ_vu) whose third root is φ⁻² and whose other two are those of full-state LQR."""
    (k_1, k_2), third = lqr_gain(0.5, penalty)[0], GOLDEN**-2
    vu, zm = third - k_2, -k_1 - k_2 * (1 - third)
    return np.array([zm, third * (1 - k_2 + k_1) + vu * zm - vu, vu])


@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_feedback_behind_an_observer_is_the_written_one(penalty):
    np.testing.assert_allclose(observed_feedback(lqr_gain(0.5, penalty)[0]), separated(penalty), rtol=1e-13)


@pytest.mark.parametrize("penalty", [0.0, 0.5, 2.0, 5.0])
def test_optimum_of_a_long_horizon_is_the_derived_one(penalty):
    """Overlaps to 1e-7; an observer root off by a thousandth is told."""
    found = optimum(Settings(horizon=200, control_penalty=penalty)).overlaps[[0, 1, 3]]
    right, wrong = (
        np.abs(found - observed_feedback(lqr_gain(0.5, penalty)[0], GOLDEN**-2 + e)).max() for e in (0, 1e-3)
    )
    assert right < 1e-7 < 1e-4 < wrong


@pytest.mark.parametrize("penalty", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("horizon", [60, 200])
def test_optimum_is_lqr_with_an_observer_root_at_the_inverse_square_of_the_golden_ratio(penalty, horizon):
    found = optimum(Settings(horizon=horizon, control_penalty=penalty))
    assert found.loss == pytest.approx(stepped(separated(penalty), horizon, penalty), rel=1e-12)
    for row in 1e-2 * np.eye(3):
        assert stepped(separated(penalty) + row, horizon, penalty) > found.loss * (1 + 1e-6)


@pytest.mark.parametrize("changes", [{"leak": 0.5}, {"activation": "tanh"}])
def test_settings_the_optimum_does_not_cover_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        optimum(Settings(**changes))


@pytest.mark.parametrize(
    ("state", "control", "message"),
    [
        (0, 0, "state_weight must be a finite number above 0"),
        (-1, 1, "state_weight"),
        (1, -1, "control_penalty"),
        (1, np.nan, "control_penalty"),
    ],
)
def test_an_lqr_without_a_cost_is_refused(state, control, message):
    with pytest.raises(InputError, match=message):
        lqr_gain(state, control)


def test_an_lqr_of_a_plant_that_cannot_be_steered_is_refused():
    stuck = Plant(np.diag([2.0, 0.5]), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    with pytest.raises(InputError, match="plant must be stabilisable"):
        lqr_gain(1.0, 1.0, stuck)


PAPER = {
    0.0: (0.6180, 1.6180, -1.2361),
    0.5: (0.1073, 0.5321, -0.1501),
    2.0: (0.0584, 0.3770, 0.0049),
    5.0: (0.0384, 0.2998, 0.0822),
}
"""k_1, k_2 and σ_vu of the best agent by the control cost β of the paper, to four decimals."""


@pytest.mark.parametrize(("beta", "expected"), PAPER.items())
def test_best_agents_of_the_paper_s_control_costs(beta, expected):
    found = optimum(Settings(control_penalty=paper_penalty(beta)))
    assert (*found.gains, found.overlaps[3]) == pytest.approx(expected, abs=6e-5)


def test_the_best_agent_is_stable_alone_from_a_two_hundredth_of_the_paper_s_unit_on():
    """|σ_vu| = 1 at control_penalty 0.228, β = 0.0046 in the paper: below every cost but 0 that it has."""
    for beta, sign in ((0.0045, 1), (0.0047, -1)):
        assert sign * (abs(optimum(Settings(control_penalty=paper_penalty(beta))).overlaps[3]) - 1) > 0
