"""Stage 1: the loop on the σ_zm axis."""

from sympy import Symbol, conjugate, expand

from derivations.result import RANK_ONE, Background, Result, difference
from derivations.step import Step
from theory.spectrum import stage_one_polynomial, stage_one_roots
from theory.symbols import lam, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\sigma_{vu} = \kappa = 0$: the recurrence does not act yet.",
    ),
    checks=(
        "stages: stage 1: |1 + √σ_zm| at σ_zm = -0.2 against 100 neurons",
        "stages: stage 1: σ_zm from ±0.2 is driven into (-0.1, 0)",
    ),
)


def build() -> Result:
    """The quadratic, its roots and their moduli for both signs of σ_zm."""
    quadratic = stage_one_polynomial().as_expr()
    plus, minus = stage_one_roots()
    distance = Symbol("a", positive=True)
    negative = expand(plus.subs(sigma_zm, -distance) * conjugate(plus.subs(sigma_zm, -distance)))
    steps = (
        Step(
            r"With $\sigma_{vu} = \kappa = 0$ the agent is proportional control, $u_t = \sigma_{zm} y_t$.",
            r"\chi_1(\lambda)",
            quadratic,
            difference(quadratic, lam**2 - 2 * lam + 1 - sigma_zm),
        ),
        Step(r"Its roots.", r"\lambda_{1}", plus, difference(quadratic.subs(lam, plus), 0)),
        Step(r"The other root.", r"\lambda_{2}", minus, difference(quadratic.subs(lam, minus), 0)),
        Step(
            r"For $\sigma_{zm} < 0$ the pair is complex with $|\lambda|^2 = 1 + |\sigma_{zm}|$: for small $\sigma_{zm}$ "
            r"growth over $T$ steps is about $e^{T|\sigma_{zm}|}$. For $\sigma_{zm} > 0$ it is real, "
            r"$|\lambda_1|^2 = (1 + \sqrt{\sigma_{zm}})^2$: about $e^{2T\sqrt{\sigma_{zm}}}$, far faster.",
            r"|\lambda|^2_{\sigma_{zm} < 0}",
            1 - sigma_zm,
            difference(negative, 1 + distance),
        ),
    )
    return Result(
        "stage-one",
        "Stage 1: proportional control",
        r"On the $\sigma_{zm}$ axis the loop is unstable for every $\sigma_{zm} \neq 0$; the loss grows much faster for "
        r"positive than for negative $\sigma_{zm}$, which drives learning to a small negative value.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4",
        steps,
        {r"\chi_1(\lambda)": quadratic, r"\lambda_1": plus, r"\lambda_2": minus},
        BACKGROUND,
    )
