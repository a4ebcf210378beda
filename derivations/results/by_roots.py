"""The overlaps at which the cubic is a given polynomial: an oracle that starts from the roots."""

from sympy import Expr, Poly, expand

from theory.symbols import kappa, lam, sigma_vu, sigma_zm


def overlaps_with(polynomial: Expr) -> dict[Expr, Expr]:
    """σ_vu, σ_zm and κ for which χ(λ)/λ = λ³ - (σ_vu + 2) λ² + (2 σ_vu - σ_zm + 1) λ + σ_vu σ_zm - σ_vu - κ is this.

    :param polynomial: a monic cubic in λ
    """
    _, a_2, a_1, a_0 = Poly(polynomial, lam).all_coeffs()
    vu = expand(-a_2 - 2)
    zm = expand(2 * vu + 1 - a_1)
    return {sigma_vu: vu, sigma_zm: zm, kappa: expand(vu * zm - vu - a_0)}
