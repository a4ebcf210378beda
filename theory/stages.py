"""The stages of learning as laws: the loss on the σ_zm axis, its minimiser, and the saddle of stage 2.

Stage 1 happens on the axis σ_zu = σ_vm = σ_vu = 0, where the loop is x_{t+1} = M x_t with M = [[1, 1], [σ_zm, 1]] after
the uncontrolled first step, and λ_± = 1 ± √σ_zm.

Source: Ger & Barak, arXiv 2505.13567, Sec. 4 (quadratic, geometric sum, asymmetry); the exact sum, the minimiser's law
with its correction, and the saddle equations are derived here.
"""

from sympy import (
    Expr,
    ImmutableMatrix,
    LambertW,
    Matrix,
    Rational,
    Symbol,
    diff,
    exp,
    expand,
    eye,
    pi,
    sin,
    sqrt,
)

from theory.learning import WeightSpace, flow
from theory.symbols import horizon, sigma_vm, sigma_zm, sigma_zu

T = horizon
s = Symbol("s", positive=True)
"""The scaled distance on the axis, s = -T σ_zm."""
valley_index = Symbol("k", integer=True, nonnegative=True)
loss_slope = Symbol("L_kappa", real=True)
"""∂L/∂κ on the axis."""


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


def axis_loss() -> Expr:
    """L_T on the axis in closed form, time average, Q = I, Σ_0 = I, for any T ≥ 1 and σ_zm other than 0 and 4.

    M^k has the entries c_k and √σ_zm^{±1} s_k with c_k, s_k = (λ_+^k ± λ_-^k)/2, so |x|² is a combination of λ_+^{2k},
    (λ_+ λ_-)^k and λ_-^{2k}, summed over k = 0 … T-2.
    """
    root = sqrt(sigma_zm)
    plus, minus = 1 + root, 1 - root
    squares = [geometric_sum(ratio, T - 1) for ratio in (plus**2, plus * minus, minus**2)]
    cosine = (squares[0] + 2 * squares[1] + squares[2]) / 4
    sine = (squares[0] - 2 * squares[1] + squares[2]) / 4
    mixed = (squares[0] - squares[2]) / 4
    total = 3 * cosine + (1 / sigma_zm + 2 * sigma_zm) * sine + 2 * mixed * (1 / root + root)
    return (2 + total) / T


def axis_power_residual() -> ImmutableMatrix:
    """M [[c, s/√σ], [√σ s, c]] at step k less the same at step k + 1, with λ_±^{k+1} = λ_± λ_±^k: zero."""
    root = sqrt(sigma_zm)
    plus, minus = Symbol("p"), Symbol("m")

    def power(a: Expr, b: Expr) -> Matrix:
        c, sine = (a + b) / 2, (a - b) / 2
        return Matrix([[c, sine / root], [root * sine, c]])

    step = Matrix([[1, 1], [sigma_zm, 1]])
    return ImmutableMatrix((step * power(plus, minus) - power(plus * (1 + root), minus * (1 - root))).applyfunc(expand))


def scaled_axis_loss() -> Expr:
    """On the scale s = -T σ_zm, T large: L_T ≈ (T/2) [(e^s - 1) - ½ √(s/T) e^s sin 2√(s T)]/s², to relative order 1/T.

    The start is a velocity of size one, which swings the position to 1/√|σ_zm|; |x|² then grows as e^{|σ_zm| t} and
    oscillates at twice the frequency √|σ_zm|. Returned is the part that multiplies T/2.
    """
    return ((exp(s) - 1) - sqrt(s / T) / 2 * exp(s) * sin(2 * sqrt(s * T))) / s**2


def envelope_minimiser() -> Expr:
    """s* = 2 + W_0(-2 e⁻²) = 1.59362…, where (e^s - 1)/s² is least: s e^s = 2 (e^s - 1)."""
    return 2 + LambertW(-2 * exp(-2))


def envelope_residual() -> Expr:
    """(s - 2) e^{s-2} + 2 e⁻² at the stationary point, in terms of d/ds (e^s - 1)/s²: zero identically.

    d/ds[(e^s - 1)/s²] · s³ e^{-2} = (s - 2) e^{s-2} + 2 e⁻².
    """
    slope = diff((exp(s) - 1) / s**2, s)
    return expand(expand(slope * s**3 * exp(-2)) - expand((s - 2) * exp(s - 2) + 2 * exp(-2)))


def valley() -> Expr:
    """T σ_zm of valley number k: -(π/2 + 2πk)²/(4 T).

    The oscillation vanishes in size as T^{-1/2}, but its slope does not, so the axis has many valleys, where
    2√(s T) = π/2 + 2πk; the deepest is one of the two beside the envelope's minimiser.
    """
    return -((pi / 2 + 2 * pi * valley_index) ** 2) / (4 * T)


def nearest_valley() -> Expr:
    """The real index k at which a valley would lie on the envelope's minimiser: (2√(s* T) - π/2)/(2π).

    The deepest valley has the whole number below or above it.
    """
    return (2 * sqrt(envelope_minimiser() * T) - pi / 2) / (2 * pi)


def saddle_rates() -> tuple[Expr, Expr]:
    """dσ_zu/dt and dσ_vm/dt near σ_zu = σ_vm = 0, to first order.

    There L depends on σ_zu, σ_vm through κ and not on σ_vu, so ∂_zu L = L_κ σ_vm, ∂_vm L = L_κ σ_zu, ∂_vu L = 0:

        dσ_zu/dt = -L_κ (‖u‖² + ‖z‖²) σ_vm - ∂_zm L · m·u,   dσ_vm/dt = -L_κ ‖m‖² σ_zu   (m frozen).
    """
    space = WeightSpace()
    G, d = space.gram_symbols(), space.gradient_symbols()
    rates = space.overlaps(flow(space, G, d))
    names = space.overlaps(G)
    near = {d.zu[0]: loss_slope * sigma_vm, d.vm[0]: loss_slope * sigma_zu, d.vu[0]: 0}
    named = {names.zu[0]: sigma_zu, names.vm[0]: sigma_vm}
    return tuple(expand(rate[0].subs(near).subs(named)) for rate in (rates.zu, rates.vm))


def saddle_growth() -> Expr:
    """Square of the growth rate of the saddle's unstable direction, L_κ² ‖m‖² (‖u‖² + ‖z‖²) for m frozen."""
    jacobian = Matrix(saddle_rates()).jacobian([sigma_zu, sigma_vm])
    return expand(-(jacobian - eye(2) * jacobian.trace() / 2).det())


def stage_one_shift() -> Expr:
    """dσ_zu/dσ_zm while ∂_zm L dominates: m·u / ‖m‖², the invisible overlap's push during stage 1."""
    space = WeightSpace()
    G, d = space.gram_symbols(), space.gradient_symbols()
    alone = {d.zu[0]: 0, d.vm[0]: 0, d.vu[0]: 0}
    rates = space.overlaps(flow(space, G, d))
    return (rates.zu[0].subs(alone) / rates.zm[0].subs(alone)).cancel()
