"""The network on the word space against direct training of N neurons."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import Weights, full_weights
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.tracking.train import train_tracking
from numerics.experiment.train import train
from numerics.reduced.codegen import has_numba
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.settings import Settings
from numerics.replay.tracking import tracking_replay
from numerics.replay.tracking_task import TrackingTask

BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.skipif(not has_numba(), reason="no numba"))]


def without_recurrence(replay):
    return replace(replay, weights=replay.weights.updated({"w": np.zeros_like(replay.weights.w)}))


def relative(found, expected):
    """Largest difference beside the larger of the expected value and a trace of the largest one."""
    return (np.abs(found - expected) / np.maximum(np.abs(expected), 1e-9 * np.abs(expected).max() + 1e-300)).max()


def gaps(theory, simulation):
    assert theory.status == simulation.status
    assert set(theory.weights.arrays()) == set(simulation.weights.arrays())
    return {
        "loss": np.abs(theory.loss / simulation.loss - 1).max(),
        "norm": relative(theory.history["gradient_norm"], simulation.history["gradient_norm"]),
        "weights": max(np.abs(a - simulation.weights.arrays()[k]).max() for k, a in theory.weights.arrays().items()),
        "eigenvalues": np.abs(np.abs(theory.history["eigenvalues"]) - np.abs(simulation.history["eigenvalues"])).max(),
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_initial_recurrence_two_neurons_learn_as_forty(backend):
    replay = without_recurrence(full_replay(1, 120, 30, 40, activation="linear", control_penalty=0.1))
    theory = descend(replay, backend)
    assert theory.config["dimension"] == 2
    assert theory.config["exact"]
    assert max(gaps(theory, train(replay)).values()) < 1e-10


def random_replay(seed, epochs=15, neurons=12):
    """A random plant, network, protocol; W_0 is zero, of low rank, or any."""
    rng = np.random.default_rng(seed)
    n, p, q = rng.integers(1, 5), rng.integers(1, 3), rng.integers(1, 3)
    plant = Plant(rng.normal(0, 0.5, (n, n)), rng.normal(size=(n, p)), rng.normal(size=(q, n)))
    left, right = rng.normal(size=(2, neurons, 1)) / np.sqrt(neurons)
    w = [np.zeros((neurons, neurons)), left @ right.T, rng.normal(0, 0.3, (neurons, neurons)) / np.sqrt(neurons)]
    thin = {"u": left, "v": right} if rng.random() < 0.3 else {}
    agent = {"m": rng.normal(0, 0.3, (neurons, q)), "z": rng.normal(0, 0.3, (neurons, p)), "w": w[rng.integers(3)]}
    weights = Weights(**agent, **thin)
    trained = tuple(name for name in weights.arrays() if rng.random() < 0.7) or ("z",)
    optimizer = ("sgd", "momentum")[rng.integers(2)]
    options = {"leak": rng.uniform(0.05, 1), "control_penalty": rng.uniform(0, 0.5), "optimizer": optimizer}
    protocol = Settings(int(rng.integers(2, 12)), learning_rate=0.03, momentum=0.7, train=trained, **options)
    return Replay(weights, rng.normal(size=(epochs, 5, n)), protocol, plant)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_closed_space_is_exact_for_random_plants(seed):
    replay = random_replay(seed)
    theory = descend(replay, "python", words=30)
    assert theory.config["exact"]
    found = gaps(theory, train(replay))
    assert max(found["loss"], found["weights"]) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_the_closed_space_is_exact_for_a_thousand_epochs(seed):
    """Up to rounding, which learning in a zigzag amplifies: by as much as it does to a change of 1e-15 at the start."""
    replay = random_replay(seed, 1000, 30)
    simulation = train(replay)
    nudged = replay.weights.updated({"m": replay.weights.m * (1 + 1e-15)})
    echo = gaps(train(replace(replay, weights=nudged)), simulation)
    found = gaps(descend(replay, words=30), simulation)
    for name in ("loss", "weights"):
        assert found[name] < max(1e-9, 10 * echo[name])


@pytest.mark.parametrize("strength", [0.1, 0.3])
def test_truncated_words_keep_within_their_estimate(strength):
    replay = full_replay(0, 120, 30, 60, activation="linear")
    weights = full_weights(np.random.default_rng(5), 60, strength)
    replay = replace(replay, weights=weights)
    simulation = train(replay, {})
    errors = []
    for words in (1, 2, 3):
        theory = descend(replay, words=words)
        assert not theory.config["exact"]
        assert theory.config["words"] == words
        assert theory.config["dimension"] == 2 * (2 ** (words + 1) - 1)
        errors.append(np.abs(theory.loss / simulation.loss - 1).max())
        assert errors[-1] < theory.config["error_estimate"] < 10 * errors[-1]
    assert errors[2] < errors[1] / 2 < errors[0] / 4


def test_the_estimate_holds_where_the_longer_words_err_much_too():
    """Relative to a loss that is itself too large, the difference of two lengths looks too small."""
    replay = full_replay(0, 300, activation="linear")
    replay = replace(replay, weights=full_weights(np.random.default_rng(0), 100, 0.3))
    simulation, theory = train(replay, {}), descend(replay, words=2)
    assert 0.3 < np.abs(theory.loss / simulation.loss - 1).max() < theory.config["error_estimate"] < 1


def test_by_default_the_shortest_words_below_a_thousandth():
    replay = full_replay(0, 60, 30, 60, activation="linear")
    theory = descend(replay)
    simulation = train(replay, {})
    assert np.abs(theory.loss / simulation.loss - 1).max() < theory.config["error_estimate"] < 1e-3
    assert descend(replay, words=theory.config["words"] - 1).config["error_estimate"] > 1e-3


def test_where_no_words_suffice_the_space_is_complete():
    replay = full_replay(2, 60, 20, 12, activation="linear")
    replay = replace(replay, weights=full_weights(np.random.default_rng(2), 12, 0.9))
    theory = descend(replay)
    assert theory.config["dimension"] == 12
    assert theory.config["exact"]
    assert theory.config["error_estimate"] == 0
    assert max(gaps(theory, train(replay)).values()) < 1e-8


@pytest.mark.parametrize("words", [0, 3])
def test_open_loop_with_its_closed_loop_test(words):
    closed = full_replay(1, 80, 30, 40, activation="linear")
    closed = without_recurrence(closed) if words == 0 else closed
    replay = open_loop_replay(closed, full_weights(np.random.default_rng(3), 25, 0.4), length=12)
    theory, simulation = descend_open_loop(replay, words=words or None), train_open_loop(replay)
    assert np.abs(theory.loss / simulation.loss - 1).max() <= 1e-10 + theory.config["error_estimate"]
    test = np.abs(theory.history["test_loss"] / simulation.history["test_loss"] - 1).max()
    assert test < (1e-9 if theory.config["exact"] else 1e-2)


@pytest.mark.parametrize("clamp", [10.0, 0.4])
@pytest.mark.parametrize("batch", [5, 30])
def test_tracking_by_six_neurons(clamp, batch):
    task = TrackingTask(duration=5.0, clamp=clamp)
    replay = tracking_replay(0, 40, batch, 30, task=task, optimizer="sgd", learning_rate=0.3, clip=1.0)
    replay = without_recurrence(replay)
    theory, simulation = descend(replay), train_tracking(replay)
    assert theory.config["dimension"] == 6
    assert bool(simulation.history["by_basis"].all()) == (clamp == 10.0)
    found = gaps(theory, simulation)
    assert max(found["loss"], found["norm"], found["weights"]) < 1e-9


def test_momentum_of_low_rank_has_its_overlaps():
    replay = rank_one_replay(0, 100, 20, 30, optimizer="momentum", momentum=0.8, learning_rate=0.003)
    theory, simulation = descend(replay), train(replay)
    np.testing.assert_allclose(theory.overlaps, simulation.overlaps, rtol=0, atol=1e-11)
    assert max(gaps(theory, simulation).values()) < 1e-10
    plain = descend(replace(replay, settings=replace(replay.settings, optimizer="sgd")))
    assert np.abs(plain.loss / theory.loss - 1).max() > 0.1


def test_without_momentum_the_small_network_is_the_map_of_the_gram_matrix():
    replay = rank_one_replay(0, 100, 20, 30)
    none = replace(replay, settings=replace(replay.settings, optimizer="momentum", momentum=0.0))
    small, gram = descend(none), descend(replay)
    np.testing.assert_allclose(small.history["gram"], gram.history["gram"], rtol=0, atol=1e-12)


def test_divergence_is_reported_as_direct_training_reports_it():
    replay = without_recurrence(full_replay(0, 200, 10, 20, activation="linear", learning_rate=0.5, clip=np.inf))
    theory, simulation = descend(replay), train(replay)
    assert theory.status == simulation.status
    assert theory.status.startswith("diverged")
    assert np.isfinite(theory.weights.w).all()


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ({"optimizer": "adam"}, None, "optimizer must be sgd or momentum.*Adam scales every single weight"),
        ({"activation": "tanh"}, None, "activation must be linear"),
        ({}, -1, "words must be at least 0"),
    ],
)
def test_what_does_not_close_is_refused(change, words, message):
    replay = full_replay(0, 3, 5, 6, **{"activation": "linear"} | change)
    with pytest.raises(InputError, match=message):
        descend(replay, words=words)


def test_words_of_a_low_rank_network_are_refused():
    with pytest.raises(InputError, match="words must be left out for a network of low rank"):
        descend(rank_one_replay(0, 3), words=2)


def test_a_silent_network_stays_as_it_is():
    replay = full_replay(0, 5, 4, 6, activation="linear")
    silent = replay.weights.updated({"m": np.zeros((6, 1)), "z": np.zeros((6, 1))})
    replay = replace(replay, weights=silent)
    theory, simulation = descend(replay), train(replay)
    assert gaps(theory, simulation)["eigenvalues"] < 1e-12
    np.testing.assert_array_equal(theory.weights.w, simulation.weights.w)


def test_words_that_reach_fewer_neurons_than_eigenvalues_are_recorded():
    ones = 0.1 * np.ones((12, 1))
    replay = full_replay(0, 5, 4, 12, activation="linear")
    along = ones @ ones.T + 1e-6 * np.eye(12, k=3)
    replay = replace(replay, weights=Weights(ones, ones.copy(), w=along))
    theory = descend(replay, words=0)
    assert theory.config["dimension"] == 1
    assert not theory.config["exact"]
    assert theory.history["eigenvalues"].shape == train(replay).history["eigenvalues"].shape
