"""The exact open-loop map against direct training, and its moments against sums in full."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import full_weights, gaussian_weights
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.reduced.codegen import has_numba
from numerics.reduced.descent import descend
from numerics.reduced.open_loop import descent as open_loop_descent
from numerics.reduced.open_loop.descent import (
    descend_open_loop,
    descend_open_loop_gram,
    impulse_response,
    lag_moment,
    model,
    white_moment,
)
from numerics.reduced.open_loop.filter_kernel import filter_kernel
from numerics.replay.closed_loop import full_replay, rank_one_replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.settings import Settings
from theory.open_loop.imitation import AgentFilter

BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.skipif(not has_numba(), reason="no numba"))]


def paper(seed, epochs):
    """The open-loop run of a seed, taught by the closed-loop run of the same seed."""
    closed = rank_one_replay(seed, epochs=1000)
    teacher = descend(closed).weights
    return open_loop_replay(rank_one_replay(seed, epochs=epochs), teacher)


def trained(replay, *names):
    """Direct training with overlaps and what else is named; eigenvalues of all neurons are slow."""
    return train_open_loop(replay, {name: OBSERVERS[name] for name in ("overlaps", *names)})


def assert_same(theory, simulation, rtol=1e-8):
    assert theory.status == simulation.status
    for name in {"test_loss", "overlaps", "spectral_radius", "gradient_norm"} & set(simulation.history):
        scale = np.abs(simulation.history[name]).max(axis=0)
        assert (np.abs(theory.history[name] - simulation.history[name]) <= rtol * scale).all(), name
    np.testing.assert_allclose(theory.history["test_loss"], simulation.history["test_loss"], rtol=rtol)
    np.testing.assert_allclose(theory.loss, simulation.loss, rtol=rtol, atol=1e-13)
    for name, array in simulation.weights.arrays().items():
        np.testing.assert_allclose(getattr(theory.weights, name), array, atol=rtol)


@pytest.mark.parametrize("backend", BACKENDS)
def test_exact_descent_is_direct_training(backend):
    replay = paper(1, 150)
    theory = descend_open_loop(replay, backend)
    assert_same(theory, trained(replay))
    loss = theory.history["test_loss"]
    assert (loss / np.minimum.accumulate(loss)).max() > 1e5


def test_spectrum_is_that_of_the_trained_network():
    replay = paper(2, 8)
    assert_same(descend_open_loop(replay), trained(replay, "eigenvalues"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_exact_descent_is_direct_training_over_500_epochs(seed):
    replay = paper(seed, 500)
    assert_same(descend_open_loop(replay), trained(replay))


@pytest.mark.parametrize("leak", [1.0, 0.4])
def test_exact_descent_is_direct_training_for_any_plant_rank_and_leak(leak):
    rng = np.random.default_rng(6)
    plant = Plant(0.5 * rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    student, teacher = gaussian_weights(rng, 12, 2, 2, 2), full_weights(rng, 9)
    teacher = teacher.updated({"m": rng.normal(size=(9, 2)), "z": rng.normal(size=(9, 2))})
    settings = Settings(horizon=7, learning_rate=0.02, leak=leak, control_penalty=0.1, train=("m", "z", "u", "v"))
    replay = OpenLoopReplay(student, teacher, rng.normal(size=(40, 6, 5, 2)), settings, plant)
    theory, simulation = descend_open_loop(replay), train_open_loop(replay)
    np.testing.assert_allclose(theory.loss, simulation.loss, rtol=1e-10)
    np.testing.assert_allclose(theory.history["test_loss"], simulation.history["test_loss"], rtol=1e-10)
    np.testing.assert_allclose(theory.history["spectral_radius"], simulation.history["spectral_radius"], rtol=1e-9)
    np.testing.assert_allclose(theory.weights.u, simulation.weights.u, atol=1e-12)


def test_inputs_recorded_from_the_teacher_too():
    closed = rank_one_replay(1, epochs=30)
    replay = open_loop_replay(closed, paper(1, 1).teacher, inputs="teacher")
    assert_same(descend_open_loop(replay), trained(replay))


@pytest.mark.parametrize("q", [1, 2])
def test_lag_moment_is_the_sum_over_all_steps(q):
    y = np.random.default_rng(0).normal(size=(2, 4, 3, q))
    found = lag_moment(y)
    for epoch in range(2):
        total = np.zeros((4 * q, 4 * q))
        for b in range(3):
            for k in range(1, 5):
                stack = np.concatenate([y[epoch, k - 1 - j, b] if j < k else np.zeros(q) for j in range(4)])
                total += np.outer(stack, stack) / 12
        np.testing.assert_allclose(found[epoch], total, atol=1e-13)


def test_white_moment_is_the_limit_of_a_large_batch():
    y = np.random.default_rng(1).normal(0, np.sqrt(2), (5, 40000, 1))
    np.testing.assert_allclose(lag_moment(y), white_moment(5, 2.0), atol=0.04)


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_runs_are_the_single_ones(backend):
    runs = [paper(seed, 20) for seed in (1, 2)]
    grams = np.stack([run.weights.gram for run in runs])
    moments = np.stack([lag_moment(run.y) for run in runs], axis=1)
    target = impulse_response(runs[0].teacher, runs[0].length)[:, :, 0]
    many = descend_open_loop_gram(runs[0], grams, moments, target, backend)
    alone = OpenLoopReplay(runs[1].weights, runs[0].teacher, runs[1].y, runs[1].settings)
    single = descend_open_loop(alone, backend)
    np.testing.assert_allclose(many.overlaps(model(runs[0])[1])[:, 1], single.overlaps, rtol=1e-12)


def test_a_wrong_lag_is_noticed(monkeypatch):
    """The comparison with direct training fails if the moment's last row and column are dropped."""
    replay = paper(1, 10)
    true = open_loop_descent.lag_moment

    def cut(y):
        moment = true(y).copy()
        moment[..., -1, :] = moment[..., :, -1] = 0
        moment[..., 1, 1] *= 1 + 1e-3
        return moment

    monkeypatch.setattr(open_loop_descent, "lag_moment", cut)
    with pytest.raises(AssertionError):
        assert_same(descend_open_loop(replay), trained(replay))


def test_kernel_s_response_is_the_network_s():
    weights = gaussian_weights(np.random.default_rng(3), 7, 1, 1, 1)
    flat = tuple(block[0, 0] for block in weights.overlaps().values())
    found = filter_kernel(AgentFilter()).response(flat, (), 6)
    np.testing.assert_allclose(found[:, 0], impulse_response(weights, 6)[:, 0, 0], rtol=1e-12)


@pytest.mark.parametrize("settings", [{"activation": "tanh"}, {"optimizer": "adam"}])
def test_runs_that_do_not_close_are_refused(settings):
    closed = rank_one_replay(0, epochs=1, batch=2, neurons=5, **settings)
    with pytest.raises(InputError, match="use direct training"):
        descend_open_loop(open_loop_replay(closed, closed.weights))
    full = full_replay(0, epochs=1, batch=2, neurons=5, activation="linear")
    with pytest.raises(InputError, match="variance must be left out"):
        descend_open_loop(open_loop_replay(full, full.weights), variance=2.0)
