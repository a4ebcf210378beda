"""The stationary loss of tracking, frequency by frequency."""

from sympy import Expr, I, ImmutableMatrix, Matrix, Symbol, cancel, cos, expand, sin
from sympy.polys.fields import sfield

from derivations.result import Background, Result
from derivations.step import Step
from theory.plant import double_integrator
from theory.symbols import amplitude, dt, gain_p, gain_r, lam, phase
from theory.tracking import TrackingLoop, tone_loss, tone_slope

BACKGROUND = Background(
    assumptions=(
        "The joint system is stable and transients are over; phases are independent and uniform; no state at the clamp.",
    ),
    differs="The source measures the loss of each frequency in simulations; the sum over frequencies is derived.",
    checks=("tracking: stationary loss of every frequency",),
)

STATIC = ImmutableMatrix([[gain_p, gain_r]])
REAL, IMAGINARY = Symbol("e_1", real=True), Symbol("e_2", real=True)
ONE_AXIS = TrackingLoop(double_integrator(dt))


def _mean(expression: Expr) -> Expr:
    """Mean over φ of a polynomial in cos φ and sin φ: the constant term in e^{iφ}."""
    turn = Symbol("turn")
    waves = {cos(phase): (turn + 1 / turn) / 2, sin(phase): (turn - 1 / turn) / (2 * I)}
    return expand(expand(expression.subs(waves)).coeff(turn, 0))


def _factored() -> Expr:
    """dt (a²/2) |dt² (λ K_r + K_p) - (λ-1)²|²/|(λ-1)² - dt² K_p|², squares as f(λ) f(1/λ)."""
    top, bottom = dt**2 * (lam * gain_r + gain_p) - (lam - 1) ** 2, (lam - 1) ** 2 - dt**2 * gain_p
    squares = [part * part.subs(lam, 1 / lam) for part in (top, bottom)]
    return dt * amplitude**2 * squares[0] / squares[1] / 2


def _modulus_residual() -> Expr:
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


def build() -> Result:
    """Loss and slopes of one sinusoid; what the closed loop lets through."""
    error = ONE_AXIS.error(STATIC)
    loss = tone_loss(error, 0)
    slope = tone_slope(error, ONE_AXIS.error_slope(STATIC, ImmutableMatrix([[0, 1]])), 0)
    other = tone_slope(error, ONE_AXIS.error_slope(STATIC, ImmutableMatrix([[1, 0]])), 0)
    authority = ONE_AXIS.authority(STATIC)[0]
    mean = amplitude**2 * (REAL**2 + IMAGINARY**2) / 2
    steps = (
        Step(
            r"In a stable loop the error under $a \cos(\omega t + \varphi)$ ends as $\mathrm{Re}\, E\, a\, e^{i(\omega t + \varphi)}$, "
            r"$E = e_1 + i e_2$ at $\lambda = e^{i\omega}$; its square, averaged over the phase.",
            r"\mathrm{E}_\varphi\,(\mathrm{Re}\, E\, a\, e^{i\varphi})^2",
            mean,
            expand(_mean((amplitude * (REAL * cos(phase) - IMAGINARY * sin(phase))) ** 2) - mean),
        ),
        Step(
            r"Phases are independent: products of two sinusoids average to zero, and losses of frequencies and axes add, "
            r"$L = \sum_f (\Delta t/2)\, a_f^2 \sum_i |E_{i,f}|^2$, cross-talk between axes included.",
            r"\mathrm{E}_\varphi\,(e_1 \cos\varphi + e_2 \sin\varphi)",
            _mean(REAL * cos(phase) + IMAGINARY * sin(phase)),
            _mean(REAL * cos(phase) + IMAGINARY * sin(phase)),
        ),
        Step(
            r"Of a real system $|E|^2 = E(\lambda) E(1/\lambda)$. For a double integrator and an agent without memory, "
            r"$K_p$ and $K_r$ are numbers; no such loop is stable ($\lambda = 1 \pm \Delta t\sqrt{K_p}$), so this is its formal loss.",
            r"L_\omega",
            _factored(),
            Matrix([cancel(loss - _factored()), _modulus_residual()]),
        ),
        Step(
            r"Slopes follow from $dE = \lambda\, G_{\mathrm{cl}}\, dK\, (C X + D)$ as $dL = \Delta t\, a^2\, \mathrm{Re}\, E^* dE$; by "
            r"both gains of that agent they are the derivatives. By a later response $g_j$, $dK = \lambda^{-j}$.",
            r"\partial L_\omega/\partial K_r|_{K_p = 0}",
            cancel(slope.subs(gain_p, 0)),
            Matrix([_slope_residual(loss, slope, gain_r), _slope_residual(loss, other, gain_p)]),
        ),
        Step(
            r"Once feedback holds the loop, it answers slow controls by $-1/K_p$, whatever the frequency, and fast ones like "
            r"the plant, as $1/\omega^2$: slopes of frequencies above the bandwidth are small.",
            r"G_{\mathrm{cl}}(\omega \to 0)",
            -1 / gain_p,
            Matrix(
                [
                    cancel(authority.subs(lam, 1) + 1 / gain_p),
                    cancel(authority.subs(gain_p, 0) - dt**2 / (lam - 1) ** 2),
                ]
            ),
        ),
    )
    return Result(
        "tracking-loss",
        "Loss of tracking by frequency",
        r"In a stable loop with independent uniform phases the loss is a sum over frequencies of $(\Delta t/2)\, a^2 |E(e^{i\omega})|^2$. "
        r"No stationary loss exists at an unstable or marginal loop, as at the start of learning.",
        "derived here; task: Ger & Barak, arXiv 2505.13567, Sec. 5",
        steps,
        {r"L_\omega": _factored(), r"G_{\mathrm{cl}}": authority},
        BACKGROUND,
    )
