"""The loop of a nonlinear network with Gaussian weights, as N → ∞: the linear reduction with a state-dependent gain.

Neurons h_{t+1} = (1-γ) h_t + γ φ(M y_{t+1} + U κ_t), κ_t = Vᵀ h_t, have the activation φ(s) = erf(√π s/2), of slope 1
at rest. Their weights (m_i, z_i, u_i, v_i) are independent Gaussian rows with covariance Σ/N, Σ the Gram matrix of the
weights, so that overlaps such as σ_zm = zᵀm are of order 1 whatever N. Then, with d = (y_{t+1}, κ_t),

    s_i = (M y_{t+1} + U κ_t)_i  has variance  Δ = dᵀ [[σ_mm, σ_mu], [σ_muᵀ, σ_uu]] d / N,
    Zᵀ φ(s) = G(Δ) (σ_zm y_{t+1} + σ_zu κ_t),  Vᵀ φ(s) likewise,  G(Δ) = E φ' = (1 + π Δ/2)^{-1/2},

by Stein's lemma, up to fluctuations of relative order N^{-1/2}. So h acts as M a + U b, where (a, b) moves as in the
linear loop but for the gain, a⁺ = (1-γ) a + γ G y_{t+1}, b⁺ = (1-γ) b + γ G κ_t. For one control, observation and rank
without leak, a = G κ_m and b = G κ_u, with κ_m = y and κ_u the κ of the step before.

Units. Δ is of order |y|²/N: a network of N neurons is nonlinear once |y| is of order √N. Scaling s by √N maps the loop
of N neurons to that of N = 1, so N = 1 is the limit N → ∞ with x in units of √N and neurons √N φ(·/√N).

Sources: mean-field theory of low-rank networks, Mastrogiuseppe & Ostojic 2018, Schuessler et al. 2020, Dubreuil et al.
2022; the gain is a standard Gaussian integral. The closed loop and its learning are derived here.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from sympy import (
    Expr,
    ImmutableMatrix,
    Matrix,
    MatrixBase,
    Rational,
    Symbol,
    erf,
    exp,
    integrate,
    oo,
    pi,
    simplify,
    sqrt,
)

from theory import symbols
from theory.core.loop import Overlaps, ReducedLoop
from theory.core.plant import LinearPlant
from theory.core.to_latex import equations


def activation(s: Expr = symbols.preactivation) -> Expr:
    """φ(s) = erf(√π s/2), of slope 1 at 0 and bounded by 1.

    :param s: pre-activation
    """
    return erf(sqrt(pi) * s / 2)


def gain(variance: Expr = symbols.variance) -> Expr:
    """G(Δ) = (1 + π Δ/2)^{-1/2}; :func:`gaussian_mean` of φ' derives it.

    :param variance: Δ
    """
    return (1 + pi * variance / 2) ** Rational(-1, 2)


@cache
def gaussian_mean(function: Expr) -> Expr:
    """E f(s) over s normal with variance Δ, by integration of f(s) + f(-s) over s > 0.

    :param function: f in the letter s of the pre-activation
    """
    s, Δ = symbols.preactivation, symbols.variance
    density = exp(-(s**2) / (2 * Δ)) / sqrt(2 * pi * Δ)
    return simplify(integrate((function + function.subs(s, -s)) * density, (s, 0, oo)))


def _triangle(matrix: ImmutableMatrix) -> tuple[Expr, ...]:
    return tuple(matrix[i, j] for i in range(matrix.rows) for j in range(i, matrix.cols))


@dataclass(frozen=True)
class GaussianOverlaps(Overlaps):
    """The blocks of the Gram matrix that a nonlinear loop sees: four overlaps, and three that set Δ.

    :param zm: σ_zm = ZᵀM, p×q
    :param zu: σ_zu = ZᵀU, p×r
    :param vm: σ_vm = VᵀM, r×q
    :param vu: σ_vu = VᵀU, r×r
    :param mm: σ_mm = MᵀM, q×q, symmetric
    :param uu: σ_uu = UᵀU, r×r, symmetric
    :param mu: σ_mu = MᵀU, q×r
    """

    mm: ImmutableMatrix
    uu: ImmutableMatrix
    mu: ImmutableMatrix

    @classmethod
    def symbolic(cls, p: int = 1, q: int = 1, rank: int = 1) -> "GaussianOverlaps":
        """Blocks of the letters of the symbol table, or of families of letters where a block is not 1×1."""
        linear = Overlaps.symbolic(p, q, rank)
        sizes = {"m": q, "u": rank}
        named = {}
        for name, letter in (("mm", symbols.sigma_mm), ("uu", symbols.sigma_uu), ("mu", symbols.sigma_mu)):
            rows, columns = sizes[name[0]], sizes[name[1]]
            family = symbols.matrix_symbols(letter.name, rows, columns, symmetric=name[0] == name[1])
            named[name] = ImmutableMatrix([[letter]]) if rows == columns == 1 else family
        return cls(linear.zm, linear.zu, linear.vm, linear.vu, **named)

    @classmethod
    def of_weights(cls, m: Any, z: Any, u: Any, v: Any) -> "GaussianOverlaps":
        """Overlaps of explicit weight matrices.

        :param m: input weights, N×q
        :param z: read-out weights, N×p
        :param u: left factor of the recurrence, N×r
        :param v: right factor of the recurrence, N×r
        """
        m, z, u, v = (ImmutableMatrix(w) for w in (m, z, u, v))
        return cls(z.T * m, z.T * u, v.T * m, v.T * u, m.T * m, u.T * u, m.T * u)

    @property
    def flat(self) -> tuple[Expr, ...]:
        """All entries, in the order zm, zu, vm, vu, mm, uu, mu; of symmetric blocks the upper triangle."""
        return (*super().flat, *_triangle(self.mm), *_triangle(self.uu), *self.mu)


@dataclass(frozen=True)
class GaussianLoop:
    """The loop of a plant with a nonlinear low-rank agent of Gaussian weights, in n + q + r dimensions.

    State (x, a, b) of :class:`theory.core.loop.ReducedLoop`; h reads out as M a + U b.

    :param linear: the loop linearised at rest; the double integrator, rank one, no leak by default
    :param neurons: number N of neurons, 1 for the limit in units of √N
    """

    linear: ReducedLoop = field(default_factory=ReducedLoop)
    neurons: Expr = symbols.neurons

    @property
    def plant(self) -> LinearPlant:
        """The plant."""
        return self.linear.plant

    @property
    def dimension(self) -> int:
        """Number of reduced states, n + q + r."""
        return self.linear.dimension

    @property
    def columns(self) -> int:
        """A rollout carries one episode: the loss is no function of the second moment of the initial states."""
        return 1

    @property
    def readout(self) -> ImmutableMatrix:
        """The row block with u = readout · (x, a, b), as in the linear loop."""
        return self.linear.readout

    @cached_property
    def overlaps(self) -> GaussianOverlaps:
        """Symbols for the visible overlaps."""
        return GaussianOverlaps.symbolic(self.plant.p, self.plant.q, self.linear.rank)

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """Free symbols besides the overlaps: those of the plant, of the leak, and N."""
        return (*self.linear.parameters, *sorted(self.neurons.free_symbols, key=str))

    def _repr_latex_(self) -> str:
        return equations({r"\partial f/\partial s|_{s = 0}": self.linear.matrix, r"G(\Delta)": gain()})

    def drive(self, state: MatrixBase) -> Matrix:
        """d = (y_{t+1}, κ_t), which moves the neurons to M y_{t+1} + U κ_t.

        :param state: the state (x, a, b), one column
        """
        n, o = self.plant.n, self.linear.overlaps
        observed = self.plant.C * (self.plant.A * state[:n, :] + self.plant.B * (self.readout * state))
        return Matrix.vstack(observed, Matrix.hstack(o.vm, o.vu) * state[n:, :])

    def variance(self, drive: MatrixBase) -> Expr:
        """Δ = dᵀ [[σ_mm, σ_mu], [σ_muᵀ, σ_uu]] d / N.

        :param drive: d, one column
        """
        o = self.overlaps
        covariance = Matrix.vstack(Matrix.hstack(o.mm, o.mu), Matrix.hstack(o.mu.T, o.uu))
        return (drive.T * covariance * drive)[0] / self.neurons

    def advance(self, state: MatrixBase) -> Matrix:
        """The next state: x⁺ = A x + B u, (a, b)⁺ = (1-γ)(a, b) + γ G(Δ) d.

        :param state: the state (x, a, b), one column
        """
        n, leak, drive = self.plant.n, self.linear.leak, self.drive(state)
        moved = self.plant.A * state[:n, :] + self.plant.B * (self.readout * state)
        driven = (1 - leak) * state[n:, :] + leak * gain(self.variance(drive)) * drive
        return Matrix.vstack(moved, driven)
