"""Expressions whose sub-expressions keep their names until asked to unfold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, ImmutableMatrix, Poly, Symbol, cancel, diff
from sympy.printing.printer import Printer

from theory import symbols
from theory.core.to_latex import equations, to_latex


@dataclass(frozen=True)
class Named:
    """An expression in which some symbols stand for definitions.

    In an expression of sympy, and for sympy's printers, it is what it unfolds to; notebooks show it folded.

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
        return equations({"": self.expression, **{to_latex(symbol): value for symbol, value in self.definitions}})

    def _sympy_(self) -> Expr:
        """What sympy takes it for, where it stands in an expression: the unfolded expression."""
        return self.unfold()

    def _print_unfolded(self, printer: Printer) -> str:
        return printer.doprint(self.unfold())

    _latex = _pythoncode = _numpycode = _ccode = _javascript = _fcode = _sympystr = _print_unfolded


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

    def gradient(self, expression: Expr, parameters: Sequence[Symbol] = symbols.OVERLAPS) -> tuple[Expr, ...]:
        """Total derivatives of an expression that contains the root.

        :param expression: an expression in the root's letter and the parameters
        :param parameters: symbols to differentiate by
        """
        through = diff(expression, self.symbol)
        return tuple(cancel(diff(expression, s) + through * self.derivative(s)) for s in parameters)

    def hessian(self, expression: Expr, parameters: Sequence[Symbol] = symbols.OVERLAPS) -> ImmutableMatrix:
        """Total second derivatives of an expression that contains the root.

        :param expression: an expression in the root's letter and the parameters
        :param parameters: symbols to differentiate by
        """
        return ImmutableMatrix([self.gradient(slope, parameters) for slope in self.gradient(expression, parameters)])
