"""Every quantity of the theory at one point of the overlaps, for the rank-one double integrator."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath
import numpy as np

from numerics.common.errors import matrix, number, require, whole
from numerics.common.spectrum import by_modulus
from numerics.reduced.codegen import vectorise
from numerics.reduced.doubling import horizon_loss
from numerics.reduced.gains import closed_form, exact_cubic, fast_root
from numerics.reduced.long_term import long_term, nearly_double, rivalry
from numerics.reduced.roots import precise_roots
from numerics.reduced.stability import STABLE, stability
from theory.core.loop import ReducedLoop
from theory.core.loss import gradient, short_term_loss
from theory.symbols import OVERLAPS

LARGE = 1e150
"""Coefficients of the cubic up to which its roots, and the gains from products of two roots, are representable."""


@cache
def _short_term() -> Callable:
    loss = short_term_loss()
    return vectorise([loss, *gradient(loss)], list(OVERLAPS), "L_2 and gradient")


def short_term(overlaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L_2 and its gradient, on broadcast overlaps.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    values = _short_term()(*np.moveaxis(np.asarray(overlaps, dtype=np.float64), -1, 0))
    return values[..., 0], values[..., 1:]


def evaluate(overlaps: Sequence[float], horizon: int = 50, alpha: float = 0.5) -> dict:
    """The loop at one point: polynomial, eigenvalues, losses, their gradients and gains.

    With Q = I, Σ_0 = I: ``L_2`` is E|x_3|², after two controls; ``L_T`` is the time average of E|x_t|² over t < T;
    ``L_inf`` is ρ^{2T}; ``surrogate`` is α L_inf + (1-α) L_2; gradients are in the order σ_zm, σ_zu, σ_vm, σ_vu;
    gains are (k_1, k_2). The polynomial and its roots are those of the overlaps as exact numbers, rounded once.
    ``stability`` is decided exactly, ``"stable"``, ``"boundary"`` (ρ = 1) or ``"unstable"``; ``margin`` is 1 - ρ.
    A value that overflows or does not exist is None, with the reason under ``notes``.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu
    :param horizon: episode length T, at least 1
    :param alpha: weight of the long-term loss, in [0, 1]
    :raises InputError: if an argument is out of range
    """
    point = matrix("overlaps", list(overlaps)).ravel()
    require(point.size == 4, f"overlaps must be four numbers zm zu vm vu; found {point.size}")
    horizon, alpha = whole("horizon", horizon, 1), number("alpha", alpha, 0, 1)
    exact = exact_cubic(point)
    representable = max(map(abs, exact)) < LARGE
    require(representable, f"overlaps must give a cubic with coefficients below {LARGE:g}; found larger ones")
    precise, side = precise_roots(exact), stability(exact)
    roots = by_modulus(np.array(list(map(complex, precise))))
    third = fast_root(roots)
    losses, slopes = _losses(point, horizon, alpha, precise)
    return {
        "overlaps": point.tolist(),
        "horizon": horizon,
        "alpha": alpha,
        "characteristic_polynomial": [float(c) for c in exact],
        "eigenvalues": [[float(root.real), float(root.imag)] for root in [*roots, 0j]],
        "spectral_radius": side.radius,
        "stable": side.verdict == STABLE,
        "stability": side.verdict,
        "margin": side.margin,
        **{name: _finite(value) for name, value in losses.items()},
        "gradients": {name: [_finite(value) for value in slope] for name, slope in slopes.items()},
        "gains": closed_form(point, third).tolist(),
        "notes": [*_notes(losses, slopes, horizon), *_root_notes(third, roots, precise)],
    }


def _losses(point: np.ndarray, horizon: int, alpha: float, roots: list[mpmath.mpc]) -> tuple[dict, dict]:
    """The four losses and their gradients, by name; not finite where they overflow or do not exist."""
    L_2, slope_2 = short_term(point)
    total, slope_T = horizon_loss(ReducedLoop(), point, horizon, np.eye(2))
    L_inf, slope_inf = long_term(point, horizon, roots)
    mixed, slope_mixed = _blend(alpha, L_inf, float(L_2)), _blend(alpha, slope_inf, slope_2)
    losses = {"L_2": float(L_2), "L_T": total / horizon, "L_inf": L_inf, "surrogate": mixed}
    return losses, {"L_2": slope_2, "L_T": slope_T / horizon, "L_inf": slope_inf, "surrogate": slope_mixed}


def _blend(alpha: float, long: Any, short: Any) -> Any:
    """α long + (1 - α) short; a part of weight 0 does not count, however large it is."""
    with np.errstate(all="ignore"):
        return (alpha * long if alpha else 0.0) + ((1 - alpha) * short if alpha < 1 else 0.0)


def _notes(losses: dict, slopes: dict, horizon: int) -> list[str]:
    overflow = [name for name, value in losses.items() if not np.isfinite(value)]
    absent = [n for n, slope in slopes.items() if n not in overflow and not np.isfinite(slope).all()]
    return [f"{name} overflows at horizon {horizon}" for name in overflow] + [
        f"gradient of {name} does not exist (roots share the largest modulus) or overflows" for name in absent
    ]


def _root_notes(third: float, roots: np.ndarray, precise: list[mpmath.mpc]) -> list[str]:
    """Gains are those of the plane of the other two modes, which attracts only if λ_3 is fastest; ρ has a kink where
    a root is double, or two share the largest modulus."""
    kink = ["the largest root is nearly double: where it is double, the gradient of L_inf does not exist"]
    rival = ["another root has nearly the largest modulus: where two share it, the gradient of L_inf does not exist"]
    slow = [f"gains are those beside λ_3 = {third:.4g}, which does not decay fastest"]
    fastest = third == 0 or abs(third) < np.sort(np.abs(roots))[1]
    close = nearly_double(precise)
    return kink * close + rival * (not close and rivalry(precise)) + slow * (not fastest)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
