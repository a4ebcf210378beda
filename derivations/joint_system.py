"""The joint system of plant and agent and its exact reduction."""

from derivations.result import Background, Result
from derivations.step import Step
from theory import symbols
from theory.loop import BlockAlgebra, ReducedLoop, spectrum_residual
from theory.plant import double_integrator

BACKGROUND = Background(
    assumptions=(
        "Linear neurons and a linear plant with constant coefficients.",
        "The recurrence has rank $r$, $W = U V^T$, and $h_0 = 0$.",
    ),
    differs=r"The source has rank one, no leak and a plant with $C B = 0$; in general $P$ has the further terms in $\gamma$ and $M C B Z^T$.",
    checks=(
        "main: spectrum of P: coefficients of the cubic",
        "main: bulk of P with leak 0.5: multiplicity of 1-γ",
    ),
)


def build() -> Result:
    """P, its factors, the invariant subspace, and P_eff of the double integrator."""
    blocks = BlockAlgebra()
    loop = ReducedLoop()
    neurons, leak = 3, symbols.gamma
    steps = (
        Step(
            r"Plant $x_{t+1} = A x_t + B u_t$, $y_t = C x_t$ and agent "
            r"$h_{t+1} = (1-\gamma) h_t + \gamma (U V^T h_t + M y_{t+1})$, $u_t = Z^T h_t$ are one linear system in $(x, h)$.",
            "P",
            blocks.joint,
        ),
        Step(r"The columns of $E$ span plant and written directions, $h = M a + U b$.", "E", blocks.basis),
        Step(
            r"With $F$ as below, $P = E F + (1-\gamma)\,\Pi$, $\Pi$ the projector on the neurons.",
            "F",
            blocks.coefficients,
            blocks.factor_residual(),
        ),
        Step(
            r"Swapping the factors gives $P_{\mathrm{eff}} = F E + (1-\gamma)\,\Pi'$, in which the weights enter only "
            r"through inner products; hence $P E = E P_{\mathrm{eff}}$ for any number of neurons.",
            r"P_{\mathrm{eff}}",
            blocks.reduced,
            blocks.reduction_residual(),
        ),
        Step(
            r"$\det(\lambda - P) = (\lambda - 1 + \gamma)^{N-q-r} \det(\lambda - P_{\mathrm{eff}})$ by "
            r"$\det(1 - E F') = \det(1 - F' E)$; here expanded for the double integrator and $N = 3$ symbolic neurons.",
            r"\det(\lambda - P) - (\lambda - 1 + \gamma)\,\det(\lambda - P_{\mathrm{eff}})",
            spectrum_residual(double_integrator(), neurons, 1, leak),
            spectrum_residual(double_integrator(), neurons, 1, leak),
        ),
    )
    return Result(
        "joint-system",
        "Joint system and its exact reduction",
        r"A linear network of any size $N$ with recurrence of rank $r$, started from $h_0 = 0$, moves exactly in the "
        r"$n+q+r$ coordinates $(x, a, b)$. For $N \geq q + r$ the spectrum of $P$ is that of $P_{\mathrm{eff}}$ and "
        r"$1-\gamma$, $N-q-r$ times.",
        "Ger & Barak, arXiv 2505.13567, Sec. 3 (rank one, no leak); any plant, rank and leak derived here",
        steps,
        {r"P_{\mathrm{eff}}": loop.matrix, r"K_{\mathrm{out}}": loop.readout},
        BACKGROUND,
    )
