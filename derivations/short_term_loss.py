"""The short-term loss L_n."""

from sympy import Matrix

from derivations.result import RANK_ONE, Background, Result, difference, taylor_slopes, vector
from derivations.step import Step
from theory.loop import ReducedLoop
from theory.loss import gradient, hessian_matrix, short_term_loss
from theory.symbols import OVERLAPS

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


def _by_matrix_power(n: int):
    block = Matrix(ReducedLoop().matrix) ** (n + 1)
    return sum(entry**2 for entry in block[:2, :2])


def build() -> Result:
    """L_1, L_2 and L_3, gradient and Hessian of L_2."""
    losses = {n: short_term_loss(n=n) for n in (1, 2, 3)}
    slopes, curvature = gradient(losses[2]), hessian_matrix(losses[2])
    shifted = taylor_slopes(losses[2], OVERLAPS)
    steps = (
        Step(
            r"$L_n$ is the squared Frobenius norm of the plant block of $P_{\mathrm{eff}}^{n+1}$: the state after $n$ "
            r"effective controls, since $h_0 = 0$ leaves the first step uncontrolled. One control sees $\sigma_{zm}$ only.",
            "L_1",
            losses[1],
            difference(losses[1], _by_matrix_power(1)),
        ),
        Step(
            r"Two controls also see $\kappa = \sigma_{zu}\sigma_{vm}$.",
            "L_2",
            losses[2],
            difference(losses[2], _by_matrix_power(2)),
        ),
        Step(
            r"Three controls see all four overlaps.",
            "L_3",
            losses[3],
            difference(losses[3], _by_matrix_power(3)),
        ),
        Step(
            r"Slopes are the first-order coefficients of a small shift of each overlap.",
            r"\nabla L_2",
            vector(slopes),
            (Matrix(slopes) - Matrix(shifted)).expand(),
        ),
        Step(
            r"And the curvature those of the slopes.",
            r"\nabla^2 L_2",
            curvature,
            (curvature - Matrix([taylor_slopes(slope, OVERLAPS) for slope in shifted])).expand(),
        ),
    )
    return Result(
        "short-term-loss",
        "Short-term loss",
        r"The squared state after $n + 1$ steps, of which $n$ are controlled, as a polynomial in the overlaps, with its "
        r"gradient and Hessian.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4",
        steps,
        {
            "L_2": losses[2],
            r"\nabla L_2": vector(slopes),
            r"\nabla^2 L_2": curvature,
        },
        BACKGROUND,
    )
