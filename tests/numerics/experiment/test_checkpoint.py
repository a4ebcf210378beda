"""A run that is stopped, saved, read and resumed goes on bit for bit, whatever the task and the optimizer."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.experiment.checkpoint import load_state, save_state
from numerics.experiment.fit import TrainState
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.train import train
from numerics.replay.closed_loop import full_replay, rank_one_replay

KINDS = {
    "closed, rank one, SGD": lambda: (train, rank_one_replay(0, 12, 5, 8)),
    "closed, full, Adam": lambda: (train, full_replay(1, 12, 5, 8, optimizer="adam")),
    "open, rank one, Adam": lambda: (train_open_loop, opened(rank_one_replay(2, 12, 5, 8, optimizer="adam"))),
}


def opened(closed):
    return open_loop_replay(closed, closed.weights)


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_runs_are_those_that_were_not_stopped(kind, tmp_path):
    make, replay = KINDS[kind]()
    whole, path = make(replay), tmp_path / "run.npz"
    state = TrainState.start(replay.weights, replay.settings)
    part = make(replay, state=state, halt=lambda now: now.epoch == 5)
    assert part.loss.size == 5
    save_state(path, part, state, replay)
    again = make(replay, state=load_state(path, replay, replay.config()))
    assert again.history.keys() == whole.history.keys()
    for name, values in whole.history.items():
        np.testing.assert_array_equal(again.history[name], values)
    for name, matrix in whole.weights.arrays().items():
        np.testing.assert_array_equal(again.weights.arrays()[name], matrix)


def test_another_run_is_refused(tmp_path):
    replay, path = rank_one_replay(0, 12, 5, 8), tmp_path / "run.npz"
    state = TrainState.start(replay.weights, replay.settings)
    save_state(path, train(replay, state=state, halt=lambda now: now.epoch == 5), state, replay)
    other = rank_one_replay(1, 12, 5, 8)
    with pytest.raises(InputError, match="same initial weights and batches"):
        load_state(path, other, replay.config())
