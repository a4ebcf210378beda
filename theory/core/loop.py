"""The joint system of plant and agent, and its exact reduction to the overlaps.

The agent h_{t+1} = (1-γ) h_t + γ (W h_t + M y_{t+1}), u_t = Zᵀ h_t with W = U Vᵀ closes the loop around a
linear plant. The joint matrix factors through the span of (x, M a, U b):

    P = E F + (1-γ) Π,   E = [[I, 0, 0], [0, M, U]],   F = [[A, B Zᵀ], [γ C A, γ C B Zᵀ], [0, γ Vᵀ]],

with Π the projector on the neurons. Swapping the factors gives the reduced matrix P_eff = F E + (1-γ) Π',
in which the weights appear only through the overlaps. Two facts follow for every N:

* P E = E P_eff, so trajectories that start with h_0 = 0 stay in the span of E;
* det(λ - P) = (λ - 1 + γ)^{N-q-r} det(λ - P_eff), by det(1 - E F') = det(1 - F' E).

Source: Ger & Barak, arXiv 2505.13567, Sec. 3 (rank one, γ = 1); general plants, ranks and leaks here.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from sympy import Expr, ImmutableMatrix, Matrix, MatrixBase, S, Symbol, expand, eye, prod, zeros

from theory import symbols
from theory.core.block_algebra import BlockAlgebra
from theory.core.plant import LinearPlant, double_integrator, exact_matrix, symbolic_plant
from theory.core.to_latex import equations


@dataclass(frozen=True)
class Overlaps:
    """The four overlap blocks.

    :param zm: σ_zm = ZᵀM, p×q
    :param zu: σ_zu = ZᵀU, p×r
    :param vm: σ_vm = VᵀM, r×q
    :param vu: σ_vu = VᵀU, r×r
    """

    zm: ImmutableMatrix
    zu: ImmutableMatrix
    vm: ImmutableMatrix
    vu: ImmutableMatrix

    @classmethod
    def symbolic(cls, p: int = 1, q: int = 1, rank: int = 1) -> "Overlaps":
        """Blocks of symbols sigma_zm, sigma_zu, sigma_vm, sigma_vu.

        :param p: number of controls
        :param q: number of observations
        :param rank: rank r of the recurrence
        """
        shapes = {"zm": (p, q), "zu": (p, rank), "vm": (rank, q), "vu": (rank, rank)}
        return cls(**{name: symbols.matrix_symbols(f"sigma_{name}", *shape) for name, shape in shapes.items()})

    @classmethod
    def of_weights(cls, m: Any, z: Any, u: Any, v: Any) -> "Overlaps":
        """Overlaps of explicit weight matrices.

        :param m: input weights, N×q
        :param z: read-out weights, N×p
        :param u: left factor of the recurrence, N×r
        :param v: right factor of the recurrence, N×r
        """
        m, z, u, v = (ImmutableMatrix(w) for w in (m, z, u, v))
        return cls(z.T * m, z.T * u, v.T * m, v.T * u)

    def _repr_latex_(self) -> str:
        return equations({rf"\sigma_{{{name}}}": block for name, block in vars(self).items()})

    @property
    def flat(self) -> tuple[Expr, ...]:
        """All entries, block by block in the order zm, zu, vm, vu, each by row."""
        return (*self.zm, *self.zu, *self.vm, *self.vu)


@dataclass(frozen=True)
class ReducedLoop:
    """The loop of a plant with a low-rank linear agent, in n + q + r dimensions.

    State (x, a, b) with h = M a + U b and u = σ_zm a + σ_zu b.

    :param plant: the plant; the double integrator with dt = 1 by default
    :param rank: rank r of the recurrence
    :param leak: leak γ of the neurons, 1 for h_{t+1} = W h_t + M y_{t+1}
    :param overlaps: the overlap blocks; symbols by default

    :raises TypeError: if the leak is a float
    :raises ValueError: if the leak is 0, the rank negative, or an overlap block does not fit
    """

    plant: LinearPlant = field(default_factory=double_integrator)
    rank: int = 1
    leak: Expr = S.One
    overlaps: Overlaps = None  # type: ignore[assignment]  # symbols, set below

    def __post_init__(self) -> None:
        object.__setattr__(self, "leak", exact_matrix("leak", [[self.leak]])[0])
        if self.leak == 0:
            raise ValueError("leak must not be 0; found 0, with which the neurons never move")
        if self.rank < 0:
            raise ValueError(f"rank must be at least 0; found {self.rank}")
        symbolic = Overlaps.symbolic(self.plant.p, self.plant.q, self.rank)
        if self.overlaps is None:
            object.__setattr__(self, "overlaps", symbolic)
        for name in ("zm", "zu", "vm", "vu"):
            expected, found = getattr(symbolic, name).shape, getattr(self.overlaps, name).shape
            if expected != found:
                raise ValueError(f"overlap {name} must fit plant and rank; expected {expected}, found {found}")

    @property
    def dimension(self) -> int:
        """Number of reduced states, n + q + r."""
        return self.plant.n + self.plant.q + self.rank

    @property
    def readout(self) -> ImmutableMatrix:
        """The row block with u = readout · (x, a, b): [0, σ_zm, σ_zu]."""
        return ImmutableMatrix.hstack(zeros(self.plant.p, self.plant.n), self.overlaps.zm, self.overlaps.zu)

    @cached_property
    def matrix(self) -> ImmutableMatrix:
        """P_eff, derived from the block product F E."""
        blocks = (ImmutableMatrix(getattr(self.overlaps, name)) for name in ("zm", "zu", "vm", "vu"))
        return _reduced_matrix(self.plant, self.rank, self.leak, Overlaps(*blocks))

    def _repr_latex_(self) -> str:
        return equations({r"P_{\mathrm{eff}}": self.matrix})

    @property
    def columns(self) -> int:
        """States a rollout carries side by side: n, for a factor of the second moment of the initial states."""
        return self.plant.n

    def advance(self, state: MatrixBase) -> MatrixBase:
        """The next states, P_eff s.

        :param state: states (x, a, b), one a column
        """
        return self.matrix * state

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """Free symbols besides the overlaps: those of the plant and of the leak."""
        leak = sorted(self.leak.free_symbols, key=str)
        return tuple(dict.fromkeys([*self.plant.parameters, *leak]))


def symbolic_loop(n: int, p: int = 1, q: int = 1, rank: int = 1) -> ReducedLoop:
    """The loop with a symbol for every entry of the plant and for the leak.

    :param n: number of plant states
    :param p: number of controls
    :param q: number of observations
    :param rank: rank r of the recurrence
    """
    return ReducedLoop(symbolic_plant(n, p, q), rank, symbols.gamma)


def _insert(word: Expr, values: dict[Symbol, ImmutableMatrix], rows: int, columns: int) -> Matrix:
    """Evaluate a polynomial in non-commuting letters with a matrix for each letter."""
    total = zeros(rows, columns)
    for term in word.expand().as_ordered_terms():
        scalars, letters = term.args_cnc()
        factors = [values[letter] for letter in letters] or [eye(rows) if term != 0 else zeros(rows, columns)]
        total += prod(scalars) * prod(factors[1:], start=factors[0])
    return total


@cache
def _reduced_matrix(plant: LinearPlant, rank: int, leak: Expr, overlaps: Overlaps) -> ImmutableMatrix:
    """P_eff of the block algebra with the inner products named and the plant inserted."""
    algebra = BlockAlgebra()
    names = {product: Symbol(name, commutative=False) for product, name in algebra.inner_products.items()}
    values = {names[product]: getattr(overlaps, name) for product, name in algebra.inner_products.items()}
    values |= {algebra.A: plant.A, algebra.B: plant.B, algebra.C: plant.C}
    sizes = (plant.n, plant.q, rank)
    words = algebra.reduced.subs(algebra.leak, leak).applyfunc(lambda word: expand(word).subs(names))
    blocks = [[_insert(words[i, j], values, sizes[i], sizes[j]) for j in range(3)] for i in range(3)]
    rows = [Matrix.hstack(*row) for row in blocks]
    return ImmutableMatrix(Matrix.vstack(*rows).applyfunc(expand))


def joint_matrix(plant: LinearPlant, m: Any, z: Any, w: Any, leak: Expr = S.One) -> ImmutableMatrix:
    """The joint matrix P of plant and N neurons with any recurrence.

    P = [[A, B Zᵀ], [γ M C A, (1-γ) I + γ W + γ M C B Zᵀ]].

    :param m: input weights, N×q
    :param z: read-out weights, N×p
    :param w: recurrent weights, N×N; U * V.T for rank r
    :param leak: leak γ
    """
    m, z, w = (Matrix(weights) for weights in (m, z, w))
    A, B, C = plant.A, plant.B, plant.C
    top = Matrix.hstack(A, B * z.T)
    bottom = Matrix.hstack(leak * m * C * A, (1 - leak) * eye(w.rows) + leak * w + leak * m * C * B * z.T)
    return ImmutableMatrix.vstack(top, bottom)


def explicit_weights(neurons: int, p: int = 1, q: int = 1, rank: int = 1) -> dict[str, ImmutableMatrix]:
    """Symbols for every weight of a small network, for checks that hold identically."""
    widths = {"m": q, "z": p, "u": rank, "v": rank}
    return {name: symbols.matrix_symbols(name, neurons, width) for name, width in widths.items()}
