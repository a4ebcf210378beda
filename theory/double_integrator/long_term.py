"""The long-term loss of the rank-one agent on the double integrator, and the surrogate.

Source: Ger & Barak, arXiv 2505.13567, Sec. 4.
"""

from sympy import Expr, sqrt

from theory import symbols
from theory.core.loss import short_term_loss
from theory.core.named import Named
from theory.double_integrator.spectrum import dominant_modulus


def long_term_loss(perturbative: bool = False, horizon: Expr | int = symbols.horizon) -> Named:
    """L_∞^T = ρ^{2T} with ρ the modulus of the dominant pair, defined by λ_3.

    :param perturbative: whether λ_3 is its one-step approximation (else the exact root's letter)
    :param horizon: episode length T
    """
    modulus = dominant_modulus(perturbative)
    definition = (symbols.rho, sqrt(modulus.expression))
    return Named(symbols.rho ** (2 * horizon), (*modulus.definitions, definition))


def surrogate(perturbative: bool = True, horizon: Expr | int = symbols.horizon) -> Named:
    """α L_∞^T + (1 - α) L_2, with ρ and L_2 folded.

    :param perturbative: whether λ_3 is its one-step approximation
    :param horizon: episode length T
    """
    long = long_term_loss(perturbative, horizon)
    folded = symbols.alpha * long.expression + (1 - symbols.alpha) * symbols.short_term
    return Named(folded, (*long.definitions, (symbols.short_term, short_term_loss())))
