"""Where runs rest: means over the epochs that are usable, and the law of the start against drawn networks."""

from types import SimpleNamespace

import numpy as np
import pytest

from numerics.common.weights import rank_one_weights
from numerics.reduced.stages.detection import Stages
from numerics.reduced.stages.resting import ARRIVAL, NEGLIGIBLE, USABLE, rests, share_right_of


def made(path, stages, horizon=50):
    """Runs with given overlaps, (epochs, runs, 4)."""
    return SimpleNamespace(overlaps=path, stages=stages, settings=SimpleNamespace(horizon=horizon))


def path(epochs, zm=-0.02, zu=0.0, vm=0.0, vu=0.0):
    return np.tile([zm, zu, vm, vu], (epochs, 1, 1)).astype(float)


def test_place_is_the_mean_over_epochs_with_negligible_memory():
    run = path(60)
    run[:, 0, 0] = -0.02 + 0.001 * (-1.0) ** np.arange(60)
    run[40:, 0, :] = (-0.05, 0.1, 0.1, 0.0)
    found = rests(made(run, [Stages(0, 60)]))
    assert found.place[0] == pytest.approx(-0.02, abs=1e-15)
    assert found.usable.tolist() == [True]


@pytest.mark.parametrize(("count", "usable"), [(USABLE, True), (USABLE - 1, False)])
def test_plateaus_with_too_few_such_epochs_are_not_usable(count, usable):
    run = path(100)
    run[5 + ARRIVAL + count :, 0, 1:3] = np.sqrt(1.01 * NEGLIGIBLE)
    assert rests(made(run, [Stages(5, 100)])).usable.tolist() == [usable]


def test_gain_adds_what_the_memory_holds():
    """K(1) = -0.02 + 0.1 · (-0.2)/(1 - 0.5)."""
    found = rests(made(path(50, zu=0.1, vm=-0.2, vu=0.5), [Stages(0, 50)]))
    assert found.gain[0] == pytest.approx(-0.06, abs=1e-15)
    assert not found.usable[0]


def test_runs_whose_end_was_not_found_rest_nowhere():
    found = rests(made(path(50), [Stages(3, None)]))
    assert np.isnan(found.place[0])
    assert np.isnan(found.gain[0])


def test_valley_downhill_of_the_start():
    run = np.concatenate([path(50, zm) for zm in (0.1, -0.03, -0.032, -0.3)], axis=1)
    assert rests(made(run, [Stages(0, 50)] * 4)).predicted.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("place", [-0.0306, 0.02])
def test_share_of_starts_is_that_of_drawn_networks(place):
    networks = [rank_one_weights(np.random.default_rng(seed), 100) for seed in range(2000)]
    drawn = np.array([float(w.z[:, 0] @ w.m[:, 0]) for w in networks])
    expected = share_right_of(place, 100)
    error = np.sqrt(expected * (1 - expected) / drawn.size)
    assert abs(np.mean(drawn > place) - expected) < 4 * error
    assert abs(np.mean(drawn > place) - share_right_of(-place, 100)) > 8 * error
