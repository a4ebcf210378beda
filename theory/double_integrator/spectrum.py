"""The spectrum of the rank-one agent on the double integrator: the cubic, its roots and where it is stable.

Source: Ger & Barak, arXiv 2505.13567, Sec. 4 and App. B.
"""

from functools import cache

from sympy import (
    Expr,
    ImmutableMatrix,
    Poly,
    Rational,
    cancel,
    diag,
    discriminant,
    expand,
    factor,
    factorial,
    quo,
    simplify,
    sqrt,
)

from theory import symbols
from theory.core.loop import ReducedLoop
from theory.core.named import Named, Root
from theory.core.spectrum import characteristic_polynomial, jury_conditions
from theory.symbols import kappa, lam, lambda_3, sigma_vm, sigma_vu, sigma_zu


@cache
def cubic() -> Poly:
    """χ(λ)/λ of the rank-one double integrator, a monic cubic.

    The factor λ is there because a_{t+1} repeats the position when γ = 1.
    """
    return Poly(quo(characteristic_polynomial(ReducedLoop()), Poly(lam, lam)), lam)


@cache
def visible_cubic() -> Expr:
    """χ(λ)/λ in (σ_zm, σ_vu, κ)."""
    return visible(cubic().as_expr())


def visible(expression: Expr) -> Expr:
    """An expression of the rank-one loop in (σ_zm, σ_vu, κ), with κ = σ_zu σ_vm.

    :param expression: an expression invariant under u -> c u, v -> v / c
    :raises ValueError: if the expression changes under the scaling
    """
    scaled = expression.subs(
        {sigma_zu: symbols.scaling * sigma_zu, sigma_vm: sigma_vm / symbols.scaling}, simultaneous=True
    )
    if cancel(scaled - expression) != 0:
        raise ValueError(f"expression must be invariant under u -> c u, v -> v / c; found {expression}")
    return cancel(expression.subs(sigma_zu, kappa / sigma_vm))


def scaling_residual() -> ImmutableMatrix:
    """P_eff(c σ_zu, σ_vm / c) - D P_eff D⁻¹ with D = diag(1, 1, 1, 1/c): zero.

    The scaling is a change of basis that leaves plant and a alone, so x_t sees σ_zu and σ_vm only as κ.
    """
    matrix = ReducedLoop().matrix
    c = symbols.scaling
    scaled = matrix.subs({sigma_zu: c * sigma_zu, sigma_vm: sigma_vm / c}, simultaneous=True)
    change = diag(1, 1, 1, 1 / c)
    return ImmutableMatrix((scaled - change * matrix * change.inv()).applyfunc(simplify))


def stage_one_polynomial() -> Poly:
    """The quadratic left when σ_vu = κ = 0: λ² - 2λ + 1 - σ_zm, with roots 1 ± √σ_zm."""
    limit = cubic().as_expr().subs({sigma_vu: 0, sigma_zu: 0})
    return Poly(quo(Poly(limit, lam), Poly(lam, lam)), lam)


@cache
def cubic_discriminant() -> Expr:
    """Discriminant of the cubic in (σ_zm, σ_vu, κ): negative where a pair of roots is complex."""
    return expand(discriminant(visible_cubic(), lam))


@cache
def double_roots() -> tuple[Expr, Expr]:
    """The double roots that the cubic can have, where its slope vanishes: [σ_vu + 2 ± √D]/3, D = (1 - σ_vu)² + 3 σ_zm.

    The third root is then σ_vu + 2 - 2 λ.
    """
    a, b, c = Poly(visible_cubic().diff(lam), lam).all_coeffs()
    spread = sqrt(expand((b**2 - 4 * a * c) / 4)) / a
    return expand(-b / (2 * a)) + spread, expand(-b / (2 * a)) - spread


@cache
def branch_points() -> tuple[Expr, Expr]:
    """The two κ at which two roots of the cubic are equal, in the order of :func:`double_roots`.

    κ_∓ = [2τ³ - 18 τ σ_zm ∓ 2 D^{3/2}]/27, τ = 1 - σ_vu, D = τ² + 3 σ_zm: the zeros of the discriminant, which is
    quadratic in κ. They bound where power series in κ converge.
    """
    uncoupled = visible_cubic().subs(kappa, 0)
    roots = double_roots()
    first, second = (expand(uncoupled.subs(lam, root)) for root in roots)
    root = expand(3 * (roots[0] - roots[1]) / 2)
    spread = root * factor(expand((second - first) / 2 / root))
    return expand((first + second) / 2) - spread, expand((first + second) / 2) + spread


@cache
def stability_region() -> tuple[Expr, ...]:
    """Jury's conditions of the cubic in (σ_zm, σ_vu, κ): the loop is stable where all are positive."""
    return jury_conditions(Poly(visible_cubic(), lam))


def fast_root() -> Root:
    """λ_3 as a root of the cubic, exact and unexpanded."""
    return Root(lambda_3, cubic())


@cache
def fast_root_perturbative() -> Expr:
    """λ_3 by one Newton step of the cubic from σ_vu: σ_vu + κ/((σ_vu - 1)² - σ_zm).

    Source: arXiv 2505.13567, App. B.
    """
    chi = visible_cubic()
    step = (chi / chi.diff(lam)).subs(lam, sigma_vu)
    return cancel(sigma_vu - step)


@cache
def perturbative_root(base: Expr, order: int) -> Expr:
    """A root of the cubic as a power series in κ around its value at κ = 0.

    The series holds away from collisions of the uncoupled roots (σ_zm = 0, σ_vu = 1 ± √σ_zm), for |κ| below the
    :func:`branch_points` at which the root meets another.
    The cubic is g(λ) - κ with g = (λ - σ_vu)((λ - 1)² - σ_zm), so Lagrange inversion gives
    λ = base + Σ_k κ^k/k! · d^{k-1}/dλ^{k-1} [(λ - base)/g]^k at λ = base.

    :param base: a root at κ = 0: σ_vu, 1 + √σ_zm or 1 - √σ_zm
    :param order: highest power of κ, at least 0
    :raises ValueError: if the base is not a simple root at κ = 0, or the order is negative
    """
    chi = visible_cubic()
    uncoupled = chi.subs(kappa, 0)
    if order < 0:
        raise ValueError(f"order must be at least 0; found {order}")
    if expand(uncoupled.subs(lam, base)) != 0 or expand(uncoupled.diff(lam).subs(lam, base)) == 0:
        raise ValueError(f"base must be a simple root of the cubic at kappa = 0; found {base}")
    others = quo(Poly(uncoupled, lam, extension=True), Poly(lam - base, lam), lam).as_expr()
    series = base
    for k in range(1, order + 1):
        term = (1 / others**k).diff(lam, k - 1) if k > 1 else 1 / others
        series += kappa**k / factorial(k) * simplify(term.subs(lam, base))
    return series


@cache
def dominant_modulus(perturbative: bool = False) -> Named:
    """ρ² = λ_1 λ_2 of the pair beside λ_3, by Vieta: λ_3² - (σ_vu + 2) λ_3 + 2 σ_vu - σ_zm + 1.

    It is the squared spectral radius while that pair is complex and outside |λ_3|; for a real pair it is
    the product of the two roots, not the square of the larger.

    :param perturbative: whether λ_3 is defined by its one-step approximation; otherwise the exact root,
        which has no useful explicit form, stays a letter without a definition
    """
    remainder = quo(cubic(), Poly(lam - lambda_3, lam))
    product = expand(remainder.as_expr().subs(lam, 0))
    definition = fast_root_perturbative().subs(kappa, sigma_zu * sigma_vm)
    return Named(product, ((lambda_3, definition),) if perturbative else ())


def stage_one_roots() -> tuple[Expr, Expr]:
    """The roots 1 ± √σ_zm of the stage-1 quadratic."""
    _, b, c = stage_one_polynomial().all_coeffs()
    root = sqrt(expand(b**2 / 4 - c))
    return (-Rational(1, 2) * b + root, -Rational(1, 2) * b - root)
