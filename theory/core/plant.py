"""Linear plants x_{t+1} = A x_t + B u_t, y_t = C x_t, with exact entries."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Expr, Float, ImmutableMatrix, eye, sympify, zeros

from theory import symbols
from theory.core.to_latex import equations


def exact_matrix(name: str, value: Any) -> ImmutableMatrix:
    """``value`` as an immutable sympy matrix without floats.

    :param name: what to call the matrix in an error
    :param value: a sympy matrix or nested lists of ints, Rationals, strings or expressions
    :raises TypeError: if an entry is a float, which has no exact meaning
    """
    matrix = ImmutableMatrix(value).applyfunc(sympify)
    inexact = sorted(str(number) for number in matrix.atoms(Float))
    if inexact:
        raise TypeError(
            f"{name} must be exact; expected integers, Rationals or symbols, found the float {inexact[0]}; "
            f"write Rational(1, 10) for 0.1, or use a symbolic plant and give numbers at run time"
        )
    return matrix


@dataclass(frozen=True)
class LinearPlant:
    """A discrete-time linear plant x_{t+1} = A x_t + B u_t, y_t = C x_t.

    :param A: state matrix, n×n
    :param B: input matrix, n×p
    :param C: output matrix, q×n
    :raises TypeError: if an entry is a float
    :raises ValueError: if the shapes do not fit each other

    Source: Ger & Barak, arXiv 2505.13567, Sec. 2.
    """

    A: ImmutableMatrix
    B: ImmutableMatrix
    C: ImmutableMatrix

    def __post_init__(self) -> None:
        for name in "ABC":
            object.__setattr__(self, name, exact_matrix(name, getattr(self, name)))
        n = self.A.rows
        for name, found, expected, fits in (
            ("A", self.A.shape, f"({n}, {n})", self.A.cols == n),
            ("B", self.B.shape, f"({n}, p)", self.B.rows == n),
            ("C", self.C.shape, f"(q, {n})", self.C.cols == n),
        ):
            if not fits:
                raise ValueError(f"{name} does not fit A with {n} rows; expected {expected}, found {found}")

    def _repr_latex_(self) -> str:
        return equations({"A": self.A, "B": self.B, "C": self.C})

    @property
    def n(self) -> int:
        """Number of plant states."""
        return self.A.rows

    @property
    def p(self) -> int:
        """Number of controls."""
        return self.B.cols

    @property
    def q(self) -> int:
        """Number of observations."""
        return self.C.rows

    @property
    def parameters(self) -> tuple:
        """Free symbols of A, B, C by row, in order of first appearance."""
        seen: dict = {}
        for matrix in (self.A, self.B, self.C):
            for entry in matrix:
                seen.update(dict.fromkeys(sorted(entry.free_symbols, key=str)))
        return tuple(seen)


@cache
def integrator_chain(k: int, step: Expr | int | str = 1) -> LinearPlant:
    """The chain of k integrators: each state adds ``step`` times the next, the control drives the last.

    x^(i)_{t+1} = x^(i)_t + dt x^(i+1)_t,  x^(k)_{t+1} = x^(k)_t + dt u_t,  y_t = x^(1)_t.

    :param k: number of integrators, at least 1
    :param step: the time step dt, exact or symbolic
    :raises ValueError: if k < 1
    """
    if k < 1:
        raise ValueError(f"k must be at least 1; found {k}")
    step = sympify(step)
    A = eye(k) + step * ImmutableMatrix(k, k, lambda i, j: int(j == i + 1))
    B, C = zeros(k, 1), zeros(1, k)
    B[k - 1, 0], C[0, 0] = step, 1
    return LinearPlant(A, B, C)


def double_integrator(step: Expr | int | str = 1) -> LinearPlant:
    """The default plant: position and velocity, force as control, position observed.

    A = [[1, dt], [0, 1]], B = (0, dt)ᵀ, C = (1, 0).

    :param step: the time step dt, exact or symbolic
    """
    return integrator_chain(2, step)


def symbolic_plant(n: int, p: int = 1, q: int = 1) -> LinearPlant:
    """A plant with a symbol A_ij, B_ij, C_ij for every entry, for results that hold for all plants.

    :param n: number of states
    :param p: number of controls
    :param q: number of observations
    """
    return LinearPlant(
        symbols.matrix_symbols("A", n, n),
        symbols.matrix_symbols("B", n, p),
        symbols.matrix_symbols("C", q, n),
    )
