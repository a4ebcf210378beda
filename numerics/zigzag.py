"""The zigzag of stage 2: how often and how far learning turns back on itself."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Zigzag:
    """Measures of a path of the overlaps.

    :param reversals: fraction of successive steps whose displacements have a negative inner product
    :param excess: length of the path over the distance between its ends, at least 1
    :param amplitude: median length of a step
    """

    reversals: float
    excess: float
    amplitude: float


def zigzag(overlaps: np.ndarray) -> Zigzag:
    """Measure the zigzag of a path.

    :param overlaps: overlaps over epochs, (epochs, 4), at least three epochs
    """
    steps = np.diff(overlaps, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    products = np.sum(steps[1:] * steps[:-1], axis=1)
    distance = float(np.linalg.norm(overlaps[-1] - overlaps[0]))
    return Zigzag(float(np.mean(products < 0)), float(lengths.sum()) / distance, float(np.median(lengths)))
