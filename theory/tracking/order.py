"""Which sinusoid is learned first: slopes of the loss of each at an agent that does nothing yet, K = 0.

On the unit circle λ = e^{iω} the double integrator one step ahead is real, λ G_o = -dt²/d with d = 4 sin²(ω/2): the
control that tracks a sinusoid is -d/dt² times the reference, and the slope of its loss by the gain k_r on the
reference is proportional to 1/d, its curvature to 1/d². That is stationary, hence formal: at K = 0 the double
integrator is at the margin of stability, and from rest a sinusoid leaves a drift that never ends,

    p_t = k_r dt² [λ^t - 1 - t (λ-1)]/(λ-1)².

Over T steps that hold whole cycles, λ^T = 1, the sums close: the drift doubles the slope and, for large T, rules the
curvature. Low frequencies have the larger slope either way, and a gain k_r alone gains little. Two steps of memory gain
much more without feedback too: u_t = (r_t - 2 r_{t-1} + r_{t-2})/dt² from rest moves the position to r_{t-1} at step
t + 1.

Source: derived here; the task is that of Ger & Barak, arXiv 2505.13567, Sec. 5.
"""

from functools import cache

from sympy import Dummy, Expr, ImmutableMatrix, Poly, S, cancel, expand

from theory.core.linear import linear_root
from theory.core.plant import double_integrator
from theory.symbols import amplitude, dt, feedforward, horizon, lam
from theory.tracking.loop import TrackingLoop, planar_gain
from theory.tracking.sinusoids import stationary_loss, stationary_slope

POWER, TIME = Dummy("Lambda"), Dummy("s")  # λ^s and s, of a step s


def chord() -> Expr:
    """d = |λ-1|² = 4 sin²(ω/2) on the unit circle, 2 - λ - 1/λ; about ω² for a slow sinusoid."""
    return 2 - lam - 1 / lam


def silent_slope(lag: int = 0) -> Expr:
    """Formal stationary ∂L/∂g_lag at K = 0, by the response of the control to the reference so many steps ago.

    dt³ a² cos(lag ω)/d, from the transfer functions of one axis.

    :param lag: number of steps
    """
    loop, silent = TrackingLoop(double_integrator(dt)), ImmutableMatrix([[0, 0]])
    change = ImmutableMatrix([[0, lam**-lag]])
    return cancel(stationary_slope(loop.error(silent), loop.error_slope(silent, change), 0))


def silent_loss() -> Expr:
    """Formal stationary loss of an agent u = k_r r: dt (a²/2) (1 + k_r dt²/d)²."""
    loop = TrackingLoop(double_integrator(dt))
    return cancel(stationary_loss(loop.error(ImmutableMatrix([[0, feedforward]])), 0))


def response_from_rest(time: Expr, power: Expr) -> Expr:
    """Position at step t under u = k_r λ^t from rest: the stationary response and the drift it leaves.

    :param time: t
    :param power: λ^t
    """
    return feedforward * dt**2 * (power - 1 - time * (lam - 1)) / (lam - 1) ** 2


def cycle_means() -> dict[tuple[int, int], Expr]:
    """Means over s = 1 … T of s^j λ^{is}, by (i, j), for λ^T = 1 and λ ≠ 1."""
    T = horizon
    return {
        (0, 0): S.One,
        (0, 1): (T + 1) / 2,
        (0, 2): (T + 1) * (2 * T + 1) / 6,
        (1, 0): S.Zero,
        (-1, 0): S.Zero,
        (1, 1): lam / (lam - 1),
        (-1, 1): 1 / (1 - lam),
    }


def cycle_residuals() -> list[Expr]:
    """T times each mean less F(T+1) - F(1), F telescoping its terms, with λ^T = 1: all zero.

    F(s+1) - F(s) is checked to be the term s^j λ^{is}.
    """
    s, T = TIME, horizon
    sums = {
        (0, 0): s,
        (0, 1): s * (s - 1) / 2,
        (0, 2): s * (s - 1) * (2 * s - 1) / 6,
        (1, 0): POWER / (lam - 1),
        (1, 1): (s - lam / (lam - 1)) * POWER / (lam - 1),
    }
    sums |= {(-1, j): sums[1, j].subs({lam: 1 / lam, POWER: 1 / POWER}, simultaneous=True) for j in (0, 1)}
    gaps = []
    for (i, j), F in sums.items():
        ahead = F.subs({s: s + 1, POWER: POWER * lam}, simultaneous=True)
        total = F.subs({s: T + 1, POWER: lam}) - F.subs({s: 1, POWER: lam})
        gaps += [cancel(ahead - F - s**j * POWER**i), cancel(total - T * cycle_means()[i, j])]
    return gaps


def cycle_mean(expression: Expr) -> Expr:
    """Mean over the steps s = 1 … T of a polynomial in s, λ^s and λ^{-s}, over whole cycles.

    :param expression: in the letters TIME and POWER
    """
    spread = Poly(expand(expression * POWER), POWER, TIME)
    means = cycle_means()
    return cancel(sum(c * means[i - 1, j] for (i, j), c in spread.terms()))


@cache
def horizon_loss() -> Expr:
    """Loss of an agent u = k_r r on one sinusoid over T steps that hold whole cycles, from rest, no ramp.

    dt (a²/2) [1 + 4 k/d + k² (4 + d (T²-1)/3)/d²], k = k_r dt²: the mean of |p_{t+1} - r_t|² over t and phase.
    """
    error = response_from_rest(TIME, POWER) - POWER / lam
    mirror = error.subs({lam: 1 / lam, POWER: 1 / POWER}, simultaneous=True)
    return dt * amplitude**2 / 2 * cycle_mean(error * mirror)


def best_feedforward() -> tuple[Expr, Expr]:
    """The k_r of least loss over whole cycles, and the share of the loss that it removes.

    The share, 4/(4 + d (T²-1)/3), is about 3/(3 + π² c²) for c cycles in a long episode: little, because without memory
    the drift stays.
    """
    loss = horizon_loss()
    best = linear_root(loss.diff(feedforward), feedforward)
    return best, cancel(1 - loss.subs(feedforward, best) / loss.subs(feedforward, 0))


def needed_control() -> Expr:
    """Control per reference that tracks perfectly, 1/(λ G_o) = -d/dt²: the acceleration of the reference."""
    return cancel(1 / (lam * planar_gain()))
