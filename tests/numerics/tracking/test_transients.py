"""Losses of finite episodes per frequency: against real episodes with random phases, finite differences, exact theory."""

from itertools import product

import numpy as np
import pytest

from numerics.tracking.transfer import Tones, TrackingSystem, planar_tracker, stationary_losses
from numerics.tracking.transients import episode_gradients, episode_losses, references
from numerics.weights import Weights, gaussian_law
from theory.symbols import amplitude, dt, feedforward, horizon, lam
from theory.tracking_order import horizon_loss, silent_slope

TONES = Tones()
STEPS = 60


def initial(rng, neurons=20):
    """The task's initial law: uniform on ±1/√N, and a recurrence of strength 0.2."""
    bound = 1 / np.sqrt(neurons)
    m, z = rng.uniform(-bound, bound, (neurons, 4)), rng.uniform(-bound, bound, (neurons, 2))
    return Weights(m, z, w=rng.normal(0, 0.2 * bound, (neurons, neurons)))


@pytest.fixture
def tracker(rng):
    return planar_tracker(initial(rng))


def real_loss(tracker, phases, steps, ramp):
    """dt times the mean squared error of one real episode, stepped neuron by neuron."""
    A, B, view, w, total = tracker.plant.A, tracker.plant.B, tracker.plant.C, tracker.weights, 0.0
    x, h = np.zeros(len(A)), np.zeros(w.neurons)
    for t in range(steps):
        r = np.zeros(2)
        for f, axis, size, phase in zip(TONES.frequencies, TONES.axes, TONES.amplitudes, phases, strict=True):
            r[axis] += min(1.0, t * TONES.dt / ramp) * size * np.cos(2 * np.pi * f * TONES.dt * t + phase)
        h = (1 - tracker.leak) * h + tracker.leak * (w.recurrence @ h + w.m @ (view @ x + tracker.feed @ r))
        x = A @ x + B @ (w.z.T @ h)
        total += np.sum((tracker.tracked @ x - r) ** 2)
    return TONES.dt * total / steps


def test_loss_is_the_mean_over_phases_of_real_episodes(tracker):
    """The loss is quadratic in cos φ and sin φ, so a mean over quarter turns is the mean over all phases."""
    phases = product(np.pi / 2 * np.arange(4), repeat=4)
    mean = np.mean([real_loss(tracker, p, STEPS, 1.0) for p in phases])
    assert episode_losses(tracker, TONES, STEPS).sum() == pytest.approx(mean, rel=1e-12)


def test_ramp_starts_at_zero_and_ends_after_its_time():
    r = references(TONES, 2, 20, 1.0)
    assert not r[0].any()
    assert np.abs(r[5]).sum(axis=1) == pytest.approx(0.5 * 2.31)
    assert np.abs(r[10:]).sum(axis=2) == pytest.approx(2.31)
    assert np.abs(references(TONES, 2, 3, 0.0)).sum(axis=2) == pytest.approx(2.31)


@pytest.mark.parametrize("name", ["m", "z", "w"])
def test_gradients(tracker, rng, name):
    slopes = episode_gradients(tracker, TONES, STEPS)[name]
    direction = rng.normal(size=slopes.shape[1:])
    losses = [episode_losses(moved(tracker, name, s * 1e-5 * direction), TONES, STEPS) for s in (1, -1)]
    expected = (losses[0] - losses[1]) / 2e-5
    assert np.sum(slopes * direction, axis=(1, 2)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["u", "v"])
def test_gradients_of_a_low_rank_agent(rng, name):
    tracker = planar_tracker(gaussian_law(rng, 20, 2, 4, 2))
    slopes = episode_gradients(tracker, TONES, STEPS)[name]
    direction = rng.normal(size=slopes.shape[1:])
    losses = [episode_losses(moved(tracker, name, s * 1e-6 * direction), TONES, STEPS) for s in (1, -1)]
    assert np.sum(slopes * direction, axis=(1, 2)) == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5)


def moved(tracker, name, change):
    weights = tracker.weights.updated({name: getattr(tracker.weights, name) + change})
    return TrackingSystem(tracker.plant, tracker.feed, tracker.tracked, weights, tracker.leak)


def test_long_episodes_of_a_stable_network_tend_to_the_stationary_loss_as_one_over_their_length(rng):
    """A plant that is stable by itself and a weak agent: the excess of the start is a fixed sum, divided by T."""
    still = planar_tracker(initial(rng))
    plant = type(still.plant)(0.9 * still.plant.A, still.plant.B, still.plant.C)
    tracker = TrackingSystem(plant, still.feed, still.tracked, still.weights, still.leak)
    gaps = [episode_losses(tracker, TONES, T, 0.0) - stationary_losses(tracker, TONES) for T in (1000, 2000)]
    assert np.abs(gaps[0]).max() > 1e-8
    assert gaps[0] / gaps[1] == pytest.approx([2] * 4, rel=1e-9)


def test_overflow_is_reported_as_an_infinite_loss(rng):
    wild = initial(rng)
    tracker = planar_tracker(Weights(wild.m, wild.z, w=1e5 * np.eye(20)))
    assert np.isinf(episode_losses(tracker, TONES, 300)).all()


def feedforward_tracker(gain):
    """One neuron an axis without memory, u = gain r."""
    m = np.hstack([np.zeros((2, 2)), np.eye(2)])
    return planar_tracker(Weights(m, gain * np.eye(2), w=np.zeros((2, 2))), leak=1.0)


@pytest.mark.parametrize("gain", [0.0, -0.3, 0.05])
def test_whole_cycles_without_ramp_have_the_loss_of_the_exact_theory(gain):
    """The drift of the marginal plant included: 300 steps hold 3, 9, 6 and 12 cycles."""
    found = episode_losses(feedforward_tracker(gain), TONES, 300, 0.0)
    for loss, advance in zip(found, TONES.advances, strict=True):
        values = {dt: 0.1, amplitude: 2.31, feedforward: gain, horizon: 300, lam: advance}
        assert loss == pytest.approx(complex(horizon_loss().subs(values)).real, rel=1e-8)


def test_slope_at_the_silent_agent_is_twice_the_formal_one_and_falls_with_the_square_of_the_frequency():
    slopes = np.array([g.trace() for g in episode_gradients(feedforward_tracker(0.0), TONES, 300, 0.0)["z"]])
    formal = [complex(silent_slope().subs({dt: 0.1, amplitude: 2.31, lam: step})).real for step in TONES.advances]
    assert slopes == pytest.approx(2 * np.array(formal), rel=1e-9)
    squares = np.sin(np.pi * TONES.dt * np.array(TONES.frequencies)) ** 2
    assert slopes * squares == pytest.approx([slopes[0] * squares[0]] * 4, rel=1e-9)
    assert (slopes > 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_initial_slope_of_each_axis_is_larger_for_its_lower_frequency(seed):
    """Gradients by z and w at the task's initial networks, unstable as they are."""
    found = episode_gradients(planar_tracker(initial(np.random.default_rng(seed), 100)), TONES, 300)
    norms = np.sqrt(np.sum(found["z"] ** 2, axis=(1, 2)) + np.sum(found["w"] ** 2, axis=(1, 2)))
    low_x, high_x, low_y, high_y = norms
    assert low_x > 3 * high_x
    assert low_y > 3 * high_y
