"""Every quantity of the theory at one point of the overlaps, for the rank-one double integrator."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from numerics.codegen import vectorise
from numerics.doubling import horizon_loss
from numerics.errors import matrix, number, require, whole
from numerics.gains import closed_form, cubic_coefficients, fast_root
from numerics.spectra import reference_roots
from theory.loop import ReducedLoop
from theory.loss import gradient, short_term_loss
from theory.spectrum import cubic
from theory.symbols import OVERLAPS, lam

LARGE = 1e150
"""Coefficients of the cubic up to which its roots, and the gains from products of two roots, are representable."""


@cache
def _short_term():
    loss = short_term_loss()
    return vectorise([loss, *gradient(loss)], list(OVERLAPS), "L_2 and gradient")


@cache
def _root_slope():
    chi = cubic().as_expr()
    slopes = [-chi.diff(o) / chi.diff(lam) for o in OVERLAPS]
    return vectorise(slopes, [*OVERLAPS, lam], "dlambda/dsigma")


def root_slopes(overlaps: np.ndarray, root: complex) -> np.ndarray:
    """∂λ/∂σ of a simple root of the cubic, -χ_σ/χ_λ, (4,) complex.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    :param root: the root λ
    """
    return _root_slope()(*overlaps, complex(root))


def short_term(overlaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L_2 and its gradient, on broadcast overlaps.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    values = _short_term()(*np.moveaxis(np.asarray(overlaps, dtype=np.float64), -1, 0))
    return values[..., 0], values[..., 1:]


def long_term(overlaps: np.ndarray, horizon: int, roots: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """L_∞^T = ρ^{2T} with ρ the spectral radius, and its gradient.

    ∇ρ² = 2 Re(λ̄ ∇λ) at the dominant root. The gradient is not a number where that root is repeated. The loss is
    infinite where the cubic's coefficients overflow.

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
    dominant = complex(roots[np.argmax(np.abs(roots))])
    with np.errstate(all="ignore"):
        squared = np.float64(abs(dominant)) ** 2
        slope = 2 * (np.conj(dominant) * root_slopes(overlaps, dominant)).real
        return float(squared**horizon), horizon * squared ** (horizon - 1) * slope


def evaluate(overlaps: Sequence[float], horizon: int = 50, alpha: float = 0.5) -> dict:
    """The loop at one point: polynomial, eigenvalues, losses, their gradients and gains.

    With Q = I, Σ_0 = I: ``L_2`` is E|x_3|², after two controls; ``L_T`` is the time average of E|x_t|² over t < T;
    ``L_inf`` is ρ^{2T}; ``surrogate`` is α L_inf + (1-α) L_2; gradients are in the order σ_zm, σ_zu, σ_vm, σ_vu;
    gains are (k_1, k_2).
    A value that overflows or does not exist is None, with the reason under ``notes``.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu
    :param horizon: episode length T, at least 1
    :param alpha: weight of the long-term loss, in [0, 1]
    :raises InputError: if an argument is out of range
    """
    point = matrix("overlaps", list(overlaps)).ravel()
    require(point.size == 4, f"overlaps must be four numbers zm zu vm vu; found {point.size}")
    horizon, alpha = whole("horizon", horizon, 1), number("alpha", alpha, 0, 1)
    coefficients = cubic_coefficients(point)
    representable = bool(np.isfinite(coefficients).all()) and float(np.abs(coefficients).max()) < LARGE
    require(representable, f"overlaps must give a cubic with coefficients below {LARGE:g}; found larger ones")
    roots = reference_roots(coefficients)
    radius, third = float(np.abs(roots).max()), fast_root(roots)
    losses, slopes = _losses(point, horizon, alpha, roots)
    return {
        "overlaps": point.tolist(),
        "horizon": horizon,
        "alpha": alpha,
        "characteristic_polynomial": coefficients.tolist(),
        "eigenvalues": [[float(root.real), float(root.imag)] for root in [*roots, 0j]],
        "spectral_radius": radius,
        "stable": radius < 1,
        **{name: _finite(value) for name, value in losses.items()},
        "gradients": {name: [_finite(value) for value in slope] for name, slope in slopes.items()},
        "gains": closed_form(point, third).tolist(),
        "notes": [*_notes(losses, slopes, horizon), *_gain_notes(third, roots)],
    }


def _losses(point: np.ndarray, horizon: int, alpha: float, roots: np.ndarray) -> tuple[dict, dict]:
    """The four losses and their gradients, by name; not finite where they overflow or do not exist."""
    L_2, slope_2 = short_term(point)
    total, slope_T = horizon_loss(ReducedLoop(), point, horizon, np.eye(2))
    L_inf, slope_inf = long_term(point, horizon, roots)
    with np.errstate(all="ignore"):
        mixed = alpha * L_inf + (1 - alpha) * float(L_2)
        slope_mixed = alpha * slope_inf + (1 - alpha) * slope_2
    losses = {"L_2": float(L_2), "L_T": total / horizon, "L_inf": L_inf, "surrogate": mixed}
    return losses, {"L_2": slope_2, "L_T": slope_T / horizon, "L_inf": slope_inf, "surrogate": slope_mixed}


def _notes(losses: dict, slopes: dict, horizon: int) -> list[str]:
    overflow = [name for name, value in losses.items() if not np.isfinite(value)]
    absent = [n for n, slope in slopes.items() if n not in overflow and not np.isfinite(slope).all()]
    return [f"{name} overflows at horizon {horizon}" for name in overflow] + [
        f"gradient of {name} does not exist (repeated root) or overflows" for name in absent
    ]


def _gain_notes(third: float, roots: np.ndarray) -> list[str]:
    """The gains describe the agent on the plane of the other two modes, which attracts only if λ_3 is the fastest."""
    fastest = abs(third) < np.sort(np.abs(roots))[1]
    return [] if fastest else [f"gains are those beside λ_3 = {third:.4g}, which does not decay fastest"]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
