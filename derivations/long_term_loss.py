"""The long-term loss and the surrogate."""

from sympy import expand

from derivations.result import Result, Step, difference, vector
from theory.loss import gradient, long_term_loss, short_term_loss, surrogate
from theory.spectrum import cubic, dominant_modulus, fast_root, fast_root_perturbative
from theory.symbols import alpha, kappa, lam, lambda_3, sigma_vu, sigma_zm


def build() -> Result:
    """ρ² by Vieta, L_∞^T exact and perturbative, gradient by implicit differentiation, surrogate."""
    modulus, root = dominant_modulus().expression, fast_root()
    quadratic = lam**2 - (sigma_vu + 2 - lambda_3) * lam + modulus
    division = expand((lam - lambda_3) * quadratic - cubic().as_expr() + root.value)
    implicit = [root.derivative(s) for s in (sigma_zm, sigma_vu)]
    slope = vector(root.gradient(modulus))
    by_chain = expand(root.value.diff(lambda_3) * implicit[0] + root.value.diff(sigma_zm)).cancel()
    steps = (
        Step(
            r"Divide the cubic by $\lambda - \lambda_3$; the constant of the quotient is the product of the other two roots.",
            r"\rho^2 = \lambda_1 \lambda_2",
            modulus,
            division,
        ),
        Step(
            r"$\lambda_3$ moves with the overlaps as $d\lambda_3 = -\chi_\sigma/\chi_\lambda\,d\sigma$.",
            r"\partial\lambda_3/\partial\sigma_{zm}",
            implicit[0],
            by_chain,
        ),
        Step(
            r"The surrogate weighs long-term stability against the short-term loss.",
            r"L_{\mathrm{surrogate}}",
            surrogate().expression,
            difference(
                surrogate(False, 2).unfold(),
                alpha * modulus**2 + (1 - alpha) * short_term_loss(),
            ),
        ),
    )
    return Result(
        "long-term-loss",
        "Long-term loss and surrogate",
        r"$L_\infty^T = \rho^{2T}$ with $\rho$ the modulus of the dominant pair. For a real pair ($\sigma_{zm} > 0$ near "
        r"the uncoupled loop) the product $\lambda_1\lambda_2$ is not the square of the spectral radius; use the exact roots there.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4 and App. B (one-step root); exact form derived here",
        steps,
        {
            r"L_\infty^T": long_term_loss().expression,
            r"\rho^2": modulus,
            r"\nabla \rho^2": slope,
            r"\lambda_3^{(1)}": fast_root_perturbative(),
            r"L_{\mathrm{surrogate}}": surrogate().expression,
            r"\nabla_{\kappa,\sigma} \lambda_3^{(1)}": vector(
                gradient(fast_root_perturbative(), (sigma_zm, kappa, sigma_vu))
            ),
        },
    )
