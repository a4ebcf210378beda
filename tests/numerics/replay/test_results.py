"""What a run shows of itself: overlaps of any rank, a summary, a plot."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import gaussian_weights
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.settings import Settings

RUNS = {"theory": descend, "simulation": train}


@pytest.fixture
def replay(rng):
    plant = Plant(rng.normal(0, 0.4, (3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(1, 3)))
    return Replay(gaussian_weights(rng, 30, p=2, q=1, rank=2), rng.normal(size=(6, 5, 3)), Settings(horizon=8), plant)


def test_overlaps_of_any_rank_are_the_same_on_both_sides(replay):
    found = {kind: make(replay) for kind, make in RUNS.items()}
    for run in found.values():
        blocks = run.overlap_blocks
        assert {name: block.shape for name, block in blocks.items()} == {
            "sigma_zm": (6, 2, 1),
            "sigma_zu": (6, 2, 2),
            "sigma_vm": (6, 2, 1),
            "sigma_vu": (6, 2, 2),
        }
        for name, start in replay.weights.overlaps().items():
            np.testing.assert_allclose(blocks[name][0], start, rtol=1e-12)
    np.testing.assert_allclose(found["theory"].overlaps, found["simulation"].overlaps, atol=1e-12)
    assert np.ptp(found["theory"].overlaps, axis=0).min() > 0


def test_a_full_network_has_no_overlaps_and_says_so():
    with pytest.raises(InputError, match="run must have recorded overlaps; found loss, gradient_norm"):
        train(full_replay(0, 2, 3, 4)).overlaps  # noqa: B018


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_prints_a_summary(kind):
    run = RUNS[kind](rank_one_replay(2, 60))
    assert len(repr(run)) < 300
    assert f"run: {kind}" in repr(run)
    assert "stable: from epoch 34" in repr(run)
    assert "<th>status</th><td>completed</td>" in run._repr_html_()


def test_a_run_draws_itself_alone():
    run = train(rank_one_replay(0, 20, 10), {})
    ax = Figure().add_subplot()
    (line,) = run.plot(ax)
    np.testing.assert_array_equal(line.get_ydata(), run.loss)
    assert ax.get_ylabel() == "loss before the update"
