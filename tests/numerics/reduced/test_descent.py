"""The exact map against direct training of N neurons, and its own variants against each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import Weights, gaussian_weights
from numerics.experiment.train import train
from numerics.reduced import descent, iterate
from numerics.reduced.codegen import has_numba
from numerics.reduced.descent import descend, descend_gram
from numerics.reduced.moments import moment_factor
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop

BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.skipif(not has_numba(), reason="no numba"))]


def gaps(theory, simulation):
    assert theory.status == simulation.status
    return {
        "overlaps": np.abs(theory.overlaps - simulation.overlaps).max(),
        "loss": np.abs(theory.loss / simulation.loss - 1).max(),
        "weights": max(np.abs(theory.weights.arrays()[k] - simulation.weights.arrays()[k]).max() for k in "mzuv"),
        "radius": np.abs(theory.spectral_radius - simulation.spectral_radius).max(),
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_exact_map_is_direct_training(backend):
    replay = rank_one_replay(3, epochs=150, batch=20, neurons=40)
    assert max(gaps(descend(replay, backend), train(replay)).values()) < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_exact_map_is_direct_training_for_a_thousand_epochs(seed):
    replay = rank_one_replay(seed)
    assert max(gaps(descend(replay), train(replay)).values()) < 1e-8


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.integers(0, 10**6))
def test_exact_map_for_random_plants(n, p, q, r, seed):
    rng = np.random.default_rng(seed)
    plant = Plant(rng.normal(0, 0.5, (n, n)), rng.normal(size=(n, p)), rng.normal(size=(q, n)))
    trained = tuple(name for name in "mzuv" if rng.random() < 0.7) or ("z",)
    options = {"leak": rng.uniform(0.05, 1), "control_penalty": rng.uniform(0, 0.5), "train": trained}
    protocol = Settings(horizon=int(rng.integers(1, 12)), learning_rate=0.03, time_average=False, **options)
    replay = Replay(gaussian_weights(rng, 12, p, q, r), rng.normal(size=(15, 5, n)), protocol, plant)
    theory, simulation = descend(replay, "python"), train(replay)
    assert theory.status == simulation.status == "completed"
    np.testing.assert_allclose(theory.loss, simulation.loss, rtol=1e-8)
    np.testing.assert_allclose(theory.weights.stack, simulation.weights.stack, atol=1e-8)
    np.testing.assert_allclose(theory.spectral_radius, simulation.spectral_radius, atol=1e-6)


def test_a_wrong_sign_in_the_map_is_noticed(monkeypatch):
    replay = rank_one_replay(3, epochs=30, batch=10, neurons=30)
    true = descent.loss_kernel

    def mutated(*arguments):
        kernel = true(*arguments)

        def wrong(*values):
            loss, slope = kernel.function(*values)
            return loss, (slope[0], slope[1], -slope[2], slope[3])

        return replace(kernel, function=wrong)

    monkeypatch.setattr(descent, "loss_kernel", mutated)
    assert gaps(descend(replay, "python"), train(replay))["overlaps"] > 1e-4


@pytest.mark.parametrize("worth", [1, 100], ids=["arrays", "one by one"])
def test_many_runs_at_once_are_the_single_runs(rng, monkeypatch, worth):
    monkeypatch.setattr(iterate, "WORTH_ARRAYS", worth)
    space, loop, protocol = WeightSpace(), ReducedLoop(), Settings(horizon=20)
    grams = np.stack([gaussian_weights(rng, 30).gram for _ in range(4)])
    factors = moment_factor(rng.uniform(-2, 2, (40, 4, 10, 2)))
    together = descend_gram(loop, space, grams, factors, protocol, backend="python")
    assert together.loss.shape == (40, 4)
    for i in range(4):
        alone = descend_gram(loop, space, grams[i], factors[:, i], protocol, backend="python")
        np.testing.assert_allclose(together.gram[:, i], alone.gram, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(together.transfer[i], alone.transfer, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("worth", [1, 100], ids=["arrays", "one by one"])
def test_a_diverging_run_among_others_does_not_disturb_them(rng, monkeypatch, worth):
    monkeypatch.setattr(iterate, "WORTH_ARRAYS", worth)
    space, loop = WeightSpace(), ReducedLoop()
    wild = Settings(horizon=50, learning_rate=5.0, clip=np.inf)
    grams = np.stack([np.zeros((4, 4)), gaussian_weights(rng, 30).gram])
    factors = np.repeat(np.eye(2)[None], 30, 0)
    both = descend_gram(loop, space, grams, np.stack([factors, factors], 1), wild, backend="python")
    assert both.finite_epochs[0] == 30
    assert both.finite_epochs[1] < 30
    assert np.isfinite(both.loss[:, 0]).all()
    assert np.isnan(both.loss[both.finite_epochs[1] :, 1]).all()


@pytest.mark.skipif(not has_numba(), reason="no numba")
def test_numba_and_arrays_agree_on_many_runs(rng):
    space, loop, protocol = WeightSpace(), ReducedLoop(), Settings(horizon=30)
    grams = np.stack([gaussian_weights(rng, 50).gram for _ in range(3)])
    factors = moment_factor(rng.uniform(-2, 2, (25, 3, 10, 2)))
    fast = descend_gram(loop, space, grams, factors, protocol, backend="numba")
    plain = descend_gram(loop, space, grams, factors, protocol, backend="python")
    np.testing.assert_allclose(fast.gram, plain.gram, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(fast.transfer, plain.transfer, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_divergence_is_a_result(backend):
    replay = rank_one_replay(0, epochs=50, batch=5, neurons=30, learning_rate=10.0, clip=np.inf)
    theory, simulation = descend(replay, backend), train(replay)
    assert theory.status == simulation.status
    assert theory.status.startswith("diverged at epoch ")
    epochs = int(theory.status.split()[-1])
    assert theory.loss.size == simulation.loss.size == epochs
    for run in (theory, simulation):
        assert np.isfinite(run.loss).all()
        assert all(np.isfinite(w).all() for w in run.weights.arrays().values())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("epochs", [1, 4])
@pytest.mark.parametrize(("rate", "clip", "diverges"), [(1e200, np.inf, 1), (1e307, np.inf, 0), (1e307, 1.0, 1)])
def test_an_update_that_overflows_is_a_divergence_too(backend, epochs, rate, clip, diverges):
    """X may overflow at the update itself, or have a loss that overflows at the next epoch."""
    replay = rank_one_replay(0, epochs=epochs, batch=3, neurons=5, horizon=10, learning_rate=rate, clip=clip)
    theory, simulation = descend(replay, backend), train(replay)
    expected = "completed" if diverges == epochs else f"diverged at epoch {diverges}"
    assert theory.status == simulation.status == expected
    np.testing.assert_allclose(theory.loss, simulation.loss, rtol=1e-12)
    for name, array in simulation.weights.arrays().items():
        np.testing.assert_allclose(theory.weights.arrays()[name], array, rtol=1e-12)


def test_batch_enters_through_its_second_moment_only(rng):
    x0 = rng.normal(size=(1, 6, 2))
    turned = np.linalg.qr(rng.normal(size=(6, 6)))[0] @ x0[0]
    replay = rank_one_replay(1, epochs=1, batch=6, neurons=20)
    one, other = (train(replace(replay, x0=x)) for x in (x0, turned[None]))
    assert one.loss[0] == pytest.approx(other.loss[0], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"activation": "tanh"}, "activation must be linear"), ({"optimizer": "adam"}, "optimizer must be sgd")],
)
def test_runs_that_do_not_close_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        descend(rank_one_replay(0, epochs=2, batch=2, neurons=5, **change))


def test_unknown_backend_is_refused():
    with pytest.raises(InputError, match="backend must be one of auto, python, numba"):
        descend(rank_one_replay(0, epochs=1, batch=1, neurons=5), "fortran")


def test_zero_weights_stay_at_rest():
    zeros = Weights(*np.zeros((4, 6, 1)))
    run = descend(Replay(zeros, np.ones((5, 3, 2)), Settings(horizon=4)), "python")
    np.testing.assert_array_equal(run.overlaps, 0)


def test_runs_without_noise_descend_the_population_loss():
    from numerics.reduced.population import population_loss

    replay = rank_one_replay(1, epochs=3, neurons=20, noise=False)
    run = descend(replay, "python")
    np.testing.assert_allclose(run.loss, population_loss(run.overlaps, replay.settings)[0], rtol=1e-12)
    np.testing.assert_allclose(train(replay, {}).loss, run.loss, rtol=1e-10)


def test_initial_distributions_differ_and_unknown_ones_are_refused():
    uniform, gaussian = (
        rank_one_replay(0, epochs=1, batch=1, distribution=distribution).weights.m
        for distribution in ("uniform", "gaussian")
    )
    assert np.abs(uniform).max() <= 0.1 < np.abs(gaussian).max()
    with pytest.raises(InputError, match="distribution must be one of uniform, gaussian"):
        rank_one_replay(0, distribution="levy")
