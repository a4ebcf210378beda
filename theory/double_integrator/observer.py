"""Why the best time-invariant agent of a long horizon is full-state LQR behind a one-dimensional observer.

With Riccati's S the cost is xᵀ S x of the start plus r Σ e_t², e_t = u_t + K x_t the control error. An agent that
starts at rest (h_0 = 0, u_0 = 0), linear and the same at every step, answers a start with a velocity as it answers, one
step later, a start with position and velocity; so its errors are fixed by one sequence a_t, and the best sequence is
that of a scalar regulator, a_{t+1} = λ_3 a_t. A rank-one agent carries it out.

An agent whose gains change over time knows the state from its second observation on, and so costs less.

Source: derived here; completing the square is standard (Åström, Introduction to Stochastic Control Theory, ch. 8).
"""

from functools import cache

from sympy import Expr, ImmutableMatrix, Matrix, Poly, Symbol, cancel, expand, fraction, solve, symbols, together

from theory.core.linear import linear_root
from theory.core.loop import ReducedLoop
from theory.core.plant import double_integrator
from theory.double_integrator.gain import effective_gains, gain_symbols
from theory.double_integrator.optimum import VISIBLE, embedding
from theory.double_integrator.spectrum import visible_cubic
from theory.symbols import beta, k_1, k_2, kappa, lam, lambda_3, sigma_vu, sigma_zm

velocity_ratio = Symbol("q", positive=True)
"""q = E v_0² / E p_0², with uncorrelated start position p_0 and velocity v_0; 1 for Σ_0 ∝ I."""
position, velocity = symbols("p_0 v_0", real=True)
sequence = symbols("a_t a_next", real=True)
"""a_t and a_{t+1}: the control error at step t ≥ 1 after x_1 = (0, 1)."""
plant_state = Matrix(symbols("p v", real=True))
"""x_t = (p, v) at any step."""
control = Symbol("u", real=True)
"""u_t at any step."""
observations = symbols("y_t y_next", real=True)
"""y_t and y_{t+1}."""
_entries = symbols("s_11 s_12 s_22", real=True)
riccati = ImmutableMatrix([[_entries[0], _entries[1]], [_entries[1], _entries[2]]])
"""S, a solution of the Riccati equation."""


def _controlled_cost() -> Poly:
    """β u² + x⁺ᵀ S x⁺ as a polynomial in u: what the control of one step changes."""
    plant = double_integrator()
    following = plant.A * plant_state + plant.B * control
    return Poly((following.T * riccati * following)[0] + beta * control**2, control)


def control_weight() -> Expr:
    """r = R + Bᵀ S B, with R = β: the coefficient of u²."""
    return _controlled_cost().coeff_monomial(control**2)


@cache
def regulator() -> ImmutableMatrix:
    """K = Bᵀ S A / r, so that u = -K x costs least at one step if S is the cost to go."""
    best = expand(linear_root(_controlled_cost().diff().as_expr(), control))
    return ImmutableMatrix([[cancel(-best.coeff(x)) for x in plant_state]])


def completed_square() -> Expr:
    """r (u + K x)², what xᵀQx + β u² + x⁺ᵀ S x⁺ exceeds xᵀ S x by, with Riccati's Q = S - AᵀSA + r KᵀK.

    Summed over t: Σ xᵀQx + β u² = x_0ᵀ S x_0 + r Σ (u_t + K x_t)² for all controls that bring x to rest.
    """
    return control_weight() * (control + (regulator() * plant_state)[0]) ** 2


def control_error() -> Expr:
    """e_t = a_t v_1 + (a_{t+1} - a_t) p_1, t ≥ 1, by the shift; as x_1 = A x_0, a_{t+1} v_0 + (a_{t+1} - a_t) p_0."""
    now, later = sequence
    p_1, v_1 = double_integrator().A * Matrix([position, velocity])
    return expand(now * v_1 + (later - now) * p_1)


def mean_square_error() -> Expr:
    """E e_t² in units of E p_0²."""
    error = control_error()
    return expand(error.coeff(position) ** 2 + velocity_ratio * error.coeff(velocity) ** 2)


@cache
def observer_polynomial() -> Expr:
    """λ² - (2 + q) λ + 1, whose root inside the unit circle is λ_3.

    Bellman: v a² is the least of E e_t² + v a_{t+1}² over a_{t+1}; the least is at a_{t+1} = λ a with v = 1 - λ.
    """
    now, later = sequence
    v = Symbol("v")
    total = mean_square_error() + v * later**2
    best = linear_root(total.diff(later), later)
    riccati_equation = cancel((total.subs(later, best) - v * now**2) / now**2)
    found = fraction(together(riccati_equation.subs(v, 1 - lam)))[0]
    return expand(found / expand(found).coeff(lam, 2))


@cache
def observer_square() -> Expr:
    """(a_{t+1} - λ_3 a_t)²/λ_3, what E e_t² + v a_{t+1}² exceeds v a_t² by, v = 1 - λ_3.

    Summed over t ≥ 1: Σ E e_t² = v a_1² + Σ (a_{t+1} - λ_3 a_t)²/λ_3, least only where a_{t+1} = λ_3 a_t.
    """
    later = sequence[1]
    q = linear_root(observer_polynomial().subs(lam, lambda_3), velocity_ratio)
    total = Poly(mean_square_error().subs(velocity_ratio, q) + (1 - lambda_3) * later**2, later)
    weight, slope, _ = (cancel(entry) for entry in total.all_coeffs())
    return weight * (later + cancel(slope / (2 * weight))) ** 2


@cache
def observer_root(ratio: Expr | int = 1) -> Expr:
    """λ_3, the root of :func:`observer_polynomial` inside the unit circle; φ⁻² for Σ_0 ∝ I.

    :param ratio: q
    """
    roots = solve(observer_polynomial().subs(velocity_ratio, ratio), lam)
    return next(root for root in roots if abs(root) < 1)


@cache
def observed_feedback() -> dict:
    """(σ_zm, σ_vu, κ) of the rank-one agent with gains k_1, k_2 beside the root λ_3."""
    first, second = effective_gains()
    found = solve([first - k_1, second - k_2], [sigma_zm, sigma_vu], dict=True)[0]
    chi = visible_cubic().subs(lam, lambda_3).subs(found)
    return {letter: expand(found.get(letter, linear_root(chi, kappa))) for letter in VISIBLE}


def error_row() -> ImmutableMatrix:
    """The control error u + K x as a row on the minimal state (x^(1), x^(2), σ_zu b): (σ_zm + k_1, k_2, 1)."""
    plant = double_integrator()
    feedback = ImmutableMatrix.hstack(gain_symbols(plant), ImmutableMatrix([[0]]))
    return ImmutableMatrix(ReducedLoop().readout * embedding() + feedback)


def _least(later_errors: Expr) -> Expr:
    """x_0ᵀ S x_0, the error e_0 = K x_0 of the first step without control, and the errors from then on, over E p_0²."""
    start = riccati[0, 0] + velocity_ratio * riccati[1, 1]
    return start + control_weight() * (k_1**2 + velocity_ratio * k_2**2 + later_errors)


def long_horizon_cost() -> Expr:
    """Least cost of a time-invariant agent, over E p_0²: s_11 + q s_22 + r [k_1² + q k_2² + (1 - λ_3) k_2²].

    Σ_{t≥1} E e_t² is (1 - λ_3) a_1² with a_1 = k_2.
    """
    return _least((1 - lambda_3) * k_2**2)


@cache
def first_observation_error() -> Expr:
    """Least E e_1² over E p_0² of an agent that knows y_1 alone, k_2² q/(1 + q).

    With u_1 = g y_1 and y_1 = p_0 + v_0, at g = -k_1 - k_2 q/(1 + q): what is left is the variance of v_0 given y_1.
    """
    gain = Symbol("g")
    p_1, v_1 = double_integrator().A * Matrix([position, velocity])
    error = expand(k_1 * p_1 + k_2 * v_1 + gain * p_1)
    total = error.coeff(position) ** 2 + velocity_ratio * error.coeff(velocity) ** 2
    return cancel(total.subs(gain, linear_root(total.diff(gain), gain)))


def read_velocity() -> Expr:
    """x^(2)_{t+1} = y_{t+1} - y_t + u_t: what two observations and the control between them tell of the velocity."""
    plant, (before, after) = double_integrator(), observations
    following = plant.A * plant_state + plant.B * control
    seen = solve([plant_state[0] - before, following[0] - after], list(plant_state), dict=True)[0]
    return expand(following[1].subs(seen))


def time_varying_cost() -> Expr:
    """Least cost of a linear agent that may change over time, over E p_0².

    s_11 + q s_22 + r [k_1² + q k_2² + k_2² q/(1 + q)]: from its second observation on it knows the state, and e_t = 0.
    """
    return _least(first_observation_error())
