"""Costs and errors of linear agents by other routes than :mod:`theory.double_integrator.observer`: what its printed lines are compared with."""

from itertools import product

from sympy import Expr, Matrix, Symbol, cancel, expand, eye, sqrt, together

from theory.core.plant import double_integrator
from theory.double_integrator.observer import (
    control,
    control_error,
    plant_state,
    position,
    riccati,
    sequence,
    velocity,
    velocity_ratio,
)
from theory.symbols import beta, k_1, k_2, lam, lambda_3

GAINS = Matrix([[k_1, k_2]])
"""K."""


def one_step(u: Expr | int) -> Expr:
    """β u² + x⁺ᵀ S x⁺ after the state (p, v) and a control, written out.

    :param u: the control
    """
    p, v = plant_state[0] + plant_state[1], plant_state[1] + u
    s_11, s_12, s_22 = riccati[0, 0], riccati[0, 1], riccati[1, 1]
    return beta * u**2 + s_11 * p**2 + 2 * s_12 * p * v + s_22 * v**2


def slope_at(gain: Matrix) -> Expr:
    """How β u² + x⁺ᵀ S x⁺ differs between controls one above and one below -K x: zero at the least of a parabola.

    :param gain: K
    """
    best = -(gain * plant_state)[0]
    return one_step(best + 1) - one_step(best - 1)


def excess() -> Expr:
    """xᵀQx + β u² + x⁺ᵀ S x⁺ - xᵀ S x with Riccati's Q = S - AᵀSA + r KᵀK, where r KᵀK = AᵀS B BᵀS A/r."""
    A, B = double_integrator().A, double_integrator().B
    row = B.T * riccati * A
    Q = riccati - A.T * riccati * A + row.T * row / (beta + (B.T * riccati * B)[0])
    return (plant_state.T * (Q - riccati) * plant_state)[0] + one_step(control)


def transformed(error: Expr) -> Expr:
    """Σ_{t≥1} e_t z^{1-t} from (p_0, v_0) less its form in a_t, for an agent u = G(z) y of any transfer function.

    From x_1 with the agent at rest Σ x_t z^{1-t} = z (z - A - B G C)⁻¹ x_1; a_{t+1} transforms to z (a(z) - a_1), a_1 = k_2.

    :param error: e_t as a form in a_t, a_{t+1}, p_0 and v_0
    """
    z, G, plant = Symbol("z"), Symbol("G"), double_integrator()
    response = (G * plant.C + GAINS) * z * (z * eye(2) - plant.A - plant.B * G * plant.C).inv()
    a = (response * Matrix([0, 1]))[0]
    start = plant.A * Matrix([position, velocity])
    form = error.subs(dict(zip(sequence, (a, z * (a - k_2)), strict=True)), simultaneous=True)
    return cancel(together(form - (response * start)[0]))


def mean_of_corners(value: Expr) -> Expr:
    """The mean of a quadratic in (p_0, v_0) over the four equally likely p_0 = ±1, v_0 = ±√q.

    :param value: the quadratic
    """
    corners = product((1, -1), (sqrt(velocity_ratio), -sqrt(velocity_ratio)))
    return expand(sum(value.subs({position: p, velocity: v}) for p, v in corners) / 4)


def geometric() -> Expr:
    """Σ_{t≥1} E e_t²/E p_0² of a_t = λ^{t-1}, summed as geometric series from the error's own form."""
    error = control_error().subs(dict(zip(sequence, (1, lam), strict=True)))
    return cancel(mean_of_corners(error**2) / (1 - lam**2))


def by_root(expression: Expr) -> Expr:
    """An expression with q put in λ_3, by λ_3 + 1/λ_3 = 2 + q.

    :param expression: an expression in q and λ_3
    """
    return cancel(together(expression.subs(velocity_ratio, lambda_3 + 1 / lambda_3 - 2)))


def from_the_start(later: Expr) -> Expr:
    """E [x_0ᵀ S x_0 + r (K x_0)²] / E p_0² + r times the squared errors from t = 1 on.

    :param later: their sum over E p_0²
    """
    x = Matrix([position, velocity])
    r = beta + riccati[1, 1]
    return mean_of_corners((x.T * riccati * x)[0] + r * (GAINS * x)[0] ** 2) + r * later
