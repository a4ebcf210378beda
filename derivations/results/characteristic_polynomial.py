"""The characteristic polynomial of the reduced loop."""

from sympy import Expr, Matrix, Symbol, cancel, diag, expand, eye

from derivations.result import RANK_ONE, Background, Result
from derivations.results.by_roots import overlaps_with
from derivations.step import Step
from theory.core.block_algebra import BlockAlgebra, cancelled
from theory.core.linear import linear_root
from theory.core.loop import ReducedLoop
from theory.core.spectrum import characteristic_polynomial, controller, loop_equation
from theory.double_integrator.spectrum import cubic, cubic_discriminant, stage_one_polynomial, visible
from theory.symbols import gamma, kappa, lam, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "Step 6 holds for every linear plant, every rank and every leak.",
    ),
    checks=("main: spectrum of P: coefficients of the cubic",),
)


def _eliminated() -> Expr:
    """u/y from the agent's own equations: a = y, λ b = σ_vm a + σ_vu b, u = σ_zm a + σ_zu b."""
    b = Symbol("b")
    solution = linear_root(lam * b - sigma_vm - sigma_vu * b, b)
    return sigma_zm + sigma_zu * solution


def _by_minors(loop: ReducedLoop) -> Expr:
    """det(λ - P_eff), expanded by minors."""
    return (lam * eye(loop.dimension) - loop.matrix).det(method="laplace")


def _power_sums(loop: ReducedLoop, highest: int) -> list[Expr]:
    """Σ λ_i^k = tr P_eff^k for k = 1, 2, …; the root 0 adds nothing."""
    power, sums = Matrix(eye(loop.dimension)), []
    for _ in range(highest):
        power = (power * loop.matrix).expand()
        sums.append(power.trace())
    return sums


def _from_traces(loop: ReducedLoop) -> Expr:
    """The cubic of the three roots beside 0 from their power sums, by Newton's identities."""
    p_1, p_2, p_3 = _power_sums(loop, 3)
    e_1, e_2 = p_1, (p_1**2 - p_2) / 2
    e_3 = (e_2 * p_1 - e_1 * p_2 + p_3) / 3
    return lam**3 - e_1 * lam**2 + e_2 * lam - e_3


def _polynomial_steps(loop: ReducedLoop, short: Expr) -> tuple[Step, ...]:
    """The determinant, its factor λ, and the cubic in κ."""
    minors, traces = _by_minors(loop), _from_traces(loop)
    return (
        Step.equal(
            r"The characteristic polynomial of $P_{\mathrm{eff}}$, $\chi(\lambda) = \det(\lambda - P_{\mathrm{eff}})$.",
            r"\chi(\lambda)",
            expand(characteristic_polynomial(loop).as_expr()),
            minors,
        ),
        Step.equal(
            r"Without leak $a_t$ repeats the position, which gives a root $0$; the other three are those of a cubic.",
            r"\chi(\lambda)/\lambda",
            short,
            traces,
            also=(minors.subs(lam, 0),),
        ),
        Step.equal(
            r"$\sigma_{zu}$ and $\sigma_{vm}$ enter through their product $\kappa$ alone.",
            r"\chi(\lambda)/\lambda|_{\kappa}",
            visible(short),
            expand(traces).subs(sigma_zu, kappa / sigma_vm),
        ),
    )


def _controller_steps(loop: ReducedLoop) -> tuple[Step, ...]:
    """The controller, and the loop closed with it."""
    transfer = controller(loop)[0]
    return (
        Step.equal(
            r"The agent is the controller $K(\lambda)$ from $y$ to $u$: eliminate $a$ and $b$ at frequency $\lambda$.",
            r"K(\lambda)",
            transfer,
            _eliminated(),
        ),
        Step.equal(
            r"Plant $1/(\lambda-1)^2$ and controller closed on each other give $\chi$: away from $0$ and the pole of $K$ it "
            r"vanishes where $(\lambda-1)^2 = K(\lambda)$ and nowhere else.",
            r"\lambda\,(\lambda - \sigma_{vu})\left[(\lambda-1)^2 - K(\lambda)\right]",
            expand(loop_equation(loop)),
            lam * (lam - sigma_vu) * ((lam - 1) ** 2 - _eliminated()),
            also=(loop_equation(loop) - _by_minors(loop),),
        ),
    )


def _refactored(blocks: BlockAlgebra, printed: Matrix) -> Matrix:
    """Unipotent factors times the printed diagonal, less λ - P_eff, where σ_vu = s - R⁻¹."""
    B, C, R, γ, s = blocks.B, blocks.C, blocks.R, gamma, blocks.shifted
    by_a, by_b = -B * (blocks.zm + blocks.zu * R * blocks.vm) / (γ * s), -B * blocks.zu * R / γ
    left = Matrix([[1, 0, 0], [γ * C, 1, 0], [0, 0, 1]]) * Matrix([[1, by_a, by_b], [0, 1, 0], [0, 0, 1]])
    right = Matrix([[1, 0, 0], [-lam / s * C, 1, 0], [0, -R * blocks.vm, 1]])
    resolved = {blocks.vu: s - R**-1}
    return (left * printed * right - (lam * eye(3) - blocks.named)).applyfunc(lambda word: word.subs(resolved))


def _general_step(blocks: BlockAlgebra) -> Step:
    """The loop equation for every plant, rank and leak, in non-commuting letters."""
    K = blocks.controller
    named = diag(lam - blocks.A - blocks.B * K * blocks.C, gamma * blocks.shifted, gamma * (blocks.shifted - blocks.vu))
    return Step.solves(
        r"The same form holds for every plant, rank $r$ and leak. In blocks, $\lambda - P_{\mathrm{eff}} = L D L'$ with "
        r"$L$, $L'$ products of unipotent triangular matrices; with $s = (\lambda - 1 + \gamma)/\gamma$, $R = (s - "
        r"\sigma_{vu})^{-1}$ and $K(\lambda) = \frac{\lambda}{s}(\sigma_{zm} + \sigma_{zu} R\,\sigma_{vm})$ the diagonal "
        r"holds $\lambda - A - B K C$, $\gamma s$ and $\gamma (s - \sigma_{vu})$, so $\chi(\lambda) = (\gamma s)^q\,\gamma^r "
        r"\det(s - \sigma_{vu}) \det(\lambda - A - B K(\lambda) C)$.",
        "D",
        blocks.closed,
        lambda printed: _refactored(blocks, printed),
        also=(blocks.closed - named,),
        by=cancelled,
    )


def _hankel(loop: ReducedLoop) -> Expr:
    """Π_{i<j} (λ_i - λ_j)² as the determinant of the power sums of the three roots, in κ."""
    sums = [3, *_power_sums(loop, 4)]
    squared = Matrix(3, 3, lambda i, j: sums[i + j]).det(method="berkowitz")
    return squared.subs(sigma_zu, kappa / sigma_vm)


def _at_roots(printed: Expr) -> Expr:
    """The discriminant where the roots are r and p ± √d, less 4 d ((r - p)² - d)²."""
    r, p, d = (Symbol(name, real=True) for name in "rpd")
    place = overlaps_with((lam - r) * ((lam - p) ** 2 - d))
    return expand(printed.subs(place, simultaneous=True) - 4 * d * ((r - p) ** 2 - d) ** 2)


def _root_steps(loop: ReducedLoop) -> tuple[Step, ...]:
    """The discriminant and the stage-1 limit."""
    discriminant, limit = cubic_discriminant(), {sigma_vu: 0, sigma_zu: 0}
    return (
        Step.equal(
            r"The discriminant of the cubic, the product of the $(\lambda_i - \lambda_j)^2$ for $i < j$. At roots $r$ and "
            r"$p \pm \sqrt{d}$ it is $4 d\,((r-p)^2 - d)^2$: a pair is complex exactly where $\Delta$ is negative.",
            r"\Delta",
            discriminant,
            _hankel(loop),
            also=(_at_roots(discriminant),),
        ),
        Step.equal(
            r"At $\sigma_{vu} = \kappa = 0$ two roots of $\chi$ are $0$; the rest is the stage-1 quadratic.",
            r"\chi_1(\lambda)",
            stage_one_polynomial().as_expr(),
            cancel(_by_minors(loop).subs(limit) / lam**2),
        ),
    )


def build() -> Result:
    """χ as λ times a cubic, the loop equation, the discriminant and the stage-1 limit."""
    loop, short = ReducedLoop(), cubic().as_expr()
    steps = (
        *_polynomial_steps(loop, short),
        *_controller_steps(loop),
        _general_step(BlockAlgebra()),
        *_root_steps(loop),
    )
    return Result(
        "characteristic-polynomial",
        "Characteristic polynomial",
        r"The joint system of the rank-one agent and the double integrator has, besides zeros, the three roots of a "
        r"cubic in $\sigma_{zm}$, $\sigma_{vu}$ and $\kappa = \sigma_{zu}\sigma_{vm}$.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4; loop equation for any plant, rank and leak derived here",
        steps,
        (r"\chi(\lambda)/\lambda", r"\chi(\lambda)/\lambda|_{\kappa}", r"\Delta", r"\chi_1(\lambda)"),
        BACKGROUND,
    )
