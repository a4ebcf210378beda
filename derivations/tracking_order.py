"""Which frequency is learned first: slopes at an agent that does nothing yet."""

from sympy import Expr, I, Matrix, Symbol, cancel, exp, expand, sin

from derivations.result import Background, Result
from derivations.step import Step
from theory.symbols import amplitude, dt, feedforward, horizon, lam, omega
from theory.tracking_order import (
    POWER,
    TIME,
    best_feedforward,
    chord,
    cycle_residuals,
    horizon_loss,
    needed_control,
    response_from_rest,
    rest_residuals,
    silent_loss,
    silent_slope,
)

BACKGROUND = Background(
    assumptions=(
        "Slopes at an agent that does nothing, whole cycles, no ramp; learning beyond the first steps is not covered.",
    ),
    differs="The source reports the order; why low frequencies come first is derived, when each is acquired is measured.",
    checks=("tracking: low ones first",),
)

CHORD = Symbol("d", positive=True)
DRIFT = (horizon**2 - 1) / 3
LAGS = (0, 1, 4)


def _on_circle() -> Expr:
    """d at λ = e^{iω} less 4 sin²(ω/2)."""
    half = (exp(I * omega / 2) - exp(-I * omega / 2)) / (2 * I)
    return expand(chord().subs(lam, exp(I * omega)) - 4 * expand(half**2))


def _gap(found: Expr, written: Expr) -> Expr:
    return cancel(found - written.subs(CHORD, chord()))


def build() -> Result:
    """Needed control, formal slopes, the drift from rest, and the exact loss of whole cycles."""
    k, power = feedforward * dt**2, dt * amplitude**2
    slope = dt**3 * amplitude**2 / CHORD
    formal = power * (1 + k / CHORD) ** 2 / 2
    whole = power * (1 + 4 * k / CHORD + k**2 * (4 + CHORD * DRIFT) / CHORD**2) / 2
    best = -2 * CHORD / (dt**2 * (4 + CHORD * DRIFT))
    share = 4 / (4 + CHORD * DRIFT)
    step = Symbol("t")
    drift = k * (lam**step - 1 - step * (lam - 1)) / (lam - 1) ** 2
    loss, (gain, gained) = horizon_loss(), best_feedforward()
    late = [
        cancel(silent_slope(lag) - dt**3 * amplitude**2 * (lam**lag + lam**-lag) / 2 / chord()) for lag in LAGS
    ]  # cos(lag ω)
    steps = (
        Step(
            r"On the unit circle the double integrator one step ahead is real, $\lambda G_o = -\Delta t^2/d$ with $d = |\lambda - 1|^2$.",
            "d",
            4 * sin(omega / 2) ** 2,
            _on_circle(),
        ),
        Step(
            r"The control that tracks is the acceleration of the reference: a fast sinusoid needs more.",
            r"u/r = 1/(\lambda G_o)",
            -CHORD / dt**2,
            _gap(needed_control(), -CHORD / dt**2),
        ),
        Step(
            r"Formally, as if transients died out, an agent $u = k_r r$ has this loss.",
            r"L_\omega",
            formal,
            _gap(silent_loss(), formal),
        ),
        Step(
            r"Its slope at $k_r = 0$ falls as $1/d$, about $1/\omega^2$, and its curvature as $1/d^2$, about $1/\omega^4$; the slope "
            rf"by a response $g_j$ is $\cos j\omega$ times as large (checked for $j = {', '.join(map(str, LAGS))}$).",
            r"\partial L_\omega/\partial k_r|_0",
            slope,
            Matrix([_gap(silent_slope(), slope), *late]),
        ),
        Step(
            r"But the double integrator is marginal: from rest the sinusoid leaves a drift, linear in $t$, that feedforward "
            r"cannot remove. Stepped, $p_{t+2} - 2 p_{t+1} + p_t = \Delta t^2 k_r \lambda^t$ and $p_0 = p_1 = 0$.",
            "p_t",
            drift,
            Matrix(
                [
                    *rest_residuals(),
                    cancel(drift.subs(lam**step, POWER).subs(step, TIME) - response_from_rest(TIME, POWER)),
                ]
            ),
        ),
        Step(
            r"Over $T$ steps of whole cycles, $\lambda^T = 1$ and no ramp, the sums over $t^j \lambda^{it}$ telescope, and the loss is exact.",
            r"L_{\omega,T}",
            whole,
            Matrix([*cycle_residuals(), _gap(loss, whole)]),
        ),
        Step(
            r"The drift doubles the slope and leaves the order as it was: the lower frequency has the larger slope.",
            r"\partial L_{\omega,T}/\partial k_r|_0",
            2 * slope,
            _gap(loss.diff(feedforward).subs(feedforward, 0), 2 * slope),
        ),
        Step(
            r"Yet it rules the curvature: the best $k_r$ alone removes this share of the loss, about $3/(3 + \pi^2 c^2)$ for $c$ "
            r"cycles. Feedback has to come before anything is tracked.",
            r"1 - L_{\min}/L_0",
            share,
            Matrix([_gap(gain, best), _gap(gained, share)]),
        ),
    )
    return Result(
        "tracking-order",
        "Low frequencies first",
        r"At an agent that does nothing, the slope of the loss of a sinusoid by the gain on its reference is $\Delta t^3 a^2/(4\sin^2(\omega/2))$ "
        r"formally, and exactly twice that over whole cycles from rest: of equal amplitudes the lower frequency has the larger slope. "
        r"At random initial weights the unstable loop changes sizes; there the slopes are computed, not derived.",
        "derived here; order observed by Ger & Barak, arXiv 2505.13567, Fig. 6",
        steps,
        {r"\partial L_\omega/\partial k_r|_0": slope, r"L_{\omega,T}": whole, r"1 - L_{\min}/L_0": share},
        BACKGROUND,
    )
