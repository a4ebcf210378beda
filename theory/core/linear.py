"""Equations that are linear in their unknown, without the general solver and its simplifications."""

from sympy import Expr, Poly, Symbol, cancel, fraction, together


def linear_root(equation: Expr, unknown: Symbol) -> Expr:
    """The x at which a rational expression vanishes whose numerator is a x + b: -b/a.

    :param equation: the expression
    :param unknown: x
    :raises ValueError: if the numerator is not linear in x
    """
    numerator = Poly(fraction(together(equation))[0], unknown)
    if numerator.degree() != 1:
        raise ValueError(f"equation must be linear in {unknown}; found degree {numerator.degree()}")
    slope, constant = numerator.all_coeffs()
    return cancel(-constant / slope)
