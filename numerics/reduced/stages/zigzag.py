"""The zigzag of stage 2: how often and how far learning turns back on itself."""

from dataclasses import dataclass

import numpy as np

from numerics.common.errors import require


@dataclass(frozen=True)
class Zigzag:
    """Measures of a path of the overlaps.

    :param reversals: fraction of successive steps whose displacements have a negative inner product
    :param excess: length of the path over the distance between its ends, at least 1; infinite if it closes
    :param amplitude: median length of a step
    """

    reversals: float
    excess: float
    amplitude: float


def zigzag(overlaps: np.ndarray) -> Zigzag:
    """Measure the zigzag of a path.

    :param overlaps: overlaps over epochs, (epochs, 4), at least three epochs
    :raises InputError: if there are fewer than three epochs
    """
    require(len(overlaps) >= 3, f"overlaps must cover at least 3 epochs to turn back; found {len(overlaps)}")
    steps = np.diff(overlaps, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    products = np.sum(steps[1:] * steps[:-1], axis=1)
    distance = float(np.linalg.norm(overlaps[-1] - overlaps[0]))
    excess = float(lengths.sum()) / distance if distance > 0 else np.inf
    return Zigzag(float(np.mean(products < 0)), excess, float(np.median(lengths)))
