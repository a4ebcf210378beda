"""Where the power series of the roots in κ stop converging."""

from sympy import Expr, Matrix, Symbol, cancel, expand, factor, sqrt

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step, unless
from theory.core.loop import ReducedLoop
from theory.double_integrator.optimum import optimum
from theory.double_integrator.spectrum import (
    branch_points,
    cubic,
    cubic_discriminant,
    dominant_modulus,
    double_roots,
    fast_root_perturbative,
    visible,
)
from theory.symbols import kappa, lam, lambda_3, sigma_vm, sigma_vu, sigma_zm, sigma_zu, small

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

TAU = Symbol("tau", positive=True)
"""1 - σ_vu."""


def _hankel() -> Expr:
    """The discriminant as the determinant of the power sums tr P_eff^{i+j}, i, j = 0, 1, 2, where the root 0 counts once."""
    P = Matrix(ReducedLoop().matrix)
    powers, sums = P, [3]
    for _ in range(4):
        sums.append(expand(powers.trace()))
        powers = (powers * P).applyfunc(expand)
    return Matrix(3, 3, lambda i, j: sums[i + j]).det().expand().subs(sigma_zu, kappa / sigma_vm).expand()


def _double(point: Expr, root: Expr) -> Expr:
    """The cubic at a branch point less (λ - root)² (λ - third root), the roots having the sum σ_vu + 2."""
    chi = visible(cubic().as_expr()).subs(kappa, point)
    return expand(chi - (lam - root) ** 2 * (lam - sigma_vu - 2 + 2 * root))


def _leading(point: Expr) -> Expr:
    """First order of a branch point in σ_zm, with τ = 1 - σ_vu > 0."""
    at = point.subs(sigma_vu, 1 - TAU)
    return expand(at.subs(sigma_zm, 0)) + sigma_zm * expand(at.diff(sigma_zm).subs(sigma_zm, 0))


def _near_one() -> Expr:
    """b σ_zm with which the cubic has the double root 1 + a σ_zm at κ = b σ_zm, to first order: undetermined coefficients."""
    a, b = Symbol("a"), Symbol("b")
    chi = visible(cubic().as_expr()).subs({kappa: b * sigma_zm, sigma_vu: 1 - TAU})
    first = [f.subs(lam, 1 + a * sigma_zm).expand().coeff(sigma_zm, 1) for f in (chi, chi.diff(lam))]
    slope = cancel(-first[1].coeff(a, 0) / first[1].coeff(a, 1))
    value = first[0].subs(a, slope).expand()
    return cancel(-value.coeff(b, 0) / value.coeff(b, 1)) * sigma_zm


def _first_order(expression: Expr) -> Expr:
    """An expression to first order in (σ_zm, κ), which are of one size."""
    scaled = expression.subs({sigma_zm: small * sigma_zm, kappa: small * kappa}, simultaneous=True)
    return expand(cancel(scaled).diff(small).subs(small, 0))


def _by_constant() -> Expr:
    """ρ² - 1 = -χ(0)/λ_3 - 1 to first order at σ_vu = 0, with λ_3 = κ (1 + a σ_zm + b κ) by undetermined coefficients."""
    chi = visible(cubic().as_expr()).subs(sigma_vu, 0)
    a, b = Symbol("a"), Symbol("b")
    at = chi.subs(lam, kappa * (1 + a * sigma_zm + b * kappa)).expand()
    first, second = at.coeff(kappa, 1).coeff(sigma_zm, 1), at.coeff(kappa, 2).subs(sigma_zm, 0)
    found = {a: a - first / first.coeff(a, 1), b: b - second / second.coeff(b, 1)}
    root = kappa * (1 + a * sigma_zm + b * kappa).subs({letter: expand(value) for letter, value in found.items()})
    return _first_order(-chi.subs(lam, 0) / root - 1)


def _points() -> tuple[Step, ...]:
    """The discriminant, its zeros, and which roots meet there."""
    (near, far), (first, second) = branch_points(), double_roots()
    spread = sqrt((1 - sigma_vu) ** 2 + 3 * sigma_zm)
    apart = (
        4 * sigma_zm * ((1 - sigma_vu) ** 2 - sigma_zm) ** 2
    )  # product of squared differences of the uncoupled roots
    return (
        Step.equal(
            r"A root is analytic in $\kappa$ until it meets another, at a zero of the discriminant, which is quadratic in "
            r"$\kappa$; it is the determinant of the power sums $\mathrm{tr}\, P_{\mathrm{eff}}^{i+j}$.",
            r"\Delta",
            cubic_discriminant(),
            _hankel(),
        ),
        Step.solves(
            r"At one zero the cubic has a double root, which exceeds the third by $\sqrt{(1 - \sigma_{vu})^2 + 3\sigma_{zm}}$.",
            r"\kappa_-",
            near,
            lambda point: _double(point, first),
            also=(expand(3 * first - sigma_vu - 2 - spread),),
        ),
        Step.solves(
            r"At the other the double root is below the third by as much.",
            r"\kappa_+",
            far,
            lambda point: _double(point, second),
            also=(expand(3 * second - sigma_vu - 2 + spread),),
        ),
        Step.equal(
            r"For $\sigma_{zm} < 0$ product and sum of both are positive. Where they are real the pair, complex at $\kappa = 0$, "
            r"meets at the nearer one, above $\lambda_3$; at the farther its lower root meets $\lambda_3$. Where they are complex "
            r"conjugates $\lambda_3$ meets one of the pair at each, for else it would be analytic everywhere and grow like "
            r"$\kappa^{1/3}$.",
            r"\kappa_-\kappa_+",
            factor(expand(near * far)),
            -apart / 27,
            also=(expand(near + far) - expand(4 * (1 - sigma_vu) * ((1 - sigma_vu) ** 2 - 9 * sigma_zm) / 27),),
        ),
    )


def _places() -> tuple[Step, ...]:
    """The radius beside the edge of stability, and at the optimum."""
    near, stability = branch_points()[0], _first_order(_modulus())
    edge, place = -sigma_zm / 2, optimum()
    at_place = {letter: value for letter, value in place.items() if letter != kappa}
    return (
        Step.equal(
            r"To first order in $\sigma_{zm}$, $\tau = 1 - \sigma_{vu} > 0$, the nearer one is as follows; the double root is near $1$.",
            r"\kappa_-^{(1)}",
            _leading(near),
            _near_one(),
            also=(double_roots()[0].subs({sigma_zm: 0, sigma_vu: 1 - TAU}) - 1,),
        ),
        Step.equal(
            r"At $\sigma_{vu} = 0$, to first order in $\sigma_{zm}$ and $\kappa$, with $\lambda_1\lambda_2 = -\chi(0)/\lambda_3$.",
            r"(\rho^2 - 1)^{(1)}",
            stability,
            _by_constant(),
        ),
        Step.solves(
            r"So the pair is on the unit circle at this $\kappa$, half of $\kappa_-$ to first order.",
            r"\kappa_{\rho = 1}^{(1)}",
            edge,
            lambda value: stability.subs(kappa, value),
            also=(2 * edge - _leading(near).subs(TAU, 1),),
        ),
        Step.solves(
            r"At the optimum without control cost the cubic has a double root: its $\kappa$ is the nearer branch point.",
            r"\kappa_-|_{\mathrm{optimum}}",
            place[kappa],
            lambda value: expand(cubic_discriminant().subs(at_place).subs(kappa, value)),
            also=(unless(place[kappa] < expand(sum(branch_points())).subs(at_place) / 2),),
        ),
    )


def _modulus() -> Expr:
    """ρ² - 1 at σ_vu = 0 with λ_3 by one Newton step."""
    return dominant_modulus().expression.subs(lambda_3, fast_root_perturbative()).subs(sigma_vu, 0) - 1


def build() -> Result:
    """The radius of convergence of the perturbed roots, from the discriminant."""
    return Result(
        "convergence-radius",
        "Where the perturbed roots break",
        r"For $\sigma_{zm} < 0$ the series of $\lambda_1$ in $\kappa$ converge for $|\kappa| < \min|\kappa_\pm|$. Where "
        r"$\kappa_\pm$ are real both are positive and the pair $\lambda_{1,2}$ meets at the nearer, so the series of $\lambda_3$ "
        r"and of $\lambda_1\lambda_2$, which does not tell the pair apart, converge up to the farther; where they are "
        r"complex, $(1 - \sigma_{vu})^2 < -3\sigma_{zm}$, $\lambda_3$ meets one of the pair at each and the radii agree.",
        "derived here",
        (*_points(), *_places()),
        (r"\kappa_-", r"\kappa_+"),
        BACKGROUND,
    )
