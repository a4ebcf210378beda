"""When a sinusoid is tracked perfectly, and when that needs an internal model.

With as many controls as tracked outputs, G_o invertible and Ĝ = (G_o⁻¹ - K_p)⁻¹,

    E = λ T - 1 = Ĝ (λ K_r + K_p - G_o⁻¹),

so at λ = e^{iω} tracking is perfect exactly if λ K_r + K_p = G_o⁻¹ there: 2 real equations an output, frequency and
axis, met at finite K. No eigenvalue of the agent or of the joint system need be near e^{iω}. Eigenvalues there are
forced

* if the agent reads the error alone that the loss regulates, r_{t-1} - p_t, hence λ K_r = -K_p: then E = -(1 + G_o K)⁻¹
  with K = -K_p, which vanishes only at a pole of G_o K;
* or if the same agent is to track perfectly on a plant that may vary: λ K_r + K_p cannot equal two G_o⁻¹ while finite.

Both give a pole of the *agent* at e^{iω}, not of the joint system, whose eigenvalues at a stable loop are elsewhere.

Source: Francis & Wonham, Automatica 12, 457 (1976), for error feedback; what the task asks of its agents, here.
"""

from sympy import Expr, ImmutableMatrix, Rational, S, Symbol, cancel, cos, diag, expand, solve

from theory.core.linear import linear_root
from theory.core.loop import Overlaps
from theory.core.plant import double_integrator
from theory.symbols import gain_p, gain_r, gamma, lam, omega, plant_gain, small
from theory.tracking.loop import TrackingLoop, axis_transfer
from theory.tracking.sinusoids import in_cosine

EIGENVALUE = Symbol("w")
ERROR_GAIN = Symbol("K_e")
FIRST, SECOND = Symbol("G_1", nonzero=True), Symbol("G_2", nonzero=True)


def tracking_error(gain: Expr = plant_gain, feedback: Expr = gain_p, forward: Expr = gain_r) -> Expr:
    """E(λ) = λ T - 1, T = G_o K_r/(1 - G_o K_p), of one axis.

    :param gain: G_o
    :param feedback: K_p
    :param forward: K_r
    """
    return cancel(lam * axis_transfer(gain, feedback, forward) - 1)


def error_residual() -> Expr:
    """(1 - G_o K_p) E - G_o (λ K_r + K_p - G_o⁻¹) for matrices, with E = λ (1 - G_o K_p)⁻¹ G_o K_r - 1: zero."""
    G_o, P, R, T = (Symbol(name, commutative=False) for name in ("G_o", "K_p", "K_r", "T"))
    error = (1 - G_o * P) * (lam * T - 1)
    return expand(error.expand().subs(G_o * P * T, T - G_o * R) - G_o * (lam * R + P - G_o**-1))


def mismatch(gain: Expr = plant_gain) -> Expr:
    """λ K_r + K_p - 1/G_o: zero at e^{iω} exactly where the sinusoid is tracked perfectly.

    :param gain: G_o
    """
    return lam * gain_r + gain_p - 1 / gain


def regulated_error() -> Expr:
    """E of an agent that reads r_{t-1} - p_t alone, K_p = -K_e and λ K_r = K_e: -1/(1 + G_o K_e)."""
    return tracking_error(feedback=-ERROR_GAIN, forward=ERROR_GAIN / lam)


def present_error() -> Expr:
    """E of an agent that reads r_t - p_t alone, K_p = -K_e and K_r = K_e.

    What it reads is not what the loss regulates, r_t - p_{t+1}: E = ((λ-1) G_o K_e - 1)/(1 + G_o K_e).
    """
    return tracking_error(feedback=-ERROR_GAIN, forward=ERROR_GAIN)


def error_elsewhere() -> Expr:
    """E on a plant G_2 of an agent that tracks perfectly on a plant G_1: (1/G_1 - 1/G_2)/(1/G_2 - K_p).

    It vanishes on another plant only where K_p is infinite: at a pole of the agent.
    """
    perfect = linear_root(mismatch(FIRST), gain_r)
    return cancel(tracking_error(SECOND, forward=perfect))


def pole_error() -> Expr:
    """E at a pole of the agent, D = 0 with K_p = N_p/D and K_r = N_r/D: -(1 + λ N_r/N_p), whatever G_o.

    A pole alone does not make an agent track that also reads the reference; λ N_r = -N_p does.
    """
    D, feedback, forward = Symbol("D"), Symbol("N_p"), Symbol("N_r")
    return tracking_error(feedback=feedback / D, forward=forward / D).subs(D, 0)


def sinusoid_factor() -> Expr:
    """λ² - 2 cos(ω) λ + 1, with the roots e^{±iω}."""
    return lam**2 - 2 * cos(omega) * lam + 1


def deadbeat_loop() -> TrackingLoop:
    """A rank-two agent (dt = 1, γ = 1) that tracks ω perfectly; the joint system's eigenvalues are all 0.

    K_p = -3 + 8/(λ+2) is the deadbeat controller, K_r = g_0 + g_1/λ interpolates λ K_r + K_p = (λ-1)² at e^{±iω}.
    """
    first, second = _interpolating_responses()
    overlaps = Overlaps(
        ImmutableMatrix([[-3, first]]),
        ImmutableMatrix([[1, second]]),
        ImmutableMatrix([[8, 0], [0, 1]]),
        ImmutableMatrix(diag(-2, 0)),
    )
    return TrackingLoop(double_integrator(), rank=2, leak=S.One, overlaps=overlaps)


def _interpolating_responses() -> tuple[Expr, Expr]:
    """g_0, g_1 of λ g_0 + g_1 = (λ-1)² - K_p(λ) at λ and 1/λ, as functions of cos ω = (λ + 1/λ)/2."""
    first, second, c = Symbol("g_0"), Symbol("g_1"), Symbol("c")
    equation = lam * first + second - (lam - 1) ** 2 - 3 + Rational(8) / (lam + 2)
    found = solve([equation, equation.subs(lam, 1 / lam)], [first, second], dict=True)[0]
    return tuple(in_cosine(cancel(found[letter]), c).subs(c, cos(omega)) for letter in (first, second))


def shifted_pole() -> Expr:
    """Distance of a joint eigenvalue λ from a simple pole λ_0 of an error-feedback agent with residue ε R.

    1 + G_o K_e = 0 with K_e = ε R/(λ - λ_0) gives λ - λ_0 = -ε G_o(λ) R: the agent's pole is no eigenvalue of the joint
    system, and close to one only where the loop gain is small.
    """
    distance, residue = Symbol("x"), Symbol("R")
    return solve(1 + plant_gain * small * residue / distance, distance)[0]


def recurrent_eigenvalue() -> Expr:
    """Eigenvalue w of W that puts a pole of the agent at λ, λ = (1-γ) + γ w: w = 1 + (λ-1)/γ.

    With γ = dt/τ and a slow sinusoid, w ≈ 1 + 2 π i f τ.
    """
    return solve((1 - gamma) + gamma * EIGENVALUE - lam, EIGENVALUE)[0]
