"""The figures on reduced sizes: numbers that agree both ways, saved beside a picture with labelled axes."""

from functools import partial

import numpy as np
import pytest
from matplotlib import pyplot as plt

from derivations.evidence import axis, refinement
from derivations.evidence.figures import DATA
from derivations.figures import figure3, figure4, figure5, figure7
from derivations.figures import gallery as figures
from numerics.common.errors import InputError
from numerics.reduced.descent import descend
from numerics.reduced.stages.detection import of_run
from numerics.replay.closed_loop import rank_one_replay

NUMBERS = (3, 4, 5, 7)
RUNS = 4


def smaller(seed, epochs=200):
    """The protocol with 30 neurons and batches of 10."""
    return rank_one_replay(seed, epochs, batch=10, neurons=30)


SMALL = {
    3: {"starts": (-0.2, 0.1), "epochs": 25, "horizons": (10, 100)},
    4: {"replay": smaller(1), "alphas": {10: (0.0, 1.0), 20: (0.3,)}, "horizons": (5, 50), "runs": RUNS},
    5: {"replay": smaller(1)},
    7: {"neurons": 12, "epochs": 20, "sizes": (8, 12), "networks": 1, "longest": 1},
}


@pytest.fixture(scope="module")
def data():
    """Numbers of every figure on reduced sizes."""
    with np.errstate(under="ignore"):
        return {number: DATA[number](seed=1, **options) for number, options in SMALL.items()}


MODULES = {3: figure3, 4: figure4, 5: figure5, 7: figure7}


@pytest.fixture
def reduced(monkeypatch, data):
    """The numbers, given instead of gathered."""
    for number in MODULES:
        monkeypatch.setitem(DATA, number, partial(_given, data[number]))
    return data


def _given(numbers, seed=None, progress=None):
    return numbers


@pytest.mark.parametrize("number", NUMBERS)
def test_theory_and_neurons_agree(data, number):
    assert data[number]["difference"] < 1e-8


@pytest.mark.parametrize("number", NUMBERS)
def test_axes_are_labelled(reduced, number):
    figure = MODULES[number].draw(reduced[number])
    for ax in figure.axes:
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        assert ax.get_title()
        assert ax.has_data()
    assert len({ax.get_title()[0] for ax in figure.axes}) == len(figure.axes)
    plt.close(figure)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_saved_beside_the_picture(reduced, number, tmp_path):
    picture, numbers, difference = figures.make(number, tmp_path, seed=1)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert numbers.parent == picture.parent == tmp_path
    with np.load(numbers) as archive:
        saved = dict(archive)
    assert set(saved) == set(reduced[number])
    for name in saved:
        np.testing.assert_array_equal(saved[name], reduced[number][name])
    assert difference == float(reduced[number]["difference"])
    assert not plt.get_fignums()


def test_unknown_figures_are_refused(tmp_path):
    figures.check([3, 1], tmp_path)
    with pytest.raises(InputError, match="NUMBER must be one of 1, 2, 3, 4, 5, 6, 7; found 8"):
        figures.check([3, 8], tmp_path)


def stepped(sigma, horizon):
    """The loss on the axis by stepping both unit starts."""
    total = 0.0
    for x, y in ((1.0, 0.0), (0.0, 1.0)):
        for t in range(horizon):
            total += x**2 + y**2
            x, y = x + y, y + (sigma * x if t else 0)
    return total / horizon


@pytest.mark.parametrize(("where", "what"), [("axis", "exact"), ("points", "simulated")])
def test_losses_on_the_axis_are_the_stepped_ones(data, where, what):
    expected = [stepped(sigma, axis.HORIZON) for sigma in data[3][where]]
    np.testing.assert_allclose(data[3][what], expected, rtol=1e-9)


def test_surrogate_paths_start_together_and_part(data):
    low, high = data[4]["surrogate_10_0"], data[4]["surrogate_10_1"]
    assert low[0] == high[0]
    assert low[1].imag > low[0].imag > high[1].imag


def test_stages_shown_are_those_of_the_run(data):
    stages = of_run(descend(smaller(1)))
    np.testing.assert_array_equal(data[4]["stages"], stages.ends)
    assert data[5]["stabilisation"] == stages.second


def test_plateaus_of_all_runs_are_measured_and_predicted(data):
    lengths = [data[4][f"plateau_{name}"] for name in ("measured", "own", "pooled", "whole", "predicted", "noiseless")]
    assert all(length.shape == (RUNS,) and (length > 0).all() for length in lengths)


def test_stage_three_starts_at_the_same_network_for_every_cost(data):
    np.testing.assert_allclose(data[5]["gains_0"][0], data[5]["gains_2"][0], rtol=1e-10)
    assert data[5]["loss_2"][0] > data[5]["loss_0"][0]


@pytest.mark.parametrize("penalty", refinement.PENALTIES)
def test_losses_of_stage_three_come_down_towards_the_optimum(data, penalty):
    """Batches of 10 vary by half of the loss; their mean over the last 50 epochs by a tenth."""
    loss, best = data[5][f"loss_{penalty:g}"], data[5][f"best_{penalty:g}"]
    assert loss[0] > loss[-50:].mean() > 0.9 * best


def test_gains_are_those_beside_the_third_root_and_approach_the_star(data):
    for penalty in refinement.PENALTIES:
        gains, star = data[5][f"gains_{penalty:g}"], data[5][f"lqr_{penalty:g}"]
        assert np.linalg.norm(gains[-1] - star) < 0.75 * np.linalg.norm(gains[0] - star)


def test_losses_lie_above_the_optimum_and_the_star_is_among_the_best_agents(data):
    """The distance above the optimum is that of the overlaps' own loss, and the curve of best agents holds LQR's gains."""
    numbers, costs = data[5], data[5]["costs"]
    for penalty in refinement.PENALTIES:
        assert (numbers[f"above_{penalty:g}"] > 0).all()
        if penalty:
            on_curve = [np.interp(np.log(penalty), np.log(costs), gains) for gains in numbers["best_gains"].T]
            np.testing.assert_allclose(on_curve, numbers[f"lqr_{penalty:g}"], rtol=2e-3)
    alone = costs[np.abs(numbers["best_recurrence"]) < 1]
    assert 0.004 < alone.min() < 0.0055


def test_any_number_of_costs_is_drawn(data):
    for count in (1, 3):
        few = {**data[5], "penalties": data[5]["penalties"][:count]}
        figure = figure5.draw(few)
        stars = [line for line in figure.axes[3].lines if line.get_marker() == "*"]
        assert len(stars) == count
        plt.close(figure)
    many = {**data[5], "penalties": np.tile(data[5]["penalties"], 2)}
    plt.close(figure5.draw(many))


def test_a_run_that_never_stabilises_is_refused():
    with pytest.raises(InputError, match="stabilises within 5 epochs; found 1"):
        refinement.figure(1, replay=smaller(1, 5))


def test_the_series_break_after_the_plateau(data):
    first, last = data[4]["stages"]
    assert first < last < data[4]["radius_passed"]
