"""Effective gains: the state feedback u = -K x that the agent carries out on its slow manifold.

If λ_3 is the fastest mode, the loop is attracted at the rate |λ_3/λ_1| to the plane of the eigenvectors of λ_1, λ_2;
on the plane x determines u exactly. There M_cl = A - B K has the eigenvalues of the pair, which fixes K.

Source: Ger & Barak, arXiv 2505.13567, Sec. 3 (gains by regression, M_cl); closed form here.
"""

from functools import cache

from sympy import Expr, ImmutableMatrix, Poly, Symbol, discriminant, expand, quo, solve

from theory.core.plant import LinearPlant, double_integrator
from theory.core.spectrum import jury_conditions
from theory.double_integrator.spectrum import cubic
from theory.symbols import k_1, k_2, lam, lambda_3, matrix_symbols


def gain_symbols(plant: LinearPlant) -> ImmutableMatrix:
    """The gain matrix K as symbols, p×n; k_1, …, k_n if there is one control."""
    if plant.p == 1:
        return ImmutableMatrix([[Symbol(f"k_{i + 1}", real=True) for i in range(plant.n)]])
    return matrix_symbols("k", plant.p, plant.n)


def state_feedback(plant: LinearPlant | None = None) -> ImmutableMatrix:
    """M_cl = A - B K, the plant under the effective gains.

    :param plant: the plant; the double integrator by default
    """
    plant = plant or double_integrator()
    return ImmutableMatrix(plant.A - plant.B * gain_symbols(plant))


def slow_polynomial() -> Poly:
    """The quadratic of the slow pair: the cubic divided by λ - λ_3, in λ_3 and the overlaps."""
    return Poly(quo(cubic(), Poly(lam - lambda_3, lam)), lam)


@cache
def effective_gains() -> tuple[Expr, Expr]:
    """(k_1, k_2) with det(λ - M_cl) equal to the slow quadratic.

    k_2 = λ_3 - σ_vu,  k_1 = -σ_zm - k_2 (1 - λ_3).
    """
    closed = Poly(state_feedback().charpoly(lam).as_expr(), lam)
    mismatch = (closed - slow_polynomial()).all_coeffs()
    solution = solve(mismatch, [k_1, k_2], dict=True)[0]
    return expand(solution[k_1]), expand(solution[k_2])


def gain_stability() -> tuple[Expr, ...]:
    """Expressions all positive exactly where M_cl is stable: k_1, k_1 - 2 k_2 + 4, and 1 - det².

    They are equivalent to 0 < k_1 < k_2 and 2 k_2 < 4 + k_1.
    """
    return jury_conditions(Poly(state_feedback().charpoly(lam).as_expr(), lam))


def oscillation_discriminant() -> Expr:
    """Discriminant k_2² - 4 k_1 of M_cl: negative exactly where its eigenvalues are a complex pair.

    Real eigenvalues may be negative, and such a mode alternates in sign too: see :func:`root_product_and_sum`.
    """
    return expand(discriminant(state_feedback().charpoly(lam).as_expr(), lam))


def root_product_and_sum() -> tuple[Expr, Expr]:
    """Product 1 - k_2 + k_1 and sum 2 - k_2 of the eigenvalues of M_cl.

    Where these are real, at least one is negative, a mode that alternates in sign, iff product or sum is negative. One
    is negative and the other positive iff the product is negative; the negative one is then the larger in modulus iff
    the sum is negative too.
    """
    _, linear, constant = Poly(state_feedback().charpoly(lam).as_expr(), lam).all_coeffs()
    return expand(constant), expand(-linear)
