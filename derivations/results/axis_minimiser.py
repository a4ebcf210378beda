"""The valleys of the loss on the σ_zm axis: those that learning meets first, and the deepest."""

from sympy import Expr, Rational, Symbol, asin, cos, exp, expand, pi, sin, sqrt

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step, unless
from theory.double_integrator.stages import T, envelope, envelope_minimiser, s, scaled_axis_loss, theta, unwound
from theory.double_integrator.valleys import (
    axis_slope,
    first_valleys,
    least,
    lower_envelope,
    lower_shift,
    nearest_valley,
    swing_slope,
    valley,
    valley_cosine,
    valley_index,
    valley_phase,
)
from theory.symbols import small

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\sigma_{vu} = \kappa = 0$ and $\Sigma_0 \propto I$.",
        r"$T$ is large and $s = -T\sigma_{zm}$ in a fixed interval; no bound on what is left out is given. At $T = 50$ the exact "
        r"sum has two valleys, at $T\sigma_{zm} = -1.084$ and $-2.086$; the second is the global minimum.",
        "Learning that follows the slope stops in the first valley only if its steps are shorter than the valley is wide.",
    ),
    differs="The source shows the asymmetry of the loss; its valleys, and which of them learning meets, are new.",
    checks=(
        "stages: stage 1: T σ* of the deepest valley, T = 10⁶, law against exact sum",
        "stages: stage 1: T σ of the first valley from the right, T = 10⁶",
        "stages: stage 1: T σ of the first valley from the left, T = 10⁶",
        "stages: stage 1: plateaus with 20 epochs at |κ| < 0.002 rest in the valley downhill of the start",
        "stages: stage 1: 100 neurons started on the axis rest in the valley downhill of the start",
    ),
)


def _integral() -> Expr:
    """(1/s) ∫_0^1 e^{sτ} (1 - cos(θτ)) dτ at θ = 2√(s T), to first order in 1/θ beside sines and cosines.

    A start with a velocity of size one moves the position to e^{sτ/2} √(T/s) sin(θτ/2) at time τT. The integral of e^{zτ} is
    (e^z - 1)/z, at z = s and, its real part, at z = s + iθ.
    """
    still, turning = (exp(s) - 1) / s, exp(s) * (s * cos(theta) + theta * sin(theta)) - s  # over s² + θ²
    return ((still - exp(s) * turning.coeff(exp(s)).coeff(theta) / theta) / s).subs(theta, 2 * sqrt(s * T))


def _phased(expression: Expr, phase: Expr = theta) -> Expr:
    """An expression with another phase in the place of 2√(s T)."""
    return expression.replace(sin, lambda _: sin(phase)).replace(cos, lambda _: cos(phase))


def _balance(sign: int) -> Expr:
    """s³ e^{-s} times the envelope's slope plus or minus the largest of the oscillation, or the envelope's alone."""
    return expand((envelope().diff(s) + sign * swing_slope()) * s**3 * exp(-s))


def _least(reason: str, left: str, right: Expr, sign: int, low: str, high: str) -> Step:
    """The one positive zero of a balance, which is convex and vanishes at 0, in Lambert's function."""
    balance = _balance(sign)
    return Step.solves(
        reason,
        left,
        right,
        lambda value: unwound((balance * exp(s)).expand().subs(s, value)),
        also=(
            balance.subs(s, 0),
            balance.diff(s, 2) - 2 * exp(-s),
            unless((Rational(low) < right) and (right < Rational(high))),
        ),
    )


def _scaled() -> tuple[Step, ...]:
    """The loss for long episodes, and its envelope."""
    f = scaled_axis_loss()
    return (
        Step.asymptotic(
            r"Of the sum of stage-one, for $T \to \infty$ at fixed $s = -T\sigma_{zm}$: a velocity of size one swings the position to "
            r"$1/\sqrt{|\sigma_{zm}|}$, and $L_T \approx \frac{T}{2} f_T(s)$, to relative order $1/T$; the sum over an episode "
            r"becomes an integral.",
            "f_T(s)",
            f,
            _integral(),
        ),
        Step.equal(
            r"The envelope, its mean over a turn of the phase $2\sqrt{sT}$: half a turn changes the sign of the rest.",
            "f(s)",
            envelope(),
            (_phased(f) + _phased(f, theta + pi)) / 2,
        ),
        _least(
            r"The envelope is least where $s e^s = 2(e^s - 1)$, that is $(s - 2) e^{s-2} = -2e^{-2}$; of its two solutions "
            r"$s = 0$ is none. $s_0 = 1.5936$.",
            "s_0",
            envelope_minimiser(),
            0,
            "1.5936",
            "1.5937",
        ),
    )


def _slope() -> tuple[Step, ...]:
    """Where the slope can vanish."""
    cosine, slope = valley_cosine(), axis_slope()
    return (
        Step.asymptotic(
            r"The oscillation vanishes in size as $T^{-1/2}$ but its slope does not: this is left at fixed phase "
            r"$\theta = 2\sqrt{sT}$.",
            r"\lim f_T'(s)",
            slope,
            _phased(scaled_axis_loss().diff(s)).subs(T, 1 / small**2).expand().subs(small, 0),
        ),
        Step.equal(
            r"The largest slope of the oscillation: half the difference of that at $\theta = \pi$ and at $\theta = 0$. Half the "
            r"sum is $f'$.",
            r"\max_\theta |\lim f_T' - f'|",
            swing_slope(),
            (slope.subs(theta, pi) - slope.subs(theta, 0)) / 2,
            also=((slope.subs(theta, pi) + slope.subs(theta, 0)) / 2 - envelope().diff(s),),
        ),
        Step.solves(
            r"The limit vanishes where the cosine of the phase is the following. It rises with $s$, because $e^s > 1 + s$.",
            r"\cos(\theta)",
            cosine,
            lambda value: slope.subs(cos(theta), value),
            also=(cosine.diff(s) - 4 * exp(-s) * (exp(s) - 1 - s) / s**2,),
        ),
    )


def _valleys() -> tuple[Step, ...]:
    """Between which limits, and at which phases, there are valleys."""
    (right, left), near = first_valleys(), (1 - sin(theta) / theta) / theta**2
    return (
        _least(
            r"The cosine is $-1$ where $f' = -e^s/(2s^2)$, $(s - \frac43) e^s = -\frac43$; $s_{\mathrm{right}} = 0.6059$. Nearer "
            r"to $0$ the envelope falls more steeply than the oscillation ever rises.",
            r"s_{\mathrm{right}}",
            right,
            1,
            "0.60585",
            "0.60595",
        ),
        _least(
            r"It is $1$ where $f' = e^s/(2s^2)$, $(s - 4) e^s = -4$; $s_{\mathrm{left}} = 3.9207$. Beyond, the envelope rises more "
            r"steeply than the oscillation ever falls.",
            r"s_{\mathrm{left}}",
            left,
            -1,
            "3.92065",
            "3.92075",
        ),
        Step.asymptotic(
            r"Valley number $k$ lies where $2\sqrt{sT}$ is the following: of the two phases in a turn with that cosine, the one "
            r"in $(0, \pi)$, where the slope rises with the phase. Neighbours are $2\pi\sqrt{s/T}$ apart. So the first valley from "
            r"the right has $T\sigma_{zm} \to -s_{\mathrm{right}}$, the first from the left $T\sigma_{zm} \to -s_{\mathrm{left}}$, and "
            r"from $\sigma_{zm} > 0$, where the loss rises with $\sigma_{zm}$, learning meets the former: nor is there a valley where "
            r"$s \to 0$ at fixed $\theta$, because there $f_T$ falls like $(1 - \sin\theta/\theta)/\theta^2$ and "
            r"$3\sin\theta < \theta(2 + \cos\theta)$.",
            r"\theta_k",
            valley_phase(),
            pi / 2 - asin(expand(2 * s**2 * exp(-s) * envelope().diff(s))) + 2 * pi * valley_index,
            also=((near.diff(theta) - (3 * sin(theta) - theta * (2 + cos(theta))) / theta**4).expand(),),
            by=lambda e: e.rewrite(asin).expand(),
        ),
    )


def _undetermined() -> Expr:
    """s* + d/√T with the d for which the slope of the lower envelope has no term of first order in 1/√T there."""
    shift, slope = Symbol("d"), lower_envelope().subs(T, 1 / small**2).diff(s)
    first = slope.subs(s, least + shift * small).diff(small).subs(small, 0).subs(exp(least), 2 / (2 - least)).expand()
    return least - first.coeff(shift, 0) / first.coeff(shift, 1) / sqrt(T)


def _deepest() -> tuple[Step, ...]:
    """The lower envelope, where the loss touches it, and which touch is the lowest."""
    below, minimum = lower_envelope(), least + lower_shift() / sqrt(T)
    shift = lower_shift().subs(least, envelope_minimiser())
    gap = (1 - sin(2 * sqrt(s * T))) * exp(s) / (2 * sqrt(T) * s ** Rational(3, 2))
    return (
        Step.equal(
            r"The lower envelope, $f_T$ with a sine of $1$. $f_T - g_T$ is a positive factor times "
            r"$1 - \sin 2\sqrt{sT} \geq 0$: $f_T$ never crosses $g_T$.",
            "g_T(s)",
            below,
            _phased(scaled_axis_loss(), pi / 2),
            also=(scaled_axis_loss() - below - gap,),
        ),
        Step.solves(
            r"It touches $g_T$ where the sine is $1$; at $s_0$ the cosine of step 6 is $0$.",
            r"T\sigma_{zm}^{(k)}",
            valley(),
            lambda scaled: (sin(sqrt(-4 * scaled * T)) - 1, scaled.subs(valley_index, 0) + pi**2 / (16 * T)),
            also=(unwound((valley_cosine() * s * exp(s)).expand().subs(s, envelope_minimiser())),),
        ),
        Step.asymptotic(
            r"On a fixed interval of $s$, for large $T$, $g_T$ falls up to one minimum, $s_0$ with a first correction of "
            r"$0.0995/\sqrt{T}$, and rises from there. The least value of $f_T$ lies between the two touches on either side "
            r"of it: beyond them $f_T \geq g_T$ is above the value at the nearer touch.",
            "s_T",
            minimum,
            _undetermined(),
            also=(unless((Rational("0.09945") < shift) and (shift < Rational("0.09955"))),),
        ),
        Step.asymptotic(
            r"A touch lies at $s_T$ for this $k$; the deepest valley is that of a whole number beside it, the nearest unless two are "
            r"about as near. It lies at $T\sigma_{zm}^{(k)}$ up to order $1/T$, because the cosine is $0$ at $s_0$.",
            r"k^*",
            nearest_valley(),
            (2 * sqrt(least * T) + (minimum - least) * sqrt(T / least) - pi / 2) / (2 * pi),
        ),
    )


def build() -> Result:
    """The scaling form of the sum on the axis, and the valleys between the two limits."""
    steps = (*_scaled(), *_slope(), *_valleys(), *_deepest())
    return Result(
        "axis-minimiser",
        "Where stage 1 ends: the valleys on the axis",
        r"For long episodes the loss on the $\sigma_{zm}$ axis has many valleys. Learning that follows its slope in short steps "
        r"stops in the first that it meets. From the right, and so from every $\sigma_{zm} > 0$, that has $T\sigma_{zm} \to "
        r"-(\frac43 + W_0(-\frac43 e^{-4/3})) = -0.6059$; from the left $T\sigma_{zm} \to -(4 + W_0(-4e^{-4})) = -3.9207$. The global "
        r"minimum is another valley, $T\sigma_{zm}^* \to -(2 + W_0(-2e^{-2})) = -1.5936$ with a correction of order $T^{-1/2}$: the "
        r"distance to the deepest valley, which is one of the two beside it.",
        "derived here; the asymmetry that drives it is that of Ger & Barak, arXiv 2505.13567, Sec. 4",
        steps,
        (r"s_{\mathrm{right}}", r"s_{\mathrm{left}}", "s_0", r"T\sigma_{zm}^{(k)}", "s_T", "k^*", "f_T(s)"),
        BACKGROUND,
    )
