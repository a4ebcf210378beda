"""The long-term loss and the surrogate."""

from sympy import Matrix, Poly, cancel, expand, fraction, rem, together

from derivations.result import RANK_ONE, Background, Result, difference, taylor_slopes, vector
from derivations.step import Step
from theory.loss import gradient, long_term_loss, short_term_loss, surrogate
from theory.spectrum import cubic, dominant_modulus, fast_root, fast_root_perturbative, order_residual
from theory.symbols import OVERLAPS, alpha, horizon, kappa, lam, lambda_3, rho, sigma_vu, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"The dominant eigenvalues are a complex pair, and $|\lambda_3|$ is below theirs; $\lambda_3$ is a simple root.",
    ),
    differs=r"The source uses the one-step root of step 4; the exact root has no such error. The $\alpha$ at which the path of the surrogate turns depends on $T$: quote both.",
    checks=(
        "main: determinants of powers of P",
        "stages: Im λ_1 stays (share of its move at α = 0)",
    ),
)


def _by_product(modulus, slopes) -> Matrix:
    """λ_3 ρ² = -χ(0) differentiated: ρ² dλ_3 + λ_3 dρ² + dχ(0), reduced by χ(λ_3) = 0."""
    root, constant = fast_root(), cubic().as_expr().subs(lam, 0)
    rows = []
    for letter, slope in zip(OVERLAPS, slopes, strict=True):
        total = together(modulus * root.derivative(letter) + lambda_3 * slope + constant.diff(letter))
        rows.append(rem(Poly(fraction(total)[0], lambda_3), Poly(root.value, lambda_3)).as_expr())
    return Matrix(rows).expand()


def _exact(modulus, slopes) -> tuple[Step, ...]:
    """ρ² by Vieta, the loss of an episode, and the gradient."""
    folded = long_term_loss()
    quadratic = lam**2 - (sigma_vu + 2 - lambda_3) * lam + modulus
    division = expand((lam - lambda_3) * quadratic - cubic().as_expr() + fast_root().value)
    return (
        Step(
            r"Divide the cubic by $\lambda - \lambda_3$; the constant of the quotient is the product of the other two roots, "
            r"which is $\rho^2$ for a complex pair.",
            r"\rho^2 = \lambda_1 \lambda_2",
            modulus,
            division,
        ),
        Step(
            r"The long-term loss of an episode of $T$ steps (folded; checked at $T = 3$).",
            r"L_\infty^T",
            folded.expression,
            difference(long_term_loss(False, 3).unfold() + folded.expression, modulus**3 + rho ** (2 * horizon)),
        ),
        Step(
            r"$\lambda_3$ moves with the overlaps as $d\lambda_3 = -\chi_\sigma/\chi_\lambda\,d\sigma$; so does $\rho^2$. "
            r"Checked by differentiating $\lambda_3\rho^2 = -\chi(0)$, modulo $\chi(\lambda_3) = 0$.",
            r"\nabla \rho^2",
            vector(slopes),
            _by_product(modulus, slopes),
        ),
    )


def _approximate(modulus, newton) -> tuple[Step, ...]:
    """The perturbed root, its slopes, and the surrogate."""
    letters = (sigma_zm, sigma_vu, kappa)
    return (
        Step(
            r"One Newton step from $\sigma_{vu}$ gives $\lambda_3$ to first order in $\kappa$.",
            r"\lambda_3^{(1)}",
            newton,
            order_residual(newton, 1),
        ),
        Step(
            r"Its slopes in $(\sigma_{zm}, \sigma_{vu}, \kappa)$.",
            r"\nabla \lambda_3^{(1)}",
            vector(gradient(newton, letters)),
            (Matrix(gradient(newton, letters)) - Matrix(taylor_slopes(newton, letters))).applyfunc(cancel),
        ),
        Step(
            r"The surrogate weighs long-term stability against the short-term loss.",
            r"L_{\mathrm{surrogate}}",
            surrogate().expression,
            difference(surrogate(False, 2).unfold(), alpha * modulus**2 + (1 - alpha) * short_term_loss()),
        ),
    )


def build() -> Result:
    """ρ² by Vieta, L_∞^T exact and perturbative, gradient by implicit differentiation, surrogate."""
    modulus, newton = dominant_modulus().expression, fast_root_perturbative()
    slopes, folded = fast_root().gradient(modulus), long_term_loss()
    steps = (*_exact(modulus, slopes), *_approximate(modulus, newton))
    return Result(
        "long-term-loss",
        "Long-term loss and surrogate",
        r"$L_\infty^T = \rho^{2T}$ with $\rho$ the spectral radius. While the dominant roots are a complex pair, "
        r"$\rho^2 = \lambda_1\lambda_2$ by Vieta. For a real pair ($\sigma_{zm} > 0$ near the uncoupled loop), or where "
        r"$|\lambda_3|$ exceeds the pair, that product is not the square of the spectral radius; use the exact roots there.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4 and App. B (one-step root); exact form derived here",
        steps,
        {
            r"L_\infty^T": folded.expression,
            r"\rho^2": modulus,
            r"\nabla \rho^2": vector(slopes),
            r"\lambda_3^{(1)}": newton,
            r"L_{\mathrm{surrogate}}": surrogate().expression,
        },
        BACKGROUND,
    )
