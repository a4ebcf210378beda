"""The three stages on a run, from the spectrum of the joint system.

Under the two dominant eigenvalues alone a velocity of size one moves the position to w_t = (λ_1^t - λ_2^t)/(λ_1 - λ_2),
which is exact on the σ_zm axis. Stage 1, the fast fall of the loss, ends at the first epoch at which the swing
(1/T) Σ_{t<T} |w_t|² is at most twice its least value on that axis for large T, (T/2) e^{s*}/(2 s*) with
s* = 2 + W_0(-2e⁻²) ≈ 1.594; that is 2.25 times the least at T = 50. A run that starts there has no stage 1: its end is
epoch 0.
Stage 2 ends at stabilisation: the first epoch from which the spectral radius stays below one.

Whether the pair is complex or outside the unit circle is not asked: that stage 1 ends in an oscillatory instability is
a claim about runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import lambertw

from numerics.common.errors import matrix, require, whole
from numerics.replay.results import Run

AXIS_GROWTH = 2 + float(lambertw(-2 * np.exp(-2)).real)
"""s*, the growth 2 T log ρ at the minimum on the axis for large T."""
SETTLED_SWING = np.exp(AXIS_GROWTH) / (2 * AXIS_GROWTH)
"""Largest swing, per step of the episode, of stage 2: twice its least value on the axis."""


@dataclass(frozen=True)
class Stages:
    """Where the stages of a run end.

    :param first: epoch at which stage 1 ends, or None
    :param second: epoch of stabilisation, at which stage 2 ends, or None
    """

    first: int | None
    second: int | None

    @property
    def found(self) -> bool:
        """Whether both ends were found, in order."""
        return self.first is not None and self.second is not None and self.first <= self.second

    @property
    def ends(self) -> tuple[int, int]:
        """Both ends of a run in which they were found."""
        return self.first or 0, self.second or 0

    @property
    def plateau(self) -> slice:
        """The epochs of stage 2."""
        return slice(self.first or 0, self.second)


def swing(eigenvalues: np.ndarray, horizon: int) -> np.ndarray:
    """(1/T) Σ_{t<T} |w_t|², w_{t+1} = (λ_1 + λ_2) w_t - λ_1 λ_2 w_{t-1} from w_0 = 0, w_1 = 1, (epochs,).

    :param eigenvalues: eigenvalues over epochs, dominant first, (epochs, k) with k ≥ 2
    """
    first, second = np.asarray(eigenvalues, dtype=np.complex128)[:, :2].T
    total, past, present = np.zeros(first.shape), np.zeros_like(first), np.ones_like(first)
    with np.errstate(all="ignore"):
        for _ in range(1, horizon):
            total = total + np.abs(present) ** 2
            past, present = present, (first + second) * present - first * second * past
    return total / horizon


def detect(eigenvalues: np.ndarray, horizon: int) -> Stages:
    """The ends of stages 1 and 2 from the leading eigenvalues of the joint system.

    :param eigenvalues: eigenvalues over epochs, dominant first, (epochs, k) with k ≥ 2
    """
    if np.asarray(eigenvalues).size == 0:
        return Stages(None, None)
    modulus = np.abs(np.asarray(eigenvalues)[:, 0])
    settled = np.flatnonzero(swing(eigenvalues, horizon) <= SETTLED_SWING * horizon)
    unstable = np.flatnonzero(~(modulus < 1))
    second = 0 if unstable.size == 0 else int(unstable[-1]) + 1
    return Stages(int(settled[0]) if settled.size else None, second if second < modulus.size else None)


def of_run(run: Run) -> Stages:
    """The stages of a run of either kind.

    :param run: a run that recorded its eigenvalues
    """
    return detect(run.history["eigenvalues"], run.config["horizon"])


@dataclass(frozen=True)
class Statistic:
    """A median over seeds with a bootstrap interval.

    :param median: the median
    :param low: lower end of the 95 % interval
    :param high: upper end of the 95 % interval
    :param count: number of values
    """

    median: float
    low: float
    high: float
    count: int

    def told(self, unit: str = "", digits: int = 6) -> str:
        """Median and interval in words; one value has no interval.

        :param unit: what follows the median
        :param digits: how many are shown
        """
        median, low, high = (f"{value:.{digits}g}" for value in (self.median, self.low, self.high))
        middle = f"{median} {unit}".strip()
        return f"{middle} (one run)" if self.count == 1 else f"median {middle}, 95 % interval {low} to {high}"


def bootstrap(values: Sequence[float], rng: np.random.Generator, samples: int = 2000) -> Statistic:
    """Median and its 95 % percentile-bootstrap interval.

    :param values: one value a seed
    :param samples: number of resamples
    :raises InputError: if there is no value, one is not finite, or there is no resample
    """
    array = matrix("values", values).ravel()
    require(array.size > 0, "values must hold at least one value; found none")
    samples = whole("samples", samples, 1)
    median = float(np.median(array))
    if array.size == 1:
        return Statistic(median, median, median, 1)
    from scipy import stats  # half a second, for this function alone

    found = stats.bootstrap((array,), np.median, n_resamples=samples, method="percentile", random_state=rng)
    low, high = found.confidence_interval
    return Statistic(median, float(low), float(high), array.size)
