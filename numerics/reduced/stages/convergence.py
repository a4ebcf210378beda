"""Where the series of the eigenvalues in κ converge, and where on a run they cease to."""

from collections.abc import Callable
from functools import cache

import numpy as np

from numerics.reduced.codegen import vectorise
from numerics.reduced.stages.perturbation import exact_roots, visible_overlaps
from theory.double_integrator.spectrum import branch_points
from theory.symbols import sigma_vu, sigma_zm

WINDOW, ORDER = 10, 60
"""The errors of the last so many orders up to ORDER are compared with those up to half of it."""


@cache
def _branch() -> Callable:
    return vectorise(list(branch_points()), [sigma_zm, sigma_vu], "branch points")


def convergence_radii(overlaps: np.ndarray) -> np.ndarray:
    """Radii in κ of the series of λ_3 and λ_1, (..., 2), for σ_zm < 0.

    With the branch points κ_±: both |κ_±| where they are complex, else the farther for λ_3 and the nearer for λ_1.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    zm, vu, _ = np.moveaxis(visible_overlaps(overlaps).astype(complex), -1, 0)
    distances = np.abs(_branch()(zm, vu))
    return np.stack([distances.max(axis=-1), distances.min(axis=-1)], axis=-1)


def convergence_ratio(overlaps: np.ndarray) -> np.ndarray:
    """|κ| over the radii of λ_3 and λ_1, (..., 2): the series converge below 1.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    return np.abs(visible_overlaps(overlaps)[..., 2:]) / convergence_radii(overlaps)


def series_terms(overlaps: np.ndarray, order: int) -> np.ndarray:
    """The terms c_k κ^k of (λ_3, λ_1) for k = 0 … order, (order + 1, epochs, 2) complex.

    With λ = λ_0 + δ the cubic reads g' δ + ½ g'' δ² + δ³ = κ at λ_0, solved power by power.

    :param overlaps: (epochs, 4), with σ_zm other than 0
    :param order: highest power of κ, at least 1
    """
    zm, vu, kappa = np.moveaxis(visible_overlaps(overlaps).astype(complex), -1, 0)
    base = np.stack([vu, 1 + np.sqrt(zm)], axis=-1)
    zm, vu, kappa = zm[:, None], vu[:, None], kappa[:, None]
    slope = (base - 1) ** 2 - zm + 2 * (base - vu) * (base - 1)
    bend = 3 * base - vu - 2
    terms, squares = np.zeros((2, order + 1, *base.shape), dtype=complex)
    terms[1] = kappa / slope
    for k in range(2, order + 1):
        squares[k] = np.sum(terms[1:k] * terms[k - 1 : 0 : -1], axis=0)
        cubes = np.sum(terms[1 : k - 1] * squares[k - 1 : 1 : -1], axis=0)
        terms[k] = -(bend * squares[k] + cubes) / slope
    terms[0] = base
    return terms


def truncation_errors(overlaps: np.ndarray, order: int) -> np.ndarray:
    """|partial sum - exact| of (λ_3, λ_1) for every order, (order + 1, epochs, 2).

    :param overlaps: (epochs, 4), with a complex pair
    :param order: highest power of κ
    """
    return np.abs(np.cumsum(series_terms(overlaps, order), axis=0) - exact_roots(overlaps))


def measured_ratio(overlaps: np.ndarray) -> float:
    """Factor per order by which the error of λ_1 falls at one epoch, from orders 10 and 20.

    At a square-root branch point the terms fall as x^k k^{-3/2}.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    """
    found = truncation_errors(overlaps[None], 20)[:, 0, 1]
    return float((found[20] / found[10] * 2**1.5) ** 0.1)


def passing(overlaps: np.ndarray) -> float:
    """First epoch at which |κ| passes the radius of λ_1; not a number if it never does.

    :param overlaps: from stabilisation on, (epochs, 4)
    """
    return _first(convergence_ratio(overlaps)[:, 1] > 1)


def breaking(overlaps: np.ndarray) -> float:
    """First epoch at which the errors of λ_1 no longer fall faster than k^{-3/2}; not a number if they always do.

    :param overlaps: from stabilisation on, (epochs, 4)
    """
    found = truncation_errors(overlaps, ORDER)[..., 1]
    half, whole = (found[k - WINDOW : k + 1].max(axis=0) * (k - WINDOW / 2) ** 1.5 for k in (ORDER // 2, ORDER))
    return _first(whole > half)


def _first(holds: np.ndarray) -> float:
    return float(np.argmax(holds)) if holds.any() else np.nan
