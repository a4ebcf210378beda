"""Which combinations of the overlaps the trajectory sees."""

from sympy import ImmutableMatrix, Matrix, Symbol, cancel, diag, eye, simplify

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step
from theory import symbols
from theory.core.linear import linear_root
from theory.core.loop import ReducedLoop
from theory.core.spectrum import controller
from theory.double_integrator.spectrum import scaling_residual, visible
from theory.symbols import kappa, lam, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "$h_0 = 0$.",
    ),
    differs="The source follows four overlaps; three combinations are all that a trajectory or a loss of it can see.",
    checks=("main: Markov parameters give the episodes",),
)

LAG = Symbol("k", integer=True, positive=True)
"""Number of steps between an observation and the control."""


def _scaled(change: ImmutableMatrix) -> tuple[Matrix, ...]:
    """D P_eff less P_eff at (c σ_zu, σ_vm/c) times D, and D less the identity on (x, a), for a change of basis D."""
    c, P = symbols.scaling, ReducedLoop().matrix
    moved = P.subs({sigma_zu: c * sigma_zu, sigma_vm: sigma_vm / c}, simultaneous=True)
    return change * P - moved * change, change[:3, :] - Matrix(eye(4))[:3, :]


def _eliminated():
    """u/y from the agent's own equations a = y, λ b = σ_vm a + σ_vu b, with σ_zu σ_vm = κ."""
    b = Symbol("b")
    return sigma_zm + (sigma_zu * linear_root(lam * b - sigma_vm - sigma_vu * b, b)).subs(sigma_vm, kappa / sigma_zu)


def _impulse(count: int) -> list:
    """u_0, u_1, … of the agent's recurrence under y = 1, 0, 0, …: an oracle without transfer functions."""
    control, b, y = [], 0, 1
    for _ in range(count):
        control.append(sigma_zm * y + sigma_zu * b)
        b, y = sigma_vm * y + sigma_vu * b, 0
    return control


def _symmetry_steps(transfer) -> tuple[Step, ...]:
    """The scaling symmetry and the controller that it leaves unchanged."""
    return (
        Step.solves(
            r"$u \to c\,u$, $v \to v/c$ keeps $U V^T$ and maps $\sigma_{zu} \to c\,\sigma_{zu}$, "
            r"$\sigma_{vm} \to \sigma_{vm}/c$; on the reduced state it is the change of basis $D$.",
            "D",
            ImmutableMatrix(diag(1, 1, 1, 1 / symbols.scaling)),
            _scaled,
            also=(scaling_residual(),),
        ),
        Step.equal(
            r"$D$ leaves plant and $a$ alone, so $x_t$ depends on $\sigma_{zu}$, $\sigma_{vm}$ through their product.",
            r"K(\lambda)",
            transfer,
            _eliminated(),
        ),
    )


def _response_steps(transfer) -> tuple[Step, ...]:
    """The Markov parameters of the controller."""
    series = cancel(transfer.subs(lam, 1 / symbols.small)).series(symbols.small, 0, 3).removeO()
    g_0, g_1, g_2 = (series.coeff(symbols.small, k).subs(kappa, sigma_zu * sigma_vm) for k in range(3))
    first, second, third = _impulse(3)
    return (
        Step.equal(
            r"Markov parameters of the agent, the expansion of $K(\lambda)$ in $1/\lambda$: the response of $u$ to an "
            r"impulse in $y$.",
            "g_0",
            g_0,
            first,
        ),
        Step.equal(r"One step through the recurrence.", "g_1", g_1, second),
        Step.equal(r"Two steps.", "g_2", g_2, third),
        Step.solves(
            r"And so on: with no further input $b$ is multiplied by $\sigma_{vu}$ at every step, so $g_{k+1} = "
            r"\sigma_{vu}\, g_k$ for $k \geq 1$.",
            "g_k",
            g_1 * sigma_vu ** (LAG - 1),
            lambda g: (g.subs(LAG, 1) - second, simplify(g.subs(LAG, LAG + 1) / g - sigma_vu)),
        ),
    )


def build() -> Result:
    """The scaling symmetry and the controller in the visible overlaps."""
    transfer = visible(controller(ReducedLoop())[0])
    return Result(
        "visible-overlaps",
        "Visible overlaps",
        r"Trajectories and losses see the weights only through $\sigma_{zm}$, $\sigma_{vu}$ and "
        r"$\kappa = \sigma_{zu}\sigma_{vm}$: the agent is the first-order controller "
        r"$K(\lambda) = \sigma_{zm} + \kappa/(\lambda - \sigma_{vu})$.",
        "derived here; the overlaps are those of Ger & Barak, arXiv 2505.13567",
        _symmetry_steps(transfer) + _response_steps(transfer),
        (r"K(\lambda)",),
        BACKGROUND,
    )
