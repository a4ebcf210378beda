"""Timings that can be compared: medians of runs made in turns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import perf_counter
from typing import TypeVar

Call = Callable[[], object]
Name = TypeVar("Name")


@dataclass(frozen=True)
class Timing:
    """Seconds of one call.

    :param median: median of the repetitions
    :param low: fastest repetition
    :param high: slowest repetition
    """

    median: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Timing":
        """The timing of a longer or shorter piece of work.

        :param factor: how many times the work timed
        """
        return Timing(self.median * factor, self.low * factor, self.high * factor)


def seconds(call: Call, count: int = 1) -> float:
    """Seconds a call, averaged over a count of calls.

    :param call: what to time
    :param count: number of calls
    """
    start = perf_counter()
    for _ in range(count):
        call()
    return (perf_counter() - start) / count


def in_turns(calls: Mapping[Name, Call], repeats: int = 5, least: float = 0.02) -> dict[Name, Timing]:
    """Time several calls in turns, A B C A B C …, so that a change of the machine's speed meets all of them.

    Every call runs once before, to warm up; short ones are repeated within a turn.

    :param calls: what to time, by name
    :param least: shortest time of one measurement, in seconds
    """
    counts = {}
    for name, call in calls.items():
        call()
        counts[name] = max(1, ceil(least / seconds(call)))
    samples: dict[Name, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            samples[name].append(seconds(call, counts[name]))
    return {name: Timing(median(found), min(found), max(found)) for name, found in samples.items()}
