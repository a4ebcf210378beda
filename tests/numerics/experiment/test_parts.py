"""Halves of a batch on two threads: the same numbers as the whole batch, the same at every run."""

import numpy as np
import pytest

from numerics.common.weights import full_weights, rank_one_weights
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.train import loss_and_gradient, train
from numerics.replay.closed_loop import full_replay

SIZES = {"epochs": 3, "batch": 31, "neurons": 100, "horizon": 12}


def test_large_full_networks_are_halved_and_others_are_not(rng):
    assert batch_parts(full_weights(rng, 100), 31) == [slice(0, 16), slice(16, 31)]
    for weights, batch in (
        (full_weights(rng, 100), 1),
        (full_weights(rng, 10), 100),
        (rank_one_weights(rng, 400), 100),
    ):
        assert batch_parts(weights, batch) == [slice(0, batch)]


def test_halves_give_loss_and_gradients_of_the_whole_batch():
    replay = full_replay(0, **SIZES)
    rows, x0 = batch_parts(replay.weights, 31), replay.x0[0]

    def part(i):
        return loss_and_gradient(replay.plant, replay.weights, x0[rows[i]], replay.settings)

    with helpers() as pool:
        loss, gradients = mean_of_parts(part, rows, pool)
    whole, expected = loss_and_gradient(replay.plant, replay.weights, x0, replay.settings)
    assert len(rows) == 2
    assert loss == pytest.approx(whole, rel=1e-14)
    for name, reference in expected.items():
        np.testing.assert_allclose(gradients[name], reference, rtol=0, atol=1e-14 * np.abs(reference).max())


@pytest.mark.parametrize("loop", ["closed", "open"])
def test_a_run_in_halves_repeats_itself_to_the_last_bit(rng, loop):
    replay = full_replay(0, **SIZES)
    student = open_loop_replay(replay, full_weights(rng, 100, 0.5))
    one, two = (train(replay, {}) if loop == "closed" else train_open_loop(student, {}) for _ in range(2))
    for name, found in one.weights.arrays().items():
        np.testing.assert_array_equal(found, two.weights.arrays()[name])


def test_observers_see_the_whole_batch():
    replay, seen = full_replay(0, **SIZES), []
    train(replay, {"start": lambda plant, weights, episodes, settings: seen.append(episodes.x[0].copy())})
    np.testing.assert_array_equal(seen, replay.x0)


def test_threads_treat_floating_point_errors_as_their_caller():
    def overflow(i):
        return float(np.float64(1e300) * (1e300 if i else 1.0)), {}

    rows = [slice(0, 1), slice(1, 2)]
    with helpers() as pool:
        with pytest.raises(FloatingPointError, match="overflow"):
            mean_of_parts(overflow, rows, pool)
        with np.errstate(all="ignore"):
            assert mean_of_parts(overflow, rows, pool)[0] == np.inf
