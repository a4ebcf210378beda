"""Eigenvalues of the joint system, of its reduction and of the recurrence alone, matched along a run."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from numerics.common.plants import Plant
from numerics.common.spectrum import by_modulus, joint_matrix
from numerics.common.weights import Weights
from numerics.reduced.codegen import vectorise
from numerics.reduced.roots import Number, precise_roots
from theory.core.loop import ReducedLoop


@cache
def _matrix_function(loop: ReducedLoop) -> Callable:
    return vectorise(list(loop.matrix), [*loop.overlaps.flat, *loop.parameters], "reduced matrix")


def reduced_matrix(loop: ReducedLoop, overlaps: ArrayLike, parameters: Sequence[float] = ()) -> np.ndarray:
    """P_eff at numeric overlaps, (..., d, d).

    :param overlaps: flat overlaps on the last axis, (..., number of overlaps)
    """
    points = np.asarray(overlaps, dtype=np.float64)
    entries = _matrix_function(loop)(*np.moveaxis(points, -1, 0), *parameters)
    return entries.reshape(*points.shape[:-1], loop.dimension, loop.dimension)


def reduced_eigenvalues(loop: ReducedLoop, overlaps: ArrayLike, parameters: Sequence[float] = ()) -> np.ndarray:
    """Eigenvalues of P_eff, (..., d), unordered; not a number where the overlaps are not finite.

    :param overlaps: flat overlaps on the last axis
    """
    matrices = reduced_matrix(loop, overlaps, parameters)
    finite = np.isfinite(matrices).all(axis=(-2, -1))
    values = np.linalg.eigvals(np.where(finite[..., None, None], matrices, 0.0)).astype(np.complex128)
    return np.where(finite[..., None], values, complex(np.nan, np.nan))


def reduced_radius(loop: ReducedLoop, overlaps: ArrayLike, parameters: Sequence[float] = ()) -> np.ndarray:
    """Spectral radius of the joint system from its reduction, (...): P adds only 1-γ to the spectrum of P_eff.

    The bulk 1-γ is counted, as it is in P for N > q + r; see :func:`radius_of` for fewer neurons.

    :param overlaps: flat overlaps on the last axis
    """
    return radius_of(reduced_eigenvalues(loop, overlaps, parameters), loop, parameters)


def radius_of(
    eigenvalues: np.ndarray, loop: ReducedLoop, parameters: Sequence[float] = (), neurons: int | None = None
) -> np.ndarray:
    """Spectral radius of the joint system from the eigenvalues of P_eff, (...).

    P has the bulk 1-γ besides, N - q - r times; where N < q + r it lacks it as often.

    :param eigenvalues: eigenvalues of P_eff on the last axis
    :param neurons: N; more than q + r by default
    """
    values = dict(zip(loop.parameters, parameters, strict=True))
    bulk, moduli = float(1 - loop.leak.subs(values)), np.abs(eigenvalues)
    lacking = -1 if neurons is None else loop.plant.q + loop.rank - neurons
    if lacking < 0:
        return np.maximum(moduli.max(axis=-1), abs(bulk))
    nearest = np.argsort(np.abs(eigenvalues - bulk), axis=-1, kind="stable")
    return np.take_along_axis(moduli, nearest[..., lacking:], axis=-1).max(axis=-1)


def joint_eigenvalues(plant: Plant, weights: Weights, leak: float = 1.0) -> np.ndarray:
    """All n + N eigenvalues of the joint matrix P, by decreasing modulus."""
    return by_modulus(np.linalg.eigvals(joint_matrix(plant, weights, leak)))


def recurrence_eigenvalues(weights: Weights) -> np.ndarray:
    """Eigenvalues of the recurrence W + U Vᵀ alone, by decreasing modulus."""
    return by_modulus(np.linalg.eigvals(weights.recurrence))


def match(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``values`` in the order that brings them closest to ``reference`` in total distance.

    :param reference: eigenvalues, (k,)
    :param values: eigenvalues, (k,)
    """
    _, order = linear_sum_assignment(np.abs(reference[:, None] - values[None, :]))
    return values[order]


def track(spectra: np.ndarray) -> np.ndarray:
    """Eigenvalue paths: every row matched to the one before.

    :param spectra: eigenvalues at successive epochs, (epochs, k), unordered within a row
    """
    paths = np.empty_like(np.asarray(spectra, dtype=np.complex128))
    for epoch, row in enumerate(spectra):
        paths[epoch] = by_modulus(row) if epoch == 0 else match(paths[epoch - 1], np.asarray(row))
    return paths


def reference_roots(coefficients: Iterable[Number], digits: int = 50) -> np.ndarray:
    """Roots of a polynomial computed in high precision and rounded once, by decreasing modulus.

    Near a double root floating-point eigenvalues are good to √ε only; these are not.

    :param coefficients: real coefficients, leading first; taken as exact
    :param digits: decimal digits of the computation
    """
    return by_modulus(np.array([complex(root) for root in precise_roots(coefficients, digits)]))
