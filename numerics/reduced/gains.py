"""Effective gains K with u ≈ -K x from theory; :func:`numerics.experiment.observe.regressed_gains` measures them."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import prod

import numpy as np
from sympy import Abs, Poly

from numerics.common.errors import require
from numerics.reduced.codegen import vectorise
from numerics.reduced.roots import Terms, exact_value, terms_of
from numerics.reduced.spectra import reduced_matrix, reference_roots
from theory.core.loop import ReducedLoop
from theory.double_integrator.gain import effective_gains
from theory.double_integrator.observer import observer_root as theory_root
from theory.double_integrator.spectrum import cubic
from theory.symbols import OVERLAPS, lam, lambda_3

DISTINCT = 1e-7
"""Gap between moduli, over the largest, below which they count as equal: a double root in floats splits by about 1e-8,
a triple one at 0 by 1e-6 in direction but 1e-9 in modulus."""
WELL_CONDITIONED = 100
"""Condition of a root, over the largest modulus, up to which roots in floats are good to about 1e-14 of it."""
DOUBLE = 1e-3
"""Imaginary part to which rounding may split a double root: at the optimum without control cost λ_3 is double."""


@cache
def _gain_function() -> Callable:
    return vectorise(list(effective_gains()), [*OVERLAPS, lambda_3], "effective gains")


@cache
def _cubic_function() -> Callable:
    return vectorise(cubic().all_coeffs(), list(OVERLAPS), "cubic")


@cache
def _cubic_terms() -> list[Terms]:
    return [terms_of(coefficient, OVERLAPS) for coefficient in cubic().all_coeffs()]


@cache
def _condition_function() -> Callable:
    """The sum of the terms' moduli, and the derivative by λ."""
    chi, arguments = cubic().as_expr(), [*OVERLAPS, lam]
    terms = Poly(chi, *arguments).terms()
    total = sum(
        abs(c) * prod(Abs(s) ** power for s, power in zip(arguments, powers, strict=True)) for powers, c in terms
    )
    return vectorise([total, chi.diff(lam)], arguments, "moduli of terms and dchi/dlambda")


def cubic_coefficients(overlaps: np.ndarray) -> np.ndarray:
    """Coefficients of χ(λ)/λ for the rank-one double integrator, leading first, (..., 4).

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    return _cubic_function()(*np.moveaxis(np.asarray(overlaps, dtype=np.float64), -1, 0))


def exact_cubic(overlaps: Sequence[float] | np.ndarray) -> list[Fraction]:
    """The same coefficients without rounding, at one point.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, finite; taken as exact, (4,)
    """
    point = [Fraction(float(value)) for value in overlaps]
    return [exact_value(terms, point) for terms in _cubic_terms()]


def conditions(overlaps: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """How far roots of the cubic move if its terms change by ε each, over ε: Σ|terms of χ| / |χ_λ|, (k,).

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    :param roots: roots of the cubic, (k,)
    """
    sizes, slopes = np.abs(_condition_function()(*overlaps, np.asarray(roots))).T
    with np.errstate(all="ignore"):
        return sizes / slopes


def cubic_roots(overlaps: np.ndarray) -> np.ndarray:
    """Roots of the cubic at one point, (3,); from exact coefficients where floats would blur a nearly double root.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, finite, (4,)
    """
    roots = np.roots(cubic_coefficients(overlaps))
    good = conditions(overlaps, roots) <= WELL_CONDITIONED * np.abs(roots).max()
    return roots if good.all() else reference_roots(exact_cubic(overlaps))


def fast_root(roots: np.ndarray) -> float:
    """λ_3 among the three roots: the real one beside a complex pair, else the smallest in modulus.

    :param roots: roots of the cubic, (3,)
    """
    roots = np.asarray(roots)
    real = roots[roots.imag == 0].real
    if real.size == 0:
        real = roots[np.argsort(np.abs(roots.imag))[:1]].real
    return float(real[np.argmin(np.abs(real))])


def observer_root(overlaps: np.ndarray) -> np.ndarray:
    """λ_3 along stage 3, (...): the real root nearest to φ⁻², which it reaches at the optimum of a long horizon.

    Beside a complex pair it is the only real root, as in :func:`fast_root`; where all are real it is the one that was
    beside the pair, and the gains with it are those of full-state LQR at that optimum (see
    :mod:`theory.double_integrator.observer`).

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    coefficients = cubic_coefficients(overlaps)
    found = []
    for row in coefficients.reshape(-1, 4):
        roots = np.roots(row)
        sideways = np.abs(roots.imag)
        real = roots[sideways <= max(sideways.min(), DOUBLE)].real
        found.append(real[np.argmin(np.abs(real - _observer_target()))])
    return np.array(found).reshape(coefficients.shape[:-1])


@cache
def _observer_target() -> float:
    return float(theory_root().evalf(20))


def closed_form(overlaps: np.ndarray, root: float | None = None) -> np.ndarray:
    """(k_1, k_2) of the rank-one double integrator, k_2 = λ_3 - σ_vu, k_1 = -σ_zm - k_2 (1 - λ_3).

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, (4,)
    :param root: λ_3; :func:`fast_root` of the cubic by default
    """
    if root is None:
        root = fast_root(cubic_roots(overlaps))
    return _gain_function()(*overlaps, root)


def slow_subspace(loop: ReducedLoop, overlaps: np.ndarray, parameters: Sequence[float] = ()) -> np.ndarray:
    """K from the n dominant eigenvectors of P_eff, for any plant, (p, n).

    On the subspace with basis E = (X, agent part), u = K_agent E X⁻¹ x. The modes are dominant only if
    |λ_n| > |λ_{n+1}|; otherwise the subspace attracts nothing, and cuts a complex pair or a repeated root.

    :param overlaps: flat overlaps
    :raises InputError: if |λ_n| = |λ_{n+1}|, or the dominant modes do not span the plant's states
    """
    n, p = loop.plant.n, loop.plant.p
    overlaps = np.asarray(overlaps, dtype=np.float64)
    values, vectors = np.linalg.eig(reduced_matrix(loop, overlaps, parameters))
    order = np.argsort(-np.abs(values))
    slow, fast = np.abs(values[order[n - 1 : n + 1]])
    apart = slow - fast > DISTINCT * np.abs(values).max()
    require(bool(apart), f"overlaps must give |λ_{n}| > |λ_{n + 1}|; found both {slow:.6g}: no mode is slower")
    basis = vectors[:, order[:n]]
    width = loop.plant.q + loop.rank
    split = p * loop.plant.q
    K_agent = np.hstack(
        [overlaps[:split].reshape(p, -1), overlaps[split : split + p * loop.rank].reshape(p, loop.rank)]
    )
    spans = np.linalg.cond(basis[:n]) < 1e12
    require(bool(spans), "overlaps must give dominant modes that span the plant's states; found them dependent")
    return -(K_agent @ basis[-width:] @ np.linalg.inv(basis[:n])).real
