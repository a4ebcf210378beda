"""How long the plateau of stage 2 lasts: growth away from the saddle at σ_zu = σ_vm = 0.

Near the saddle dσ_zu/dt = -L_κ (‖u‖² + ‖z‖²) σ_vm and dσ_vm/dt = -L_κ ‖m‖² σ_zu (see
:func:`theory.stages.saddle_rates`), so with a = σ_zu/√(‖u‖²+‖z‖²) and b = σ_vm/‖m‖ the sum
a + b goes as exp(-L_κ √(‖m‖² (‖u‖²+‖z‖²)) t) and the difference a - b as its inverse. The amplitude p = ½ |a + b|, of
the direction κ > 0, thus grows only for L_κ < 0, where more κ lowers the loss; for L_κ > 0 it decays and ½ |a - b|, of
the direction κ < 0, grows. With clipping, L_κ is to be read as the mean of c L_κ along the plateau.
"""

from dataclasses import dataclass

import numpy as np

from numerics.errors import require
from numerics.flow import unpack
from numerics.population import population_loss
from numerics.replay import CLIP_EPSILON, Settings

SETTLED = 5
"""Epochs after the end of stage 1 at which the plateau's start is read."""


@dataclass(frozen=True)
class Plateau:
    """The plateau of one run.

    :param length: measured epochs from its start to stabilisation
    :param start: amplitude p at its start
    :param critical: amplitude at which the loop becomes stable, from κ_c ≈ |σ_zm|/2 (1 + |σ_zm|/4 - 3σ_vu/2) at the
        largest |σ_zm| of the plateau, since stability must survive the zigzag
    :param slope: mean of the clipped -c L_κ along it; positive if p grows
    :param speed: √(‖m‖² (‖u‖² + ‖z‖²)) at its start
    :param rate: learning rate η
    """

    length: int
    start: float
    critical: float
    slope: float
    speed: float
    rate: float

    def predicted(self, slope: float | None = None) -> float:
        """Epochs that the saddle law gives, log(critical/start) / (η slope speed); infinite if p does not grow.

        :param slope: another mean clipped slope, e.g. that of other runs
        """
        slope = self.slope if slope is None else slope
        return float(np.log(self.critical / self.start) / (self.rate * slope * self.speed)) if slope > 0 else np.inf


def plateau(overlaps: np.ndarray, gram: np.ndarray, norms: np.ndarray, first: int, second: int, settings: Settings):
    """The plateau between the ends of stages 1 and 2.

    :param overlaps: overlaps over epochs, (epochs, 4)
    :param gram: upper triangles of G over epochs, (epochs, 10)
    :param norms: gradient norms before clipping, (epochs,)
    :param first: end of stage 1
    :param second: epoch of stabilisation
    :param settings: the protocol
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
    read, write = np.sqrt(G[1, 1] + G[2, 2]), np.sqrt(G[0, 0])
    start = abs(path[0, 1] / read + path[0, 2] / write) / 2
    distance = float(np.abs(path[:, 0]).max())
    kappa = distance / 2 * (1 + distance / 4 - 1.5 * path[-1, 3])
    critical = np.sqrt(kappa / (read * write))
    return Plateau(
        second - span.start,
        float(start),
        float(critical),
        float(-clipped.mean()),
        float(read * write),
        settings.learning_rate,
    )
