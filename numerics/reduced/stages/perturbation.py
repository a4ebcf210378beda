"""The perturbed roots of the cubic in numbers: how good each order in κ is along a run."""

from collections.abc import Callable
from functools import cache

import numpy as np
from sympy import sqrt

from numerics.reduced.codegen import vectorise
from numerics.reduced.gains import cubic_coefficients
from theory.double_integrator.spectrum import fast_root_perturbative, perturbative_root
from theory.symbols import kappa, sigma_vu, sigma_zm

ORDERS = (0, 1, 2, 3)


@cache
def _series(order: int) -> Callable:
    letters = [sigma_zm, sigma_vu, kappa]
    third, pair = perturbative_root(sigma_vu, order), perturbative_root(1 + sqrt(sigma_zm), order)
    return vectorise([third, pair], letters, f"roots to order {order}")


@cache
def _newton() -> Callable:
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
