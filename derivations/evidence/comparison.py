"""Closed beside open loop: histories of both, and the spikes of many seeds."""

from collections.abc import Sequence

import numpy as np

from derivations.progress import Progress
from derivations.studies.compare import HALF_WIDTHS, Comparison, compare
from numerics.common.spike import spike
from numerics.experiment.open_loop import open_loop_replay
from numerics.reduced.descent import descend
from numerics.reduced.gains import closed_form
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.open_loop.predicted_spike import predicted_spike, spike_map
from numerics.reduced.population import population_loss
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.settings import paper_penalty

SEEDS, EPOCHS = 20, 1000
MEMORIES = tuple(np.logspace(-3, -1.3, 9).tolist())
PENALTIES = (0.5, 2.0, 5.0)
"""The control costs β of the paper for which the map has a teacher: all but 0."""
MAPPED = 600
"""Updates of a run of the map: the latest spike comes after 528."""

Data = dict[str, np.ndarray]


def numbers(comparison: Comparison, prefix: str = "") -> Data:
    """The histories of a comparison as arrays, to be saved and drawn.

    :param prefix: what the names start with
    """
    data: Data = {}
    runs = comparison.exact or (comparison.closed, comparison.opened)
    for name, run, best in zip(("closed", "open"), (comparison.closed, comparison.opened), runs, strict=True):
        data[f"{name}_loss"], data[f"{name}_test"] = run.loss, run.history["test_loss"]
        data[f"{name}_gains"] = run.history["gains"][:, 0]
        data[f"{name}_radius"] = best.spectral_radius
        if comparison.exact is not None and comparison.rank_one:
            data[f"{name}_overlaps"] = best.overlaps
            if comparison.double_integrator:
                data[f"{name}_closed_form"] = np.array([closed_form(point) for point in best.overlaps])
    if comparison.exact is not None:
        data["open_test_exact"] = comparison.exact[1].history["test_loss"]
    if comparison.predicted is not None and comparison.predicted.found:
        data["predicted"] = np.array([comparison.predicted.epoch, comparison.predicted.height])
    return {prefix + name: values for name, values in data.items()}


def spikes(seeds: Sequence[int], epochs: int = EPOCHS) -> Data:
    """Rise in closed and in open loop, and measured and predicted epoch and height, over seeds by the exact map."""
    rows = []
    for seed in seeds:
        closed = rank_one_replay(seed, epochs)
        run = descend(closed)
        replay = open_loop_replay(closed, run.weights)
        found, predicted = spike(descend_open_loop(replay).history["test_loss"]), predicted_spike(replay)
        plain = spike(population_loss(run.overlaps, closed.settings)[0])
        rows.append([plain.rise, found.rise, found.epoch, predicted.epoch, found.height, predicted.height])
    names = ("rise_closed", "rise_open", "epoch", "epoch_predicted", "height", "height_predicted")
    return {f"spike_{name}": values for name, values in zip(names, np.array(rows).T, strict=True)}


def figure(
    seed: int = 1,
    progress: Progress | None = None,
    epochs: int = EPOCHS,
    seeds: int = SEEDS,
    full: Replay | None = None,
) -> Data:
    """The numbers of figure 1.

    :param seed: seed of the networks that are shown
    :param seeds: number of seeds whose spikes are shown
    :param full: the full network; by default that of the protocol
    """
    shown = compare(full or full_replay(seed, epochs), half_width=HALF_WIDTHS["full"], progress=progress)
    rank_one = compare(rank_one_replay(seed, epochs), progress=progress)
    return {
        **numbers(shown, "full_"),
        **numbers(rank_one),
        **spikes(range(seeds), epochs),
        "difference": np.array(rank_one.difference),
    }


def plane(
    seed: int = 1,
    progress: Progress | None = None,
    memories: Sequence[float] = MEMORIES,
    penalties: Sequence[float] = PENALTIES,
    **options,
) -> Data:
    """The numbers of figure 2: those of figure 1, which shows the same runs, and a map of spikes.

    :param seed: seed of the networks that are shown
    :param memories: initial amplitudes of the memory
    :param penalties: control costs β of the paper, of the teachers
    :param options: further arguments of :func:`figure`
    """
    costs = np.array([paper_penalty(beta) for beta in penalties])
    return {
        **figure(seed, progress, **options),
        "map": spike_map(np.array(memories), costs, MAPPED),
        "memories": np.array(memories),
        "penalties": np.array(penalties),
    }
