"""One neuron on the double integrator: what a network with m_0, z_0 on a line is, and why it cannot stabilise.

h_{t+1} = w h_t + μ y_{t+1}, u_t = ζ h_t: the loop depends on σ = ζ μ and w, and χ(λ) = λ³ - (w+2) λ² + (2w+1-σ) λ - w.
"""

from sympy import Expr, Poly, Symbol, expand

from theory.double_integrator.spectrum import visible_cubic
from theory.symbols import kappa, lam, sigma_vu, sigma_zm

weight = Symbol("w", real=True)
"""The neuron's weight on itself."""


def characteristic() -> Expr:
    """The characteristic polynomial of one neuron and the double integrator, the cubic of rank one at κ = w σ_zm."""
    return expand(visible_cubic().subs({sigma_vu: weight, kappa: weight * sigma_zm}))


def jury() -> tuple[Expr, Expr, Expr, Expr]:
    """χ(1), -χ(-1), 1 - a_0 and (1 - a_0²) - (a_1 - a_0 a_2), all of which stability requires to be positive."""
    polynomial = characteristic()
    _, a_2, a_1, a_0 = Poly(polynomial, lam).all_coeffs()
    return (
        expand(polynomial.subs(lam, 1)),
        expand(-polynomial.subs(lam, -1)),
        expand(1 - a_0),
        expand((1 - a_0**2) - (a_1 - a_0 * a_2)),
    )
