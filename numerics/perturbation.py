"""The perturbed roots of the cubic in numbers: how good each order in κ is along a run, and where it breaks."""

from functools import cache

import numpy as np
from sympy import sqrt

from numerics.codegen import vectorise
from numerics.gains import cubic_coefficients
from theory.spectrum import branch_points, fast_root_perturbative, perturbative_root
from theory.symbols import kappa, sigma_vu, sigma_zm

ORDERS = (0, 1, 2, 3)


@cache
def _series(order: int):
    letters = [sigma_zm, sigma_vu, kappa]
    third, pair = perturbative_root(sigma_vu, order), perturbative_root(1 + sqrt(sigma_zm), order)
    return vectorise([third, pair], letters, f"roots to order {order}")


@cache
def _branch():
    return vectorise(list(branch_points()), [sigma_zm, sigma_vu], "branch points")


@cache
def _newton():
    return vectorise([fast_root_perturbative()], [sigma_zm, sigma_vu, kappa], "one Newton step")


def visible_overlaps(overlaps: np.ndarray) -> np.ndarray:
    """(σ_zm, σ_vu, κ) on the last axis.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    zm, zu, vm, vu = np.moveaxis(np.asarray(overlaps, dtype=np.float64), -1, 0)
    return np.stack([zm, vu, zu * vm], axis=-1)


def perturbed_roots(overlaps: np.ndarray, order: int) -> np.ndarray:
    """(λ_3, λ_1) to an order in κ, (..., 2) complex; λ_1 in the upper half plane for σ_zm < 0.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    :param order: highest power of κ
    """
    columns = np.moveaxis(visible_overlaps(overlaps).astype(complex), -1, 0)
    return _series(order)(*columns)


def newton_root(overlaps: np.ndarray) -> np.ndarray:
    """λ_3 by one Newton step from σ_vu, as in arXiv 2505.13567, (...).

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    return _newton()(*np.moveaxis(visible_overlaps(overlaps), -1, 0))[..., 0]


def exact_roots(overlaps: np.ndarray) -> np.ndarray:
    """(λ_3, λ_1) of the cubic where a pair is complex: the real root and the one in the upper half plane, (epochs, 2).

    :param overlaps: (epochs, 4)
    """
    rows = []
    for coefficients in cubic_coefficients(overlaps):
        roots = np.roots(coefficients)
        rows.append([roots[np.argmin(np.abs(roots.imag))], roots[np.argmax(roots.imag)]])
    return np.array(rows, dtype=np.complex128)


def errors(overlaps: np.ndarray) -> dict[int, np.ndarray]:
    """|approximate - exact| of (λ_3, λ_1, |λ_1|²) for every order, (epochs, 3) each.

    :param overlaps: (epochs, 4), with a complex pair
    """
    exact = exact_roots(overlaps)
    found = {}
    for order in ORDERS:
        gap = perturbed_roots(overlaps, order)
        modulus = np.abs(np.abs(gap[:, 1]) ** 2 - np.abs(exact[:, 1]) ** 2)
        found[order] = np.column_stack([np.abs(gap - exact), modulus])
    return found


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
