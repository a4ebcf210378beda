"""In which valley of the σ_zm axis learning rests after stage 1: predicted from its start, and measured on runs."""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np

from numerics.reduced.stages.axis import Valleys, valleys
from numerics.reduced.stages.ensemble import Ensemble

NEGLIGIBLE, ARRIVAL, USABLE = 0.002, 10, 20
"""A plateau is usable if, from its tenth epoch on, |κ| is below 0.002 for at least twenty epochs."""


@dataclass(frozen=True)
class Rests:
    """Where runs rest, arrays over the runs.

    :param valleys: the valleys of the exact loss on the axis
    :param start: σ_zm before the first update
    :param place: mean of σ_zm over the epochs in which κ is negligible; not a number if the plateau is not usable
    :param gain: median of K(1) = σ_zm + κ/(1 - σ_vu), the controller's gain on a resting position, over stage 2; not a
        number if its end was not found
    """

    valleys: Valleys
    start: np.ndarray
    place: np.ndarray
    gain: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """Index of the valley downhill of the start, 0 being the first from the right."""
        return self.valleys.downhill(self.start)

    @property
    def usable(self) -> np.ndarray:
        """Whether the plateau is usable."""
        return ~np.isnan(self.place)


def rests(runs: Ensemble) -> Rests:
    """Where these runs rest.

    :param runs: exact runs
    """
    places, gains = [], []
    for i, stages in enumerate(runs.stages):
        zm, zu, vm, vu = runs.overlaps[stages.plateau, i].T if stages.found else np.empty((4, 0))
        still = zm[ARRIVAL:][np.abs(zu * vm)[ARRIVAL:] < NEGLIGIBLE]
        places.append(still.mean() if still.size >= USABLE else np.nan)
        gains.append(np.median(zm + zu * vm / (1 - vu)) if zm.size else np.nan)
    return Rests(valleys(runs.settings.horizon), runs.overlaps[0, :, 0], np.array(places), np.array(gains))


def share_right_of(place: float, neurons: int) -> float:
    """Fraction of initial networks with σ_zm above a value.

    σ_zm = Σ z_i m_i with entries uniform on ±1/√N is normal for large N, of variance N (1/(3N))² = 1/(9N).

    :param place: the value
    """
    return 0.5 * (1 - erf(3 * sqrt(neurons) * place / sqrt(2)))
