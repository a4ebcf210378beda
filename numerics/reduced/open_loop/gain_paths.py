"""Paths in the plane of effective gains: gains of reduced loops by regression, and how far two paths lie apart."""

import numpy as np
from numpy.typing import ArrayLike

from numerics.common.errors import whole
from numerics.reduced.spectra import reduced_matrix
from theory.core.loop import ReducedLoop


def population_gains(overlaps: ArrayLike, horizon: int) -> np.ndarray:
    """(k_1, k_2) with u_t ≈ -K x_t by least squares over steps 1 ≤ t < T and the distribution of x_0, (..., 2).

    The loop is the reduced one of the rank-one double integrator, and x_0 has a second moment ∝ I, whose
    factor the gains do not depend on: two episodes, from (1, 0) and (0, 1), stand for all. The regression of
    :func:`numerics.experiment.observe.regressed_gains`, without neurons and without a batch's noise.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    :param horizon: episode length T, at least 3
    """
    overlaps, horizon = np.asarray(overlaps, dtype=np.float64), whole("horizon", horizon, 3)
    rows = overlaps.reshape(-1, 4)
    P = reduced_matrix(ReducedLoop(), rows)
    state = np.zeros((len(rows), 4, 2))
    state[:, 0, 0] = state[:, 1, 1] = 1.0
    x, u = [], []
    for _ in range(1, horizon):
        state = P @ state
        x.append(state[:, :2].swapaxes(1, 2))
        u.append((rows[:, None, :2] @ state[:, 2:]).swapaxes(1, 2))
    Q, R = np.linalg.qr(np.concatenate(x, axis=1))
    found = -np.linalg.solve(R, Q.swapaxes(1, 2) @ np.concatenate(u, axis=1))
    return found[..., 0].reshape(*overlaps.shape[:-1], 2)


def path_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Hausdorff distance of two paths: the largest distance from a point of either one to the other.

    The points of a path are joined by straight lines.

    :param one: points along a path, (epochs, 2)
    :param other: points along another path, (epochs, 2)
    """
    return max(_farthest(one, other), _farthest(other, one))


def _farthest(points: np.ndarray, path: np.ndarray) -> float:
    """Largest distance from a point to a path of straight lines."""
    start, step = path[:-1], np.diff(path, axis=0)
    square = np.sum(step**2, axis=1)
    gaps = points[:, None] - start
    along = np.sum(gaps * step, axis=2) / np.where(square > 0, square, 1.0)
    nearest = gaps - np.clip(along, 0.0, 1.0)[..., None] * step
    return float(np.sqrt(np.sum(nearest**2, axis=2)).min(axis=1).max())
