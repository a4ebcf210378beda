"""Which frequency is learned first: slopes at a silent agent, and what they leave open."""

from sympy import (
    Expr,
    I,
    Integer,
    S,
    Symbol,
    cancel,
    conjugate,
    cos,
    expand,
    expand_power_exp,
    factor,
    limit,
    sin,
    sqrt,
    trigsimp,
)

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.core.linear import linear_root
from theory.symbols import amplitude, dt, feedforward, horizon, lam, omega
from theory.tracking.order import (
    best_feedforward,
    chord,
    cycle_residuals,
    horizon_loss,
    needed_control,
    response_from_rest,
    silent_loss,
    silent_slope,
)
from theory.tracking.sinusoids import in_cosine

BACKGROUND = Background(
    assumptions=(
        "Slopes at an agent that does nothing, whole cycles, no ramp; learning beyond the first steps is not covered.",
    ),
    differs=(
        "The source reports the order. What is derived is the slope at an agent that does nothing; it does not decide "
        "the order of learning, which is measured."
    ),
    checks=(
        "tracking: low ones first",
        "tracking: amplitudes in proportion to f",
        "tracking: plain gradient descent",
    ),
)

CHORD = Symbol("d", positive=True)
ON = (lam - 1) * (1 / lam - 1)
"""d = |λ-1|² as a function of λ on the unit circle."""
STEP, CYCLES = Symbol("t"), Symbol("c", positive=True)
LAGS = (1, 4)
EPISODES = ((2, Integer(-1)), (3, (-1 + sqrt(3) * I) / 2), (4, I), (8, I), (12, (1 + sqrt(3) * I) / 2))
"""Numbers T of steps and λ with λ^T = 1, on which the loss over whole cycles is summed step by step."""


def _chord(expression: Expr) -> Expr:
    """A function of λ that is unchanged under λ → 1/λ, in d = 2 - λ - 1/λ."""
    return factor(in_cosine(expression, 1 - CHORD / 2))


def _gap(expected: Expr):
    """For an expression in d: less a function of λ."""
    return lambda found: cancel(found.subs(CHORD, ON) - expected)


def _formal_loss() -> Expr:
    """dt (a²/2) |λ p - 1|² of p_{t+2} - 2 p_{t+1} + p_t = dt² k_r λ^t in the steady state: without transfer functions."""
    p = Symbol("p")
    error = lam * linear_root((lam**2 - 2 * lam + 1) * p - dt**2 * feedforward, p) - 1
    return dt * amplitude**2 * error * error.subs(lam, 1 / lam) / 2


def _moves(position: Expr) -> tuple[Expr, ...]:
    """p_0, p_1, and p_{t+2} - 2 p_{t+1} + p_t - dt² k_r λ^t: what the plant makes zero."""
    later = [expand_power_exp(position.subs(STEP, STEP + k)) for k in range(3)]
    drive = dt**2 * feedforward * lam**STEP
    return position.subs(STEP, 0), position.subs(STEP, 1), later[2] - 2 * later[1] + later[0] - drive


def _summed(steps: int, root: Expr) -> Expr:
    """dt (a²/2) times the mean of |p_{t+1} - λ^t|² over an episode, the plant stepped from rest."""
    p, v, total = Integer(0), Integer(0), Integer(0)
    for t in range(steps):
        wave = expand(root**t)
        p, v = p + dt * v, v + dt * feedforward * wave
        error = expand(p - wave)
        total += expand(error * conjugate(error))
    return dt * amplitude**2 * total / steps / 2


def _whole_cycles(loss: Expr) -> tuple[Expr, ...]:
    """A loss over whole cycles less its sum over the steps of some episodes."""
    return tuple(
        loss.subs({CHORD: expand((root - 1) * conjugate(root - 1)), horizon: steps}) - _summed(steps, root)
        for steps, root in EPISODES
    )


def _at_rest() -> tuple[Step, ...]:
    """Needed control, formal loss and slope."""
    formal, slope = _formal_loss(), silent_slope()
    return (
        Step.solves(
            r"On the unit circle the double integrator one step ahead is real, $\lambda G_o = -\Delta t^2/d$ with $d = |\lambda - 1|^2$.",
            "d",
            4 * sin(omega / 2) ** 2,
            lambda d: trigsimp(expand(d - (cos(omega) - 1) ** 2 - sin(omega) ** 2)),
            also=(chord() - ON, cancel(needed_control() + ON / dt**2)),
        ),
        Step.solves(
            r"The control that tracks is the acceleration of the reference: a fast sinusoid needs more.",
            r"u/r = 1/(\lambda G_o)",
            _chord(needed_control()),
            _gap((lam - 2 + 1 / lam) / dt**2),
        ),
        Step.solves(
            r"Formally, as if transients died out, an agent $u = k_r r$ has this loss.",
            r"L_\omega",
            _chord(silent_loss()),
            _gap(formal),
        ),
        Step.solves(
            r"Its slope at $k_r = 0$ falls as $1/d$, about $1/\omega^2$, and its curvature as $1/d^2$, about $1/\omega^4$; the slope "
            rf"by a response $g_j$ is $\cos j\omega$ times as large (checked for $j = {', '.join(map(str, LAGS))}$).",
            r"\partial L_\omega/\partial k_r|_0",
            _chord(slope),
            _gap(formal.diff(feedforward).subs(feedforward, 0)),
            also=(
                cancel(formal.diff(feedforward, 2) - dt**5 * amplitude**2 / ON**2),
                *(cancel(silent_slope(lag) - slope * (lam**lag + lam**-lag) / 2) for lag in LAGS),
            ),
        ),
    )


def _from_rest() -> tuple[Step, ...]:
    """The drift of the marginal plant, and the loss of whole cycles."""
    loss, (gain, share) = horizon_loss(), best_feedforward()
    still, linear, square = (expand(loss).coeff(feedforward, k) for k in range(3))
    return (
        Step.solves(
            r"But the double integrator is marginal: from rest the sinusoid leaves a drift, linear in $t$, that feedforward "
            r"without memory cannot remove. Stepped, $p_{t+2} - 2 p_{t+1} + p_t = \Delta t^2 k_r \lambda^t$ and $p_0 = p_1 = 0$.",
            "p_t",
            response_from_rest(STEP, lam**STEP),
            _moves,
        ),
        Step.solves(
            r"Over $T$ steps of whole cycles, $\lambda^T = 1$ and no ramp, the sums over $t^j \lambda^{it}$ telescope, and the loss is "
            r"exact; the plant stepped for 2, 3, 4, 8 and 12 steps gives the same.",
            r"L_{\omega,T}",
            _chord(loss),
            _whole_cycles,
            also=tuple(cycle_residuals()),
        ),
        Step.solves(
            r"The drift doubles the slope and leaves its order: of equal amplitudes the lower frequency has the larger slope.",
            r"\partial L_{\omega,T}/\partial k_r|_0",
            _chord(linear),
            _gap(2 * silent_slope()),
        ),
        Step.solves(
            r"Yet it rules the curvature: the best $k_r$ alone removes no more than this share of the loss.",
            r"1 - L_{\min}/L_0",
            _chord(share),
            _gap(linear**2 / (4 * still * square)),
            also=(cancel(gain + linear / (2 * square)),),
        ),
        Step.asymptotic(
            r"In long episodes of $c$ cycles, $d = 4\sin^2(\pi c/T)$: less than a quarter for one cycle, less than a tenth for two.",
            r"1 - L_{\min}/L_0 \;(T \to \infty)",
            3 / (3 + S.Pi**2 * CYCLES**2),
            limit(_chord(share).subs(CHORD, 4 * sin(S.Pi * CYCLES / horizon) ** 2), horizon, S.Infinity),
        ),
    )


def _learned() -> tuple[Step, ...]:
    """What runs show of the order of learning; epochs of seed 0, to the ten."""
    return (
        Step.numerical(
            r"The slopes do not decide when a frequency is acquired, the epoch $t_f$ from which its loss stays below half of that "
            r"at rest. With amplitudes in proportion to $f$, at which the four slopes differ by half a percent, Adam still acquires "
            r"low frequencies first.",
            r"(t_{0.1}, t_{0.2}, t_{0.3}, t_{0.4})|_{a \propto f}",
            vector(map(Integer, (920, 1220, 2700, 3320))),
            "tracking: amplitudes in proportion to f, slopes at rest equal",
        ),
        Step.numerical(
            r"With amplitudes in proportion to $f^2$ it does not: 0.1 Hz is not acquired within 5000 epochs, the others are.",
            r"(t_{0.2}, t_{0.3}, t_{0.4})|_{a \propto f^2}",
            vector(map(Integer, (1670, 2070, 2260))),
            "tracking: amplitudes in proportion to f²",
        ),
        Step.numerical(
            r"Plain gradient descent (rate 0.02, clip 1, from $W = 0$), at equal amplitudes, acquires the lower frequency of each "
            r"axis, 0.1 Hz of x and 0.2 Hz of y, and neither of the higher ones within 6000 epochs.",
            r"(t_{0.1}, t_{0.2})|_{\mathrm{plain}}",
            vector(map(Integer, (310, 1330))),
            "tracking: plain gradient descent",
        ),
    )


def build() -> Result:
    """Needed control, formal slopes, the drift from rest, the exact loss of whole cycles, and what runs show."""
    return Result(
        "tracking-order",
        "Low frequencies first",
        r"At an agent that does nothing, the slope of the loss of a sinusoid by the gain on its reference is $\Delta t^3 a^2/(4\sin^2(\omega/2))$ "
        r"formally, and exactly twice that over whole cycles from rest: of equal amplitudes the lower frequency has the larger slope. "
        r"That is the slope at rest, not the law by which frequencies are learned: with amplitudes that make these slopes equal Adam "
        r"still acquires low frequencies first, with amplitudes in proportion to $f^2$ it does not, and plain gradient descent "
        r"acquires the lower frequency of each axis alone. These are measured, not derived.",
        "derived here; order observed by Ger & Barak, arXiv 2505.13567, Fig. 6",
        (*_at_rest(), *_from_rest(), *_learned()),
        (r"\partial L_\omega/\partial k_r|_0", r"L_{\omega,T}", r"1 - L_{\min}/L_0"),
        BACKGROUND,
    )
