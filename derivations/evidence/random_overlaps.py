"""When rank-one networks stabilise, drawn as networks and as Gram matrices of the limit."""

from dataclasses import dataclass

import numpy as np

from numerics.reduced.stages.ensemble import Ensemble, ensemble
from numerics.reduced.stages.limit_ensemble import limit_ensemble

SIZES = (50, 100, 400)
DRAWN, NETWORKS, EPOCHS = 400, 200, 1000


@dataclass(frozen=True)
class Distributions:
    """Epochs of stabilisation on the population loss; those that do not count as the last.

    :param neurons: N
    :param limit: of Gram matrices whose overlaps are drawn
    :param networks: of networks
    """

    neurons: int
    limit: np.ndarray
    networks: np.ndarray


def _epochs(found: Ensemble) -> np.ndarray:
    return np.array([EPOCHS if s.second is None else s.second for s in found.stages])


def random_overlaps() -> list[Distributions]:
    """Rank-one learning on the population loss: 400 Gram matrices with random overlaps beside 200 networks, for three N."""
    return [
        Distributions(
            size,
            _epochs(limit_ensemble(0, DRAWN, size, EPOCHS)),
            _epochs(ensemble(range(NETWORKS), EPOCHS, neurons=size, noise=False)),
        )
        for size in SIZES
    ]
