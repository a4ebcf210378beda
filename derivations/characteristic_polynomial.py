"""The characteristic polynomial of the reduced loop."""

from sympy import Poly, Symbol, cancel, expand, quo, solve

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.loop import ReducedLoop
from theory.spectrum import (
    characteristic_polynomial,
    controller,
    cubic,
    cubic_discriminant,
    loop_equation,
    stage_one_polynomial,
    visible,
)
from theory.symbols import lam, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "The loop equation in step 4 holds for every linear plant and rank.",
    ),
    checks=("main: spectrum of P: coefficients of the cubic",),
)


def _eliminated():
    """u/y from the agent's own equations: a = y, λ b = σ_vm a + σ_vu b, u = σ_zm a + σ_zu b."""
    b = Symbol("b")
    solution = solve(lam * b - sigma_vm - sigma_vu * b, b)[0]
    return sigma_zm + sigma_zu * solution


def _discriminant():
    """18abcd - 4b³d + b²c² - 4ac³ - 27a²d² of the cubic's coefficients."""
    a, b, c, d = Poly(visible(cubic().as_expr()), lam).all_coeffs()
    return 18 * a * b * c * d - 4 * b**3 * d + b**2 * c**2 - 4 * a * c**3 - 27 * a**2 * d**2


def _loop_steps(loop, full, short) -> tuple[Step, ...]:
    """The determinant, the controller, and the two closed on each other."""
    rank_two = ReducedLoop(rank=2)
    two = characteristic_polynomial(rank_two).as_expr()
    return (
        Step(
            r"Expand the determinant; without leak $a_t$ repeats the position, which gives a root $0$.",
            r"\chi(\lambda) = \det(\lambda - P_{\mathrm{eff}})",
            lam * short,
            difference(full, lam * short),
        ),
        Step(
            r"The agent is the controller $K(\lambda)$ from $y$ to $u$: eliminate $a$ and $b$ at frequency $\lambda$.",
            r"K(\lambda)",
            controller(loop)[0],
            cancel(controller(loop)[0] - _eliminated()),
        ),
        Step(
            r"Plant $1/(\lambda-1)^2$ and controller closed on each other: $\chi$ vanishes where "
            r"$(\lambda-1)^2 = K(\lambda)$.",
            r"\lambda\,(\lambda - \sigma_{vu})\left[(\lambda-1)^2 - K(\lambda)\right]",
            expand(loop_equation(loop)),
            difference(loop_equation(loop), full),
        ),
        Step(
            r"The same form holds for every rank and plant, "
            r"$\chi = \lambda^q \det(\lambda - \sigma_{vu}) \det(\lambda - A - B K(\lambda) C)$; checked here at $r = 2$.",
            r"\chi_{r=2}(\lambda) - \lambda \det(\lambda - \sigma_{vu}) \det(\lambda - A - B K C)",
            difference(loop_equation(rank_two), two),
            difference(loop_equation(rank_two), two),
        ),
    )


def _root_steps(full, quadratic) -> tuple[Step, ...]:
    """The discriminant and the stage-1 limit."""
    return (
        Step(
            r"The discriminant of the cubic; a pair of roots is complex where it is negative.",
            r"\Delta",
            cubic_discriminant(),
            difference(cubic_discriminant(), _discriminant()),
        ),
        Step(
            r"At $\sigma_{vu} = \kappa = 0$ two roots vanish; the rest is the stage-1 quadratic.",
            r"\chi_1(\lambda)",
            quadratic,
            difference(quo(full.subs({sigma_vu: 0, sigma_zu: 0}), lam**2, lam), quadratic),
        ),
    )


def build() -> Result:
    """χ as λ times a cubic, the loop equation, the discriminant and the stage-1 limit."""
    loop = ReducedLoop()
    full = characteristic_polynomial(loop).as_expr()
    short = cubic().as_expr()
    quadratic = stage_one_polynomial().as_expr()
    steps = (*_loop_steps(loop, full, short), *_root_steps(full, quadratic))
    return Result(
        "characteristic-polynomial",
        "Characteristic polynomial",
        r"The joint system of the rank-one agent and the double integrator has, besides zeros, the three roots of a "
        r"cubic in $\sigma_{zm}$, $\sigma_{vu}$ and $\kappa = \sigma_{zu}\sigma_{vm}$.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4; loop equation for any rank derived here",
        steps,
        {
            r"\chi(\lambda)/\lambda": short,
            r"\chi(\lambda)/\lambda|_{\kappa}": visible(short),
            r"\Delta": cubic_discriminant(),
            r"\chi_1(\lambda)": quadratic,
        },
        BACKGROUND,
    )
