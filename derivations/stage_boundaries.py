"""Where the stages end, as definitions on the spectrum."""

from sympy import LambertW, exp, log

from derivations.result import Result, Step, difference
from theory.spectrum import stage_one_roots
from theory.stages import T, envelope_minimiser, s
from theory.symbols import rho, sigma_zm


def _lambert(expression):
    """An expression with e^W replaced by z/W for every W = W_0(z), which is what W_0 means."""
    return expression.replace(
        lambda e: isinstance(e, exp) and isinstance(e.args[0], LambertW), lambda e: e.args[0].args[0] / e.args[0]
    )


def build() -> Result:
    """Growth over an episode, its value on the axis and at the envelope's minimiser."""
    plus, minus = stage_one_roots()
    envelope = envelope_minimiser()
    steps = (
        Step(r"The growth of $|x|^2$ over an episode, in logarithms.", r"g", 2 * T * log(rho)),
        Step(
            r"On the negative axis $\rho^2 = \lambda_+\lambda_-$, so $g = T\log(1 - \sigma_{zm})$, which is $s = -T\sigma_{zm}$ "
            r"for small $\sigma_{zm}$.",
            r"\rho^2",
            1 - sigma_zm,
            difference(plus * minus, 1 - sigma_zm),
        ),
        Step(
            r"At the envelope's minimiser the growth is $s^*$; twice that is the bound that ends stage 1.",
            r"2 s^*",
            2 * envelope,
            difference(_lambert(((s - 2) * exp(s)).subs(s, envelope).expand()), -2),
        ),
    )
    return Result(
        "stage-boundaries",
        "Where the stages end",
        r"Stage 1 ends at the first epoch at which the dominant eigenvalue is complex, outside the unit circle, and "
        r"$0 < 2T\log\rho \leq 2s^*$, $s^* = 2 + W_0(-2e^{-2})$: an oscillatory instability near the minimum of the axis. "
        r"Stage 2 ends at stabilisation, the first epoch from which $\rho < 1$ to the end; stage 3 is the rest.",
        "derived here; the stages are those of Ger & Barak, arXiv 2505.13567",
        steps,
        {r"g": 2 * T * log(rho), r"2 s^*": 2 * envelope},
    )
