"""Losses of finite episodes per frequency: against real episodes with random phases, finite differences, exact theory."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from numerics.common.weights import Weights, gaussian_weights, tracking_weights
from numerics.experiment.tracking.measures import frequency_losses
from numerics.reduced.tracking.episodes import contour, episode_gradients, episode_losses
from numerics.reduced.tracking.stationary import stationary_losses
from numerics.replay.tracking_task import TrackingTask
from theory.symbols import amplitude, dt, feedforward, horizon, lam
from theory.tracking.order import horizon_loss, silent_slope

TASK = TrackingTask()
SHORT = TrackingTask(duration=6.0)


@pytest.fixture
def weights(rng):
    return tracking_weights(rng, 20)


def real_loss(task, weights, phases):
    """dt times the mean squared error of one real episode, stepped neuron by neuron."""
    p, v, h, total = np.zeros(2), np.zeros(2), np.zeros(weights.neurons), 0.0
    for t in range(task.horizon):
        r = np.zeros(2)
        for f, axis, phase in zip(task.frequencies, task.axes, phases, strict=True):
            r[axis] += min(1.0, t * 0.1) * 2.31 * np.cos(2 * np.pi * f * 0.1 * t + phase)
        h = 0.9 * h + 0.1 * (weights.recurrence @ h + weights.m @ np.concatenate([p, r]))
        p, v = p + 0.1 * v, v + 0.1 * weights.z.T @ h
        total += np.sum((p - r) ** 2)
    return 0.1 * total / task.horizon


def test_loss_is_the_mean_over_phases_of_real_episodes(weights):
    """The loss is quadratic in cos φ and sin φ, so a mean over quarter turns is the mean over all phases."""
    phases = product(np.pi / 2 * np.arange(4), repeat=4)
    mean = np.mean([real_loss(SHORT, weights, p) for p in phases])
    assert episode_losses(SHORT, weights).sum() == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_losses_are_those_of_the_neurons_in_unstable_loops_too(rng, scale):
    """The experiment's own loss per frequency: a hundred neurons, stepped."""
    weights = tracking_weights(rng, 100)
    weights = weights.updated({"z": scale * weights.z})
    found = episode_losses(TASK, weights)
    assert found == pytest.approx(frequency_losses(TASK, weights), rel=1e-11)
    assert episode_losses(TASK, weights, 0.1001) != pytest.approx(found, rel=1e-6)


def test_errors_are_the_steady_state_and_a_transient(rng):
    """Of a plant held by a stable agent: e_t - E(e^{iω}) a λ^t dies out once the ramp is over."""
    one, none = np.eye(2), np.zeros((2, 2))
    keep = np.block([[none, none], [-3 * one, 0.7 * one]])
    m = np.block([[one, -one], [3 * one, none]]) / 0.1
    weights = Weights(m, np.vstack([-2 * one, -2.5 * one]), w=(keep - 0.9 * np.eye(4)) / 0.1)
    errors = contour(TASK, weights).errors
    sizes = TASK.dt / 2 * np.sum(np.abs(errors) ** 2, axis=2)
    gaps = np.abs(sizes / stationary_losses(TASK, weights)[:, None] - 1)
    assert gaps[:, 15].max() > 1e-2
    assert gaps[:, 290:].max() < 1e-9


@pytest.mark.parametrize("name", ["m", "z", "w"])
def test_gradients(weights, rng, name):
    slopes = episode_gradients(SHORT, weights)[name]
    check_slopes(weights, name, slopes, rng.normal(size=slopes.shape[1:]), 1e-5, 1e-6)


@pytest.mark.parametrize("name", ["u", "v"])
def test_gradients_of_a_low_rank_agent(rng, name):
    weights = gaussian_weights(rng, 20, 2, 4, 2)
    slopes = episode_gradients(SHORT, weights)[name]
    check_slopes(weights, name, slopes, rng.normal(size=slopes.shape[1:]), 1e-6, 1e-5)


def check_slopes(weights, name, slopes, direction, size, tolerance):
    moved = [weights.updated({name: getattr(weights, name) + s * size * direction}) for s in (1, -1)]
    losses = [episode_losses(SHORT, w) for w in moved]
    expected = (losses[0] - losses[1]) / (2 * size)
    assert np.sum(slopes * direction, axis=(1, 2)) == pytest.approx(expected, rel=tolerance)


def test_overflow_is_reported_as_an_infinite_loss(weights):
    wild = Weights(weights.m, weights.z, w=1e5 * np.eye(20))
    assert np.isinf(episode_losses(TASK, wild)).all()


# the silent agent


def feedforward_weights(gain):
    """One neuron an axis without memory, u = gain r."""
    m = np.hstack([np.zeros((2, 2)), np.eye(2)])
    return Weights(m, gain * np.eye(2), w=np.zeros((2, 2)))


CYCLES = replace(TASK, ramp=0.0)


@pytest.mark.parametrize("gain", [0.0, -0.3, 0.05])
def test_whole_cycles_without_ramp_have_the_loss_of_the_exact_theory(gain):
    """The drift of the marginal plant included: 300 steps hold 3, 9, 6 and 12 cycles."""
    found = episode_losses(CYCLES, feedforward_weights(gain), 1.0)
    for loss, advance in zip(found, TASK.advances, strict=True):
        values = {dt: 0.1, amplitude: 2.31, feedforward: gain, horizon: 300, lam: advance}
        assert loss == pytest.approx(complex(horizon_loss().subs(values)).real, rel=1e-8)


def test_slope_at_the_silent_agent_is_twice_the_formal_one_and_falls_with_the_square_of_the_frequency():
    slopes = np.array([g.trace() for g in episode_gradients(CYCLES, feedforward_weights(0.0), 1.0)["z"]])
    formal = [complex(silent_slope().subs({dt: 0.1, amplitude: 2.31, lam: step})).real for step in TASK.advances]
    assert slopes == pytest.approx(2 * np.array(formal), rel=1e-9)
    squares = np.sin(np.pi * TASK.dt * TASK.frequencies) ** 2
    assert slopes * squares == pytest.approx([slopes[0] * squares[0]] * 4, rel=1e-9)
    assert (slopes > 0).all()


def test_amplitudes_in_proportion_to_the_frequency_make_the_slopes_equal_to_half_a_percent():
    task = replace(CYCLES, amplitude=tuple(2.31 * TASK.frequencies / 0.4))
    slopes = np.array([g.trace() for g in episode_gradients(task, feedforward_weights(0.0), 1.0)["z"]])
    assert np.ptp(slopes) / slopes.min() == pytest.approx(0.0049, abs=0.0002)


@pytest.mark.parametrize("seed", range(3))
def test_initial_slope_of_each_axis_is_larger_for_its_lower_frequency(seed):
    """Gradients by z and w at the task's initial networks, unstable as they are."""
    found = episode_gradients(TASK, tracking_weights(np.random.default_rng(seed)))
    norms = np.sqrt(np.sum(found["z"] ** 2, axis=(1, 2)) + np.sum(found["w"] ** 2, axis=(1, 2)))
    low_x, high_x, low_y, high_y = norms
    assert low_x > 3 * high_x
    assert low_y > 3 * high_y
