"""Effective gains and the stability of the plant under them."""

from sympy import Expr, Matrix, Symbol, cancel, expand, eye, factor, sqrt

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step
from theory.core.loop import ReducedLoop
from theory.double_integrator.gain import (
    effective_gains,
    gain_stability,
    oscillation_discriminant,
    root_product_and_sum,
    slow_polynomial,
    state_feedback,
)
from theory.symbols import k_1, k_2, lam, lambda_3, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\lambda_3$ is a simple root and $\lambda_{1,2} \neq 0$; the gains describe the agent on the plane of these two, which attracts where $|\lambda_3| < |\lambda_{1,2}|$.",
    ),
    differs=r"The source fits the gains to trajectories by regression; on the slow plane they are functions of the overlaps and $\lambda_3$, which the regression reaches once the third mode has decayed.",
    checks=("main: gain k_2 near stabilisation",),
)


def _minors(at: Expr) -> Expr:
    """det(λ - P_eff)/λ by minors."""
    loop = ReducedLoop()
    return cancel((lam * eye(4) - loop.matrix).det(method="laplace") / lam).subs(lam, at)


def _absent(first: Expr, second: Expr) -> Matrix:
    """(u + K x) as a row of states, times P_eff (P_eff - λ_3), where λ_3 is a root: zero if it is λ_3's mode and 0's."""
    matrix = Matrix(ReducedLoop().matrix)
    row = Matrix([[first, second, sigma_zm, sigma_zu]]) * matrix * (matrix - lambda_3 * eye(4))
    product = _minors(lambda_3).coeff(sigma_zu, 0) / sigma_vm
    return row.subs(sigma_zu, product).applyfunc(cancel)


def _under_feedback() -> Matrix:
    """x^(1)⁺ = x^(1) + x^(2), x^(2)⁺ = x^(2) + u, u = -k_1 x^(1) - k_2 x^(2), as a matrix."""
    x = Matrix([Symbol("x"), Symbol("v")])
    moved = Matrix([x[0] + x[1], x[1] - k_1 * x[0] - k_2 * x[1]])
    return moved.jacobian(x)


def _characteristic(at: Expr) -> Expr:
    """det(λ - M_cl), row by row."""
    (a, b), (c, d) = _under_feedback().tolist()
    return expand((at - a) * (at - d) - b * c)


def _slow_plane(first: Expr, second: Expr) -> tuple[Step, ...]:
    """The plant on the slow plane, its polynomial, and its gains."""
    matched = _characteristic(lam).subs({k_1: first, k_2: second}) - slow_polynomial().as_expr()
    return (
        Step.define(
            r"Call $M_{\mathrm{cl}} = A - B K$ the plant under a linear control $u = -K x$.",
            r"M_{\mathrm{cl}}",
            state_feedback(),
            _under_feedback(),
        ),
        Step.solves(
            r"Divide the cubic by $\lambda - \lambda_3$: the quadratic of the slow pair, with the remainder "
            r"$\chi(\lambda_3)/\lambda_3 = 0$. It is $\det(\lambda - M_{\mathrm{cl}})$ at the gains that follow.",
            r"\chi(\lambda)/[\lambda(\lambda - \lambda_3)]",
            slow_polynomial().as_expr(),
            lambda printed: (lam - lambda_3) * printed + _minors(lambda_3) - _minors(lam),
            also=(matched,),
        ),
        Step.solves(
            r"With these gains $u + K x$ is a combination of the left eigenvectors of $\lambda_3$ and of $0$: as a row it is "
            r"annihilated by $P_{\mathrm{eff}} (P_{\mathrm{eff}} - \lambda_3)$. It vanishes on the plane of the slow pair, and off "
            r"it is multiplied by $\lambda_3$ at every step from $t = 1$. The velocity gain is the shift of $\lambda_3$ away "
            r"from $\sigma_{vu}$.",
            "k_2",
            second,
            lambda printed: _absent(first, printed),
        ),
        Step.solves(
            r"The position gain, $k_1 = -\sigma_{zm} - k_2 (1 - \lambda_3)$.",
            "k_1",
            first,
            lambda printed: _absent(printed, second),
            also=(first + sigma_zm + second * (1 - lambda_3), second - lambda_3 + sigma_vu),
        ),
    )


def _stability() -> tuple[Step, ...]:
    """Jury's conditions of the plant under the gains."""
    at_one, at_minus_one, table = gain_stability()
    determinant = _characteristic(0)
    return (
        Step.equal(
            r"Jury: no real root passes $1$ while $\det(1 - M_{\mathrm{cl}}) > 0$.",
            r"\det(1 - M_{\mathrm{cl}})",
            at_one,
            _characteristic(1),
        ),
        Step.equal(
            r"None passes $-1$ while $\det(-1 - M_{\mathrm{cl}}) > 0$.",
            r"\det(-1 - M_{\mathrm{cl}})",
            at_minus_one,
            _characteristic(-1),
        ),
        Step.equal(
            r"The product of the roots is inside the circle while this is positive. Its second factor is half the sum of the "
            r"first two conditions, so that with these the third is $k_1 < k_2$.",
            r"1 - (\det M_{\mathrm{cl}})^2",
            factor(table),
            1 - determinant**2,
            also=(table - (k_2 - k_1) * (at_one + at_minus_one) / 2,),
        ),
    )


def _signs() -> tuple[Step, ...]:
    """Complex pair, or real roots and their signs."""
    product, total = root_product_and_sum()
    p, d = Symbol("p", real=True), Symbol("d", real=True)
    root = {k_1: (1 - p) ** 2 - d, k_2: 2 * (1 - p)}
    mean, spread = total / 2, sqrt(oscillation_discriminant()) / 2
    return (
        Step.solves(
            r"The discriminant: at roots $p \pm \sqrt{d}$ it is $4 d$, so that they are a complex pair exactly where "
            r"$k_2^2 < 4 k_1$.",
            r"\Delta_K",
            oscillation_discriminant(),
            lambda printed: printed.subs(root, simultaneous=True) - 4 * d,
            also=(_characteristic(lam).subs(root, simultaneous=True) - ((lam - p) ** 2 - d),),
        ),
        Step.equal(
            r"Otherwise they are real. One is negative and the other positive where their product, the determinant, is "
            r"negative, $k_1 < k_2 - 1$.",
            r"\det M_{\mathrm{cl}}",
            product,
            _characteristic(0),
            also=((mean + spread) * (mean - spread) - product,),
        ),
        Step.equal(
            r"If the product is positive, both have the sign of their sum, the trace; if it is $0$, the root that is not $0$ is "
            r"the sum; if it is negative, the one larger in modulus has the sign of the sum. So of real roots at least one is "
            r"negative iff $k_1 < k_2 - 1$ or $k_2 > 2$. The mode of a negative root alternates in sign.",
            r"\mathrm{tr}\, M_{\mathrm{cl}}",
            total,
            _under_feedback().trace(),
        ),
    )


def build() -> Result:
    """Gains by left eigenvectors and by the slow quadratic; stability, complex pair and negative roots."""
    first, second = effective_gains()
    return Result(
        "effective-gains",
        "Effective gains",
        r"On the slow plane the agent acts as state feedback $u = -k_1 x^{(1)} - k_2 x^{(2)}$ with closed-form gains. The "
        r"plant under this feedback is stable iff $0 < k_1 < k_2$ and $2 k_2 < 4 + k_1$. Its eigenvalues are a complex pair "
        r"iff $k_2^2 < 4 k_1$; otherwise they are real, and at least one is negative, a mode that alternates in sign, iff "
        r"$k_1 < k_2 - 1$ or $k_2 > 2$.",
        "Ger & Barak, arXiv 2505.13567, Sec. 3 (gains by regression); closed form derived here",
        (*_slow_plane(first, second), *_stability(), *_signs()),
        ("k_1", "k_2", r"\Delta_K", r"\det M_{\mathrm{cl}}", r"\mathrm{tr}\, M_{\mathrm{cl}}"),
        BACKGROUND,
    )
