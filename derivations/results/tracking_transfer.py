"""Tracking: from reference to position through plant and agent."""

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, cancel, expand, eye, factor, solve, together

from derivations.result import Background, Result, taylor_slopes
from derivations.step import Step
from theory.core.plant import double_integrator
from theory.core.transfer_algebra import TransferAlgebra
from theory.double_integrator.spectrum import cubic
from theory.open_loop.imitation import AgentFilter
from theory.symbols import dt, gain_p, gain_r, gamma, lam, plant_gain, sigma_vm, sigma_vu, sigma_zm, sigma_zu
from theory.tracking.loop import (
    TrackingLoop,
    axis_response,
    axis_transfer,
    joint_polynomial,
    planar_gain,
    seen_polynomial,
)

BACKGROUND = Background(
    assumptions=(
        "A linear agent and plant, no state at the clamp; the agent reads $p_t$ and $r_t$ and acts in the same step.",
    ),
    differs="The source gives no transfer function.",
    checks=("tracking: loss of every frequency", "tracking: stationary loss of every frequency"),
)

LETTERS = ImmutableMatrix([[gain_p, gain_r]])
WORDS = TransferAlgebra()


def _filter(loop: TrackingLoop) -> Matrix:
    """H (1 - F/λ)⁻¹ E of the agent as a filter in the coordinates (a, b), by its inputs."""
    agent = AgentFilter(loop.plant.p, loop.output_matrix.rows, loop.rank, loop.leak, loop.overlaps)
    resolvent = (eye(agent.transition.rows) - agent.transition / lam).inv()
    return (agent.readout * resolvent * agent.entry).applyfunc(cancel)


def _stepped(loop: TrackingLoop) -> Expr:
    """u/y of a rank-one agent with leak, from a λ = (1-γ) a + γ λ y, b λ = (1-γ) b + γ (σ_vm a + σ_vu b)."""
    o, a, b = loop.overlaps, Symbol("a"), Symbol("b")
    inner = lam * a - (1 - gamma) * a - gamma * lam
    outer = lam * b - (1 - gamma) * b - gamma * (o.vm[0] * a + o.vu[0] * b)
    found = solve([inner, outer], [a, b])
    return o.zm[0] * found[a] + o.zu[0] * found[b]


def _newton() -> Expr:
    """p/u of λ p = p + dt v, λ v = v + dt u."""
    p, v = Symbol("p"), Symbol("v")
    return solve([lam * p - p - dt * v, lam * v - v - dt], [p, v])[p]


def _inserted(expression: Expr) -> Expr:
    return expression.subs(plant_gain, _newton())


def _follows(loop: TrackingLoop):
    """For a value of T: p = G_o (K_p p + K_r r) at r = 1, and the same from the plant's states."""
    states = loop.transfer(LETTERS)[0]
    return lambda T: (T - plant_gain * (gain_p * T + gain_r), states - _inserted(T))


def _lags(loop: TrackingLoop):
    """For a value of E: λ p = E + 1 closes the loop, and the same from the plant's states."""
    states = loop.error(LETTERS)[0]
    return lambda E: (E + 1 - plant_gain * (gain_p * (E + 1) + lam * gain_r), states - _inserted(E))


def _answers(loop: TrackingLoop):
    """For a value of Ĝ: p = G_o (K_p p + w) at w = 1, the same from the states, and dT by K_p and K_r."""
    states, T = loop.control_to_output(LETTERS)[0], axis_transfer()
    slopes = taylor_slopes(T, (gain_p, gain_r))
    return lambda G: (
        G - plant_gain * (gain_p * G + 1),
        states - _inserted(G),
        slopes[0] - G * T,
        slopes[1] - G,
    )


def _cubic_of(loop: TrackingLoop) -> Expr:
    """The cubic of the rank-one double integrator with the letters of this loop."""
    o = loop.overlaps
    letters = {sigma_zm: o.zm[0], sigma_zu: o.zu[0], sigma_vm: o.vm[0], sigma_vu: o.vu[0]}
    return cubic().as_expr().subs(letters, simultaneous=True)


def _one_neuron() -> tuple[Expr, Expr]:
    """∂K/∂w of one neuron by the general formula, and K itself."""
    m, z, w = (Symbol(name) for name in "mzw")
    resolvent = 1 / (lam - 1 + gamma - gamma * w)
    values = {WORDS.Zt: z, WORDS.R: resolvent, WORDS.M: m, WORDS.dW: 1, WORDS.dZt: 0, WORDS.dM: 0}
    slope = WORDS.agent_slope().subs(WORDS.leak, gamma).subs(values)
    return together(slope), lam * gamma * z * resolvent * m


def _frequency_steps(loop: TrackingLoop) -> tuple[Step, ...]:
    """K, T and E at one frequency."""
    return (
        Step.equal(
            r"Under a reference $\lambda^t$ the agent $h_t = F h_{t-1} + \gamma M (C x_t + D r_t)$ is the filter $K(\lambda) = "
            r"\lambda\gamma Z^T (\lambda - F)^{-1} M$ with $F = 1 - \gamma + \gamma W$; here from the position, rank one.",
            "K_p",
            factor(loop.agent[0]),
            _stepped(loop),
            also=(WORDS.residual(), loop.agent - _filter(loop)),
        ),
        Step.solves(
            r"The states are $(\lambda - A - B K C)^{-1} B K D$ times the reference: put back into the joint equations, in "
            r"letters without dimensions. The agent reads position and reference, $K = (K_p, K_r)$, and $G_o$ is the plant: "
            r"$p = G_o (K_p\, p + K_r\, r)$.",
            "T",
            axis_transfer(),
            _follows(loop),
            also=(WORDS.residual(), WORDS.feedback_residual()),
        ),
        Step.equal(
            r"The plant of one axis, $\lambda p = p + \Delta t\, v$ and $\lambda v = v + \Delta t\, u$.",
            "G_o",
            factor(planar_gain()),
            _newton(),
        ),
        Step.solves(
            r"The loss compares the position one step later with the reference, so the error's transfer function is "
            r"$E = \lambda T - 1$.",
            "E",
            together(lam * axis_transfer() - 1),
            _lags(loop),
        ),
    )


def _spectrum_steps(loop: TrackingLoop) -> tuple[Step, ...]:
    """The joint spectrum, which references do not enter."""
    plane, simple = TrackingLoop(), TrackingLoop(double_integrator(), leak=1)
    return (
        Step.equal(
            r"References are inputs: $K_r$ moves no eigenvalue of the joint system. Rank one, $\gamma = \Delta t = 1$; the general "
            r"agent's $\chi$ is that without references times $(\lambda - 1 + \gamma)$ for each (checked with leak, and in the plane). "
            r"The agent has two inputs, so $\sigma_{zm}$ and $\sigma_{vm}$ have two entries; 11 is that of the position.",
            r"\chi",
            expand(lam**2 * _cubic_of(simple)),
            joint_polynomial(simple),
            also=(
                joint_polynomial(loop) - seen_polynomial(loop, 1),
                joint_polynomial(plane) - seen_polynomial(plane, 2),
            ),
        ),
    )


def _change_steps(loop: TrackingLoop) -> tuple[Step, ...]:
    """How T changes with the agent, and the agent with its weights."""
    slope, one = _one_neuron()
    return (
        Step.solves(
            r"A change of the agent acts through what it reads and the closed loop's own response to a control, "
            r"$dT = G_{\mathrm{cl}}\, dK\, (C X + D)$: first order of the plant's equation.",
            r"G_{\mathrm{cl}}",
            axis_response(),
            _answers(loop),
            also=(WORDS.sensitivity_residual(),),
        ),
        Step.equal(
            r"By the weights, $dK = \lambda\gamma\,(dZ^T R M + \gamma Z^T R\, dW R M + Z^T R\, dM)$ with $R = (\lambda - F)^{-1}$; "
            r"for one neuron this is the following.",
            r"\partial K/\partial w",
            slope,
            one.diff(Symbol("w")),
            also=(WORDS.weight_residual(),),
        ),
    )


def build() -> Result:
    """K, T and E at one frequency, the joint spectrum, and how T changes with the agent."""
    loop = TrackingLoop(double_integrator(dt), leak=gamma)
    return Result(
        "tracking-transfer",
        "From reference to position",
        r"Any linear agent that reads position and reference makes the position follow with $T = (1 - G_o K_p)^{-1} G_o K_r$; its "
        r"error is $E = \lambda T - 1$. Only $K_p$ decides on stability, as long as no unstable mode of the agent is hidden from it, "
        r"such as one that the reference alone drives.",
        "task: Ger & Barak, arXiv 2505.13567, Sec. 5; transfer functions: Kailath, Linear Systems (1980); slopes derived here",
        _frequency_steps(loop) + _spectrum_steps(loop) + _change_steps(loop),
        ("T", "E", r"G_{\mathrm{cl}}", r"\chi"),
        BACKGROUND,
    )
