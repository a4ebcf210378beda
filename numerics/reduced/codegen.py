"""From sympy expressions to fast functions: the only place where code is generated or compiled.

Two products. :func:`vectorise` makes a broadcasting numpy function of an expression list. :func:`build` turns the
lines of a generated scalar function into a Python callable, and :func:`jit` compiles the same callable
with numba if it is installed.
"""

import linecache
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import ArrayLike
from sympy import Expr, Rational, Symbol, cse, lambdify, numbered_symbols
from sympy.printing.pycode import PythonCodePrinter


class _Printer(PythonCodePrinter):
    """Python source with integer powers as products: float powers are slow and raise on overflow."""

    def _print_Pow(self, expr: Expr, **kwargs: object) -> str:
        base, exponent = expr.as_base_exp()
        if exponent.is_Integer and 1 < exponent <= 4:
            factor = self.parenthesize(base, 100)
            return "(" + "*".join([factor] * int(exponent)) + ")"
        return super()._print_Pow(expr, **kwargs)

    def _print_Rational(self, expr: Rational) -> str:
        return f"({expr.p}/{expr.q})"


def vectorise(expressions: Sequence[Expr], arguments: Sequence[Symbol], name: str = "expressions") -> Callable:
    """A numpy function that evaluates expressions on broadcast arrays.

    The result has the common shape of the arguments with one trailing axis, the expressions in order; float64, or
    complex128 if an argument is complex or an expression has a complex value. Constants broadcast, integers count as
    floats. A real argument outside a real function's domain gives NaN, not a complex value.

    :param arguments: their free symbols, in the order of the function's arguments
    :param name: what to call the function in its docstring
    :raises ValueError: if an expression contains a symbol that is not an argument
    """
    missing = sorted({str(s) for e in expressions for s in e.free_symbols} - {str(a) for a in arguments})
    if missing:
        raise ValueError(f"arguments must contain every free symbol; missing {', '.join(missing)}")
    raw = lambdify(list(arguments), list(expressions), modules="numpy", cse=True)

    def function(*values: ArrayLike) -> np.ndarray:
        kind = np.result_type(np.float64, *(np.asarray(v).dtype for v in values))
        arrays = np.broadcast_arrays(*(np.asarray(v, dtype=kind) for v in values)) if values else [np.zeros(())]
        with np.errstate(all="ignore"):
            outputs = raw(*arrays) if values else raw()
        kind = np.result_type(kind, *(np.asarray(o).dtype for o in outputs if np.iscomplexobj(o)))
        return np.stack([np.broadcast_to(np.asarray(o, dtype=kind), arrays[0].shape) for o in outputs], axis=-1)

    function.__doc__ = f"{name}({', '.join(map(str, arguments))}) -> array (..., {len(expressions)})"
    return function


def assignments(targets: Sequence[str], expressions: Sequence[Expr], prefix: str) -> list[str]:
    """Source lines that assign expressions to names at once, with common sub-expressions hoisted.

    :param targets: names to assign
    :param expressions: one expression a name
    :param prefix: stem of the temporaries' names
    """
    printer = _Printer({"fully_qualified_modules": False})
    shared, reduced = cse(list(expressions), symbols=numbered_symbols(prefix), order="none", list=True)
    lines = [f"{symbol} = {printer.doprint(value)}" for symbol, value in shared]
    return [*lines, f"{', '.join(targets)} = {', '.join(printer.doprint(value) for value in reduced)}"]


def indexed(names: Iterable[object], container: str) -> list[str]:
    """Source lines that read names from a container by position, ``name = container[i]``.

    :param names: the names, in order
    :param container: the variable that holds the values
    """
    return [f"{name} = {container}[{i}]" for i, name in enumerate(names)]


def indent(lines: Iterable[str]) -> list[str]:
    """Source lines one level deeper."""
    return ["    " + line for line in lines]


def tuple_source(names: Iterable[object]) -> str:
    """Source of a tuple display, right for zero and one entries too.

    :param names: the entries
    """
    return "(" + "".join(f"{name}, " for name in names).rstrip() + ")"


def build(name: str, arguments: Sequence[str], body: Sequence[str], doc: str, scope: dict | None = None) -> Callable:
    """A Python function from generated source, visible to tracebacks and to ``inspect``.

    :param name: name of the function
    :param arguments: names of its arguments, in order
    :param scope: names the source may use
    """
    source = "\n".join([f"def {name}({', '.join(arguments)}):", *indent([f'"""{doc}"""', *body])]) + "\n"
    filename = f"<generated {name} {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = dict(scope or {})
    exec(compile(source, filename, "exec"), namespace)  # our own generated source
    return namespace[name]


def has_numba() -> bool:
    """Whether numba is installed (extra ``fast``)."""
    return find_spec("numba") is not None


@cache
def jit(function: Callable) -> Callable:
    """The function compiled by numba, with Python's arithmetic (no fast-math).

    :param function: a function of floats, tuples and arrays
    :raises ModuleNotFoundError: if numba is not installed
    """
    if not has_numba():
        raise ModuleNotFoundError("compiled kernels need numba; install closedloop-rnn[fast]")
    import numba

    return numba.njit(error_model="numpy")(function)
