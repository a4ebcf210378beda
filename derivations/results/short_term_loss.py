"""The short-term loss L_n."""

from sympy import Expr, Matrix, Poly, expand

from derivations.result import RANK_ONE, Background, Result, taylor_slopes, vector
from derivations.step import Step, unless
from theory.core.loss import gradient, hessian_matrix, short_term_loss
from theory.symbols import OVERLAPS, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$h_0 = 0$, $\Sigma_0 = I$, no control cost.",
    ),
    checks=(
        "main: L_2: plant block of P³",
        "stages: stage 2: fraction of epochs with cos(∇L_2, ∇L_∞) < -0.9",
    ),
)


def _stepped(controls: int) -> Expr:
    """|x|² after a number of effective controls, both unit starts: plant and agent stepped one after the other."""
    total = 0
    for position, velocity in ((1, 0), (0, 1)):
        a = b = 0
        for _ in range(controls + 1):
            control = sigma_zm * a + sigma_zu * b
            position, velocity = position + velocity, velocity + control
            a, b = position, sigma_vm * a + sigma_vu * b
        total += position**2 + velocity**2
    return expand(total)


def _paired(loss: Expr) -> bool:
    """Whether σ_zu and σ_vm enter only through their product."""
    return all(powers[0] == powers[1] for powers in Poly(loss, sigma_zu, sigma_vm).monoms())


def _losses() -> tuple[Step, ...]:
    """L_1, L_2 and L_3."""
    one, two, three = (short_term_loss(n=n) for n in (1, 2, 3))
    return (
        Step.equal(
            r"$L_n$ is the squared Frobenius norm of the plant block of $P_{\mathrm{eff}}^{n+1}$: the state after $n$ "
            r"effective controls, since $h_0 = 0$ leaves the first step uncontrolled. One control sees $\sigma_{zm}$ only.",
            "L_1",
            one,
            _stepped(1),
            also=(unless(one.free_symbols == {sigma_zm}),),
        ),
        Step.equal(
            r"Two controls also see $\kappa = \sigma_{zu}\sigma_{vm}$, but not $\sigma_{vu}$.",
            "L_2",
            two,
            _stepped(2),
            also=(unless(_paired(two) and two.free_symbols == set(OVERLAPS[:3])),),
        ),
        Step.equal(
            r"Three controls see $\sigma_{vu}$ too.",
            "L_3",
            three,
            _stepped(3),
            also=(unless(_paired(three) and three.free_symbols == set(OVERLAPS)),),
        ),
    )


def build() -> Result:
    """L_1, L_2 and L_3, gradient and Hessian of L_2."""
    shifted = taylor_slopes(_stepped(2), OVERLAPS)
    steps = (
        *_losses(),
        Step.equal(
            r"Slopes are the first-order coefficients of a small shift of each overlap.",
            r"\nabla L_2",
            vector(gradient(short_term_loss(n=2))),
            vector(shifted),
        ),
        Step.equal(
            r"And the curvature those of the slopes.",
            r"\nabla^2 L_2",
            hessian_matrix(short_term_loss(n=2)),
            Matrix([taylor_slopes(slope, OVERLAPS) for slope in shifted]),
        ),
    )
    return Result(
        "short-term-loss",
        "Short-term loss",
        r"The squared state after $n + 1$ steps, of which $n$ are controlled, as a polynomial in the overlaps, with the "
        r"gradient and Hessian of $L_2$.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4",
        steps,
        ("L_2", r"\nabla L_2", r"\nabla^2 L_2"),
        BACKGROUND,
    )
