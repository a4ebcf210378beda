"""Effective gains and the stability of the plant under them."""

from sympy import expand

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.gain import (
    effective_gains,
    gain_stability,
    oscillation_discriminant,
    slow_polynomial,
    state_feedback,
)
from theory.symbols import k_1, k_2, lam, lambda_3, sigma_vu, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\lambda_3$ is a simple root; the gains describe the agent on the plane of the other two, which attracts where $|\lambda_3| < |\lambda_{1,2}|$.",
    ),
    differs=r"The source fits the gains to trajectories by regression; on the slow plane they are functions of the overlaps and $\lambda_3$, which the regression reaches once the third mode has decayed.",
    checks=("main: gain k_2 near stabilisation",),
)


def _matching(first, second) -> tuple[Step, ...]:
    """The plant on the slow plane, and its gains by matching polynomials."""
    closed, quadratic = state_feedback(), slow_polynomial().as_expr()
    characteristic = closed.charpoly(lam).as_expr()
    return (
        Step(
            r"On the plane of the slow pair the control is a linear function of the plant's state. Call it $u = -K x$, and "
            r"$M_{\mathrm{cl}} = A - B K$ the plant with it, which the loop follows there; if "
            r"$|\lambda_3| < |\lambda_{1,2}|$, the distance to the plane shrinks as $|\lambda_3|^t$, relative to the state as $|\lambda_3/\lambda_1|^t$.",
            r"M_{\mathrm{cl}}",
            closed,
        ),
        Step(
            r"Its eigenvalues are the slow pair, so its polynomial is the cubic divided by $\lambda - \lambda_3$.",
            r"\det(\lambda - M_{\mathrm{cl}})",
            quadratic,
            expand(characteristic.subs({k_1: first, k_2: second}) - quadratic),
        ),
        Step(
            r"The coefficient of $\lambda$ gives the velocity gain: it is the shift of $\lambda_3$ away from $\sigma_{vu}$.",
            "k_2",
            second,
            difference(second, lambda_3 - sigma_vu),
        ),
        Step(
            r"The constant gives the position gain, $k_1 = -\sigma_{zm} - k_2 (1 - \lambda_3)$.",
            "k_1",
            first,
            difference(first, -sigma_zm - second * (1 - lambda_3)),
        ),
    )


def _stability() -> tuple[Step, ...]:
    """Jury's conditions and the discriminant of the plant under the gains."""
    closed = state_feedback()
    at_one, at_minus_one, table = gain_stability()
    return (
        Step(
            r"Jury: no real root passes $1$ while $\det(1 - M_{\mathrm{cl}}) > 0$.",
            r"\det(1 - M_{\mathrm{cl}})",
            at_one,
            difference(at_one, k_1),
        ),
        Step(
            r"None passes $-1$ while $\det(-1 - M_{\mathrm{cl}}) > 0$.",
            r"\det(-1 - M_{\mathrm{cl}})",
            at_minus_one,
            difference(at_minus_one, 4 + k_1 - 2 * k_2),
        ),
        Step(
            r"The product of the roots is inside the circle while this is positive; with the first two that is $k_1 < k_2$.",
            r"1 - (\det M_{\mathrm{cl}})^2",
            table,
            difference(table, (k_2 - k_1) * (2 - k_2 + k_1)),
        ),
        Step(
            r"The plant oscillates where its discriminant, trace$^2 - 4\,$det, is negative.",
            r"\Delta_K",
            oscillation_discriminant(),
            difference(oscillation_discriminant(), closed.trace() ** 2 - 4 * closed.det()),
        ),
    )


def build() -> Result:
    """Gains by matching det(λ - M_cl) with the slow quadratic; stability and oscillation."""
    first, second = effective_gains()
    steps = (*_matching(first, second), *_stability())
    return Result(
        "effective-gains",
        "Effective gains",
        r"On the slow plane the agent acts as state feedback $u = -k_1 x^{(1)} - k_2 x^{(2)}$ with closed-form gains. The "
        r"plant under this feedback is stable iff $0 < k_1 < k_2$ and $2 k_2 < 4 + k_1$, and oscillates iff $k_2^2 < 4 k_1$.",
        "Ger & Barak, arXiv 2505.13567, Sec. 3 (gains by regression); closed form derived here",
        steps,
        {"k_1": first, "k_2": second, r"\Delta_K": oscillation_discriminant()},
        BACKGROUND,
    )
