"""How long the plateau of stage 2 lasts: growth away from the saddle at σ_zu = σ_vm = 0.

Near the saddle dσ_zu/dt = -L_κ (‖u‖² + ‖z‖²) σ_vm and dσ_vm/dt = -L_κ ‖m‖² σ_zu (see
:func:`theory.double_integrator.saddle.saddle_rates`), so with a = σ_zu/√(‖u‖²+‖z‖²) and b = σ_vm/‖m‖ the sum
a + b goes as exp(-L_κ √(‖m‖² (‖u‖²+‖z‖²)) t) and the difference a - b as its inverse. The amplitude p = ½ |a + b|, of
the direction κ > 0, thus grows only for L_κ < 0, where more κ lowers the loss; for L_κ > 0 it decays and ½ |a - b|, of
the direction κ < 0, grows. With clipping, L_κ is to be read as the mean of c L_κ along the plateau. The plateau ends
where κ = p² √(‖m‖² (‖u‖²+‖z‖²)) is :func:`critical_kappa`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from sympy import sqrt

from numerics.common.errors import require
from numerics.reduced.codegen import vectorise
from numerics.reduced.flow import unpack
from numerics.reduced.population import population_loss
from numerics.replay.settings import CLIP_EPSILON, Settings
from theory.double_integrator.saddle import SPACE, critical_kappas, loss_slope, saddle_growth
from theory.symbols import sigma_vu, sigma_zm

SETTLED = 5
"""Epochs after the end of stage 1 at which the plateau's start is read."""


@dataclass(frozen=True)
class Leaving:
    """The saddle law.

    :param start: amplitude p at the start of the plateau
    :param critical: amplitude at which the loop becomes stable
    :param slope: mean of the clipped -c L_κ along it; positive if p grows
    :param speed: √(‖m‖² (‖u‖² + ‖z‖²)) at its start
    :param rate: learning rate η
    """

    start: float
    critical: float
    slope: float
    speed: float
    rate: float

    def epochs(self, slope: float | None = None) -> float:
        """Length of the plateau by the law, log(critical/start)/(η slope speed); infinite if p does not grow.

        :param slope: another mean clipped slope, e.g. that of other runs
        """
        slope = self.slope if slope is None else slope
        return float(np.log(self.critical / self.start) / (self.rate * slope * self.speed)) if slope > 0 else np.inf


@dataclass(frozen=True)
class Plateau(Leaving):
    """The plateau of one run: the saddle law with the run's own start, mean slope, and critical κ.

    The critical κ is that at the largest |σ_zm| of the plateau, since stability must survive the zigzag.

    :param start: amplitude p at its start
    :param critical: amplitude at which the loop becomes stable
    :param slope: mean of the clipped -c L_κ along it
    :param speed: √(‖m‖² (‖u‖² + ‖z‖²)) at its start
    :param rate: learning rate η
    :param length: measured epochs from its start to stabilisation
    """

    length: int


@cache
def _critical() -> Callable:
    return vectorise([critical_kappas()[0]], [sigma_zm, sigma_vu], "critical kappa")


@cache
def _speed() -> Callable:
    G = SPACE.gram_symbols()
    return vectorise([sqrt(saddle_growth().subs(loss_slope, 1))], [G[0, 0], G[1, 1], G[2, 2]], "speed")


def critical_kappa(zm: float, vu: float) -> float:
    """κ_c below which the loop is unstable, 1 - σ_vu/2 + σ_vu σ_zm - √((1 - σ_vu/2)² + σ_zm); NaN if it always is."""
    return float(_critical()(zm, vu)[0])


def speed(m: float, z: float, u: float) -> float:
    """√(‖m‖² (‖u‖² + ‖z‖²)), the rate of growth at L_κ = -1.

    :param m: ‖m‖²
    :param z: ‖z‖²
    :param u: ‖u‖²
    """
    return float(_speed()(m, z, u)[0])


def amplitude(zu: float, vm: float, m: float, pace: float) -> float:
    """p = ½ |σ_zu/√(‖u‖²+‖z‖²) + σ_vm/‖m‖|, of the direction in which κ > 0.

    :param m: ‖m‖²
    :param pace: √(‖m‖² (‖u‖² + ‖z‖²))
    """
    write = np.sqrt(m)
    return float(abs(zu / (pace / write) + vm / write) / 2)


def plateau(
    overlaps: np.ndarray, gram: np.ndarray, norms: np.ndarray, first: int, second: int, settings: Settings
) -> Plateau:
    """The plateau between the ends of stages 1 and 2.

    :param overlaps: overlaps over epochs, (epochs, 4)
    :param gram: upper triangles of G over epochs, (epochs, 10)
    :param norms: gradient norms before clipping, (epochs,)
    :param first: end of stage 1
    :param second: epoch of stabilisation
    :raises InputError: if no epoch lies between the ends
    """
    between = 0 <= first < second <= len(overlaps)
    message = f"first and second must satisfy 0 <= first < second <= {len(overlaps)} epochs; found {first}, {second}"
    require(between, message)
    span = slice(min(first + SETTLED, second - 1), second)
    path, G = overlaps[span], unpack(gram[span.start], 4)
    slope = population_loss(path, settings)[1]
    use_vm = np.abs(path[:, 2]) > np.abs(path[:, 1])
    L_kappa = np.where(use_vm, slope[:, 1] / path[:, 2], slope[:, 2] / path[:, 1])
    clipped = np.minimum(1.0, settings.clip / (norms[span] + CLIP_EPSILON)) * L_kappa
    pace = speed(G[0, 0], G[1, 1], G[2, 2])
    kappa = critical_kappa(-float(np.abs(path[:, 0]).max()), path[-1, 3])
    return Plateau(
        amplitude(path[0, 1], path[0, 2], G[0, 0], pace),
        float(np.sqrt(kappa / pace)),
        float(-clipped.mean()),
        pace,
        settings.learning_rate,
        second - span.start,
    )
