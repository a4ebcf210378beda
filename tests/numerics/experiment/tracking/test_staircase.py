"""Measures of a tracking run, against definitions written out and against simulated batches."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.spectrum import agent_step
from numerics.common.weights import Weights, tracking_weights
from numerics.experiment.tracking.loop import Tracker, track, tracking_loss
from numerics.experiment.tracking.measures import frequency_losses, measure, nearest, projected_losses
from numerics.experiment.tracking.staircase import acquisition, ascending, competition, idle_losses
from numerics.replay.tracking_task import TrackingTask

FREE = TrackingTask(duration=6.0, clamp=np.inf)


def grid(count=8):
    """Phases of which cos, sin and their products average as over the uniform distribution."""
    ring = 2 * np.pi * np.arange(count) / count
    return np.stack(np.meshgrid(ring, ring, ring, ring), axis=-1).reshape(-1, 4)


def test_losses_per_frequency_sum_to_the_expected_loss(rng):
    weights = tracking_weights(rng, 12)
    losses = frequency_losses(FREE, weights)
    assert losses.shape == (4,)
    assert losses.sum() == pytest.approx(Tracker(FREE).loss(weights, grid()), rel=1e-12)


def test_the_loss_of_a_frequency_is_that_of_the_frequency_alone(rng):
    weights = tracking_weights(rng, 12)
    losses = frequency_losses(FREE, weights)
    for f in range(4):
        amplitude = np.zeros(4)
        amplitude[f] = 2.31
        alone = TrackingTask(duration=6.0, clamp=np.inf, amplitude=tuple(amplitude))
        assert losses[f] == pytest.approx(Tracker(alone).loss(weights, grid()), rel=1e-12)


def test_idle_losses_are_those_of_silent_networks(rng):
    weights = tracking_weights(rng, 5)
    silent = Weights(weights.m, 0 * weights.z, w=weights.w)
    np.testing.assert_allclose(idle_losses(FREE), frequency_losses(FREE, silent), rtol=1e-14)
    assert idle_losses(TrackingTask(ramp=0)) == pytest.approx(0.1 * 2.31**2 / 2 * np.ones(4), rel=1e-12)


def test_an_exploding_response_is_infinite_not_nan(rng):
    weights = tracking_weights(rng, 5)
    wild = Weights(weights.m, weights.z, w=1e10 * weights.w)
    assert (frequency_losses(FREE, wild) == np.inf).all()
    huge = Weights(weights.m, weights.z, w=np.full((5, 5), 1e308))
    assert not np.isnan(measure(FREE, huge)["eigenvalues"]).any()
    over = Weights(weights.m, weights.z, w=huge.w, u=1e308 * np.ones(5), v=np.ones(5))
    assert np.isinf(measure(FREE, over)["eigenvalues"]).all()


def test_projected_losses_recover_amplitudes(rng):
    task, amplitudes = TrackingTask(), np.array([1.0, 0.5, 2.0, 0.25])
    phases = rng.uniform(0, 2 * np.pi, (6, 4))
    waves = amplitudes * np.cos(task.angles()[:, None] + phases)
    errors = np.stack([waves[:, :, :2].sum(2), waves[:, :, 2:].sum(2)], axis=2)
    np.testing.assert_allclose(projected_losses(task, errors, 100), 0.1 * amplitudes**2 / 2, rtol=1e-12)
    with pytest.raises(InputError, match="window must be at least 8"):
        projected_losses(task, errors, 7)


def test_projected_and_expected_losses_agree_without_transients(rng):
    """State feedback, stable, over 400 s: both measures see the amplitudes; the mean over time includes the ramp."""
    task = TrackingTask(duration=400.0, inputs=("error", "velocity"))
    gains = np.array([[1.0, 0, 2.0, 0], [0, 1.0, 0, 2.0]])
    weights = Weights(gains, -np.eye(2), w=np.zeros((2, 2)))
    phases = grid(4)
    references = task.references(phases)
    episodes = track(task, weights, references, leak=1.0)
    found = projected_losses(task, episodes.x[1:, :, :2] - references, 100)
    np.testing.assert_allclose(frequency_losses(task, weights, 1.0), found, rtol=0.02)
    assert found.sum() == pytest.approx(tracking_loss(task, episodes, references), rel=0.02)


def test_nearest_eigenvalues(rng):
    values = np.array([1.0 + 0j, 1j, -1.0])
    np.testing.assert_array_equal(nearest(values, np.array([0.9j, -5, 1.1])), [1j, -1, 1])
    weights = tracking_weights(rng, 6)
    found = measure(TrackingTask(), weights)
    own = np.linalg.eigvals(0.9 * np.eye(6) + 0.1 * weights.w)
    for f, value in zip((0.1, 0.3, 0.2, 0.4), found["agent_near"], strict=True):
        distance = np.abs(own - np.exp(0.2j * np.pi * f))
        assert abs(value - np.exp(0.2j * np.pi * f)) == pytest.approx(distance.min(), rel=1e-9)
    np.testing.assert_array_equal(agent_step(weights, 0.1), 0.9 * np.eye(6) + 0.1 * weights.w)


IDLE = np.ones(2)


def steps(*levels):
    return np.concatenate([np.full(length, value) for length, value in levels])


def test_acquisition_ignores_dips_shorter_than_the_hold():
    losses = np.stack([steps((50, 1.0), (20, 0.1), (30, 1.0), (200, 0.1)), steps((280, 1.0), (20, 0.2))], axis=1)
    assert acquisition(losses, IDLE, hold=100) == [100, 280]
    assert acquisition(losses, IDLE, hold=20) == [50, 280]
    assert acquisition(losses, IDLE, fraction=0.15) == [100, None]


def test_a_spike_after_acquisition_does_not_undo_it():
    losses = np.stack([steps((50, 1.0), (150, 0.1), (2, 1.0), (98, 0.1))] * 2, axis=1)
    assert acquisition(losses, IDLE) == [50, 50]


def test_ascending_is_by_frequency_not_by_column():
    frequencies = np.array([0.1, 0.3, 0.2, 0.4])
    assert ascending([10, 30, 20, 40], frequencies) is True
    assert ascending([10, 20, 30, 40], frequencies) is False
    assert ascending([10, 20, 20, 40], frequencies) is False


@pytest.mark.parametrize(
    ("acquired", "order"),
    [
        ([None, None, None, None], None),
        ([10, None, None, None], None),
        ([10, 30, 20, None], None),
        ([10, 20, None, None], False),
        ([None, None, None, 40], False),
        ([10, 20, 30, None], False),
    ],
)
def test_the_order_is_undecided_until_a_higher_one_comes_before_a_lower(acquired, order):
    assert ascending(acquired, np.array([0.1, 0.3, 0.2, 0.4])) is order


def test_competition_is_the_rise_while_another_is_learned():
    first = steps((10, 1.0), (90, 0.10), (10, 0.15), (90, 0.10))
    other = np.concatenate([np.ones(100), np.linspace(0.95, 0.05, 10), np.full(90, 0.05)])
    losses = np.stack([first, other], axis=1)
    acquired = acquisition(losses, IDLE, hold=50)
    assert acquired == [10, 105]
    (found,) = competition(losses, IDLE, acquired)
    assert (found.learned, found.suffered, found.start, found.end) == (1, 0, 100, 108)
    assert found.rise == pytest.approx(1.5)
    losses[104, 0] = 0.3
    assert competition(losses, IDLE, acquired)[0].rise == pytest.approx(3.0)


def test_bad_shapes_are_named():
    with pytest.raises(InputError, match=r"must be \(epochs, F\) and \(F,\)"):
        acquisition(np.ones(5), IDLE)
    with pytest.raises(InputError, match="idle must be positive"):
        acquisition(np.ones((5, 2)), np.zeros(2))
