"""Plots return artists, label their axes, and draw what they are given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from numerics import plots
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import rank_one_replay


@pytest.fixture(scope="module")
def runs():
    replay = rank_one_replay(0, epochs=20, batch=5, neurons=12, horizon=15)
    return train(replay), descend(replay, "python")


@pytest.fixture
def ax():
    with plt.style.context(plots.STYLE):
        figure, axes = plt.subplots()
        yield axes
        figure.canvas.draw()
        plt.close(figure)


def test_loss_and_overlaps_show_both_sides(ax, runs):
    artists = plots.loss_curves(ax, *runs)
    np.testing.assert_array_equal(artists[0].get_ydata(), runs[0].loss)
    np.testing.assert_array_equal(artists[1].get_ydata(), runs[1].loss)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss (time average)")


def test_overlap_curves_draw_four_of_each(ax, runs):
    artists = plots.overlap_curves(ax, *runs)
    np.testing.assert_array_equal(artists[6].get_ydata(), runs[1].overlaps[:, 2])
    assert len(artists) == 8


def test_eigenvalue_paths_keep_the_circle_round(ax):
    paths = np.array([[1 + 0.1j, 1 - 0.1j], [0.9 + 0.2j, 0.9 - 0.2j]])
    assert plots.eigenvalue_paths(ax, paths, paths, every=1)
    assert ax.get_aspect() == 1


def test_gain_plane_marks_stabilisation(ax):
    path = np.array([[0.1, 0.2], [0.3, 0.5]])
    labels = [a.get_label() for a in plots.gain_plane(ax, path, path, 1, every=1)[1:]]
    assert labels == ["closed form", "regression on x", "stable from here"]
