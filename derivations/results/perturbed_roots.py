"""The roots of the cubic near κ = 0."""

from sympy import Expr, Symbol, cancel, sqrt

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step
from theory.double_integrator.spectrum import cubic, fast_root_perturbative, perturbative_root, visible
from theory.symbols import kappa, lam, sigma_vu, sigma_zm, small

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$|\kappa|$ is small and the three uncoupled roots differ; how small is the subject of convergence-radius.",
    ),
    differs=r"The source has the first order of $\lambda_3$; all orders, and the pair, are added.",
    checks=("stages: orders 0 to 3, first half of stage 2: error ratio per order",),
)

ROOT = Symbol("r")
"""√σ_zm."""


def _coefficients(base: Expr, order: int) -> list[Expr]:
    """c_1, c_2, … for which the cubic vanishes at base + c_1 κ + c_2 κ² + …, order by order: undetermined coefficients."""
    chi, series, found = visible(cubic().as_expr()), base, []
    for power in range(1, order + 1):
        unknown = Symbol(f"c_{power}")
        at = chi.subs(lam, series + unknown * kappa**power).subs(sigma_zm, ROOT**2).expand().coeff(kappa, power)
        found.append(cancel(-at.coeff(unknown, 0) / at.coeff(unknown, 1)))
        series += found[-1] * kappa**power
    return found


def _series(base: Expr, order: int) -> Expr:
    """The root with these coefficients, in r = √σ_zm."""
    return base + sum(c * kappa**k for k, c in enumerate(_coefficients(base, order), 1))


def _rooted(expression: Expr) -> Expr:
    """An expression in r, over a common denominator."""
    return cancel(expression.subs(sqrt(sigma_zm), ROOT).subs(sigma_zm, ROOT**2))


def _double_root(root: Expr) -> tuple[Expr, ...]:
    """The coefficients of 1, √κ and κ in the cubic at σ_zm = 0 and a root 1 + c √κ, and any curvature of the root in √κ."""
    bend = root.subs(kappa, small**2).diff(small, 2)
    at = visible(cubic().as_expr()).subs({sigma_zm: 0, lam: root}).subs(kappa, small**2)
    return (*(at.expand().coeff(small, power) for power in range(3)), bend)


def _series_steps() -> tuple[Step, ...]:
    """The uncoupled cubic, and the roots as power series."""
    return (
        Step.equal(
            r"Without $\kappa$ the cubic factors; its roots are $\sigma_{vu}$ and $1 \pm \sqrt{\sigma_{zm}}$.",
            r"\chi|_{\kappa=0}",
            (lam - sigma_vu) * ((lam - 1) ** 2 - sigma_zm),
            visible(cubic().as_expr()).subs(kappa, 0),
        ),
        Step.equal(
            r"One Newton step from $\sigma_{vu}$ gives the third root to first order in $\kappa$: the coefficient is the one with "
            r"which the cubic has no term of first order.",
            r"\lambda_3^{(1)}",
            fast_root_perturbative(),
            _series(sigma_vu, 1),
            by=_rooted,
        ),
        Step.equal(
            r"Lagrange inversion gives any order while the uncoupled roots differ; the second is as follows.",
            r"\lambda_3^{(2)}",
            perturbative_root(sigma_vu, 2),
            _series(sigma_vu, 2),
            by=_rooted,
        ),
        Step.equal(
            r"The same for the pair, $\lambda_1$ with $+\sqrt{\sigma_{zm}}$ (imaginary for $\sigma_{zm} < 0$).",
            r"\lambda_1^{(1)}",
            perturbative_root(1 + sqrt(sigma_zm), 1),
            _series(1 + ROOT, 1),
            by=_rooted,
        ),
    )


def _square_root() -> Step:
    """The pair where it meets."""
    uncoupled = visible(cubic().as_expr()).subs({kappa: 0, sigma_zm: 0})
    split = sqrt(kappa / cancel(uncoupled / (lam - 1) ** 2).subs(lam, 1))
    return Step.solves(
        r"Where the pair meets, at $\sigma_{zm} = 0$, the coefficient of step 4 is infinite. With $\sqrt\kappa$, of either sign, the "
        r"cubic has no term up to first order in $\kappa$.",
        r"\lambda_1^{(1/2)}|_{\sigma_{zm} = 0}",
        1 + split,
        _double_root,
    )


def build() -> Result:
    """λ_3 by one Newton step and by Lagrange inversion; the pair to first order; a double root."""
    return Result(
        "perturbed-roots",
        "Roots near the uncoupled loop",
        r"For small $\kappa$ the third root leaves $\sigma_{vu}$ and the pair leaves $1 \pm \sqrt{\sigma_{zm}}$, both "
        r"linearly in $\kappa$ where these three differ; where the pair meets, at $\sigma_{zm} = 0$ and $\sigma_{vu} \neq 1$, it leaves "
        r"$1$ in proportion to $\sqrt{\kappa}$.",
        "Ger & Barak, arXiv 2505.13567, App. B (first order); all orders derived here",
        (*_series_steps(), _square_root()),
        (r"\lambda_3^{(1)}", r"\lambda_3^{(2)}", r"\lambda_1^{(1)}"),
        BACKGROUND,
    )
