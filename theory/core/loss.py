"""Losses of the loop in the overlaps: short-term, finite-horizon, long-term, and the surrogate.

Source: Ger & Barak, arXiv 2505.13567, Sec. 2 and 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, ImmutableMatrix, Rational, S, Symbol, diff, expand, eye, factor, hessian
from sympy.polys.rings import PolyElement, PolyRing

from theory.core.horizon import overlap_ring, states
from theory.core.loop import ReducedLoop
from theory.core.plant import LinearPlant, exact_matrix
from theory.symbols import OVERLAPS


@dataclass(frozen=True)
class Cost:
    """Quadratic cost xᵀ Q x + β uᵀ R u and the second moment Σ_0 of the initial states.

    :param state: Q, n×n symmetric
    :param control: R, p×p symmetric
    :param moment: Σ_0 = E x_0 x_0ᵀ, n×n symmetric
    :param penalty: weight β of the control cost
    """

    state: ImmutableMatrix
    control: ImmutableMatrix
    moment: ImmutableMatrix
    penalty: Expr = S.Zero

    @classmethod
    def identity(cls, plant: LinearPlant, penalty: Expr | int = 0) -> "Cost":
        """Q = I, R = I, Σ_0 = I.

        :param plant: the plant, for the dimensions
        :param penalty: weight β of the control cost
        """
        n, p = ImmutableMatrix(eye(plant.n)), ImmutableMatrix(eye(plant.p))
        return cls(n, p, n, penalty)

    def check(self, plant: LinearPlant) -> None:
        """Whether the matrices have the plant's dimensions.

        :param plant: the plant
        :raises ValueError: if one has not
        """
        sizes = {"state": plant.n, "control": plant.p, "moment": plant.n}
        for name, size in sizes.items():
            found = getattr(self, name).shape
            if found != (size, size):
                raise ValueError(f"{name} must fit the plant; expected ({size}, {size}), found {found}")

    def __post_init__(self) -> None:
        object.__setattr__(self, "penalty", exact_matrix("penalty", [[self.penalty]])[0])
        for name in ("state", "control", "moment"):
            matrix = exact_matrix(name, getattr(self, name))
            if matrix != matrix.T:
                raise ValueError(f"{name} must be symmetric; found {matrix.tolist()}")
            object.__setattr__(self, name, matrix)


def _quadratic(
    rows: list[list[PolyElement]], weight: ImmutableMatrix, moment: ImmutableMatrix, domain: PolyRing
) -> PolyElement:
    """tr(weight · rows · moment · rowsᵀ) in the ring, for symmetric weight and moment."""
    total = domain.zero
    pairs = [(k, l) for k in range(moment.rows) for l in range(moment.cols) if moment[k, l] != 0]
    for i, left in enumerate(rows):
        for j, right in enumerate(rows):
            if weight[i, j] == 0:
                continue
            for k, l in pairs:
                product = left[k] ** 2 if (i, k) == (j, l) else left[k] * right[l]
                factor = weight[i, j] * moment[k, l]
                total += product if factor == 1 else product * domain.from_expr(factor)
    return total


def short_term_loss(loop: ReducedLoop | None = None, n: int = 2) -> Expr:
    """L_n = ‖plant block of P_eff^{n+1}‖²_F: the squared state after n effective controls.

    The first step is uncontrolled because h_0 = 0. For the double integrator
    L_2 = 11 + 14 σ_zm + 15 σ_zm² + 2 κ + 10 σ_zm κ + 2 κ² with κ = σ_zu σ_vm.

    :param loop: the reduced loop; the rank-one double integrator by default
    :param n: number of effective controls, at least 0
    :raises ValueError: if n < 0
    """
    if n < 0:
        raise ValueError(f"n must be at least 0 controls; found {n}")
    loop = loop or ReducedLoop()
    domain = overlap_ring(loop)
    plant_rows = states(loop, n + 1, domain)[-1][: loop.plant.n]
    identity = eye(loop.plant.n)
    return _quadratic(plant_rows, identity, identity, domain).as_expr()


def horizon_loss(horizon: int, loop: ReducedLoop | None = None, cost: Cost | None = None, average: bool = True) -> Expr:
    """L_T = s Σ_{t<T} (tr Q X_t Σ_0 X_tᵀ + β tr R U_t Σ_0 U_tᵀ) as a polynomial; s = 1/T or 1.

    Exact but of a size that grows as T³ terms: use it up to T ≈ 20, and
    :mod:`numerics.reduced.codegen` for numbers.

    :param horizon: episode length T, at least 1
    :param loop: the reduced loop; the rank-one double integrator by default
    :param cost: weights and initial moment; identities by default
    :param average: whether s = 1/T (time average) or 1 (sum)
    :raises ValueError: if T < 1 or the cost does not fit the plant
    """
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1 step; found {horizon}")
    loop = loop or ReducedLoop()
    cost = cost or Cost.identity(loop.plant)
    cost.check(loop.plant)
    domain = overlap_ring(loop)
    parts = (cost.state, cost.control, cost.moment, cost.penalty)
    extra = set().union(*(part.free_symbols for part in parts)) - set(domain.symbols)
    domain = domain.clone(symbols=(*domain.symbols, *sorted(extra, key=str)))
    readout = [[domain.from_expr(entry) for entry in row] for row in loop.readout.tolist()]
    penalty = domain.from_expr(cost.penalty)
    total = domain.zero
    for state in states(loop, horizon - 1, domain):
        total += _quadratic(state[: loop.plant.n], cost.state, cost.moment, domain)
        if cost.penalty != 0:
            control = [
                [sum((k * state[j][c] for j, k in enumerate(row) if k), domain.zero) for c in range(loop.plant.n)]
                for row in readout
            ]
            total += penalty * _quadratic(control, cost.control, cost.moment, domain)
    return (total * domain(Rational(1, horizon) if average else 1)).as_expr()


def gradient(expression: Expr, parameters: Sequence[Symbol] = OVERLAPS) -> tuple[Expr, ...]:
    """Partial derivatives of an explicit expression, expanded if polynomial and factored otherwise.

    :param expression: the expression, without implicit roots (see :meth:`theory.core.named.Root.gradient`)
    :param parameters: symbols to differentiate by; the four overlaps by default
    """
    tidy = expand if expression.is_polynomial(*parameters) else factor
    return tuple(tidy(diff(expression, parameter)) for parameter in parameters)


def hessian_matrix(expression: Expr, parameters: Sequence[Symbol] = OVERLAPS) -> ImmutableMatrix:
    """Second partial derivatives of an explicit expression.

    :param parameters: symbols to differentiate by; the four overlaps by default
    """
    return ImmutableMatrix(hessian(expression, list(parameters)).applyfunc(expand))
