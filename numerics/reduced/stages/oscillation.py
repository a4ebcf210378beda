"""Period and growth of an oscillation, measured on its sign changes and peaks."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Oscillation:
    """What a trajectory shows.

    :param changes: number of sign changes
    :param period: steps per period, twice the mean distance of sign changes; not a number below three of them
    :param growth: slope of log peak by period; not a number below three sign changes
    """

    changes: int
    period: float
    growth: float


def oscillation(position: np.ndarray) -> Oscillation:
    """Measure an oscillation about zero.

    :param position: the trajectory, (steps,)
    """
    x = np.asarray(position, dtype=np.float64)
    before = np.flatnonzero(x[:-1] * x[1:] < 0)
    if before.size < 3:
        return Oscillation(int(before.size), np.nan, np.nan)
    times = before + x[before] / (x[before] - x[before + 1])
    peaks = [np.abs(x[i + 1 : j + 1]).max() for i, j in pairwise(before)]
    slope = np.polyfit(np.arange(len(peaks)), np.log(peaks), 1)[0]
    return Oscillation(int(before.size), float(2 * np.diff(times).mean()), float(2 * slope))
