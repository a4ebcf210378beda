"""What perfect tracking of a frequency asks of the agent, and what it does not."""

from sympy import Expr, Matrix, Symbol, cancel, expand, factor, fraction, rem

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.internal_model import (
    ERROR_GAIN,
    deadbeat_loop,
    error_residual,
    mismatch,
    pole_error,
    present_error,
    recurrent_eigenvalue,
    regulated_error,
    robust_error,
    robust_solution,
    shifted_pole,
    tone_factor,
    tracking_error,
)
from theory.symbols import gain_p, gamma, lam, plant_gain, small

BACKGROUND = Background(
    assumptions=("A linear, time-invariant agent and plant; the joint system is stable.",),
    differs=(
        "The source reads eigenvalues near the frequencies as an internal model; for an agent that reads the reference "
        "they are neither necessary nor sufficient."
    ),
    checks=("tracking: stationary loss of every frequency",),
)

CLOSED = 1 / (1 / plant_gain - gain_p)
RESIDUE = Symbol("R")
FEEDBACK, FORWARD = Symbol("N_p"), Symbol("N_r")


def _divides(error: Expr) -> Matrix:
    """Remainder of E's numerator by λ² - 2 cos(ω) λ + 1, and of its denominator by λ³ up to a factor."""
    top, bottom = fraction(cancel(error))
    return Matrix([expand(rem(top, tone_factor(), lam)), expand(bottom - lam**3 * bottom.coeff(lam, 3))])


def build() -> Result:
    """The condition, the error readers of the internal-model principle, and a perfect agent without any pole at ω."""
    loop = deadbeat_loop()
    error = factor(loop.error()[0])
    distance, finite = shifted_pole(), 1 / ((lam - 1) * plant_gain)
    steps = (
        Step(
            r"The error is a mismatch times the closed loop; the same holds for matrices with $G_o$ invertible. Tracking of $\omega$ "
            r"is perfect exactly if the mismatch vanishes at $\lambda = e^{i\omega}$: two real equations, met at finite $K$.",
            r"(G_o^{-1} - K_p)\, E",
            mismatch(),
            Matrix([error_residual(), cancel(tracking_error() - CLOSED * mismatch())]),
        ),
        Step(
            r"An agent that reads nothing but the regulated error $r_{t-1} - p_t$ has $\lambda K_r = -K_p = K_e$: its error vanishes "
            r"only at a pole of $G_o K_e$, hence of the agent, as the plant has none but $\lambda = 1$: the internal model of Francis and Wonham.",
            r"E_{\mathrm{error}}",
            regulated_error(),
            cancel(regulated_error() + 1 / (1 + plant_gain * ERROR_GAIN)),
        ),
        Step(
            r"Even $r_t - p_t$ is not what this loss regulates, $r_t - p_{t+1}$; an agent that reads it tracks at a finite gain.",
            "K_e",
            finite,
            cancel(present_error().subs(ERROR_GAIN, finite)),
        ),
        Step(
            r"One agent $K_p = N_p/D$, $K_r = N_r/D$ that is to be perfect on two plants $G_1 \neq G_2$ must solve "
            r"$D/G_o = N_p + \lambda N_r$ for both: it has a pole at $e^{i\omega}$ and reads the error there, and then is perfect on all.",
            r"(D, N_p + \lambda N_r)",
            vector(robust_solution().values()),
            Matrix([*robust_solution().values(), robust_error()]),
        ),
        Step(
            r"A pole at $e^{i\omega}$ alone leaves this error there, whatever the plant, if the agent reads the reference otherwise.",
            r"E|_{D=0}",
            -1 - lam * FORWARD / FEEDBACK,
            cancel(pole_error() + 1 + lam * FORWARD / FEEDBACK),
        ),
        Step(
            r"On a fixed plant feedforward suffices: the deadbeat controller $K_p = -3 + 8/(\lambda + 2)$ of $G_o = 1/(\lambda - 1)^2$ with "
            r"$K_r = g_0 + g_1/\lambda$ that meets the condition. A rank-two agent; its joint eigenvalues are all zero.",
            r"(g_0, g_1)",
            vector([loop.overlaps.zm[1], loop.overlaps.zu[1]]),
            expand(loop.autonomous.matrix.charpoly(lam).as_expr() - lam**6),
        ),
        Step(
            r"Its error has a zero, not a pole, at $e^{\pm i\omega}$, and is finished after three steps.",
            "E",
            error,
            _divides(error),
        ),
        Step(
            r"Nor is an internal model an eigenvalue of the joint system: beside a pole $\lambda_0$ of an error reader with residue "
            r"$\epsilon R$ the joint eigenvalue lies at this distance, close only where the loop gain is small.",
            r"\lambda - \lambda_0",
            distance,
            cancel(1 + plant_gain * small * RESIDUE / distance),
        ),
        Step(
            r"A pole of the agent at $\lambda = e^{i\omega}$ is this eigenvalue of $W$, about $1 + 2\pi i f \tau$ for a slow sinusoid.",
            "w",
            1 + (lam - 1) / gamma,
            Matrix(
                [
                    cancel(recurrent_eigenvalue() - 1 - (lam - 1) / gamma),
                    cancel(1 - gamma + gamma * (1 + (lam - 1) / gamma) - lam),
                ]
            ),
        ),
    )
    return Result(
        "internal-model",
        "Perfect tracking and the internal model",
        r"Perfect tracking of $\omega$ is a zero of the error at $e^{i\omega}$. An agent that reads the reference can place it by "
        r"feedforward, with no eigenvalue of its own or of the joint system near; a pole of the agent there is forced only if it "
        r"reads the regulated error alone, or must track on plants that vary. Eigenvalues near $\omega$ are thus neither "
        r"necessary nor sufficient for tracking.",
        "internal model principle: Francis & Wonham, Automatica 12, 457 (1976); the conditions for agents that read the "
        "reference derived here; eigenvalues near the frequencies: Ger & Barak, arXiv 2505.13567, Fig. 6",
        steps,
        {"E": error, "w": 1 + (lam - 1) / gamma},
        BACKGROUND,
    )
