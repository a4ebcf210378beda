"""Stage 1 as laws: the loss on the σ_zm axis, exactly and for long episodes.

Stage 1 happens on the axis σ_zu = σ_vm = σ_vu = 0, where the loop is x_{t+1} = M x_t with M = [[1, 1], [σ_zm, 1]] after
the uncontrolled first step, and λ_± = 1 ± √σ_zm.

Source: Ger & Barak, arXiv 2505.13567, Sec. 4 (quadratic, geometric sum, asymmetry); the exact sum and its limit for
long episodes are derived here. Where the loss on the axis has its valleys: :mod:`theory.double_integrator.valleys`.
"""

from functools import cache

from sympy import (
    QQ,
    Expr,
    I,
    ImmutableMatrix,
    Integer,
    LambertW,
    Matrix,
    Poly,
    Rational,
    Symbol,
    cos,
    exp,
    expand,
    factor,
    prod,
    sin,
    sqrt,
)

from theory.symbols import horizon, sigma_zm, small

T = horizon
s = Symbol("s", positive=True)
"""The scaled distance on the axis, s = -T σ_zm."""
theta = Symbol("theta", real=True)
"""The phase 2√(s T) by which the squared position turns over an episode."""
plus_power, minus_power = Symbol("p_plus"), Symbol("p_minus")
"""λ_+^k and λ_-^k."""


def geometric_loss(growth: Expr | None = None) -> Expr:
    """½ (1 - r^{T+1})/(1 - r), the loss if every step multiplies |x|² by r = |1 + √σ_zm|².

    :param growth: r; for negative σ_zm by default, 1 - σ_zm
    """
    r = growth if growth is not None else 1 - sigma_zm
    return Rational(1, 2) * (1 - r ** (T + 1)) / (1 - r)


def geometric_sum(ratio: Expr, terms: Expr) -> Expr:
    """1 + ratio + … over the given number of terms.

    :param ratio: the ratio, not 1
    :param terms: how many
    """
    return (1 - ratio**terms) / (1 - ratio)


def axis_power(plus: Expr, minus: Expr) -> ImmutableMatrix:
    """M^k = [[c, s/√σ_zm], [√σ_zm s, c]] with c, s = (λ_+^k ± λ_-^k)/2.

    :param plus: λ_+^k
    :param minus: λ_-^k
    """
    root, even, odd = sqrt(sigma_zm), (plus + minus) / 2, (plus - minus) / 2
    return ImmutableMatrix([[even, odd / root], [root * odd, even]])


@cache
def _terms() -> tuple[tuple[Expr, tuple[int, int]], ...]:
    """‖M^k A‖², the squared state after k + 1 steps: coefficients of λ_+^{ik} λ_-^{jk}, with (i, j)."""
    after = axis_power(plus_power, minus_power) * Matrix([[1, 1], [0, 1]])
    squares = Poly(sum(entry**2 for entry in after), plus_power, minus_power)
    return tuple((coefficient, powers) for powers, coefficient in squares.terms())


def axis_loss() -> Expr:
    """L_T on the axis in closed form, time average, Q = I, Σ_0 = I, for any T ≥ 1 and σ_zm other than 0 and 4.

    After the start, |x_0|² = 2 for the two unit starts together, the squared state is a combination of λ_+^{2k},
    (λ_+ λ_-)^k and λ_-^{2k}, summed over k = 0 … T-2.
    """
    plus, minus = 1 + sqrt(sigma_zm), 1 - sqrt(sigma_zm)
    ratios = {(2, 0): plus**2, (1, 1): 1 - sigma_zm, (0, 2): minus**2}
    return (2 + sum(c * geometric_sum(ratios[powers], T - 1) for c, powers in _terms())) / T


@cache
def phased_axis_loss() -> Expr:
    """f(s, θ) of L_T = (T/2) f(s, 2√(s T)) (1 + O(1/T)) at s = -T σ_zm, for T → ∞ at fixed s.

    With ε = √(s/T) the powers of the exact sum are (λ_+ λ_-)^{T-1} = e^s (1 + O(ε²)) and λ_±^{2(T-1)} =
    e^{s ± iθ} (1 + O(ε)). What multiplies them is a Laurent series in ε; of (2/T) L_T the orders 0 and 1 are kept. The
    oscillating powers first come with order 1, so that their own corrections are of the order that is left out.
    A start with a velocity of size one swings the position to 1/√|σ_zm|, which is why the loss is of order T.
    """
    turned = {(2, 0): cos(theta) + I * sin(theta), (1, 1): Integer(1), (0, 2): cos(theta) - I * sin(theta)}
    ratios = {(2, 0): (1 + small) ** 2, (1, 1): 1 - small**2, (0, 2): (1 - small) ** 2}
    total: Expr = Integer(0)
    for coefficient, key in _terms():
        at_root = coefficient.subs(sqrt(sigma_zm), small).subs(sigma_zm, small**2)
        level, slope = _first_orders(2 * small**4 * at_root / (ratios[key] - 1))
        total += (level + slope * I * sqrt(s / T)) / s**2 * (exp(s) * turned[key] - 1)
    still, swing = expand(total).as_independent(sin(theta))
    return factor(still) + swing


def _first_orders(function: Expr) -> tuple[Expr, Expr]:
    """Value and slope at ε = 0 of a rational function of ε alone."""
    field = QQ.frac_field(small)
    value = field.from_sympy(function)
    at_zero = [part.numer.const() / part.denom.const() for part in (value, value.diff(field.gens[0]))]
    return QQ.to_sympy(at_zero[0]), QQ.to_sympy(at_zero[1])


def scaled_axis_loss() -> Expr:
    """f_T(s) = [(e^s - 1) - ½ √(s/T) e^s sin 2√(s T)]/s², the scaled loss along the axis: L_T ≈ (T/2) f_T(-T σ_zm)."""
    return phased_axis_loss().subs(theta, 2 * sqrt(s * T))


def envelope() -> Expr:
    """f(s) = (e^s - 1)/s², the mean of the scaled loss over a turn of its phase, in which the sine averages out."""
    return phased_axis_loss().subs(sin(theta), 0)


def scaled_root(slope: Expr) -> Expr:
    """The positive s at which a slope of the form e^s [b s - c (1 - e^{-s})]/s³ vanishes, with c > b > 0.

    That is (s - a) e^s = -a with a = c/b, so (s - a) e^{s-a} = -a e^{-a} and s = a + W(-a e^{-a}). The branch W_{-1}
    gives s = 0, the branch W_0 the positive root.

    :param slope: the slope, in s
    :raises ValueError: if it has another form
    """
    scaled = expand(expand(slope) * s**3 * exp(-s))
    b, c = scaled.coeff(s, 1), scaled.coeff(exp(-s))
    if expand(scaled - b * s + c * (1 - exp(-s))) != 0 or not c > b > 0:
        raise ValueError(f"slope must be e^s [b s - c (1 - e^(-s))]/s^3 with c > b > 0; found {slope}")
    return c / b + LambertW(-c / b * exp(-c / b))


def unwound(expression: Expr) -> Expr:
    """An expression with e^W replaced by z/W for every W = W_0(z), which is what W_0 means."""

    def split(power: Expr) -> Expr:
        names = power.atoms(LambertW)
        times = {w: expand(power).coeff(w) for w in names}
        rest = expand(power - sum(n * w for w, n in times.items()))
        return exp(rest) * prod((w.args[0] / w) ** n for w, n in times.items())

    return expression.replace(lambda e: isinstance(e, exp) and e.has(LambertW), lambda e: split(e.args[0]))


def envelope_minimiser() -> Expr:
    """s* = 2 + W_0(-2 e⁻²) = 1.59362…, where the envelope is least: s e^s = 2 (e^s - 1)."""
    return scaled_root(envelope().diff(s))
