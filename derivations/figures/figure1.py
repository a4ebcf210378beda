"""Figure 1: the same network trained in closed and in open loop: test loss, spectrum, the spike and its prediction."""

from collections.abc import Callable

import numpy as np

from derivations.figures.compare_panels import CLOSED, OPENED, loss_curves, numbers, radii
from derivations.studies.compare import HALF_WIDTHS, compare
from numerics.descent import descend
from numerics.experiment.open_loop import open_loop_replay
from numerics.experiment.spike import spike
from numerics.open_loop.descent import descend_open_loop
from numerics.open_loop.predicted_spike import predicted_spike
from numerics.population import population_loss
from numerics.replay import full_replay, rank_one_replay

SEEDS = 20
EPOCHS = 1000


def spikes(seeds: int) -> dict[str, np.ndarray]:
    """Rise in closed and in open loop, and measured and predicted epoch and height, over seeds by the exact map.

    :param seeds: number of seeds
    """
    rows = []
    for seed in range(seeds):
        closed = rank_one_replay(seed, EPOCHS)
        run = descend(closed)
        replay = open_loop_replay(closed, run.weights)
        found, predicted = spike(descend_open_loop(replay).history["test_loss"]), predicted_spike(replay)
        plain = spike(population_loss(run.overlaps, closed.settings)[0])
        rows.append([plain.rise, found.rise, found.epoch, predicted.epoch, found.height, predicted.height])
    names = ("rise_closed", "rise_open", "epoch", "epoch_predicted", "height", "height_predicted")
    return {f"spike_{name}": values for name, values in zip(names, np.array(rows).T, strict=True)}


def compute(seed: int = 1, progress: Callable[[str, int, int], None] | None = None) -> dict[str, np.ndarray]:
    """The numbers of the figure, and of figure 2, which shows the same runs.

    :param seed: seed of the networks that are shown
    :param progress: called with (what, done, in all)
    """
    full = compare(full_replay(seed, EPOCHS), half_width=HALF_WIDTHS["full"], progress=progress)
    rank_one = compare(rank_one_replay(seed, EPOCHS), progress=progress)
    return {
        **numbers(full, "full_"),
        **numbers(rank_one),
        **spikes(SEEDS),
        "difference": np.array(rank_one.difference),
    }


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the result of :func:`compute`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7.0, 4.6))
    loss_curves(axes[0, 0], data, "full_")
    axes[0, 0].set_title("a  full tanh network, every weight trained")
    radii(axes[0, 1], data, "full_")
    axes[0, 1].set_title("b  its spectrum, linearised at rest")
    loss_curves(axes[1, 0], data)
    axes[1, 0].set_title("c  rank one, 100 neurons, exact map dashed")
    low, high = (f(data["spike_rise_open"]) for f in (np.min, np.max))
    bins = np.logspace(-0.2, np.log10(high) + 0.5, 32)
    for name, colour in (("closed", CLOSED), ("open", OPENED)):
        axes[1, 1].hist(data[f"spike_rise_{name}"], bins=bins, color=colour, label=f"{name} loop")
    axes[1, 1].yaxis.get_major_locator().set_params(integer=True)
    axes[1, 1].set(xscale="log", xlabel="largest rise of the test loss (ratio)", ylabel="networks")
    axes[1, 1].set_title(f"d  {data['spike_rise_open'].size} seeds, rank one; open loop at least {low:.0f}-fold")
    axes[1, 1].legend(fontsize=6)
    return figure
