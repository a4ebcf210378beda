"""Which combinations of the overlaps the trajectory sees."""

from sympy import ImmutableMatrix, Poly, cancel, diag, fraction

from derivations.result import RANK_ONE, Background, Result, Step
from theory import symbols
from theory.loop import ReducedLoop
from theory.spectrum import controller, scaling_residual, visible
from theory.symbols import lam, sigma_vm, sigma_vu, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "$h_0 = 0$.",
    ),
    differs="The source follows four overlaps; three combinations are all that a trajectory or a loss of it can see.",
    checks=("main: Markov parameters give the episodes",),
)


def _limit(expression):
    """Value of a rational function of λ at infinity: the ratio of leading coefficients."""
    numerator, denominator = (Poly(part, lam) for part in fraction(cancel(expression)))
    return cancel(numerator.coeff_monomial(lam ** denominator.degree()) / denominator.LC())


def build() -> Result:
    """The scaling symmetry and the controller in the visible overlaps."""
    transfer = controller(ReducedLoop())[0]
    first, second = (cancel(sigma_zu * sigma_vm), cancel(sigma_zu * sigma_vm * sigma_vu))
    tail = cancel(transfer - symbols.sigma_zm - first / (lam - sigma_vu))
    remainder = second * sigma_vu / (lam**2 * (lam - sigma_vu))
    rest = cancel(transfer - symbols.sigma_zm - first / lam - second / lam**2 - remainder)
    steps = (
        Step(
            r"$u \to c\,u$, $v \to v/c$ keeps $U V^T$ and maps $\sigma_{zu} \to c\,\sigma_{zu}$, "
            r"$\sigma_{vm} \to \sigma_{vm}/c$; on the reduced state it is the change of basis $D$.",
            "D",
            ImmutableMatrix(diag(1, 1, 1, 1 / symbols.scaling)),
            scaling_residual(),
        ),
        Step(
            r"$D$ leaves plant and $a$ alone, so $x_t$ depends on $\sigma_{zu}$, $\sigma_{vm}$ through their product.",
            r"K(\lambda)",
            visible(transfer),
            tail,
        ),
        Step(
            r"Markov parameters of the agent: the response of $u$ to an impulse in $y$.",
            "g_0",
            symbols.sigma_zm,
            _limit(transfer) - symbols.sigma_zm,
        ),
        Step(r"One step through the recurrence.", "g_1", first, _limit(lam * (transfer - symbols.sigma_zm)) - first),
        Step(r"$g_k = \sigma_{zu}\sigma_{vu}^{k-1}\sigma_{vm}$ in general.", "g_2", second, rest),
    )
    return Result(
        "visible-overlaps",
        "Visible overlaps",
        r"Trajectories and losses see the weights only through $\sigma_{zm}$, $\sigma_{vu}$ and "
        r"$\kappa = \sigma_{zu}\sigma_{vm}$: the agent is the first-order controller "
        r"$K(\lambda) = \sigma_{zm} + \kappa/(\lambda - \sigma_{vu})$.",
        "derived here; the overlaps are those of Ger & Barak, arXiv 2505.13567",
        steps,
        {r"K(\lambda)": visible(transfer), r"\kappa": first},
        BACKGROUND,
    )
