"""The long-term loss L_∞^T = ρ^{2T} of the rank-one double integrator and its gradient, also where roots meet."""

from functools import cache

import numpy as np

from numerics.codegen import vectorise
from numerics.gains import cubic_coefficients
from theory.loss import dominant_modulus
from theory.spectrum import cubic, fast_root
from theory.symbols import OVERLAPS, lam, lambda_3

TIE = 1e-12
"""Gap between moduli, over the largest, below which two roots are equally large."""
CLOSE = 2e-5
"""Gap between the two largest roots, over the larger, below which the gradient is about to jump.

Rounding splits a double root by about 1e-8, a triple one by 1e-5.
"""


@cache
def _root_slope():
    chi = cubic().as_expr()
    slopes = [-chi.diff(o) / chi.diff(lam) for o in OVERLAPS]
    return vectorise(slopes, [*OVERLAPS, lam], "dlambda/dsigma")


@cache
def _pair_slope():
    modulus = dominant_modulus().expression
    return vectorise(list(fast_root().gradient(modulus)), [*OVERLAPS, lambda_3], "gradient of rho^2")


def root_slopes(overlaps: np.ndarray, root: complex) -> np.ndarray:
    """∂λ/∂σ of a simple root of the cubic, -χ_σ/χ_λ, (4,) complex.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    :param root: the root λ
    """
    return _root_slope()(*overlaps, complex(root))


def long_term(overlaps: np.ndarray, horizon: int, roots: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """L_∞^T = ρ^{2T} with ρ the spectral radius, and its gradient.

    The gradient is not a number where two roots that are not conjugate share the largest modulus, a double root among
    them; if all three are 0 it is 0 for T > 1, since ρ^{2T} is of order 2T/3. The loss is infinite where the cubic's
    coefficients overflow.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    :param horizon: T
    :param roots: roots of the cubic; computed by default
    """
    overlaps = np.asarray(overlaps, dtype=np.float64)
    if roots is None:
        coefficients = cubic_coefficients(overlaps)
        if not np.isfinite(coefficients).all():
            return np.inf, np.full(4, np.nan)
        roots = np.roots(coefficients)
    radius = np.abs(roots).max()
    if radius == 0:
        return 0.0, np.full(4, 0.0 if horizon > 1 else np.nan)
    with np.errstate(all="ignore"):
        slope = horizon * radius ** (2 * (horizon - 1)) * _squared_radius_slope(overlaps, roots)
        return float(radius ** (2 * horizon)), slope


def _squared_radius_slope(overlaps: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """∇ρ²: of a complex pair by the third root, which stays smooth where the pair meets; else 2λ∇λ."""
    dominant, rivals = _rivalry(roots)
    if np.any(np.abs(rivals) >= abs(dominant) * (1 - TIE)):
        return np.full(4, np.nan)
    if dominant.imag != 0:
        return _pair_slope()(*overlaps, float(rivals[0].real))
    return 2 * dominant.real * root_slopes(overlaps, dominant).real


def _ranked(roots: np.ndarray) -> np.ndarray:
    """By decreasing modulus, however small."""
    return roots[np.argsort(-np.abs(roots), kind="stable")]


def _rivalry(roots: np.ndarray) -> tuple[complex, np.ndarray]:
    """The dominant root, and the others but its conjugate."""
    ranked = _ranked(roots)
    dominant, others = complex(ranked[0]), ranked[1:]
    if dominant.imag == 0:
        return dominant, others
    return dominant, np.delete(others, np.argmin(np.abs(others - np.conj(dominant))))


def meeting(roots: np.ndarray) -> bool:
    """Whether the two largest roots nearly meet, so that the gradient of ρ is about to jump or to diverge.

    :param roots: roots of the cubic, (3,)
    """
    first, second = _ranked(roots)[:2]
    return bool(0 < abs(first - second) <= CLOSE * abs(first))
