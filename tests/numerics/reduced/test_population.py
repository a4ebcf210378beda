"""The population loss, against networks of neurons whose batch has exactly its second moment."""

from contextlib import suppress

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import double_integrator
from numerics.common.weights import at_overlaps
from numerics.experiment.train import loss_and_gradient
from numerics.reduced.population import FACTOR, population_loss
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings

POINT = np.array([-0.7, 0.9, 0.8, -0.4])
STATES = np.sqrt(8 / 3) * np.eye(2)
OPTIONS = [
    Settings(),
    Settings(horizon=7, control_penalty=0.4),
    Settings(horizon=12, time_average=False, state_weight=2),
]


def direct(point, settings):
    """Loss of 15 neurons placed at the overlaps."""
    weights = at_overlaps(np.random.default_rng(4), point, 15)
    return loss_and_gradient(double_integrator(), weights, STATES, settings)[0]


def test_second_moment_is_that_of_the_uniform_law(rng):
    x0 = rng.uniform(-2, 2, (200_000, 2))
    spread = np.sqrt(64 / 45 / len(x0))  # variance of x² is 16/5 - 16/9
    assert abs(np.mean(x0[:, 0] ** 2) - (FACTOR @ FACTOR.T)[0, 0]) < 4 * spread
    np.testing.assert_allclose(STATES.T @ STATES / 2, FACTOR @ FACTOR.T, rtol=1e-15)


@pytest.mark.parametrize("settings", OPTIONS)
def test_loss_is_that_of_neurons(settings):
    assert float(population_loss(POINT, settings)[0]) == pytest.approx(direct(POINT, settings), rel=1e-11)


@pytest.mark.parametrize("settings", OPTIONS)
def test_gradient_is_the_central_difference(settings):
    """Richardson's step leaves an error of order h⁴."""
    for i, row in enumerate(np.eye(4)):
        once, twice = (
            (direct(POINT + h * row, settings) - direct(POINT - h * row, settings)) / (2 * h) for h in (1e-3, 2e-3)
        )
        assert population_loss(POINT, settings)[1][i] == pytest.approx((4 * once - twice) / 3, rel=1e-5)


def test_control_cost_counts():
    plain, dear = (float(population_loss(POINT, Settings(control_penalty=b))[0]) for b in (0, 1))
    assert dear > 1.01 * plain


def test_points_broadcast(rng):
    points = POINT + rng.normal(0, 0.1, (3, 2, 4))
    loss, slope = population_loss(points, Settings(horizon=9))
    assert loss.shape == (3, 2)
    assert slope.shape == points.shape
    for index in np.ndindex(3, 2):
        one, its = population_loss(points[index], Settings(horizon=9))
        assert loss[index] == pytest.approx(float(one), rel=1e-13)
        np.testing.assert_allclose(slope[index], its, rtol=1e-12, atol=1e-13)


def test_a_run_without_noise_descends_it():
    replay = rank_one_replay(0, epochs=3, neurons=20, noise=False)
    flat = [float(b[0, 0]) for b in replay.weights.overlaps().values()]
    loss = loss_and_gradient(replay.plant, replay.weights, replay.x0[2], replay.settings)[0]
    assert float(population_loss(np.array(flat), replay.settings)[0]) == pytest.approx(loss, rel=1e-10)


def test_overflow_is_infinite_and_silent():
    assert not np.isfinite(population_loss(np.array([1e3, 1e3, 1e3, 1e3]), Settings(horizon=300))[0])


def test_leak_changes_the_loss_or_is_refused():
    """The loss of a leaky network is not that of the plain one."""
    settings = Settings(leak=0.5, horizon=10)
    with suppress(InputError):
        assert float(population_loss(POINT, settings)[0]) == pytest.approx(direct(POINT, settings), rel=1e-10)
