"""The spike of the closed-loop test loss while a full tanh network learns from a teacher in open loop, over seeds.

The teacher is the network of the same seed after its closed-loop run; the student starts from the same weights as that
run and hears white noise. For comparison the closed-loop run's own population loss, before each of its updates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from derivations.check import Check
from derivations.progress import Progress, each
from derivations.wording import counted
from numerics.common.spike import THRESHOLD, spike
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.population_states import population_observer
from numerics.experiment.train import train
from numerics.replay.closed_loop import full_replay
from numerics.replay.open_loop import PAPER_VARIANCE

HALF_WIDTH = 1.0
"""a of the full protocol, x_0 uniform on [-a, a]²."""


@dataclass(frozen=True)
class Spike:
    """One seed, in open and in closed loop.

    :param variance: variance of the student's inputs
    :param rise: largest factor by which the student's test loss exceeds its lowest value so far
    :param epoch: when
    :param largest: largest test loss of the student
    :param lowest: lowest test loss of the student up to the spike
    :param closed_rise: the same for the population loss of the closed-loop run
    :param imitation: the student's own loss, first and last
    :param test: the student's test loss, first and last
    :param teacher: the teacher's test loss
    """

    variance: float
    rise: float
    epoch: int
    largest: float
    lowest: float
    closed_rise: float
    imitation: tuple[float, float]
    test: tuple[float, float]
    teacher: float

    @property
    def over_first(self) -> float:
        """The largest test loss over that at epoch 0."""
        return self.largest / self.test[0]

    @property
    def fallen(self) -> float:
        """The lowest test loss up to the spike over that at epoch 0."""
        return self.lowest / self.test[0]


def spikes(
    seed: int,
    epochs: int = 1001,
    updates: int = 450,
    variances: Sequence[float] = (PAPER_VARIANCE, 1.0),
    batch: int = 100,
) -> list[Spike]:
    """Train a teacher in closed loop and a student of it for every variance.

    :param epochs: number of updates of the teacher
    :param updates: number of updates of every student, at most that of the teacher
    :param variances: variances of the white inputs
    :param batch: episodes or sequences per update
    """
    closed = full_replay(seed, epochs, batch)
    start = replace(closed, x0=closed.x0[:updates])
    run = train(closed, {"test_loss": population_observer(HALF_WIDTH)})
    own = run.history["test_loss"]
    found = []
    for variance in variances:
        replay = open_loop_replay(start, run.weights, variance=variance, half_width=HALF_WIDTH)
        student = train_open_loop(replay, {})
        test, loss = student.history["test_loss"], student.loss
        peak = spike(test)
        sizes = float(test.max()), float(test[: peak.epoch + 1].min())
        closed_rise, last = spike(own).rise, float(own[-1])
        found.append(Spike(variance, peak.rise, peak.epoch, *sizes, closed_rise, _ends(loss), _ends(test), last))
    return found


def _ends(path: np.ndarray) -> tuple[float, float]:
    return float(path[0]), float(path[-1])


def many(seeds: Sequence[int], epochs: int = 1001, updates: int = 450, progress: Progress | None = None) -> list[Spike]:
    """Every seed and variance.

    :param epochs: number of updates of the teachers
    :param updates: number of updates of the students
    """
    tasks = each(seeds, "full networks in open loop", progress)
    return [found for seed in tasks for found in spikes(seed, epochs, updates)]


def by_variance(found: Sequence[Spike]) -> dict[float, list[Spike]]:
    """The seeds of every variance."""
    return {variance: [s for s in found if s.variance == variance] for variance in {s.variance: None for s in found}}


def checks(found: Sequence[Spike]) -> list[Check]:
    """The test loss of open-loop learning spikes, the loss of closed-loop learning does not."""
    lines = []
    for variance, group in by_variance(found).items():
        fraction = float(np.mean([s.rise > THRESHOLD for s in group]))
        ratio = float(np.median([s.rise / s.closed_rise for s in group]))
        lines += [
            Check(
                f"open loop, full tanh, variance {variance:g}: runs whose test loss rises over {THRESHOLD:g}-fold",
                1.0,
                fraction,
                1 - fraction,
                0.05,
            ),
            Check(
                f"open loop, full tanh, variance {variance:g}: rise over that of the closed loop, median; at least",
                THRESHOLD,
                ratio,
                float(np.maximum(0.0, THRESHOLD - ratio)),
                0,
            ),
        ]
    return lines


def report(found: Sequence[Spike]) -> str:
    """The measurements as text."""
    lines = []
    for variance, group in by_variance(found).items():
        rises, closed = (np.array([getattr(s, name) for s in group]) for name in ("rise", "closed_rise"))
        epochs = [s.epoch for s in group]
        final = np.array([s.test[1] / s.teacher for s in group])
        imitation = np.array([s.imitation[1] / s.imitation[0] for s in group])
        lines += [
            f"full tanh students, white inputs of variance {variance:g}, {counted(len(group), 'seed')}",
            f"  test loss rises over {THRESHOLD:g}-fold in {np.sum(rises > THRESHOLD)}, over twofold in {np.sum(rises > 2)}",
            *_definitions(group),
            f"  the spike is at epoch {np.median(epochs):g} ({min(epochs)} to {max(epochs)})",
            f"  closed-loop population loss: rise median {np.median(closed):.3g}, {closed.min():.3g} to {closed.max():.3g}",
            f"  last over first imitation loss: median {np.median(imitation):.3g}",
            f"  last test loss over the teacher's: median {np.median(final):.3g}",
        ]
    return "\n".join(lines)


def _definitions(group: Sequence[Spike]) -> list[str]:
    """How high the spike is by two definitions, and why they differ."""
    names = ("rise", "over_first", "fallen")
    rise, over_first, fallen = (np.array([getattr(s, name) for s in group]) for name in names)
    return [
        f"  rise, over the lowest loss so far: {_spread(rise)}",
        f"  largest loss over that at epoch 0: {_spread(over_first)}",
        f"  lowest loss before the spike over that at epoch 0: {_spread(fallen)}",
        "  the first is the second divided by the third where the spike is the largest loss: learning lowers the test loss",
        "  before it spikes, so the loss at epoch 0 is no measure of what had been reached",
    ]


def _spread(values: np.ndarray) -> str:
    return f"median {np.median(values):.3g}, mean {values.mean():.3g}, {values.min():.3g} to {values.max():.3g}"
