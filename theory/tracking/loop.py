"""From reference to tracked output: the closed-loop transfer function of any linear agent on any linear plant.

The agent reads y_t = C x_t + D r_t, the plant's states and a reference, updates h_t = (1-γ) h_{t-1} + γ (W h_{t-1} +
M y_t), acts u_t = Zᵀ h_t, and the plant moves, x_{t+1} = A x_t + B u_t. With λ the advance by one step,

    K(λ) = λ γ Zᵀ (λ - (1-γ) - γ W)⁻¹ M,   X = (λ - A - B K C)⁻¹ B K D,   T = C_o X,

K being the agent from y to u, X the states and T the tracked output C_o x under the reference λ^t. The loss compares
C_o x_{t+1} with r_t, so the error's transfer function is E = λ T - 1. For an agent that reads the output and the
reference, C = (C_o, 0), D = (0, 1), K = (K_p, K_r) and G_o = C_o (λ - A)⁻¹ B, this is T = (1 - G_o K_p)⁻¹ G_o K_r.

A small change of the agent changes T by dT = Ĝ dK (C X + D), Ĝ = C_o (λ - A - B K C)⁻¹ B: what the agent reads, times
the change, times the closed loop's own response to a control. :mod:`theory.core.transfer_algebra` proves both for all
dimensions.

Source: the task, Ger & Barak, arXiv 2505.13567, Sec. 5; transfer functions, Kailath, Linear Systems (1980); the
gradients are derived here.
"""

from dataclasses import dataclass, field

from sympy import (
    Dummy,
    Expr,
    ImmutableMatrix,
    Matrix,
    MatrixBase,
    Rational,
    cancel,
    expand,
    eye,
    factor,
    kronecker_product,
    zeros,
)
from sympy.polys.matrices import DomainMatrix

from theory import symbols
from theory.core.loop import Overlaps, ReducedLoop
from theory.core.plant import LinearPlant, double_integrator, exact_matrix
from theory.core.spectrum import controller
from theory.core.to_latex import equations
from theory.symbols import lam

STEP = Rational(1, 10)
"""The task's time step, in seconds; also the leak dt/τ for τ = 1 s."""


def side_by_side(plant: LinearPlant, axes: int) -> LinearPlant:
    """Decoupled copies of a plant, one an axis; like states of all axes stand together, (p_x, p_y, v_x, v_y).

    :param plant: the plant of one axis
    :param axes: number of axes
    """
    identity = eye(axes)
    return LinearPlant(*(ImmutableMatrix(kronecker_product(M, identity)) for M in (plant.A, plant.B, plant.C)))


@dataclass(frozen=True)
class TrackingLoop:
    """A plant, what of it follows a reference, and a low-rank linear agent that reads both.

    :param plant: the plant; its outputs are the tracked ones, C_o. Planar double integrators by default
    :param output_matrix: C, what the agent reads of the states, q×n; by default the outputs above as many zeros
    :param feedthrough: D, what the agent reads of the references, q×s; by default zeros above the identity
    :param rank: rank r of the recurrence
    :param leak: leak γ of the neurons
    :param overlaps: the overlap blocks, with q input columns; symbols by default

    :raises ValueError: if the shapes do not fit
    """

    plant: LinearPlant = field(default_factory=lambda: side_by_side(double_integrator(STEP), 2))
    output_matrix: ImmutableMatrix = None
    feedthrough: ImmutableMatrix = None
    rank: int = 1
    leak: Expr = STEP
    overlaps: Overlaps = None  # type: ignore[assignment]  # symbols, set below

    def __post_init__(self) -> None:
        outputs, n = self.plant.q, self.plant.n
        if self.output_matrix is None:
            object.__setattr__(self, "output_matrix", Matrix.vstack(self.plant.C, zeros(outputs, n)))
        if self.feedthrough is None:
            object.__setattr__(self, "feedthrough", Matrix.vstack(zeros(outputs), eye(outputs)))
        for name in ("output_matrix", "feedthrough"):
            object.__setattr__(self, name, exact_matrix(name, getattr(self, name)))
        expected = (self.output_matrix.rows, outputs)
        if self.feedthrough.shape != expected:
            found = self.feedthrough.shape
            raise ValueError(
                f"feedthrough must have a row an input and a column an output; expected {expected}, found {found}"
            )
        if self.overlaps is None:
            object.__setattr__(self, "overlaps", Overlaps.symbolic(self.plant.p, self.output_matrix.rows, self.rank))

    @property
    def autonomous(self) -> ReducedLoop:
        """The loop without references; its spectrum is that of the joint system."""
        seen = LinearPlant(self.plant.A, self.plant.B, self.output_matrix)
        return ReducedLoop(seen, self.rank, self.leak, self.overlaps)

    @property
    def agent(self) -> ImmutableMatrix:
        """K(λ), p×q."""
        return controller(self.autonomous)

    @property
    def entry(self) -> ImmutableMatrix:
        """How r_{t+1} enters the reduced state (x, a, b)_{t+1}: (0, γ D, 0)."""
        n, columns = self.plant.n, self.feedthrough.cols
        return ImmutableMatrix.vstack(zeros(n, columns), self.leak * self.feedthrough, zeros(self.rank, columns))

    def _repr_latex_(self) -> str:
        return equations(
            {r"P_{\mathrm{eff}}": self.autonomous.matrix, r"\partial s_{t+1}/\partial r_{t+1}": self.entry}
        )

    def state_space_transfer(self) -> ImmutableMatrix:
        """T from the reduced joint system: [C_o, 0, 0] (λ - P_eff)⁻¹ λ (0, γ D, 0)."""
        loop = self.autonomous
        states = _solve(lam * eye(loop.dimension) - loop.matrix, lam * self.entry)
        return ImmutableMatrix((self.plant.C * states[: self.plant.n, :]).applyfunc(cancel))

    def transfer(self, agent: MatrixBase | None = None) -> ImmutableMatrix:
        """T(λ) = C_o (λ - A - B K C)⁻¹ B K D, s×s.

        :param agent: K(λ), p×q; by default the low-rank agent's own
        """
        K = self.agent if agent is None else agent
        return ImmutableMatrix((self.plant.C * self._closed(K, K * self.feedthrough)).applyfunc(cancel))

    def error(self, agent: MatrixBase | None = None) -> ImmutableMatrix:
        """E(λ) = λ T(λ) - 1: from r_t to C_o x_{t+1} - r_t.

        :param agent: K(λ), p×q; by default the low-rank agent's own
        """
        return ImmutableMatrix((lam * self.transfer(agent) - eye(self.plant.q)).applyfunc(cancel))

    def input_response(self, agent: MatrixBase) -> ImmutableMatrix:
        """C X + D, what the agent reads under the reference λ^t, q×s.

        :param agent: K(λ), p×q
        """
        return ImmutableMatrix(
            (self.output_matrix * self._closed(agent, agent * self.feedthrough) + self.feedthrough).applyfunc(cancel)
        )

    def control_to_output(self, agent: MatrixBase) -> ImmutableMatrix:
        """Ĝ = C_o (λ - A - B K C)⁻¹ B, from an added control to the tracked output, s×p.

        :param agent: K(λ), p×q
        """
        return ImmutableMatrix((self.plant.C * self._closed(agent, eye(self.plant.p))).applyfunc(cancel))

    def _closed(self, agent: MatrixBase, controls: MatrixBase) -> Matrix:
        """(λ - A - B K C)⁻¹ B times some controls."""
        A, B = self.plant.A, self.plant.B
        return _solve(lam * eye(self.plant.n) - A - B * agent * self.output_matrix, B * controls)

    def plant_responses(self) -> tuple[ImmutableMatrix, ImmutableMatrix]:
        """G_o = C_o (λ - A)⁻¹ B, s×p, and G_y = C (λ - A)⁻¹ B, q×p.

        They lead from controls to the tracked outputs and to what the agent reads of the states.
        """
        states = _solve(lam * eye(self.plant.n) - self.plant.A, self.plant.B)
        return tuple(
            ImmutableMatrix((output * states).applyfunc(factor)) for output in (self.plant.C, self.output_matrix)
        )

    def around_the_plant(self, agent: MatrixBase) -> tuple[ImmutableMatrix, ImmutableMatrix, ImmutableMatrix]:
        """E, Ĝ and C X + D by the responses of the plant, not expanded, so that numbers keep their digits near λ = 1.

        Ĝ = G_o (1 - K G_y)⁻¹, since (λ - A - B K C)⁻¹ B = (λ - A)⁻¹ B (1 - K G_y)⁻¹; E = λ Ĝ K D - 1, and
        C X + D = G_y (1 - K G_y)⁻¹ K D + D.

        :param agent: K(λ), p×q
        """
        tracked, seen = self.plant_responses()
        inside = _inverse(eye(self.plant.p) - agent * seen)
        to_output, controls = tracked * inside, agent * self.feedthrough
        error = lam * to_output * controls - eye(self.plant.q)
        return tuple(
            ImmutableMatrix(found) for found in (error, to_output, seen * inside * controls + self.feedthrough)
        )

    def error_slope(self, agent: MatrixBase, change: MatrixBase) -> ImmutableMatrix:
        """dE = λ Ĝ dK (C X + D).

        :param agent: K(λ), p×q
        :param change: dK(λ), p×q
        """
        return ImmutableMatrix(
            (lam * self.control_to_output(agent) * change * self.input_response(agent)).applyfunc(cancel)
        )

    def error_gradient(self, agent: MatrixBase, weights: MatrixBase, reference: MatrixBase) -> ImmutableMatrix:
        """∂(cᵀ E a)/∂K = λ Ĝᵀ c ((C X + D) a)ᵀ, p×q, by the responses of the plant: tr(∂ᵀ dK) is the sum's change.

        :param agent: K(λ), p×q
        :param weights: c, a column with an entry an output
        :param reference: a, a column with an entry a reference
        """
        _, to_output, inputs = self.around_the_plant(agent)
        return ImmutableMatrix(lam * to_output.T * weights * (inputs * reference).T)


def _solve(matrix: MatrixBase, columns: MatrixBase) -> Matrix:
    """matrix⁻¹ columns in the field of rational functions, cancelled at every step."""
    left, right = (DomainMatrix.from_Matrix(Matrix(side)) for side in (matrix, columns))
    left, right = left.unify(right, fmt="dense")
    return left.to_field().lu_solve(right.to_field()).to_Matrix()


def _inverse(matrix: MatrixBase) -> ImmutableMatrix:
    """Adjugate over determinant, formed of letters, so that no entry is expanded."""
    letters = ImmutableMatrix(*matrix.shape, [Dummy() for _ in matrix])
    values = dict(zip(letters, matrix, strict=True))
    return (letters.adjugate() / letters.det()).xreplace(values)


def markov_agent(responses: list[MatrixBase]) -> ImmutableMatrix:
    """K(λ) = Σ_j g_j λ^{-j} of Markov parameters g_0, g_1, …: the agent that forgets after so many steps.

    :param responses: g_j, each p×q
    """
    return ImmutableMatrix(sum((g * lam**-j for j, g in enumerate(responses)), zeros(*responses[0].shape)))


def steps_of(loop: TrackingLoop, count: int) -> list[ImmutableMatrix]:
    """Coefficients of T(λ) = Σ_k T_k λ^{-k}: the tracked output k steps after an impulse in the reference.

    :param count: number of coefficients T_0, T_1, …
    """
    matrix, state, found = loop.autonomous.matrix, Matrix(loop.entry), []
    for _ in range(count):
        found.append(ImmutableMatrix((loop.plant.C * state[: loop.plant.n, :]).applyfunc(expand)))
        state = (matrix * state).applyfunc(expand)
    return found


def planar_gain(step: Expr = symbols.dt) -> Expr:
    """G_o(λ) of a double integrator: dt²/(λ-1)².

    :param step: dt
    """
    plant = double_integrator(step)
    return cancel((plant.C * (lam * eye(2) - plant.A).inv() * plant.B)[0])


def axis_response(gain: Expr = symbols.plant_gain, feedback: Expr = symbols.gain_p) -> Expr:
    """Ĝ = G_o/(1 - G_o K_p) of one axis, from an added control w to the output p = G_o (K_p p + w).

    :param gain: G_o
    :param feedback: K_p
    """
    return gain / (1 - gain * feedback)


def axis_transfer(
    gain: Expr = symbols.plant_gain, feedback: Expr = symbols.gain_p, forward: Expr = symbols.gain_r
) -> Expr:
    """T = Ĝ K_r of one axis, from the reference r to the output p = G_o (K_p p + K_r r).

    :param gain: G_o
    :param feedback: K_p
    :param forward: K_r
    """
    return axis_response(gain, feedback) * forward


def joint_polynomial(loop: TrackingLoop) -> Expr:
    """χ(λ) = det(λ - P_eff) of plant and agent. References are inputs and do not enter."""
    return loop.autonomous.matrix.charpoly(lam).as_expr()


def seen_polynomial(loop: TrackingLoop, seen: int) -> Expr:
    """(λ-1+γ)^{q-seen} χ of the loop whose agent reads only the first inputs, those of the states.

    :param loop: a loop whose output matrix has zeros from row ``seen`` on
    :param seen: number of inputs kept
    """
    o = loop.overlaps
    kept = Overlaps(o.zm[:, :seen], o.zu, o.vm[:, :seen], o.vu)
    plant = LinearPlant(loop.plant.A, loop.plant.B, loop.output_matrix[:seen, :])
    rest = (lam - 1 + loop.leak) ** (loop.output_matrix.rows - seen)
    return expand(rest * ReducedLoop(plant, loop.rank, loop.leak, kept).matrix.charpoly(lam).as_expr())
