"""The long-term loss L_∞^T = ρ^{2T} of the rank-one double integrator and its gradient, also at double roots."""

from collections.abc import Callable, Sequence
from functools import cache

import mpmath
import numpy as np
from sympy import Poly

from numerics.reduced.codegen import vectorise
from numerics.reduced.gains import WELL_CONDITIONED, conditions, cubic_coefficients, exact_cubic
from numerics.reduced.roots import DIGITS, precise_roots
from theory.double_integrator.spectrum import cubic
from theory.symbols import OVERLAPS, lam

TIE = 10.0 ** (4 - DIGITS)
"""Gap between moduli of roots with all their digits, over the largest, below which they are equal."""
RIVAL = 1e-12
"""Gap below which rounding of the overlaps decides which of two roots is the largest."""
CLOSE = 2e-5
"""Gap between the two largest roots, over the larger, below which the gradient is about to jump.

Rounding of the overlaps splits a double root by about 1e-8, a triple one by 1e-5.
"""


@cache
def _root_slope() -> Callable:
    chi = cubic().as_expr()
    slopes = [-chi.diff(o) / chi.diff(lam) for o in OVERLAPS]
    return vectorise(slopes, [*OVERLAPS, lam], "dlambda/dsigma")


@cache
def _slope_terms() -> list[list[tuple]]:
    """Exponents of overlaps and root, and number, of every term of χ_σ."""
    chi = cubic().as_expr()
    return [Poly(chi.diff(o), *OVERLAPS, lam).terms() for o in OVERLAPS]


def root_slopes(overlaps: np.ndarray, root: complex) -> np.ndarray:
    """∂λ/∂σ of a simple root of the cubic, -χ_σ/χ_λ, (4,) complex.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    """
    return _root_slope()(*overlaps, complex(root))


def long_term(
    overlaps: np.ndarray, horizon: int, roots: Sequence[mpmath.mpc] | None = None
) -> tuple[float, np.ndarray]:
    """L_∞^T = ρ^{2T} with ρ the spectral radius, and its gradient 2T ρ^{2T-2} Re(λ̄ ∂λ/∂σ), overlaps taken as exact.

    The gradient is not a number where two roots that are not conjugate share the largest modulus, a double root among
    them; if all three are 0 it is 0 for T > 1, since ρ^{2T} is of order 2T/3. The loss is infinite where the cubic's
    coefficients overflow. Where rounding would move the largest root by more than about 1e-14 of it, it is reckoned
    with :data:`numerics.reduced.roots.DIGITS` digits.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    :param roots: roots of the cubic from :func:`numerics.reduced.roots.precise_roots`; computed by default
    """
    overlaps = np.asarray(overlaps, dtype=np.float64)
    if roots is None:
        coefficients = cubic_coefficients(overlaps)
        if not np.isfinite(coefficients).all():
            return np.inf, np.full(4, np.nan)
        dominant = _clear(overlaps, np.roots(coefficients))
        if dominant is not None:
            return _in_floats(overlaps, horizon, dominant)
        roots = precise_roots(exact_cubic(overlaps))
    return _in_digits(overlaps, horizon, roots)


def _clear(overlaps: np.ndarray, roots: np.ndarray) -> complex | None:
    """The largest root of a cubic in floats, if it is well conditioned and has no rival."""
    moduli = np.abs(roots)
    dominant = complex(roots[np.argmax(moduli)])
    rivals = np.count_nonzero(moduli > (1 - CLOSE) * abs(dominant))
    alone = rivals == (1 if dominant.imag == 0 else 2)
    clear = alone and conditions(overlaps, np.array([dominant]))[0] <= WELL_CONDITIONED * abs(dominant)
    return dominant if clear else None


def _in_floats(overlaps: np.ndarray, horizon: int, dominant: complex) -> tuple[float, np.ndarray]:
    with np.errstate(all="ignore"):
        radius = np.abs(dominant)
        slope = (np.conj(dominant) * root_slopes(overlaps, dominant)).real
        return float(radius ** (2 * horizon)), 2 * horizon * radius ** (2 * (horizon - 1)) * slope


def _in_digits(overlaps: np.ndarray, horizon: int, roots: Sequence[mpmath.mpc]) -> tuple[float, np.ndarray]:
    with mpmath.workdps(4 * DIGITS):
        dominant, *others = roots
        radius = abs(dominant)
        if radius == 0:
            return 0.0, np.full(4, 0.0 if horizon > 1 else np.nan)
        loss = float(radius ** (2 * horizon))
        if any(radius - abs(root) <= TIE * radius for root in _rivals(roots)):
            return loss, np.full(4, np.nan)
        point = [mpmath.mpf(value) for value in overlaps.tolist()]
        distance = mpmath.fprod(dominant - other for other in others)
        factor = -2 * horizon * radius ** (2 * (horizon - 1)) * mpmath.conj(dominant) / distance
        slopes = [
            sum(mpmath.mpf(c.p) / c.q * mpmath.fprod(map(pow, [*point, dominant], powers)) for powers, c in terms)
            for terms in _slope_terms()
        ]
        return loss, np.array([float((factor * slope).real) for slope in slopes])


def _rivals(roots: Sequence[mpmath.mpc]) -> list[mpmath.mpc]:
    """All but the largest root and its conjugate."""
    return list(roots[1:] if roots[0].imag == 0 else roots[2:])


def nearly_double(roots: Sequence[mpmath.mpc]) -> bool:
    """Whether the two largest roots are nearly a double root, so that the gradient of ρ is about to jump or to diverge.

    :param roots: roots of the cubic by decreasing modulus, (3,)
    """
    with mpmath.workdps(4 * DIGITS):
        return bool(0 < abs(roots[0] - roots[1]) <= CLOSE * abs(roots[0]))


def rivalry(roots: Sequence[mpmath.mpc]) -> bool:
    """Whether a root elsewhere has nearly the largest modulus, so that the gradient of ρ is about to jump.

    :param roots: roots of the cubic by decreasing modulus, (3,)
    """
    with mpmath.workdps(4 * DIGITS):
        radius = abs(roots[0])
        return any(TIE * radius < radius - abs(root) <= RIVAL * radius for root in _rivals(roots))
