"""The valleys of the loss on the σ_zm axis, for long episodes: where they lie, the first from either side, the deepest.

The scaled loss f_T(s), s = -T σ_zm (:mod:`theory.double_integrator.stages`), is an envelope f with an oscillation
around it whose size vanishes as T^{-1/2}, but whose slope does not. A valley needs both to cancel. All of it is
derived here.
"""

from functools import cache

from sympy import QQ, Expr, Symbol, acos, cos, exp, expand, factor, pi, sin, sqrt

from theory.double_integrator.stages import T, envelope, phased_axis_loss, s, scaled_root, theta
from theory.symbols import small

valley_index = Symbol("k", integer=True, nonnegative=True)
least = Symbol("s_0", positive=True)
"""s_0 = s*, at which the envelope is least."""


@cache
def axis_slope() -> Expr:
    """f'(s) - e^s/(2 s²) cos θ, to which the slope of f_T tends along any T → ∞ that keeps the phase θ = 2√(s T).

    By the chain rule the slope is ∂f/∂s + ∂f/∂θ √(T/s), and ∂f/∂θ is of order T^{-1/2}.
    """
    phased = phased_axis_loss()
    total = phased.diff(s) + phased.diff(theta) * sqrt(T / s)
    return expand(total.subs(T, 1 / small**2)).subs(small, 0)


def swing_slope() -> Expr:
    """e^s/(2 s²), the largest slope of the oscillation."""
    return -axis_slope().coeff(cos(theta))


def valley_cosine() -> Expr:
    """cos θ where the slope vanishes, 2 - 4 (1 - e^{-s})/s; it rises with s, and a valley needs it between -1 and 1."""
    return expand((axis_slope() + swing_slope() * cos(theta)) / swing_slope())


def first_valleys() -> tuple[Expr, Expr]:
    """s between which the valleys lie as T → ∞, where |f'| equals the largest slope of the oscillation.

    4/3 + W_0(-4/3 e^{-4/3}) = 0.6059… on the side of σ_zm = 0, where the envelope falls, and 4 + W_0(-4 e⁻⁴) = 3.9207…
    on the other, where it rises.
    """
    falling, rising = (scaled_root(envelope().diff(s) + sign * swing_slope()) for sign in (1, -1))
    return falling, rising


def valley_phase() -> Expr:
    """θ of valley number k: arccos of :func:`valley_cosine`, plus 2πk. It fixes s through θ = 2√(s T).

    Of the two phases with this cosine, that in (0, π) is the minimum: there the slope rises with θ.
    """
    return acos(valley_cosine()) + 2 * pi * valley_index


def lower_envelope() -> Expr:
    """g_T(s) = f(s) - ½ √(s/T) e^s/s², which f_T never crosses and touches where sin 2√(s T) = 1."""
    return phased_axis_loss().subs(sin(theta), 1)


def valley() -> Expr:
    """T σ_zm = -(π/2 + 2πk)²/(4 T), where f_T touches its lower envelope for the k-th time, 2√(s T) = π/2 + 2πk.

    Near s_0 valley number k lies there, to order 1/T: the cosine of its phase vanishes at s_0.
    """
    return -((pi / 2 + 2 * pi * valley_index) ** 2) / (4 * T)


def lower_shift() -> Expr:
    """√s_0 (2 s_0 - 3)/(4 (s_0 - 1)) = 0.0995…: the lower envelope is least at s_0 plus this over √T, to order 1/T.

    It is -h'/f'' at s_0 for g_T = f + h/√T, where e^{-s} = 1 - s/2 removes the exponential.
    """
    swing = expand((lower_envelope() - envelope()) * sqrt(T * s))
    slope, bend = swing.diff(s) - swing / (2 * s), s * envelope().diff(s, 2)
    field = QQ.frac_field(s, exp(s))
    ratio = field.to_sympy(field.from_sympy(-slope) / field.from_sympy(bend))
    return (sqrt(s) * factor(ratio.subs(exp(s), 2 / (2 - s)))).subs(s, least)


def nearest_valley() -> Expr:
    """The real index k at which the loss would touch its lower envelope where that is least, for T → ∞.

    (2√(s_0 T) + δ/√s_0 - π/2)/(2π) with δ of :func:`lower_shift`. The deepest valley is the whole number next to it.
    """
    phase = 2 * sqrt(least * T) + lower_shift() / sqrt(least)
    return (phase - pi / 2) / (2 * pi)
