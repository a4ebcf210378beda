"""The small loop against the neurons stepped by the experiment; forecasts against runs where they must be exact."""

from dataclasses import replace

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.weights import tracking_weights
from numerics.experiment.tracking.loop import Tracker
from numerics.experiment.tracking.measures import frequency_losses
from numerics.experiment.tracking.train import train_tracking
from numerics.reduced.tracking import forecast as module
from numerics.reduced.tracking.forecast import forecast
from numerics.reduced.tracking.small_loop import SmallLoop
from numerics.reduced.tracking.word_space import letters, preconditioner, word_basis
from numerics.reduced.words.space import WordSpace
from numerics.replay.tracking import TrackingReplay, TrackingTraining
from numerics.replay.tracking_task import TrackingTask

SHORT = TrackingTask(duration=6.0, clamp=np.inf)
PLAIN = TrackingTraining(optimizer="sgd", learning_rate=0.02, clip=1.0)
EPOCHS = 45


@pytest.fixture
def weights(rng):
    return tracking_weights(rng, 20)


def even(epochs, count=16):
    """Phases whose coefficients have the population's second moment I/2: distinct multiples of even angles."""
    turns = 2 * np.pi * np.outer(np.arange(count), [1, 2, 3, 4]) / count
    return np.broadcast_to(turns, (epochs, count, 4))


def run(weights, settings, epochs=EPOCHS):
    phases = even(epochs)
    replay = TrackingReplay(weights, phases[..., :2], phases[..., 2:], settings, SHORT)
    return train_tracking(replay).history["frequency_loss"]


def test_losses_and_gradients_are_those_of_the_neurons(weights):
    found, gradients, _ = SmallLoop(SHORT).population(weights)
    assert found == pytest.approx(frequency_losses(SHORT, weights), rel=1e-12)
    direct = Tracker(SHORT).loss_and_gradient(weights, even(1)[0])[1]
    for name in ("w", "z"):
        assert np.abs(gradients[name] - direct[name]).max() < 1e-12 * np.abs(direct[name]).max()


@pytest.mark.parametrize("clamp", [0.5, 3.0])
def test_gradients_stop_at_the_clamp_as_the_experiment_has_them(weights, rng, clamp):
    task, phases = replace(SHORT, clamp=clamp), rng.uniform(0, 6, (7, 4))
    loud = weights.updated({"z": 6 * weights.z})
    direct = Tracker(task).loss_and_gradient(loud, phases)[1]
    found, free = SmallLoop(task).batch(loud, phases), SmallLoop(SHORT).batch(loud, phases)
    for name in ("w", "z"):
        size = np.abs(direct[name]).max()
        assert np.abs(found[name] - direct[name]).max() < 1e-11 * size
        assert np.abs(free[name] - direct[name]).max() > 1e-3 * size


def test_bound_holds_every_state_of_every_phase(weights, rng):
    loop = SmallLoop(SHORT)
    bound = loop.population(weights)[2]
    states = loop.run(weights, SHORT.references(rng.uniform(0, 2 * np.pi, (500, 4))))
    largest = np.abs(states[:, :, 20:]).max()
    assert 0.5 * bound < largest <= bound


def test_gradient_descent_from_nothing_is_that_of_six_neurons_exactly(rng):
    weights = tracking_weights(rng, 30, strength=0.0)
    found = forecast(weights, SHORT, PLAIN, EPOCHS)
    assert found.dimension == 6
    assert found.losses == pytest.approx(run(weights, PLAIN), rel=1e-9)


def test_momentum_from_nothing_is_that_of_six_neurons_exactly(rng):
    weights = tracking_weights(rng, 30, strength=0.0)
    heavy = replace(PLAIN, optimizer="momentum", learning_rate=0.004)
    found = forecast(weights, SHORT, heavy, EPOCHS)
    assert found.losses == pytest.approx(run(weights, heavy), rel=1e-9)
    assert found.losses != pytest.approx(run(weights, replace(heavy, momentum=0.8)), rel=1e-4)


def test_longer_words_bring_gradient_descent_nearer(rng):
    weights = tracking_weights(rng, 60, strength=0.2)
    direct = run(weights, PLAIN)
    gaps = [np.abs(forecast(weights, SHORT, PLAIN, EPOCHS, K).losses / direct - 1).max() for K in (0, 1, 2)]
    assert gaps[2] < 0.3 * gaps[1] < 0.1 * gaps[0]


def test_adam_is_exact_where_the_space_is_whole(rng, monkeypatch):
    """Six neurons span everything, so nothing is left out; the opening is shortened so that most epochs are small."""
    monkeypatch.setattr(module, "OPENING", 5)
    opening = even(5)
    weights, settings = tracking_weights(rng, 6), TrackingTraining()
    found = forecast(weights, SHORT, settings, EPOCHS, opening=opening)
    assert found.dimension == 6
    assert found.losses == pytest.approx(run(weights, settings), rel=1e-7)
    other = forecast(weights, SHORT, replace(settings, learning_rate=1.01e-3), EPOCHS, opening=opening)
    assert other.losses != pytest.approx(run(weights, settings), rel=1e-4)


def test_basis_is_orthonormal_and_holds_the_words(weights):
    columns = np.hstack([weights.m, weights.z])
    basis = word_basis(columns[:, :2], weights.w, 1)
    assert basis.T @ basis == pytest.approx(np.eye(6), abs=1e-12)
    for words in (columns[:, :2], weights.w @ columns[:, :2], weights.w.T @ columns[:, :2]):
        assert basis @ (basis.T @ words) == pytest.approx(words, abs=1e-12)
    assert word_basis(columns, 0 * weights.w, 3).shape == (20, 6)


def test_adam_widens_the_letters_by_its_own_preconditioner(weights, rng):
    p, q = np.abs(rng.normal(size=(20, 1))) + 0.5, np.abs(rng.normal(size=(20, 1))) + 0.5
    found = preconditioner(1 / (p * q.T) ** 2)
    assert found[0] * found[1].T / (p * q.T) == pytest.approx(
        np.full((20, 20), found[0][0] * found[1][0] / (p[0] * q[0]))
    )
    assert letters(weights, 1 / (p * q.T) ** 2).shape == (20, 12)
    assert letters(weights).shape == (20, 6)


def test_within_keeps_what_the_loop_sees(weights):
    basis = word_basis(letters(weights), weights.w, 3)
    small = WordSpace(basis, 3, False).reduce(weights)
    assert frequency_losses(SHORT, small) == pytest.approx(frequency_losses(SHORT, weights), rel=1e-6)


def test_what_is_trained_must_be_known(weights):
    with pytest.raises(InputError, match="settings must train w and z of linear neurons; found"):
        forecast(weights, SHORT, replace(PLAIN, train=("m", "w", "z")), 3)
