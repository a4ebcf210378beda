"""What makes a difference zero where expanding and cancelling do not: simplifiers of single steps."""

from sympy import Expr, Pow, Symbol, cancel, pi

from theory.symbols import variance


def inside_roots(entry: Expr) -> Expr:
    """Cancelled, first inside square roots.

    :param entry: the expression
    """

    def inside(power: Expr) -> Expr:
        return Pow(cancel(power.base), power.exp)

    return cancel(entry.replace(lambda e: e.is_Pow and not e.exp.is_Integer, inside))


def in_the_slope(entry: Expr) -> Expr:
    """Cancelled in q = √(1 + π Δ/2), in which the Gaussian integrals are rational.

    :param entry: the expression, in Δ
    """
    q = Symbol("q", positive=True)
    return cancel(entry.subs(variance, 2 * (q**2 - 1) / pi))
