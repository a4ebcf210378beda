"""Where the stages end, as definitions on the spectrum."""

from sympy import Expr, I, Rational, S, Symbol, cancel, cos, exp, expand, limit, pi, sin, sqrt

from derivations.result import RANK_ONE, Background, Result, vector
from derivations.step import Step, unless
from theory.double_integrator.spectrum import stage_one_roots
from theory.double_integrator.stages import T, envelope, envelope_minimiser, s, scaled_axis_loss, theta, unwound
from theory.double_integrator.valleys import first_valleys
from theory.symbols import lambda_1, sigma_zm, small

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "The boundaries are definitions, made from the spectrum alone; the factor two is chosen, not derived.",
        r"That the bound is twice the least value of the swing on the axis holds for $T \to \infty$.",
    ),
    differs="The source names the stages by their features and gives no criterion.",
    checks=(
        "stages: both ends of stages found from the spectrum",
        "stages: stage 1 ends: loss within a factor 2.5 of the median of stage 2",
        "stages: stage 1 ends in a complex pair outside the unit circle",
    ),
)

LAMBDA_2, TIME = Symbol("lamda_2"), Symbol("t", integer=True, positive=True)
"""λ_2, and steps."""


def _response(first: Expr, second: Expr) -> Expr:
    """w_t = (λ_1^t - λ_2^t)/(λ_1 - λ_2)."""
    return (first**TIME - second**TIME) / (first - second)


def _recurrence(response: Expr, total: Expr, product: Expr) -> tuple[Expr, ...]:
    """w_0, w_1 - 1 and w_{t+2} - (λ_1 + λ_2) w_{t+1} + λ_1 λ_2 w_t, which determine w_t."""
    later, next_one = (response.subs(TIME, TIME + k) for k in (2, 1))
    start = response.subs(TIME, 0), (response.subs(TIME, 1) - 1)
    return (*start, later - total * next_one + product * response)


def _mean_square() -> Expr:
    """(2/T²) Σ_{t<T} w_t² from its three geometric series on the axis, for T → ∞, to first order in ε = √(s/T).

    There λ_±^{2T} = e^{s ± iθ} and (λ_+ λ_-)^T = e^s, up to what this order leaves out; λ_±² - 1 is ε(±2i - ε).
    """
    turned = {1: cos(theta) + I * sin(theta), -1: cos(theta) - I * sin(theta)}
    pair = sum((exp(s) * turn - 1) * small / (2 * I * sign - small) for sign, turn in turned.items())
    swing = expand(pair.diff(small).subs(small, 0)) * sqrt(s / T) / 2
    return ((exp(s) - 1 - swing) / s**2).subs(theta, 2 * sqrt(s * T))


def _reduced(expression: Expr) -> Expr:
    """With e^W = z/W, over a common denominator."""
    return cancel(unwound(expression))


def _swing() -> tuple[Step, ...]:
    """The response of a pair of roots, and its growth on the axis."""
    plus, minus = stage_one_roots()
    return (
        Step.solves(
            r"Under the dominant pair alone the position obeys $w_{t+1} = (\lambda_1 + \lambda_2) w_t - \lambda_1\lambda_2 w_{t-1}$. "
            r"A velocity of size one, $w_0 = 0$, $w_1 = 1$, moves it to the following.",
            "w_t",
            _response(lambda_1, LAMBDA_2),
            lambda w: _recurrence(w, lambda_1 + LAMBDA_2, lambda_1 * LAMBDA_2),
        ),
        Step.solves(
            r"On the axis this is the whole position: $x_{t+1} = M x_t$ with $\mathrm{tr}\, M = 2$, $\det M = 1 - \sigma_{zm}$, and the "
            r"first step has the same effect on a velocity.",
            r"w_t|_{\mathrm{axis}}",
            _response(plus, minus),
            lambda w: _recurrence(w, 2, 1 - sigma_zm),
        ),
        Step.equal(
            r"For $\sigma_{zm} < 0$ the pair is complex, $1 \pm i\sqrt{|\sigma_{zm}|}$.",
            r"\rho^2",
            expand(plus * minus),
            (1 + I * sqrt(-sigma_zm)) * (1 - I * sqrt(-sigma_zm)),
        ),
        Step.asymptotic(
            r"Over a long episode $w_t^2$ grows by this, $s = -T\sigma_{zm}$ fixed.",
            r"\lim \rho^{2T}",
            exp(s),
            limit(expand(plus * minus).subs(sigma_zm, -s / T) ** T, T, S.Infinity),
        ),
    )


def _least() -> tuple[Step, ...]:
    """The least mean square on the axis."""
    mean, least, scaled = envelope(), envelope_minimiser(), scaled_axis_loss()
    balance = expand(mean.diff(s) * s**3)
    half = scaled.replace(sin, lambda _: sin(theta))
    return (
        Step.asymptotic(
            r"The mean of $w_t^2$ over an episode is $T/2$ times this, to relative order $1/T$, as is the whole loss on the axis.",
            "f_T(s)",
            scaled,
            _mean_square(),
        ),
        Step.equal(
            r"Its mean over a turn of the phase $\theta = 2\sqrt{sT}$; what is left out is of order $T^{-1/2}$.",
            "f(s)",
            mean,
            (half + half.subs(theta, theta + pi)) / 2,
        ),
        Step.solves(
            r"It is least where $(s - 2) e^s = -2$: $s^3 f'$ falls from $0$ at $s = 0$ up to $s = 1$ and rises from there.",
            "s_0",
            least,
            lambda value: unwound(balance.subs(s, value)),
            also=(balance.subs(s, 0), balance.diff(s) - (s - 1) * exp(s), unless(least > 1)),
        ),
        Step.equal(
            r"There $e^s - 1 = s e^s/2$.",
            "f(s_0)",
            exp(least) / (2 * least),
            unwound(mean.subs(s, least)),
            by=_reduced,
        ),
    )


def _bound() -> tuple[Step, ...]:
    """The bound, and which valleys of the axis it takes in."""
    least, (right, left), mean = envelope_minimiser(), first_valleys(), envelope()
    lowest = exp(least) / (2 * least)
    values = vector((3 * exp(right) / (4 * right), exp(left) / (4 * left)))
    return (
        Step.define(
            r"Stage 1 ends where the mean of $|w_t|^2$ is at most twice $\frac{T}{2} f(s_0)$.",
            r"\mathrm{bound}",
            T * lowest,
        ),
        Step.equal(
            r"At the ends of the valleys of axis-minimiser $f$ is $1.47$ and $2.08$ times $f(s_0)$: the first valley from the right "
            r"is within the bound, the outermost on the left, for $T \to \infty$, is not.",
            r"(f(s_{\mathrm{right}}), f(s_{\mathrm{left}}))",
            values,
            vector(unwound(mean.subs(s, end)) for end in (right, left)),
            also=(
                unless(abs(values[0] / lowest - Rational("1.47")) < Rational("0.005")),
                unless(abs(values[1] / lowest - Rational("2.08")) < Rational("0.005")),
            ),
            by=_reduced,
        ),
    )


def build() -> Result:
    """The swing of the dominant pair, its least value on the axis, and the bound that ends stage 1."""
    return Result(
        "stage-boundaries",
        "Where the stages end",
        r"Stage 1, the fast fall of the loss, ends at the first epoch at which the swing, the mean of $|w_t|^2$ over an "
        r"episode for the two dominant eigenvalues, is at most the bound, for $T \to \infty$ twice its least value on the "
        r"$\sigma_{zm}$ axis. Learning need not reach that least value, because the first valley that it meets is another. Stage "
        r"2 ends at stabilisation, the first epoch from which $\rho < 1$ to the end; stage 3 is the rest. That the pair is complex "
        r"and unstable at the end of stage 1 is not part of the definition.",
        "derived here; the stages are those of Ger & Barak, arXiv 2505.13567",
        (*_swing(), *_least(), *_bound()),
        ("w_t", r"\mathrm{bound}"),
        BACKGROUND,
    )
