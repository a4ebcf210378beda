"""Where the stages end, as definitions on the spectrum."""

from sympy import ImmutableMatrix, Integer, LambertW, Matrix, Symbol, cancel, exp, expand, simplify, sin

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.spectrum import stage_one_roots
from theory.stages import T, envelope_minimiser, s, scaled_axis_loss
from theory.symbols import lambda_1, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "The boundaries are definitions, made from the spectrum alone; the factor two is chosen, not derived.",
    ),
    differs="The source names the stages by their features and gives no criterion.",
    checks=(
        "stages: both ends of stages found from the spectrum",
        "stages: stage 1 ends: loss within a factor 2.5 of the median of stage 2",
        "stages: stage 1 ends in a complex pair outside the unit circle",
    ),
)

LAMBDA_2, STEPS = Symbol("lamda_2"), 6
"""λ_2, and the number of steps that are checked."""


TIME = Symbol("t", integer=True, positive=True)


def _response(first, second, steps: int | Symbol):
    """w_t = (λ_1^t - λ_2^t)/(λ_1 - λ_2)."""
    return (first**steps - second**steps) / (first - second)


def _recurrence():
    """w_{t+1} - (λ_1 + λ_2) w_t + λ_1 λ_2 w_{t-1} for the first steps."""
    w = [_response(lambda_1, LAMBDA_2, t) for t in range(STEPS)]
    return ImmutableMatrix(
        [
            simplify(w[t + 1] - (lambda_1 + LAMBDA_2) * w[t] + lambda_1 * LAMBDA_2 * w[t - 1])
            for t in range(1, STEPS - 1)
        ]
    )


def _on_the_axis():
    """Position after t steps on the axis from a unit velocity, less w_t at λ = 1 ± √σ_zm."""
    step, start = Matrix([[1, 1], [sigma_zm, 1]]), Matrix([0, 1])
    roots = stage_one_roots()
    return ImmutableMatrix([simplify(expand((step**t * start)[0] - _response(*roots, t))) for t in range(STEPS)])


def _lambert(expression):
    """An expression with e^W replaced by z/W for every W = W_0(z), which is what W_0 means."""
    return expression.replace(
        lambda e: isinstance(e, exp) and isinstance(e.args[0], LambertW), lambda e: e.args[0].args[0] / e.args[0]
    )


def _envelope():
    """(e^s - 1)/s², the loss on the axis over T/2 for large T, without its oscillation."""
    return cancel(scaled_axis_loss().replace(sin, lambda phase: Integer(0)))


def _swing() -> tuple[Step, ...]:
    """The response of a pair of roots, and its growth on the axis."""
    plus, minus = stage_one_roots()
    return (
        Step(
            r"Under the dominant pair alone a velocity of size one moves the position by this.",
            r"w_t",
            _response(lambda_1, LAMBDA_2, TIME),
            _recurrence(),
        ),
        Step(
            r"On the axis, where $\lambda_\pm = 1 \pm \sqrt{\sigma_{zm}}$, it is exact (the entries are the differences at the first steps).",
            r"0",
            _on_the_axis(),
            _on_the_axis(),
        ),
        Step(
            r"For $\sigma_{zm} < 0$ it grows as $\rho^2 = \lambda_+\lambda_- = 1 - \sigma_{zm}$, over an episode by $e^s$, "
            r"$s = -T\sigma_{zm}$.",
            r"\rho^2",
            1 - sigma_zm,
            difference(plus * minus, 1 - sigma_zm),
        ),
    )


def _least(least, envelope) -> tuple[Step, ...]:
    """The least mean square on the axis."""
    mean = _envelope()
    return (
        Step(
            r"The mean of $w_t^2$ is then $T/2$ times this, where the oscillation averages out.",
            r"f(s)",
            mean,
            difference(mean * s**2, exp(s) - 1),
        ),
        Step(
            r"It is least at $s^*$, where $(s - 2) e^s = -2$.",
            r"s^*",
            envelope,
            difference(_lambert(((s - 2) * exp(s)).subs(s, envelope).expand()), -2),
        ),
        Step(
            r"There $f$ is $e^s/(2s)$, since the two differ by $-\frac{s}{2} f'(s)$.",
            r"f(s^*)",
            least.subs(s, envelope),
            difference(mean - least, -s * mean.diff(s) / 2),
        ),
    )


def build() -> Result:
    """The swing of the dominant pair, its least value on the axis, and the bound that ends stage 1."""
    least, envelope = exp(s) / (2 * s), envelope_minimiser()
    steps = (*_swing(), *_least(least, envelope))
    return Result(
        "stage-boundaries",
        "Where the stages end",
        r"Stage 1, the fast fall of the loss, ends at the first epoch at which the swing, the mean of $|w_t|^2$ over an "
        r"episode for the two dominant eigenvalues, is at most twice its least value on the axis, $T/2$ times "
        r"$f(s^*) = e^{s^*}/(2 s^*)$ for large $T$, $s^* = 2 + W_0(-2e^{-2})$. Stage 2 ends at stabilisation, the first epoch "
        r"from which $\rho < 1$ to the end; stage 3 is the rest. That the pair is complex and unstable at the end of stage 1 "
        r"is not part of the definition.",
        "derived here; the stages are those of Ger & Barak, arXiv 2505.13567",
        steps,
        {r"w_t": steps[0].right, r"\mathrm{bound}": T * least.subs(s, envelope)},
        BACKGROUND,
    )
