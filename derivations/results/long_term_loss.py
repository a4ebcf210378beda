"""The long-term loss and the surrogate."""

from sympy import Expr, Matrix, Poly, Symbol, cancel, expand, fraction, rem, together

from derivations.result import RANK_ONE, Background, Result, taylor_slopes, vector
from derivations.step import Step
from theory.core.loop import ReducedLoop
from theory.core.loss import gradient
from theory.double_integrator.long_term import long_term_loss, surrogate
from theory.double_integrator.spectrum import cubic, dominant_modulus, fast_root, fast_root_perturbative, visible
from theory.symbols import OVERLAPS, alpha, horizon, kappa, lam, lambda_3, rho, short_term, sigma_vu, sigma_zm

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

VISIBLE = (sigma_zm, sigma_vu, kappa)


def _by_traces() -> tuple[Expr, Expr]:
    """λ_1 λ_2 and λ_1 + λ_2, from the sums of λ_i and of λ_i λ_j over the three roots, by traces of P_eff and P_eff²."""
    P = Matrix(ReducedLoop().matrix)
    total, pairs = P.trace(), (P.trace() ** 2 - (P * P).trace()) / 2
    return expand(pairs - lambda_3 * (total - lambda_3)), total - lambda_3


def _by_product(slopes: Expr) -> Matrix:
    """λ_3 ρ² = -χ(0) differentiated: ρ² dλ_3 + λ_3 dρ² + dχ(0), times χ_λ, modulo χ(λ_3) = 0.

    A shift of the overlap moves λ_3 by -χ_σ/χ_λ.
    """
    chi = cubic().as_expr().subs(lam, lambda_3)
    constant, modulus = cubic().as_expr().subs(lam, 0), _by_traces()[0]
    rows = []
    for letter, slope in zip(OVERLAPS, slopes, strict=True):
        moved = -chi.diff(letter) / chi.diff(lambda_3)
        numerator = fraction(together(modulus * moved + lambda_3 * slope + constant.diff(letter)))[0]
        rows.append(rem(Poly(numerator, lambda_3), Poly(chi, lambda_3)).as_expr())
    return Matrix(rows).expand()


def _first_order() -> Expr:
    """σ_vu + c κ with the c for which the cubic has no term of first order in κ there."""
    unknown = Symbol("c_1")
    first = visible(cubic().as_expr()).subs(lam, sigma_vu + unknown * kappa).expand().coeff(kappa, 1)
    return sigma_vu - first.coeff(unknown, 0) / first.coeff(unknown, 1) * kappa


def _exact() -> tuple[Step, ...]:
    """ρ² by Vieta, the loss of an episode, and the gradient."""
    modulus = dominant_modulus().expression
    product, total = _by_traces()
    quadratic = (lam - lambda_3) * (lam**2 - total * lam + product)
    return (
        Step.equal(
            r"The constant of the cubic over $\lambda - \lambda_3$ is the product $\lambda_1\lambda_2$ of the other two roots, which "
            r"is $\rho^2$ for a complex pair.",
            r"\rho^2",
            modulus,
            product,
            also=(expand(quadratic - cubic().as_expr() + cubic().as_expr().subs(lam, lambda_3)),),
        ),
        Step.define(
            r"The long-term loss of an episode of $T$ steps.",
            r"L_\infty^T",
            long_term_loss().expression,
            rho ** (2 * horizon),
        ),
        Step.solves(
            r"$\lambda_3$ moves with the overlaps as $d\lambda_3 = -\chi_\sigma/\chi_\lambda\,d\sigma$; so does $\rho^2$: the "
            r"differential of $\lambda_3\rho^2 = -\chi(0)$, modulo $\chi(\lambda_3) = 0$.",
            r"\nabla \rho^2",
            vector(fast_root().gradient(modulus)),
            _by_product,
            also=(expand(fast_root().value - cubic().as_expr().subs(lam, lambda_3)),),
        ),
    )


def _approximate() -> tuple[Step, ...]:
    """The perturbed root, its slopes, and the surrogate."""
    newton = fast_root_perturbative()
    return (
        Step.equal(
            r"One Newton step from $\sigma_{vu}$, the root at $\kappa = 0$, gives $\lambda_3$ to first order in $\kappa$: with this "
            r"coefficient the cubic has no term of first order.",
            r"\lambda_3^{(1)}",
            newton,
            _first_order(),
            also=(visible(cubic().as_expr()).subs({kappa: 0, lam: sigma_vu}),),
            by=cancel,
        ),
        Step.equal(
            r"Its slopes in $(\sigma_{zm}, \sigma_{vu}, \kappa)$.",
            r"\nabla \lambda_3^{(1)}",
            vector(gradient(newton, VISIBLE)),
            vector(taylor_slopes(_first_order(), VISIBLE)),
            by=cancel,
        ),
        Step.define(
            r"The surrogate weighs long-term stability against the short-term loss.",
            r"L_{\mathrm{surrogate}}",
            surrogate().expression,
            alpha * rho ** (2 * horizon) + (1 - alpha) * short_term,
        ),
    )


def build() -> Result:
    """ρ² by Vieta, L_∞^T exact and perturbative, gradient by implicit differentiation, surrogate."""
    return Result(
        "long-term-loss",
        "Long-term loss and surrogate",
        r"$L_\infty^T = \rho^{2T}$ with $\rho$ the spectral radius. While the dominant roots are a complex pair, "
        r"$\rho^2 = \lambda_1\lambda_2$ by Vieta. For two different real roots ($\sigma_{zm} > 0$ near the uncoupled loop), or "
        r"where $|\lambda_3|$ exceeds the pair, that product is not the square of the spectral radius; use the exact roots there.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4 and App. B (one-step root); exact form derived here",
        (*_exact(), *_approximate()),
        (r"L_\infty^T", r"\rho^2", r"\nabla \rho^2", r"\lambda_3^{(1)}", r"L_{\mathrm{surrogate}}"),
        BACKGROUND,
    )
