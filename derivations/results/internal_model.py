"""What perfect tracking asks of the agent, what it does not, what learning chooses."""

from sympy import (
    Expr,
    I,
    Integer,
    Matrix,
    S,
    Symbol,
    Tuple,
    cancel,
    cos,
    exp,
    expand,
    factor,
    fraction,
    limit,
    rem,
    solve,
)

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.core.linear import linear_root
from theory.symbols import gain_p, gain_r, gamma, lam, omega, plant_gain, small
from theory.tracking.internal_model import (
    ERROR_GAIN,
    FIRST,
    SECOND,
    deadbeat_loop,
    error_elsewhere,
    error_residual,
    mismatch,
    pole_error,
    present_error,
    recurrent_eigenvalue,
    regulated_error,
    shifted_pole,
    sinusoid_factor,
    tracking_error,
)
from theory.tracking.loop import TrackingLoop

BACKGROUND = Background(
    assumptions=("A linear, time-invariant agent and plant; the joint system is stable.",),
    differs=(
        "The source reads eigenvalues near the frequencies as an internal model; for an agent that reads the reference "
        "they are neither necessary nor sufficient."
    ),
    checks=("tracking: stationary loss of every frequency", "tracking: agent's pole nearest to exp(iω)"),
)

RESIDUE = Symbol("R")
POSITION, FEEDBACK, FORWARD = (Symbol(name) for name in ("p", "N_p", "N_r"))
LENGTH = 9
"""Number of steps after which the error of the perfect agent is followed."""


def _error(control: Expr, plant: Expr = plant_gain) -> Expr:
    """λ p - 1 where p = G u, u in terms of the letter p and of the reference 1: without transfer functions."""
    return lam * linear_root(POSITION - plant * control, POSITION) - 1


def _meets(loop: TrackingLoop):
    """For values of (g_0, g_1): λ K_r + K_p - (λ-1)², times λ+2, at both e^{±iω}: remainders by λ² - 2 cos(ω) λ + 1."""
    sinusoid = lam**2 - 2 * cos(omega) * lam + 1

    def residual(values: Tuple) -> Matrix:
        first, second = values
        condition = (lam + 2) * (lam * first + second - (lam - 1) ** 2 - 3) + 8
        agent = Matrix([[-3 + 8 / (lam + 2), first + second / lam]])
        return Matrix([*_coefficients(rem(condition, sinusoid, lam)), *(loop.agent - agent)])

    return residual


def _coefficients(remainder: Expr) -> list[Expr]:
    return [expand(remainder).coeff(lam, k) for k in (0, 1)]


def _stepped(first: Expr, second: Expr) -> list[Expr]:
    """e_t = p_{t+1} - r_t after an impulse in r, by u_t = -3 p_t + 8 s_t + g_0 r_t + g_1 r_{t-1}, s_{t+1} = p_t - 2 s_t."""
    p, v, s, errors = 0, 0, 0, []
    for t in range(LENGTH):
        control = -3 * p + 8 * s + (first, second)[t] if t < 2 else -3 * p + 8 * s
        p, v, s = expand(p + v), expand(v + control), expand(p - 2 * s)
        errors.append(p - int(t == 0))
    return errors


def _divides(error: Expr) -> Matrix:
    """Remainder of E's numerator by λ² - 2 cos(ω) λ + 1, and of its denominator by λ³ up to a factor."""
    top, bottom = fraction(cancel(error))
    return Matrix([expand(rem(top, sinusoid_factor(), lam)), expand(bottom - lam**3 * bottom.coeff(lam, 3))])


def _slow() -> Expr:
    """(e^{2πi f dt} - 1)/γ at γ = dt/τ → 2πi f τ as dt → 0."""
    f, tau, step = (Symbol(name, positive=True) for name in ("f", "tau", "h"))
    advance = exp(2 * S.Pi * I * f * step)
    return expand(
        limit(recurrent_eigenvalue().subs({lam: advance, gamma: step / tau}) - 1, step, 0) - 2 * S.Pi * I * f * tau
    )


def _conditions() -> tuple[Step, ...]:
    """When a sinusoid is tracked perfectly, and by whom."""
    perfect = (1 / FIRST - gain_p) / lam
    return (
        Step.equal(
            r"The error is a mismatch times the closed loop; the same holds for matrices with $G_o$ invertible. Tracking of $\omega$ "
            r"is perfect exactly if the mismatch vanishes at $\lambda = e^{i\omega}$: two real equations, met at finite $K$.",
            r"(G_o^{-1} - K_p)\, E",
            mismatch(),
            (1 / plant_gain - gain_p) * _error(gain_p * POSITION + gain_r),
            also=(error_residual(), tracking_error() - _error(gain_p * POSITION + gain_r)),
        ),
        Step.equal(
            r"An agent that reads nothing but the regulated error $r_{t-1} - p_t$ has $\lambda K_r = -K_p = K_e$: its error vanishes "
            r"only at a pole of $G_o K_e$, hence of the agent, as the plant has none but $\lambda = 1$: the internal model of Francis and Wonham.",
            r"E_{\mathrm{error}}",
            regulated_error(),
            _error(ERROR_GAIN * (1 / lam - POSITION)),
        ),
        Step.solves(
            r"Even $r_t - p_t$ is not what this loss regulates, $r_t - p_{t+1}$; an agent that reads it tracks at a finite gain.",
            "K_e",
            solve(present_error(), ERROR_GAIN)[0],
            lambda gain: 1 / lam - plant_gain * gain * (1 - 1 / lam),
        ),
        Step.equal(
            r"An agent that is perfect on a plant $G_1$ at a finite $K$ has this error on a plant $G_2$. On $G_2 \neq G_1$ it "
            r"vanishes only where $K_p$ is infinite: an agent that is to be perfect on both has a pole at $e^{i\omega}$.",
            r"E_{G_2}",
            factor(error_elsewhere()),
            _error(gain_p * POSITION + perfect, SECOND),
        ),
        Step.equal(
            r"At such a pole, $D = 0$ with $K_p = N_p/D$ and $K_r = N_r/D$, the error is the same whatever the plant: zero if the "
            r"agent reads the regulated error there, $\lambda N_r = -N_p$, and this if it reads the reference otherwise.",
            r"E|_{D=0}",
            expand(pole_error()),
            lam * linear_root(plant_gain * (FEEDBACK * POSITION + FORWARD), POSITION) - 1,
        ),
    )


def _without_model() -> tuple[Step, ...]:
    """A perfect agent without a pole at e^{iω}, and where eigenvalues are when there is one."""
    loop = deadbeat_loop()
    first, second = loop.overlaps.zm[1], loop.overlaps.zu[1]
    followed = _stepped(first, second)
    return (
        Step.solves(
            r"On a fixed plant feedforward suffices: the deadbeat controller $K_p = -3 + 8/(\lambda + 2)$ of $G_o = 1/(\lambda - 1)^2$ with "
            r"$K_r = g_0 + g_1/\lambda$ that meets the condition at $e^{\pm i\omega}$. A rank-two agent; its joint eigenvalues are all zero.",
            r"(g_0, g_1)",
            vector([first, second]),
            _meets(loop),
            also=(loop.autonomous.matrix.charpoly(lam).as_expr() - lam**6,),
        ),
        Step.equal(
            r"Its error has a zero, not a pole, at $e^{\pm i\omega}$, and is finished after three steps: the errors after an "
            r"impulse, stepped.",
            "E",
            factor(loop.error()[0]),
            sum(error / lam**t for t, error in enumerate(followed)),
            also=(_divides(loop.error()[0]), *(cancel(error) for error in followed[4:])),
        ),
        Step.solves(
            r"Nor is an internal model an eigenvalue of the joint system: beside a pole $\lambda_0$ of an error reader with residue "
            r"$\epsilon R$ the joint eigenvalue, $1 + G_o K_e = 0$, lies at this distance, close only where the loop gain is small.",
            r"\lambda - \lambda_0",
            shifted_pole(),
            lambda distance: 1 + plant_gain * small * RESIDUE / distance,
        ),
        Step.solves(
            r"A pole of the agent at $\lambda = e^{i\omega}$ is this eigenvalue of $W$, about $1 + 2\pi i f \tau$ for a slow sinusoid.",
            "w",
            expand(recurrent_eigenvalue()),
            lambda w: 1 - gamma + gamma * w - lam,
            also=(_slow(),),
        ),
    )


def _chosen() -> tuple[Step, ...]:
    """What learning chooses: seed 0 after 5000 epochs, frequencies ascending."""
    poles = ((947, 67), (972, 119), (964, 196), (960, 255))
    return (
        Step.numerical(
            r"Learning does move poles of the agent towards the frequencies. Those nearest to $e^{i\omega}$ of 0.1, 0.2, 0.3 and "
            r"0.4 Hz, which are $0.998 + 0.063 i$, $0.992 + 0.125 i$, $0.982 + 0.187 i$ and $0.969 + 0.249 i$, after 5000 epochs of "
            r"Adam, seed 0: at distances 0.051, 0.021, 0.020 and 0.010, from 0.098, 0.137, 0.186 and 0.240 at the start.",
            r"1000\,(\lambda_{0.1}, \lambda_{0.2}, \lambda_{0.3}, \lambda_{0.4})",
            vector(real + imaginary * I for real, imaginary in poles),
            "tracking: agent's pole nearest to exp(iω)",
        ),
        Step.numerical(
            r"They are no internal models: this ratio, in the norm of both axes and whatever the plant, would be zero at a "
            r"pole whose mode reads nothing but the regulated error.",
            r"10\,|N_p + \lambda N_r|/|N_p|",
            vector(map(Integer, (23, 17, 58, 27))),
            "tracking: what these poles read of a reference that is tracked",
        ),
    )


def build() -> Result:
    """The condition, the error readers of the internal-model principle, and a perfect agent without any pole at ω."""
    return Result(
        "internal-model",
        "Perfect tracking and the internal model",
        r"Perfect tracking of $\omega$ is a zero of the error at $e^{i\omega}$. An agent that reads the reference can place it by "
        r"feedforward, with no eigenvalue of its own or of the joint system near; a pole of the agent there is forced only if it "
        r"reads the regulated error alone, or must track on plants that vary. Eigenvalues near $\omega$ are thus neither "
        r"necessary nor sufficient for tracking. Trained agents have poles near the frequencies all the same, which read the "
        r"reference otherwise than as an error; this is measured, not derived.",
        "internal model principle: Francis & Wonham, Automatica 12, 457 (1976); the conditions for agents that read the "
        "reference derived here; eigenvalues near the frequencies: Ger & Barak, arXiv 2505.13567, Fig. 6",
        (*_conditions(), *_without_model(), *_chosen()),
        ("E", "w"),
        BACKGROUND,
    )
