"""Expressions whose sub-expressions keep their names until asked to unfold."""

from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, ImmutableMatrix, Poly, Symbol, cancel, diff

from theory import symbols
from theory.core.to_latex import to_latex


@dataclass(frozen=True)
class Named:
    """An expression in which some symbols stand for definitions.

    :param expression: the folded expression, e.g. ρ² in λ_3
    :param definitions: pairs (symbol, expression), later ones may use earlier ones
    """

    expression: Expr
    definitions: tuple[tuple[Symbol, Expr], ...]

    def unfold(self) -> Expr:
        """The expression with every definition inserted."""
        unfolded = self.expression
        for symbol, value in reversed(self.definitions):
            unfolded = unfolded.subs(symbol, value)
        return unfolded

    def _repr_latex_(self) -> str:
        lines = [to_latex(self.expression)] + [f"{to_latex(s)} = {to_latex(value)}" for s, value in self.definitions]
        return "$" + r",\quad ".join(lines) + "$"


@dataclass(frozen=True)
class Root:
    """A simple root of a polynomial, kept as a symbol and differentiated implicitly.

    :param symbol: the letter that stands for the root, e.g. λ_3
    :param polynomial: the polynomial χ that vanishes there
    """

    symbol: Symbol
    polynomial: Poly

    @cached_property
    def value(self) -> Expr:
        """χ at the root's letter: the constraint that it vanishes."""
        return self.polynomial.as_expr().subs(self.polynomial.gen, self.symbol)

    def derivative(self, parameter: Symbol) -> Expr:
        """dλ/dσ = -χ_σ / χ_λ at the root.

        :param parameter: the symbol σ to differentiate by
        """
        return -diff(self.value, parameter) / diff(self.value, self.symbol)

    def gradient(self, expression: Expr, parameters=symbols.OVERLAPS) -> tuple[Expr, ...]:
        """Total derivatives of an expression that contains the root.

        :param expression: an expression in the root's letter and the parameters
        :param parameters: symbols to differentiate by
        """
        through = diff(expression, self.symbol)
        return tuple(cancel(diff(expression, s) + through * self.derivative(s)) for s in parameters)

    def hessian(self, expression: Expr, parameters=symbols.OVERLAPS) -> ImmutableMatrix:
        """Total second derivatives of an expression that contains the root.

        :param expression: an expression in the root's letter and the parameters
        :param parameters: symbols to differentiate by
        """
        return ImmutableMatrix([self.gradient(slope, parameters) for slope in self.gradient(expression, parameters)])
