"""The agent without its environment: a linear filter, and what a student of a teacher sees of it.

Driven by inputs y_1 … y_{n_y} from h_0 = 0, the agent is the filter u_k = Σ_{j<k} g_j y_{k-j}. In the coordinates
(a, b) of h = M a + U b,

    (a, b)⁺ = F (a, b) + E y⁺,   F = [[(1-γ) I, 0], [γ σ_vm, (1-γ) I + γ σ_vu]],   E = [[γ I], [0]],
    u = H (a, b),   H = [σ_zm, σ_zu],   g_j = H F^j E,

so for rank one and γ = 1 the impulse response is g_0 = σ_zm, g_j = σ_zu σ_vu^{j-1} σ_vm. The mean squared
difference of student and teacher over k = 1 … n_y sees the weights through Δg = g - g* only, hence through the four
overlaps: learning in open loop is the same map of the Gram matrix as in closed loop (:mod:`theory.core.learning`) with
another S. A full recurrence W gives the Markov parameters g_j = γ Zᵀ ((1-γ) I + γ W)^j M, and nothing else is seen.

Sources: teacher-student training, Ger & Barak, arXiv 2505.13567, Sec. 3; the flow, arXiv 2605.04115; Markov
parameters, Kailath, Linear Systems (1980).
"""

from dataclasses import dataclass

from sympy import Expr, ImmutableMatrix, Matrix, S, Symbol, expand, eye, factor, zeros

from theory.core.loop import Overlaps, ReducedLoop
from theory.core.plant import exact_matrix
from theory.double_integrator.spectrum import dominant_modulus
from theory.symbols import kappa, lambda_3, noise, open_loop_inputs, sigma_vu, sigma_zm, small

Responses = list[ImmutableMatrix]


@dataclass(frozen=True)
class AgentFilter:
    """A low-rank linear agent as a filter from inputs to controls.

    :param p: number of controls
    :param q: number of inputs
    :param rank: rank r of the recurrence
    :param leak: leak γ of the neurons
    :param overlaps: the overlap blocks; symbols by default
    """

    p: int = 1
    q: int = 1
    rank: int = 1
    leak: Expr = S.One
    overlaps: Overlaps = None  # type: ignore[assignment]  # symbols, set below

    def __post_init__(self) -> None:
        object.__setattr__(self, "leak", exact_matrix("leak", [[self.leak]])[0])
        if self.overlaps is None:
            object.__setattr__(self, "overlaps", Overlaps.symbolic(self.p, self.q, self.rank))

    @classmethod
    def of_loop(cls, loop: ReducedLoop) -> "AgentFilter":
        """The agent of a closed loop.

        :param loop: the reduced loop
        """
        return cls(loop.plant.p, loop.plant.q, loop.rank, loop.leak, loop.overlaps)

    @property
    def transition(self) -> ImmutableMatrix:
        """F, (q + r)×(q + r)."""
        o, γ, kept = self.overlaps, self.leak, 1 - self.leak
        top = Matrix.hstack(kept * eye(self.q), zeros(self.q, self.rank))
        return ImmutableMatrix(Matrix.vstack(top, Matrix.hstack(γ * o.vm, kept * eye(self.rank) + γ * o.vu)))

    @property
    def entry(self) -> ImmutableMatrix:
        """E, (q + r)×q."""
        return ImmutableMatrix(Matrix.vstack(self.leak * eye(self.q), zeros(self.rank, self.q)))

    @property
    def readout(self) -> ImmutableMatrix:
        """H, p×(q + r)."""
        return ImmutableMatrix.hstack(self.overlaps.zm, self.overlaps.zu)

    def impulse_response(self, count: int) -> list[ImmutableMatrix]:
        """g_0 … g_{count-1}, each p×q.

        :param count: number of lags
        """
        state, responses = Matrix(self.entry), []
        for _ in range(count):
            responses.append(ImmutableMatrix((self.readout * state).applyfunc(expand)))
            state = (self.transition * state).applyfunc(expand)
        return responses

    def closed(self, loop: ReducedLoop) -> ImmutableMatrix:
        """The filter with its control fed to a plant, to be compared with P_eff.

        :param loop: a loop around the same agent, for the plant
        """
        A, B, C = loop.plant.A, loop.plant.B, loop.plant.C
        F, E, H = self.transition, self.entry, self.readout
        top = Matrix.hstack(A, B * H)
        return ImmutableMatrix(Matrix.vstack(top, Matrix.hstack(E * C * A, F + E * C * B * H)).applyfunc(expand))


def white_noise_loss(student: Responses, teacher: Responses, power: Expr = noise**2, steps: Expr | None = None) -> Expr:
    """E (1/n_y) Σ_k |u_k - u*_k|² for white inputs: ς² Σ_j (1 - j/n_y) ‖g_j - g*_j‖².

    Lag j acts at n_y - j of the n_y steps.

    :param student: impulse response g, one entry a lag
    :param teacher: impulse response g*, as many lags
    :param power: variance ς² of every input
    :param steps: number n_y of steps; by default the number of lags. If it is larger, the later lags are left out
    """
    count = len(student) if steps is None else steps
    weights = [1 - lag / S(count) for lag in range(len(student))]
    pairs = zip(weights, student, teacher, strict=True)
    return power * sum(weight * sum(entry**2 for entry in g - target) for weight, g, target in pairs)


def input_moment(inputs: Responses) -> ImmutableMatrix:
    """R with (1/n_y) Σ_k |u_k - u*_k|² = Σ_o δ_oᵀ R δ_o, δ_o the row o of [Δg_0 … Δg_{n_y-1}]: (n_y q)×(n_y q).

    R = (1/n_y) Σ_k Y_k Y_kᵀ with Y_k the stack of y_k, y_{k-1}, …, y_1 and zeros.

    :param inputs: y_1 … y_{n_y}, each q×1
    """
    count, width = len(inputs), inputs[0].rows
    total = zeros(count * width)
    for step in range(count):
        stack = Matrix.vstack(*(inputs[step - j] if j <= step else zeros(width, 1) for j in range(count)))
        total += stack * stack.T
    return ImmutableMatrix(total / count)


@dataclass(frozen=True)
class FullRecurrence:
    """A network of non-commuting letters with any recurrence W: the letters carry no dimensions."""

    leak: Expr = S.One

    W, M, Zt = (Symbol(name, commutative=False) for name in ("W", "M", "Z^T"))

    def inputs(self, count: int) -> list[Expr]:
        """y_1 … y_count.

        :param count: number of inputs
        """
        return [Symbol(f"y_{k}", commutative=False) for k in range(1, count + 1)]

    @property
    def step(self) -> Expr:
        """F = (1-γ) + γ W, which moves the neurons without input."""
        return (1 - self.leak) + self.leak * self.W

    def markov_parameter(self, lag: int) -> Expr:
        """g_j = γ Zᵀ F^j M as a word.

        :param lag: j
        """
        word = self.leak * self.M
        for _ in range(lag):
            word = expand(self.step * word)
        return expand(self.Zt * word)

    def control_residual(self, steps: int) -> Matrix:
        """u_k - Σ_{j<k} g_j y_{k-j} for k = 1 … steps, with u_k from stepping the neurons: zero.

        :param steps: number of steps
        """
        h, y = S.Zero, self.inputs(steps)
        gaps = []
        for k in range(1, steps + 1):
            h = expand(self.step * h + self.leak * self.M * y[k - 1])
            response = sum(self.markov_parameter(j) * y[k - 1 - j] for j in range(k))
            gaps.append(expand(self.Zt * h - response))
        return Matrix(gaps)


def teacher_symbols(count: int) -> list[ImmutableMatrix]:
    """Letters gbar_0 … gbar_{n_y-1} for the impulse response of any teacher with one input and one control.

    :param count: number n_y of lags
    """
    return [ImmutableMatrix([[Symbol(f"gbar_{lag}", real=True)]]) for lag in range(count)]


LAGS = 3
"""Lags kept for slopes at κ = σ_vu = 0, where g_j = κ σ_vu^{j-1} and its slope in κ vanish from lag 2 on."""


def axis_slope(steps: Expr = open_loop_inputs) -> Expr:
    """∂L/∂σ_zm of the white-noise loss where the student has no memory, σ_zu = σ_vm = 0: 2 ς² (σ_zm - g*_0).

    Lags do not mix under white noise, so open-loop learning moves σ_zm towards the teacher's g*_0 from
    the start, while the memory is small, however unstable the loop with g*_0 alone is.

    :param steps: number n_y of steps
    """
    agent = AgentFilter()
    loss = white_noise_loss(agent.impulse_response(LAGS), teacher_symbols(LAGS), steps=steps)
    return loss.diff(agent.overlaps.zm[0]).subs({agent.overlaps.zu[0]: 0, agent.overlaps.vm[0]: 0})


def saddle_slope(steps: Expr = open_loop_inputs) -> Expr:
    """L_κ = ∂L/∂κ of the white-noise loss where κ = σ_vu = 0: -2 ς² (1 - 1/n_y) g*_1.

    The other overlaps' slopes there are L_κ σ_vm, L_κ σ_zu and 0, as in closed loop, so the saddle of
    :func:`theory.double_integrator.saddle.saddle_growth` is that of open loop too, with this L_κ.

    :param steps: number n_y of steps, at least 2
    """
    agent = AgentFilter()
    _, zu, vm, vu = agent.overlaps.flat
    loss = white_noise_loss(agent.impulse_response(LAGS), teacher_symbols(LAGS), steps=steps)
    return factor(expand(loss.diff(zu)).coeff(vm, 1).subs({zu: 0, vm: 0, vu: 0}))


def small_overlap_modulus() -> tuple[Expr, Expr]:
    """(|λ_1|², λ_3) of the closed loop to first order in σ_zm, κ, σ_vu: 1 - σ_zm - 2κ and σ_vu + κ.

    For small overlaps only: with σ_zm < 0 the pair is then inside the unit circle from κ = |σ_zm|/2 on; where it
    crosses exactly is :func:`theory.double_integrator.saddle.critical_kappas`, at σ_vu = 0 and σ_zm = -0.9 in 0.68.
    """
    third = sigma_vu + kappa
    return expand(first_order(dominant_modulus().expression.subs(lambda_3, third))), third


def first_order(expression: Expr) -> Expr:
    """The part of a polynomial in σ_zm, κ, σ_vu up to first order in all of them together."""
    scaled = expand(
        expression.subs({letter: small * letter for letter in (sigma_zm, kappa, sigma_vu)}, simultaneous=True)
    )
    return sum(scaled.coeff(small, order) for order in (0, 1))
