"""When a sinusoid is acquired: growth at a silent agent, and the clock of Adam."""

from sympy import Expr, S, Symbol, atan, cancel, cos, limit, log, simplify, sin, sqrt

from derivations.result import Background, Result
from derivations.step import Step
from theory.symbols import amplitude, dt, gamma, lam, omega
from theory.tracking.loop import planar_gain
from theory.tracking.staircase import (
    AGE,
    DECAY,
    PATH,
    READ,
    ROOT,
    WEIGHT,
    WRITTEN,
    adam_clock,
    adam_rate,
    early_clock,
    flow_needed,
    growth,
    real_part,
    second_order_path,
    suffered,
    suffered_by_definition,
    turning_cosine,
    two_neuron_agent,
)

BACKGROUND = Background(
    assumptions=(
        "Slopes at an agent that does nothing are formal, as if transients died out.",
        "The flow that a sinusoid needs is a scaling argument: the agent's response is taken as 1.",
        "Adam's second moments decay from what the first epochs left; later gradients, first moments and the small constant of the denominator are left out.",
    ),
    checks=(
        "full-theory: law in closed form: predicted over measured epoch",
        "full-theory: acquired when the word space tells",
    ),
    differs="The source reports when frequencies are acquired and gives no law.",
)

CHORD = Symbol("d", positive=True)
ON = (lam - 1) * (1 / lam - 1)
SIZE, SLOPE = Symbol("R", positive=True), Symbol("c_r", real=True)


def _loss_of_path() -> Expr:
    """dt (a²/2) |λ G_o K - 1|² of K = |m|² |z|² w c, without the theory's slopes."""
    ahead = lam * planar_gain() * WEIGHT * PATH * second_order_path() - 1
    return dt * amplitude**2 / 2 * ahead * ahead.subs(lam, 1 / lam)


def _growth_from_loss() -> Expr:
    """dK/dθ over c: w = zᵀ W m/(|m|² |z|²) moves by -(∂L/∂w)/(|m|² |z|²), as ∂L/∂W = g z mᵀ."""
    slope = _loss_of_path().diff(PATH).subs(PATH, 0)
    return WEIGHT * (-slope / WEIGHT)


def _growth() -> tuple[Step, ...]:
    path = second_order_path()
    mean = (path + path.subs(lam, 1 / lam)) / 2
    return (
        Step.equal(
            r"Two neurons, $m = (\mu, 0)$ reads, $z = (0, \xi)$ writes, $W = w\, z m^T$. The control passes two leaks.",
            "K_r",
            READ**2 * WRITTEN**2 * PATH * lam * gamma**2 / (lam - 1 + gamma) ** 2,
            two_neuron_agent(),
        ),
        Step.solves(
            r"Of the response $c = \lambda\gamma^2/(\lambda-1+\gamma)^2$ the real part on the unit circle is this.",
            r"\mathrm{Re}\, c",
            real_part(),
            lambda found: cancel(found.subs(cos(omega), (lam + 1 / lam) / 2) - mean),
        ),
        Step.equal(
            r"At a silent agent the flow of $W$ on one sinusoid changes the control by $c$ times this "
            r"($w_{mz} = |m|^2 |z|^2$, $d = |\lambda-1|^2$, $c_r = \mathrm{Re}\, c$).",
            r"\frac{1}{c}\frac{dK_r}{d\theta}",
            -(dt**3) * amplitude**2 * WEIGHT * SLOPE / CHORD,
            _in_chord(growth() / mean) * SLOPE,
            also=(cancel(growth() - _growth_from_loss()),),
        ),
        Step.solves(
            r"The two leaks turn the phase by a right angle here. Slower sinusoids want $w < 0$, faster ones $w > 0$: on one "
            r"axis they compete for the same path.",
            r"\cos\omega_\ast",
            turning_cosine(),
            lambda found: cancel(real_part().subs(cos(omega), found)),
        ),
    )


def _in_chord(expression: Expr) -> Expr:
    """A multiple of 1/|λ-1|² as the same multiple of 1/d."""
    return cancel(expression * ON) / CHORD


def _clock() -> tuple[Step, ...]:
    chord = 4 * sin(omega / 2) ** 2
    rooted = 2 * (SIZE - atan(SIZE)) / log(1 + SIZE**2) ** (3 * S.Half)
    return (
        Step.define(
            r"The flow that the control $d/\Delta t^2$ takes if the response is 1, in learning rate times epochs: with amplitude "
            r"and frequency as $f^4/a^2$. Learning moves the agent's poles, and $c$ with them, so that this is the flow needed is "
            r"a scaling argument.",
            r"\theta_f",
            flow_needed(),
            (chord / dt**2) / (dt**3 * amplitude**2 * WEIGHT / chord),
        ),
        Step.assume(
            r"The unstable initial loop leaves large second moments, which Adam forgets slowly; with no later gradient of that size they decay like this.",
            "v(t)",
            ROOT**2 * DECAY**AGE,
        ),
        Step.solves(
            r"Then the flow spent until epoch $t$ follows from Adam's rate $\sqrt{(1-\beta_2^t)/v}$, bias correction included.",
            r"\Theta/\eta",
            adam_clock(),
            lambda found: [found.diff(AGE) - adam_rate(), found.subs(AGE, 0)],
            by=simplify,
        ),
        Step.asymptotic(
            r"Early, $t \ll 1000$: a flow needed in proportion to $f^4$ is spent at epochs in proportion to $f^{8/3}$, and "
            r"later epochs count more and more. Between them lies the $f^2$ that runs show.",
            r"\Theta/\eta \;(t \to 0)",
            early_clock(),
            limit(rooted, SIZE, 0) * sqrt(log(1 / DECAY)) * AGE ** (3 * S.Half) / ROOT,
        ),
    )


def _competition() -> tuple[Step, ...]:
    return (
        Step.equal(
            r"A sinusoid that is tracked perfectly, $\lambda K_r + K_p = 1/G_o$, is lost in this measure by any change "
            r"$\delta_p, \delta_r$ of the agent at its frequency, such as one that another sinusoid asks for. The plant's "
            r"gain, $\Delta t^2/d$, is largest for slow sinusoids, which suffer most from the same change.",
            "E",
            suffered(),
            suffered_by_definition(),
        ),
    )


def build() -> Result:
    """Growth at a silent agent, the flow needed, Adam's clock, and what an acquired sinusoid suffers."""
    return Result(
        "staircase-law",
        "The law of the staircase",
        r"How many epochs a sinusoid takes is a matter of two things: the flow that its control needs, about "
        r"$d^2/(\Delta t^5 a^2 |m|^2 |z|^2)$ with $d = 4\sin^2(\omega/2)$, and how the optimizer spends it. Gradient descent "
        r"spends $\eta$ an epoch. Adam divides by second moments that the unstable initial loop left, which differs from seed to "
        r"seed; with them its clock is $t^{3/2}$ at first, then an exponential. The clock and the first growth are derived, the "
        r"flow needed is a scaling argument.",
        "derived here",
        (*_growth(), *_clock(), *_competition()),
        (r"\theta_f", r"\Theta/\eta", "E"),
        BACKGROUND,
    )
