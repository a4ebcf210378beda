"""Characteristic polynomials, stability regions and perturbed roots of the reduced loop.

Source: Ger & Barak, arXiv 2505.13567, Sec. 4 and App. B (double integrator, rank one).
"""

from sympy import (
    Expr,
    ImmutableMatrix,
    Poly,
    cancel,
    det,
    expand,
    eye,
)

from theory.core.loop import ReducedLoop
from theory.symbols import lam


def characteristic_polynomial(loop: ReducedLoop) -> Poly:
    """χ(λ) = det(λ - P_eff), a monic polynomial of degree n + q + r.

    :param loop: the reduced loop
    """
    return Poly(loop.matrix.charpoly(lam).as_expr(), lam)


def controller(loop: ReducedLoop) -> ImmutableMatrix:
    """The agent's transfer function from observation y to control u, p×q.

    K(λ) = (λ/s) [σ_zm + σ_zu (s - σ_vu)⁻¹ σ_vm] with s = (λ - 1 + γ)/γ; for rank one and γ = 1,
    K(λ) = σ_zm + κ/(λ - σ_vu).

    :param loop: the reduced loop
    """
    s = (lam - 1 + loop.leak) / loop.leak
    o = loop.overlaps
    resolvent = (s * eye(loop.rank) - o.vu).inv()
    return ImmutableMatrix((lam / s * (o.zm + o.zu * resolvent * o.vm)).applyfunc(cancel))


def loop_equation(loop: ReducedLoop) -> Expr:
    """The general form of χ: plant and controller closed on each other.

    χ(λ) = (γ s)^q γ^r det(s - σ_vu) det(λ - A - B K(λ) C),  s = (λ - 1 + γ)/γ.
    """
    s = (lam - 1 + loop.leak) / loop.leak
    plant = loop.plant
    agent = (loop.leak * s) ** plant.q * loop.leak**loop.rank * det(s * eye(loop.rank) - loop.overlaps.vu)
    closed = lam * eye(plant.n) - plant.A - plant.B * controller(loop) * plant.C
    return cancel(agent * closed.det())


def jury_row(row: list[Expr]) -> list[Expr]:
    """The next row of Jury's table: the coefficients of [first · p(λ) - last · λ^d p(1/λ)]/λ, leading first.

    :param row: the coefficients of p, leading first, at least two
    """
    first, last = row[0], row[-1]
    return [expand(first * a - last * b) for a, b in zip(row[:-1], row[:0:-1], strict=True)]


def jury_conditions(polynomial: Poly) -> tuple[Expr, ...]:
    """Expressions that are all positive exactly where every root lies inside the unit circle.

    For a monic real polynomial of degree d: p(1), (-1)^d p(-1), and from Jury's table the differences
    first² - last² of its rows, leading coefficient first, of which the first is 1 - a_0².

    :param polynomial: a monic real polynomial of degree at least 1
    :raises ValueError: if it is constant or not monic
    """
    degree = polynomial.degree()
    if degree < 1 or polynomial.LC() != 1:
        raise ValueError(f"polynomial must be monic of degree at least 1; found {polynomial.as_expr()}")
    value = polynomial.as_expr()
    conditions = [value.subs(polynomial.gen, 1), (-1) ** degree * value.subs(polynomial.gen, -1)]
    row = polynomial.all_coeffs()
    while len(row) > 2:
        conditions.append(expand(row[0] ** 2 - row[-1] ** 2))
        row = jury_row(row)
    return tuple(expand(condition) for condition in conditions)
