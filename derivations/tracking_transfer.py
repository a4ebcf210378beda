"""Tracking: from reference to position through plant and agent."""

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, cancel, expand, eye, together

from derivations.result import Background, Result, difference
from derivations.step import Step
from theory.open_loop import AgentFilter
from theory.plant import double_integrator
from theory.spectrum import cubic
from theory.symbols import dt, gain_p, gain_r, gamma, lam, plant_gain, sigma_vm, sigma_vu, sigma_zm, sigma_zu
from theory.tracking import TrackingLoop, joint_polynomial, planar_gain, seen_polynomial
from theory.transfer_algebra import TransferAlgebra

BACKGROUND = Background(
    assumptions=(
        "A linear agent and plant, no state at the clamp; the agent reads $p_t$ and $r_t$ and acts in the same step.",
    ),
    differs="The source gives no transfer function.",
    checks=("tracking: loss of every frequency", "tracking: stationary loss of every frequency"),
)

LETTERS = ImmutableMatrix([[gain_p, gain_r]])
TRANSFER = plant_gain * gain_r / (1 - plant_gain * gain_p)
ERROR = (plant_gain * (lam * gain_r + gain_p) - 1) / (1 - plant_gain * gain_p)
AUTHORITY = plant_gain / (1 - plant_gain * gain_p)


def _zero(*parts) -> Matrix:
    """All parts, expressions or matrices, as one column."""
    return Matrix([cancel(entry) for part in parts for entry in Matrix([part])])


def _filter_residual(loop: TrackingLoop) -> Matrix:
    """K(λ) less H (1 - F/λ)⁻¹ E, the agent as a filter of its inputs."""
    agent = AgentFilter(loop.plant.p, loop.view.rows, loop.rank, loop.leak, loop.overlaps)
    resolvent = (eye(agent.transition.rows) - agent.transition / lam).inv()
    return _zero(loop.agent - agent.readout * resolvent * agent.entry)


def _agent_of(loop: TrackingLoop) -> Expr:
    """K_p of a rank-one agent with leak, from position to control."""
    o, s = loop.overlaps, lam - 1 + gamma
    return gamma * lam / s * (o.zm[0] + gamma * o.zu[0] * o.vm[0] / (s - gamma * o.vu[0]))


def _inserted(expression: Expr) -> Expr:
    return expression.subs(plant_gain, planar_gain())


def _cubic_of(loop: TrackingLoop) -> Expr:
    """The cubic of the rank-one double integrator with the letters of this loop."""
    o = loop.overlaps
    letters = {sigma_zm: o.zm[0], sigma_zu: o.zu[0], sigma_vm: o.vm[0], sigma_vu: o.vu[0]}
    return cubic().as_expr().subs(letters, simultaneous=True)


def _one_neuron() -> tuple[Expr, Expr]:
    """∂K/∂w of one neuron by the general formula, and what it must equal."""
    m, z, w = (Symbol(name) for name in "mzw")
    resolvent = 1 / (lam - 1 + gamma - gamma * w)
    agent = lam * gamma * z * resolvent * m
    words = TransferAlgebra()
    values = {words.Zt: z, words.R: resolvent, words.M: m, words.dW: 1, words.dZt: 0, words.dM: 0}
    slope = words.agent_slope().subs(words.leak, gamma).subs(values)
    return together(slope), cancel(slope - agent.diff(w))


def build() -> Result:
    """K, T and E at one frequency, the joint spectrum, and how T changes with the agent."""
    words, loop = TransferAlgebra(), TrackingLoop(double_integrator(dt), leak=gamma)
    simple = TrackingLoop(double_integrator(), leak=1)
    chi, short = joint_polynomial(simple), _cubic_of(simple)
    slope, slope_gap = _one_neuron()
    general = loop.transfer(LETTERS)[0]
    steps = (
        Step(
            r"Under a reference $\lambda^t$ the agent $h_t = F h_{t-1} + \gamma M (C x_t + D r_t)$ is the filter $K(\lambda) = "
            r"\lambda\gamma Z^T (\lambda - F)^{-1} M$ with $F = 1 - \gamma + \gamma W$; here from the position, rank one.",
            "K_p",
            _agent_of(loop),
            _zero(_filter_residual(loop), loop.agent[0] - _agent_of(loop)),
        ),
        Step(
            r"The states are $(\lambda - A - B K C)^{-1} B K D$ times the reference: put back into the joint equations, in "
            r"letters without dimensions. The agent reads position and reference, $K = (K_p, K_r)$, and $G_o$ is the plant.",
            "T",
            TRANSFER,
            _zero(words.residual(), words.feedback_residual(), general - _inserted(TRANSFER)),
        ),
        Step(
            r"The plant of one axis. The same $T$ follows from the reduced joint system of a rank-one agent with leak.",
            "G_o",
            planar_gain(),
            _zero(loop.state_space_transfer() - loop.transfer(), planar_gain() - dt**2 / (lam - 1) ** 2),
        ),
        Step(
            r"The loss compares the position one step later with the reference, so the error's transfer function is "
            r"$E = \lambda T - 1$.",
            "E",
            ERROR,
            _zero(lam * general - 1 - _inserted(ERROR), lam * TRANSFER - 1 - ERROR),
        ),
        Step(
            r"References are inputs: $K_r$ moves no eigenvalue of the joint system. Rank one, $\gamma = \Delta t = 1$; the general "
            r"agent's $\chi$ is that without references times $(\lambda - 1 + \gamma)$ for each (checked with leak, and in the plane). "
            r"The agent has two inputs, so $\sigma_{zm}$ and $\sigma_{vm}$ have two entries; 11 is that of the position.",
            r"\chi",
            lam**2 * short,
            _zero(
                difference(chi, lam**2 * short),
                difference(joint_polynomial(loop), seen_polynomial(loop, 1)),
                difference(joint_polynomial(TrackingLoop()), seen_polynomial(TrackingLoop(), 2)),
            ),
        ),
        Step(
            r"A change of the agent acts through what it reads and the closed loop's own response to a control, "
            r"$dT = G_{\mathrm{cl}}\, dK\, (C X + D)$: first order of the plant's equation.",
            r"G_{\mathrm{cl}}",
            AUTHORITY,
            _zero(words.sensitivity_residual(), loop.authority(LETTERS)[0] - _inserted(AUTHORITY)),
        ),
        Step(
            r"By the weights, $dK = \lambda\gamma\,(dZ^T R M + \gamma Z^T R\, dW R M + Z^T R\, dM)$ with $R = (\lambda - F)^{-1}$; "
            r"for one neuron this is the following.",
            r"\partial K/\partial w",
            slope,
            _zero(expand(words.weight_residual()), slope_gap),
        ),
    )
    return Result(
        "tracking-transfer",
        "From reference to position",
        r"Any linear agent that reads position and reference makes the position follow with $T = (1 - G_o K_p)^{-1} G_o K_r$; its "
        r"error is $E = \lambda T - 1$. Only $K_p$ decides on stability, as long as no unstable mode of the agent is hidden from it, "
        r"such as one that the reference alone drives.",
        "task: Ger & Barak, arXiv 2505.13567, Sec. 5; transfer functions: Kailath, Linear Systems (1980); slopes derived here",
        steps,
        {"T": TRANSFER, "E": ERROR, r"G_{\mathrm{cl}}": AUTHORITY, r"\chi": expand(chi)},
        BACKGROUND,
    )
