"""Why open-loop learning passes through an unstable loop, and closed-loop learning does not."""

from sympy import Expr, Poly, Rational, Symbol, cancel, expand, sqrt

from derivations.result import Background, Result, difference
from derivations.step import Step
from theory.loop import ReducedLoop
from theory.open_loop import axis_slope, first_order, saddle_slope, small_overlap_modulus
from theory.spectrum import controller, cubic, visible
from theory.stages import envelope_minimiser, envelope_residual, loss_slope, saddle_growth
from theory.symbols import kappa, lam, noise, sigma_vu, sigma_zm, steps_heard

BACKGROUND = Background(
    assumptions=(
        "White inputs; the initial overlaps are small, and the weights follow the flow of learning-map with $m$ frozen.",
        "Steps 4 to 6 are of first order in the overlaps.",
    ),
    differs="The source shows the spike; that it is the student's own loop which is unstable, and when, is derived.",
    checks=(
        "open-loop: epoch of the spike, median",
        "open-loop: log10 of its height, median",
        "open-loop: the spike is a real root beyond 1 where K(1) > 0",
    ),
)

G_0, G_1 = Symbol("gbar_0", real=True), Symbol("gbar_1", real=True)
CHECKED = (2, 3, 6, 10)  # numbers K of inputs at which the forms for any K are checked


def _memory_slope(count: Expr) -> Expr:
    return -2 * noise**2 * (1 - 1 / count) * G_1


def _squared_sum(terms) -> Expr:
    return expand(sum(expand(term) ** 2 for term in terms))


def _fast_root_residual() -> Expr:
    """χ at λ_3 = σ_vu + κ, to first order in the overlaps."""
    return first_order(expand(visible(cubic().as_expr()).subs(lam, small_overlap_modulus()[1])))


def _circle_residual(value: Expr) -> Expr:
    """a_0² - 1 - (a_0 a_2 - a_1) of the cubic at σ_vu = 0 and κ of the given value."""
    _, a_2, a_1, a_0 = (expand(c.subs(sigma_vu, 0)) for c in Poly(visible(cubic().as_expr()), lam).all_coeffs())
    return expand((a_0**2 - 1 - a_0 * a_2 + a_1).subs(kappa, value))


def _static_gain() -> Expr:
    """The agent's transfer function at λ = 1, in the visible overlaps."""
    return visible(controller(ReducedLoop())[0].subs(lam, 1))


def _learning_steps() -> tuple[Step, ...]:
    """What white noise teaches first: the feedthrough, then, from a saddle, the memory."""
    feedthrough, memory = 2 * noise**2 * (sigma_zm - G_0), _memory_slope(steps_heard)
    growth = saddle_growth().subs(loss_slope, memory)
    return (
        Step(
            r"Without memory, $\kappa = 0$, the white-noise loss is a parabola in $\sigma_{zm}$ around the teacher's "
            rf"$\bar g_0$ (for $K = {', '.join(map(str, CHECKED))}$).",
            r"\partial_{zm} L_{\mathrm{open}}|_{\kappa=0}",
            feedthrough,
            _squared_sum(axis_slope(K) - feedthrough for K in CHECKED),
        ),
        Step(
            r"There $\sigma_{zu} = \sigma_{vm} = 0$ is a saddle, as in closed loop, with this slope in $\kappa$ (same $K$).",
            r"L_\kappa|_{\kappa=\sigma_{vu}=0}",
            memory,
            _squared_sum(saddle_slope(K) - _memory_slope(Rational(K)) for K in CHECKED),
        ),
        Step(
            r"So the memory grows at rate $\mu$, but from its initial amplitude, while $\sigma_{zm}$ is on its way from the start "
            r"($g_{11} = \|m\|^2$, $g_{22} = \|z\|^2$, $g_{33} = \|u\|^2$).",
            r"\mu^2",
            growth,
            difference(growth, memory**2 * saddle_growth().coeff(loss_slope, 2)),
        ),
    )


def _loop_steps() -> tuple[Step, ...]:
    """What the student's own closed loop makes of it: two kinds of instability, and why closed loop has neither."""
    modulus, third = small_overlap_modulus()
    return (
        Step(
            r"For small overlaps the fast root of the student's own closed loop is $\lambda_3 \approx \sigma_{vu} + \kappa$.",
            r"\lambda_3",
            third,
            _fast_root_residual(),
        ),
        Step(
            r"The pair has, by Vieta, to first order the following squared modulus.",
            r"|\lambda_1|^2",
            modulus,
            difference(modulus, 1 - sigma_zm - 2 * kappa),
        ),
        Step(
            r"The test loss, about $|\lambda_1|^{2T}$, is therefore largest where $d\kappa = d|\sigma_{zm}|/2$; from there on the "
            r"memory grows more than half as fast and catches up.",
            r"\partial_\kappa |\lambda_1|^2 / \partial_{|\sigma_{zm}|} |\lambda_1|^2",
            -modulus.diff(kappa) / modulus.diff(sigma_zm),
            difference(-modulus.diff(kappa) / modulus.diff(sigma_zm), -2),
        ),
        Step(
            r"The loop is stable again, for $\sigma_{vu} = 0$ and $-1 < \sigma_{zm} < 0$ exactly, from $\kappa = \kappa_1$ on, "
            r"$|\sigma_{zm}|/2$ to first order: there the pair is on the unit circle, $a_0^2 - 1 = a_0 a_2 - a_1$. It is so up to "
            r"$\kappa = |\sigma_{zm}|$. Below $\sigma_{zm} = -1$ no $\kappa$ suffices: $1 - a_0^2 + a_0 a_2 - a_1 = "
            r"1 + \sigma_{zm} - (1-\kappa)^2$; it takes $\sigma_{vu} < 0$.",
            r"\kappa_1",
            1 - sqrt(1 + sigma_zm),
            _squared_sum(
                (
                    _circle_residual(1 - sqrt(1 + sigma_zm)),
                    expand(_circle_residual(kappa) + 1 + sigma_zm - (1 - kappa) ** 2),
                    (_static_gain().subs(sigma_vu, 0) - sigma_zm - kappa),
                )
            ),
        ),
        Step(
            r"If instead the memory overshoots, the agent's static gain $K(1) = \sigma_{zm} + \kappa/(1-\sigma_{vu})$ turns "
            r"positive; for $\sigma_{vu} < 1$ then $\chi(1) < 0$, and an odd number of real roots lies beyond 1: the second kind.",
            r"\chi(1)",
            expand(visible(cubic().as_expr()).subs(lam, 1)),
            cancel(visible(cubic().as_expr()).subs(lam, 1) + (1 - sigma_vu) * _static_gain()),
        ),
        Step(
            r"In closed loop the same growth is the loss itself: on the axis $L \propto (e^s - 1)/s^2$ with "
            r"$s = T|\sigma_{zm}|$, which holds $s$ near $s^*$. Nothing holds it in open loop.",
            r"s^*",
            envelope_minimiser(),
            envelope_residual(),
        ),
    )


def build() -> Result:
    """The feedthrough moves from the start, the memory lags behind at a saddle; meanwhile the loop is unstable."""
    memory = _memory_slope(steps_heard)
    modulus, growth = small_overlap_modulus()[0], saddle_growth().subs(loss_slope, memory)
    return Result(
        "open-loop-spike",
        "The spike of the closed-loop test loss in open loop",
        r"Imitation moves $\sigma_{zm}$ towards the teacher's $\bar g_0$ from the start; the memory grows exponentially, but from "
        r"a small amplitude at a saddle. While it lags behind, "
        r"$|\lambda_1|^2 \approx 1 + |\sigma_{zm}| - 2\kappa > 1$: the closed-loop test loss rises by orders of magnitude and "
        r"falls as $\kappa$ catches up. A memory that overshoots makes a second kind, a real root beyond 1.",
        "the spike: Ger & Barak, arXiv 2505.13567, Fig. 1; its cause derived here",
        _learning_steps() + _loop_steps(),
        {r"|\lambda_1|^2": modulus, r"\mu^2": growth, r"L_\kappa": memory},
        BACKGROUND,
    )
