"""Tracking runs, each with what was predicted of its staircase before it was made."""

from collections.abc import Iterable, Sequence

from derivations.progress import Progress
from derivations.studies.acquisition import CONDITIONS, Condition, Told, measure, predict

PROTOCOL = next(condition for condition in CONDITIONS if condition.name == "protocol")
FROM_NOTHING = next(condition for condition in CONDITIONS if condition.name == "gradient descent, W_0 = 0")
FEW = (0, 1)
"""Seeds of the runs that differ from the protocol."""


def foretold(seeds: Sequence[int], progress: Progress | None) -> list[Told]:
    """Runs of the tracking protocol, 5000 epochs, and the epochs of acquisition predicted before each.

    :param seeds: the seeds
    :param progress: called with (what, done, in all)
    """
    return _told(PROTOCOL, seeds, progress)


def foretold_descent(progress: Progress | None) -> list[Told]:
    """Gradient descent on tracking from W = 0, 4000 epochs, and the epochs predicted before, seeds 0 and 1.

    :param progress: called with (what, done, in all)
    """
    return _told(FROM_NOTHING, FEW, progress)


def _told(condition: Condition, seeds: Iterable[int], progress: Progress | None) -> list[Told]:
    return [predict(condition, seed) | measure(condition, seed, progress) for seed in seeds]
