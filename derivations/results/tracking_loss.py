"""The stationary loss of tracking, frequency by frequency."""

from sympy import Expr, I, ImmutableMatrix, Symbol, cancel, conjugate, cos, expand, factor, fraction, sin, solve, sqrt
from sympy.polys.fields import sfield

from derivations.result import Background, Result
from derivations.step import Step
from theory.core.linear import linear_root
from theory.core.plant import double_integrator
from theory.symbols import amplitude, dt, gain_p, gain_r, lam, phase, plant_gain
from theory.tracking.loop import TrackingLoop, axis_response, markov_agent
from theory.tracking.sinusoids import sinusoid_loss, stationary_loss, stationary_slope

BACKGROUND = Background(
    assumptions=(
        "The joint system is stable and transients are over; phases are independent and uniform; no state at the clamp.",
    ),
    differs="The source measures the loss of each frequency in simulations; the sum over frequencies is derived.",
    checks=("tracking: stationary loss of every frequency",),
)

STATIC = ImmutableMatrix([[gain_p, gain_r]])
REAL, IMAGINARY = Symbol("e_1", real=True), Symbol("e_2", real=True)
OTHER, OTHER_PHASE = Symbol("b", positive=True), Symbol("psi", real=True)
OTHER_REAL, OTHER_IMAGINARY = Symbol("f_1", real=True), Symbol("f_2", real=True)


def _axis() -> TrackingLoop:
    """One axis of the task."""
    return TrackingLoop(double_integrator(dt))


def _mean(expression: Expr, angle: Symbol) -> Expr:
    """Mean over an angle φ of a polynomial in cos φ and sin φ: the constant term in e^{iφ}."""
    turn = Symbol("turn")
    waves = {cos(angle): (turn + 1 / turn) / 2, sin(angle): (turn - 1 / turn) / (2 * I)}
    return expand(expand(expression.subs(waves)).coeff(turn, 0))


def _wave(real: Expr, imaginary: Expr, size: Expr, angle: Symbol) -> Expr:
    """Re (e_1 + i e_2) a e^{iφ}."""
    return size * (real * cos(angle) - imaginary * sin(angle))


def _loss_of(real: Expr, imaginary: Expr, size: Expr) -> Expr:
    """The theory's loss of one sinusoid, one output, dt = 1."""
    error = real + I * imaginary
    return expand(sinusoid_loss([error], [conjugate(error)], size, 1))


def _error(forward: Expr) -> Expr:
    """λ p - 1 of one axis, p from λ p = p + dt v, λ v = v + dt (K_p p + K_r): without transfer functions."""
    p, v = Symbol("p"), Symbol("v")
    return cancel(lam * solve([lam * p - p - dt * v, lam * v - v - dt * (gain_p * p + forward)], [p, v])[p] - 1)


def _squared(error: Expr) -> Expr:
    """dt (a²/2) E(λ) E(1/λ)."""
    return dt * amplitude**2 * error * error.subs(lam, 1 / lam) / 2


def _circle_residual() -> Expr:
    """f(λ) f(1/λ) of any real quadratic less |f|² on the unit circle, λ = c + i s and 1/λ = c - i s by c² + s² = 1."""
    c, s = Symbol("c", real=True), Symbol("s", real=True)
    letters = [Symbol(f"f_{k}", real=True) for k in range(3)]
    on, mirrored = (sum(f * point**k for k, f in enumerate(letters)) for point in (c + I * s, c - I * s))
    pieces = expand(on).as_real_imag()
    inverse = expand((c + I * s) * (c - I * s)).subs(s**2, 1 - c**2) - 1
    return expand(on * mirrored - sum(piece**2 for piece in pieces)) + expand(inverse)


def _slope_residual(loss: Expr, slope: Expr, letter: Symbol) -> Expr:
    """A slope less the derivative of the loss, in the field of rational functions, where differences cancel fast."""
    rational, (value, found) = sfield([loss, slope])
    position = rational.symbols.index(letter)
    return (found - value.diff(rational.gens[position])).as_expr()


def _slope(agent: ImmutableMatrix, change: list) -> Expr:
    """The theory's slope of the loss by a change of the agent."""
    loop = _axis()
    return stationary_slope(loop.error(agent), loop.error_slope(agent, ImmutableMatrix([change])), 0)


def _late_residual() -> Expr:
    """Slope by a response g_1 to the reference of a silent agent less the derivative of the loss by it."""
    response = Symbol("g", real=True)
    agent = markov_agent([ImmutableMatrix([[0, 0]]), ImmutableMatrix([[0, response]])])
    found = _slope(agent.subs(response, 0), [0, 1 / lam])
    return cancel(found - _squared(_error(response / lam).subs(gain_p, 0)).diff(response).subs(response, 0))


def _answers(ratio: Expr) -> Expr:
    """Ĝ of the plant's states, times (λ-1)²/dt², less a ratio in the letter G_o at dt²/(λ-1)²."""
    plant = dt**2 / (lam - 1) ** 2
    return _axis().control_to_output(STATIC)[0] / plant - ratio.subs(plant_gain, plant)


def _phase_steps() -> tuple[Step, ...]:
    """The mean over phases: sinusoids do not interfere."""
    first, second = (REAL, IMAGINARY, amplitude, phase), (OTHER_REAL, OTHER_IMAGINARY, OTHER, OTHER_PHASE)
    return (
        Step.equal(
            r"In a stable loop the error under $a \cos(\omega t + \varphi)$ ends as $\mathrm{Re}\, E\, a\, e^{i(\omega t + \varphi)}$, "
            r"$E = e_1 + i e_2$ at $\lambda = e^{i\omega}$; its square, averaged over the phase.",
            r"\mathrm{E}_\varphi\,(\mathrm{Re}\, E\, a\, e^{i\varphi})^2",
            _loss_of(*first[:3]),
            _mean(_wave(*first) ** 2, phase),
        ),
        Step.equal(
            r"Phases are independent: the products of two sinusoids, here $E a$ and $F b$ with $F = f_1 + i f_2$, average to zero, "
            r"so losses of frequencies add, as those of axes do: $L = \sum_f (\Delta t/2)\, a_f^2 \sum_i |E_{i,f}|^2$, cross-talk "
            r"between axes included.",
            r"\mathrm{E}_{\varphi,\varphi'}\,(\mathrm{Re}\, E\, a\, e^{i\varphi} + \mathrm{Re}\, F\, b\, e^{i\varphi'})^2",
            _loss_of(*first[:3]) + _loss_of(*second[:3]),
            _mean(_mean((_wave(*first) + _wave(*second)) ** 2, phase), OTHER_PHASE),
        ),
    )


def _sinusoid_steps() -> tuple[Step, ...]:
    """The loss of one sinusoid under an agent without memory, and its slopes."""
    loss, squared = factor(stationary_loss(_axis().error(STATIC), 0)), _squared(_error(gain_r))
    forward, feedback = (_slope(STATIC, change) for change in ([0, 1], [1, 0]))
    poles, pole = fraction(_error(gain_r))[1], 1 + dt * sqrt(gain_p)
    return (
        Step.equal(
            r"Of a real system $|E|^2 = E(\lambda) E(1/\lambda)$. For a double integrator and an agent without memory, "
            r"$K_p$ and $K_r$ are numbers; no such loop is stable ($\lambda = 1 \pm \Delta t\sqrt{K_p}$, of mean 1), so this is its "
            r"formal loss.",
            r"L_\omega",
            loss,
            squared,
            also=(_circle_residual(), poles.subs(lam, pole), poles.subs(lam, 2 - pole)),
        ),
        Step.equal(
            r"Slopes follow from $dE = \lambda\, G_{\mathrm{cl}}\, dK\, (C X + D)$ as $dL = \Delta t\, a^2\, \mathrm{Re}\, E^* dE$; by "
            r"both gains of that agent they are the derivatives. By a later response $g_j$, $dK = \lambda^{-j}$ (checked for "
            r"$j = 1$ at $K = 0$).",
            r"\partial L_\omega/\partial K_r|_{K_p = 0}",
            factor(forward.subs(gain_p, 0)),
            squared.subs(gain_p, 0).diff(gain_r),
            also=(
                _slope_residual(squared, forward, gain_r),
                _slope_residual(squared, feedback, gain_p),
                _late_residual(),
            ),
        ),
    )


def _feedback_steps() -> tuple[Step, ...]:
    """What the closed loop lets through."""
    return (
        Step.equal(
            r"Once feedback holds the loop, a constant control $w$ moves the plant until $K_p\, p + w = 0$, whatever the plant's gain.",
            r"G_{\mathrm{cl}}|_{\lambda = 1}",
            cancel(_axis().control_to_output(STATIC)[0].subs(lam, 1)),
            linear_root(gain_p * Symbol("p") + 1, Symbol("p")),
        ),
        Step.solves(
            r"Where $|G_o K_p|$ is small it answers like the plant, and $G_o = \Delta t^2/(\lambda - 1)^2$ falls as $1/\omega^2$: slopes "
            r"of frequencies above the bandwidth are small.",
            r"G_{\mathrm{cl}}/G_o",
            axis_response() / plant_gain,
            _answers,
        ),
    )


def build() -> Result:
    """Loss and slopes of one sinusoid; what the closed loop lets through."""
    return Result(
        "tracking-loss",
        "Loss of tracking by frequency",
        r"In a stable loop with independent uniform phases the loss is a sum over frequencies of $(\Delta t/2)\, a^2 |E(e^{i\omega})|^2$. "
        r"No stationary loss exists at an unstable or marginal loop, as at the start of learning.",
        "derived here; task: Ger & Barak, arXiv 2505.13567, Sec. 5",
        _phase_steps() + _sinusoid_steps() + _feedback_steps(),
        (r"L_\omega", r"\partial L_\omega/\partial K_r|_{K_p = 0}"),
        BACKGROUND,
    )
