"""Expressions as LaTeX, in the letters of the symbol table."""

from collections.abc import Mapping

from sympy import Basic, LambertW, Symbol
from sympy.printing.latex import LatexPrinter

from theory.symbols import letter


class _Printer(LatexPrinter):
    """sympy's LaTeX, with the branch of Lambert's function that is meant."""

    def _print_LambertW(self, expr: LambertW, exp: str | None = None) -> str:
        return super()._print_LambertW(expr, exp).replace("W", "W_{0}", 1)


def to_latex(expression: Basic, names: Mapping[str, str] | None = None) -> str:
    """An expression as LaTeX.

    :param expression: the expression
    :param names: LaTeX by symbol name, for symbols that are to be written another way than the table's
    """
    symbols = [symbol for symbol in expression.free_symbols if isinstance(symbol, Symbol)]
    return _Printer({"symbol_names": {s: (names or {}).get(s.name, letter(s)) for s in symbols}}).doprint(expression)


def equations(sides: Mapping[str, Basic]) -> str:
    """Equations in a row between dollar signs, as notebooks show them.

    :param sides: right-hand sides by their LaTeX left-hand sides; an empty left-hand side is left out
    """
    found = [f"{left} = {to_latex(right)}" if left else to_latex(right) for left, right in sides.items()]
    return "$" + r",\quad ".join(found) + "$"
