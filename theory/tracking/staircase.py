"""How fast the control that tracks a sinusoid grows, how Adam counts its epochs, and what an acquired one suffers.

Growth. Of an agent that does nothing, W = 0 and zᵀm = 0, only the path w = zᵀW m/(|z|² |m|²) reaches the control to
first order, with the response K = |m|² |z|² w c(λ), c = λ γ²/(λ-1+γ)²: two leaks in a row. Its slope for one sinusoid
is dt³ (a²/d) |m|² |z|² Re c, with d = |λ-1|², so flow changes the control by -dt³ (a²/d) |m|² |z|² c Re c. Two leaks
turn the phase by more than a right angle beyond cos ω = 2b/(1+b²), b = 1-γ: slower sinusoids want w < 0, faster ones
w > 0.

Flow needed. With unit response, c = 1, the control d/dt² needs θ = d²/(dt⁵ a² |m|² |z|²) learning-rate × epochs. That
is a scaling argument: learning moves the agent's poles, and c with them.

Adam. Where the second moments stem from the first epochs, v = V β^t, the rate √((1-β^t)/v) adds up to
Θ = (2/(√V ln β⁻¹)) (R - arctan R), R = √(β^{-t} - 1).

Competition. Perfect tracking, λ K_r + K_p = 1/G_o, is lost by a change (δ_p, δ_r) of the agent at that frequency as
E = G_o (λ δ_r + δ_p)/(1 - G_o (K_p + δ_p)), exactly.

Source: derived here; the task is that of Ger & Barak, arXiv 2505.13567, Sec. 5.
"""

from sympy import Expr, Matrix, Rational, Symbol, atan, cancel, cos, eye, factor, log, sin, sqrt

from theory.symbols import gain_p, gain_r, gamma, lam, omega, plant_gain
from theory.tracking.internal_model import mismatch, tracking_error
from theory.tracking.order import chord, needed_control, silent_slope
from theory.tracking.sinusoids import in_cosine

WEIGHT = Symbol("w_mz", positive=True)
"""|m|² |z|²."""
READ, WRITTEN, PATH = Symbol("mu", positive=True), Symbol("xi", positive=True), Symbol("w", real=True)
AGE, DECAY, ROOT = Symbol("t", positive=True), Symbol("beta_2", positive=True), Symbol("v_0", positive=True)
"""Epochs; β_2; √V of the second moment that the first epochs left."""
CHANGE_P, CHANGE_R = Symbol("delta_p"), Symbol("delta_r")


def second_order_path() -> Expr:
    """c(λ) = λ γ²/(λ-1+γ)², the response of a path from m through one entry of W to z, per |m|² |z|² w."""
    return lam * gamma**2 / (lam - 1 + gamma) ** 2


def two_neuron_agent() -> Expr:
    """K(λ) = λ γ zᵀ (λ-(1-γ)-γW)⁻¹ m of m = (μ, 0), z = (0, ζ) and W = μ ζ w e_2 e_1ᵀ, from the matrices."""
    m, z = Matrix([READ, 0]), Matrix([0, WRITTEN])
    step = (1 - gamma) * eye(2) + gamma * PATH * z * m.T
    return cancel((lam * gamma * z.T * (lam * eye(2) - step).inv() * m)[0])


def real_part() -> Expr:
    """Re c at λ = e^{iω}: γ² [(1+b²) cos ω - 2b]/(1 + b² - 2b cos ω)², b = 1-γ."""
    path = second_order_path()
    return factor(in_cosine(cancel((path + path.subs(lam, 1 / lam)) / 2), cos(omega)))


def growth() -> Expr:
    """Change of the control K_r per flow at a silent agent, over c: -dt³ (a²/d) |m|² |z|² Re c, formal as its slope."""
    path = second_order_path()
    return -silent_slope() * WEIGHT * (path + path.subs(lam, 1 / lam)) / 2


def turning_cosine() -> Expr:
    """cos ω beyond which two leaks turn the phase by more than a right angle, 2b/(1+b²)."""
    b = 1 - gamma
    return 2 * b / (1 + b**2)


def flow_needed() -> Expr:
    """θ = |needed control|/(slope |m|² |z|²) with unit response, d²/(dt⁵ a² |m|² |z|²), as a function of ω."""
    per_square = cancel(-needed_control() / (silent_slope() * WEIGHT * chord() ** 2))
    return (4 * sin(omega / 2) ** 2) ** 2 * per_square


def adam_rate() -> Expr:
    """Step per gradient and learning rate where v = V β^t: √((1-β^t)/(V β^t)), first moments and ε left out."""
    return sqrt(DECAY**-AGE - 1) / ROOT


def adam_clock() -> Expr:
    """Θ/η = (2/(√V ln β⁻¹)) (R - arctan R), R = √(β^{-t} - 1)."""
    R = sqrt(DECAY**-AGE - 1)
    return 2 * (R - atan(R)) / (ROOT * log(1 / DECAY))


def early_clock() -> Expr:
    """Θ/η for t ≪ 1/ln β⁻¹: (2/3) √(ln β⁻¹) t^{3/2}/√V."""
    return Rational(2, 3) * sqrt(log(1 / DECAY)) * AGE ** Rational(3, 2) / ROOT


def suffered() -> Expr:
    """E, after a change of the agent, of a tracked sinusoid: G_o (λ δ_r + δ_p)/(1 - G_o (K_p + δ_p))."""
    return plant_gain * (lam * CHANGE_R + CHANGE_P) / (1 - plant_gain * (gain_p + CHANGE_P))


def suffered_by_definition() -> Expr:
    """The same from λ T - 1 with the agent changed and K_r = (1/G_o - K_p)/λ."""
    tracked = gain_r - mismatch() / lam
    return cancel(tracking_error(feedback=gain_p + CHANGE_P, forward=cancel(tracked) + CHANGE_R))
