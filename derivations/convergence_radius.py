"""Where the power series of the roots in κ stop converging."""

from sympy import Symbol, expand

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.optimum import optimum
from theory.spectrum import (
    branch_points,
    cubic,
    cubic_discriminant,
    dominant_modulus,
    fast_root_perturbative,
    meeting_roots,
    visible,
)
from theory.symbols import kappa, lam, lambda_3, sigma_vu, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\sigma_{zm} < 0$ and real $\sigma_{vu} < 1$.",
    ),
    checks=(
        "stages: series in κ: |κ| below its radius along all of stage 2",
        "stages: series in κ: epochs from stabilisation until |κ| passes the radius and until errors grow",
    ),
)

SMALL, TAU = Symbol("epsilon"), Symbol("tau", positive=True)


def _double(point, root):
    """The cubic at a branch point less (λ - root)² (λ - third root): zero."""
    chi = visible(cubic().as_expr()).subs(kappa, point)
    return difference(chi, (lam - root) ** 2 * (lam - sigma_vu - 2 + 2 * root))


def _leading(point):
    """First order of a branch point in σ_zm, with τ = 1 - σ_vu > 0."""
    at = point.subs(sigma_vu, 1 - TAU)
    return expand(at.subs(sigma_zm, 0)) + sigma_zm * expand(at.diff(sigma_zm).subs(sigma_zm, 0))


def _stability():
    """ρ² - 1 to first order in (σ_zm, κ) at σ_vu = 0."""
    modulus = dominant_modulus().expression.subs(lambda_3, fast_root_perturbative()).subs(sigma_vu, 0) - 1
    scaled = modulus.subs({sigma_zm: SMALL * sigma_zm, kappa: SMALL * kappa}, simultaneous=True)
    return expand(scaled.diff(SMALL).subs(SMALL, 0))


def _steps():
    """The branch points, the roots that meet there, their first order, and the optimum."""
    (near, far), (first, second) = branch_points(), meeting_roots()
    return (
        Step(
            r"A root is analytic in $\kappa$ until it meets another, at a zero of the discriminant, which is quadratic in "
            r"$\kappa$.",
            r"\Delta",
            cubic_discriminant(),
            difference(cubic_discriminant(), -27 * (kappa - near) * (kappa - far)),
        ),
        Step(r"At one zero the cubic has a double root near $1$.", r"\kappa_-", near, _double(near, first)),
        Step(r"At the other a double root nearer $\sigma_{vu}$.", r"\kappa_+", far, _double(far, second)),
        Step(
            r"To first order in $\sigma_{zm}$, $\tau = 1 - \sigma_{vu} > 0$, the nearer one is as follows.",
            r"\kappa_-^{(1)}",
            _leading(near),
            difference(_leading(near), -TAU * sigma_zm),
        ),
        Step(
            r"At $\sigma_{vu} = 0$ the pair is on the unit circle, to first order, where this vanishes: at "
            r"$\kappa = -\sigma_{zm}/2$, half of $\kappa_-$. The series still converge when stage 2 ends.",
            r"(\rho^2 - 1)^{(1)}",
            _stability(),
            difference(_stability().subs(kappa, _leading(near).subs(TAU, 1) / 2), 0),
        ),
        Step(
            r"The optimum without control cost has a double root: learning ends on the limit of convergence.",
            r"\Delta|_{\mathrm{optimum}}",
            expand(cubic_discriminant().subs(optimum())),
            expand(cubic_discriminant().subs(optimum())),
        ),
    )


def build() -> Result:
    """The radius of convergence of the perturbed roots, from the discriminant."""
    near, far = branch_points()
    return Result(
        "convergence-radius",
        "Where the perturbed roots break",
        r"For $\sigma_{zm} < 0$ the series of $\lambda_1$ in $\kappa$ converge for $|\kappa| < \min|\kappa_\pm|$. Where "
        r"$\kappa_\pm$ are real both have one sign and the pair $\lambda_{1,2}$ meets at the nearer, so the series of $\lambda_3$ "
        r"and of $\lambda_1\lambda_2$, which does not tell the pair apart, converge up to the farther; where they are "
        r"complex, $(1 - \sigma_{vu})^2 < -3\sigma_{zm}$, $\lambda_3$ meets one of the pair at each and the radii agree.",
        "derived here",
        _steps(),
        {r"\kappa_-": near, r"\kappa_+": far},
        BACKGROUND,
    )
