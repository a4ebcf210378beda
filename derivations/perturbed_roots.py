"""The roots of the cubic near κ = 0."""

from sympy import sqrt

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.spectrum import cubic, fast_root_perturbative, order_residual, perturbative_root, visible
from theory.symbols import kappa, lam, sigma_vu, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$|\kappa|$ is small and the three uncoupled roots differ; how small is the subject of convergence-radius.",
    ),
    differs=r"The source has the first order of $\lambda_3$; all orders, and the pair, are added.",
    checks=("stages: orders 0 to 3, first half of stage 2: error ratio per order",),
)


def build() -> Result:
    """λ_3 by one Newton step and by Lagrange inversion; the pair to first order."""
    newton = fast_root_perturbative()
    second = perturbative_root(sigma_vu, 2)
    pair = perturbative_root(1 + sqrt(sigma_zm), 1)
    chi = visible(cubic().as_expr())
    uncoupled = chi.subs(kappa, 0)
    steps = (
        Step(
            r"Without $\kappa$ the cubic factors; its roots are $\sigma_{vu}$ and $1 \pm \sqrt{\sigma_{zm}}$.",
            r"\chi|_{\kappa=0}",
            (lam - sigma_vu) * ((lam - 1) ** 2 - sigma_zm),
            difference(uncoupled, (lam - sigma_vu) * ((lam - 1) ** 2 - sigma_zm)),
        ),
        Step(
            r"One Newton step from $\sigma_{vu}$ gives the third root to first order in $\kappa$.",
            r"\lambda_3^{(1)}",
            newton,
            order_residual(newton, 1),
        ),
        Step(
            r"Lagrange inversion gives any order while the uncoupled roots differ; the second is as follows.",
            r"\lambda_3^{(2)}",
            second,
            order_residual(second, 2),
        ),
        Step(
            r"The same for the pair, $\lambda_1$ with $+\sqrt{\sigma_{zm}}$ (imaginary for $\sigma_{zm} < 0$).",
            r"\lambda_1^{(1)}",
            pair,
            order_residual(pair, 1),
        ),
    )
    return Result(
        "perturbed-roots",
        "Roots near the uncoupled loop",
        r"For small $\kappa$ the third root leaves $\sigma_{vu}$ and the pair leaves $1 \pm \sqrt{\sigma_{zm}}$, both "
        r"linearly in $\kappa$ where these three differ; where two meet, as at $\sigma_{zm} = 0$, as its square root.",
        "Ger & Barak, arXiv 2505.13567, App. B (first order); all orders derived here",
        steps,
        {r"\lambda_3^{(1)}": newton, r"\lambda_3^{(2)}": second, r"\lambda_1^{(1)}": pair},
        BACKGROUND,
    )
