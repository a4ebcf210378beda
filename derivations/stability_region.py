"""The exact stability region in the overlaps."""

from sympy import expand, factor

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.spectrum import cubic, stability_region, visible
from theory.symbols import kappa, lam, sigma_vu, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "Stable means that every eigenvalue lies strictly inside the unit circle; the root $0$ always does.",
    ),
    checks=("main: spectral radius",),
)


def build() -> Result:
    """Jury's conditions of the cubic, factored."""
    at_one, at_minus_one, constant, table = stability_region()
    chi = visible(cubic().as_expr())
    a_0 = chi.subs(lam, 0)
    a_1, a_2 = expand(chi).coeff(lam, 1), expand(chi).coeff(lam, 2)
    inner = a_0 * a_2 - a_1
    steps = (
        Step(
            r"No real root passes through $1$: $\chi(1) > 0$.",
            r"\chi(1)",
            at_one,
            difference(at_one, -sigma_zm * (1 - sigma_vu) - kappa),
        ),
        Step(
            r"No real root passes through $-1$: $-\chi(-1) > 0$.",
            r"-\chi(-1)",
            at_minus_one,
            difference(at_minus_one, 4 + 4 * sigma_vu - sigma_zm * (1 + sigma_vu) + kappa),
        ),
        Step(
            r"Jury's first row: $|a_0| < 1$.",
            r"1 - a_0^2",
            factor(constant),
            difference(constant, 1 - a_0**2),
        ),
        Step(
            r"Jury's second row: $1 - a_0^2 > |a_0 a_2 - a_1|$, the edge where a complex pair crosses the circle.",
            r"(1 - a_0^2)^2 - (a_0 a_2 - a_1)^2",
            factor(table),
            difference(table, (1 - a_0**2) ** 2 - inner**2),
        ),
    )
    return Result(
        "stability-region",
        "Stability region",
        r"The joint system is stable exactly where four polynomials in $\sigma_{zm}$, $\sigma_{vu}$, $\kappa$ are "
        r"positive.",
        "Jury's test (Jury 1964) applied to the cubic; derived here",
        steps,
        {
            r"\chi(1)": at_one,
            r"-\chi(-1)": at_minus_one,
            r"1 - a_0^2": factor(constant),
            r"J_2": factor(table),
        },
        BACKGROUND,
    )
