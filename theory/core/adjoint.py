"""One step of a loop with its cost and its adjoint: all that a finite-horizon loss and its gradient need.

With the Hamiltonian H = ℓ(s) + λ·f(s) of the map s_{t+1} = f(s_t) and the cost ℓ of a step, the loss L = Σ_t ℓ(s_t)
has λ_t = ∂H/∂s and ∂L/∂σ = Σ_t ∂H/∂σ. The horizon never enters an expression.
"""

from dataclasses import dataclass
from typing import Protocol

from sympy import Expr, Matrix, MatrixBase, Symbol, diff, factor_terms

from theory.core.loop import Overlaps
from theory.core.loss import Cost
from theory.core.plant import LinearPlant


class Loop(Protocol):
    """A closed loop in reduced coordinates, linear or not."""

    @property
    def plant(self) -> LinearPlant:
        """The plant, whose states come first."""

    @property
    def dimension(self) -> int:
        """Number of reduced states."""

    @property
    def columns(self) -> int:
        """Number of states that a rollout carries side by side."""

    @property
    def overlaps(self) -> Overlaps:
        """The overlaps, by which the gradient is taken."""

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """Free symbols besides the overlaps."""

    @property
    def readout(self) -> MatrixBase:
        """The row block with u = readout · s."""

    def advance(self, state: MatrixBase) -> MatrixBase:
        """The next states.

        :param state: states, one a column
        """


@dataclass(frozen=True)
class OneStep:
    """A step forward and a step back, all in the same symbols.

    :param state: symbols of the state s, dimension × columns
    :param adjoint: symbols of the adjoint λ, same shape
    :param following: f(s)
    :param cost: ℓ(s)
    :param adjoint_update: ∂H/∂s, by row
    :param gradient: ∂H/∂σ, in the order of the overlaps
    """

    state: Matrix
    adjoint: Matrix
    following: Matrix
    cost: Expr
    adjoint_update: list[Expr]
    gradient: list[Expr]


def grid(stem: str, rows: int, columns: int) -> Matrix:
    """A matrix of letters for generated code.

    :param stem: what the names start with
    :param rows: number of rows
    :param columns: number of columns
    """
    return Matrix(rows, columns, lambda i, j: Symbol(f"{stem}_{i}_{j}", real=True))


def stage_cost(loop: Loop, state: MatrixBase, cost: Cost) -> Expr:
    """ℓ(s) = xᵀ Q x + β uᵀ R u, summed over the columns; the moment Σ_0 of the cost is left to the initial states.

    :param state: states, one a column
    :param cost: weights of state and control
    :raises ValueError: if the cost does not fit the plant
    """
    cost.check(loop.plant)
    x, u = state[: loop.plant.n, :], loop.readout * state
    total = (x.T * cost.state * x).trace()
    return factor_terms(total) + factor_terms(cost.penalty * (u.T * cost.control * u).trace())


def one_step(loop: Loop, cost: Cost) -> OneStep:
    """The step of a loop, its cost, and their derivatives.

    :param cost: weights of state and control
    :raises ValueError: if the cost does not fit the plant
    """
    state, adjoint = (grid(stem, loop.dimension, loop.columns) for stem in "sl")
    following, value = loop.advance(state), stage_cost(loop, state, cost)
    hamiltonian = value + sum(a * b for a, b in zip(adjoint, following, strict=True))
    slopes = ([diff(hamiltonian, letter) for letter in letters] for letters in (state, loop.overlaps.flat))
    return OneStep(state, adjoint, following, value, *slopes)
