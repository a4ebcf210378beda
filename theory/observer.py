"""Why the best agent of a long horizon is full-state LQR behind a one-dimensional observer.

With Riccati's S the cost is xᵀ S x of the start plus r Σ e_t², e_t = u_t + K x_t the control error. An agent that
starts at rest (h_0 = 0, u_0 = 0), linear and the same at every step, answers a start with a velocity as it answers, one
step later, a start with position and velocity; so its errors are fixed by one sequence a_t, and the best sequence is
that of a scalar regulator, a_{t+1} = λ_3 a_t. A rank-one agent carries it out.

Source: derived here; completing the square is standard (Åström, Introduction to Stochastic Control Theory, ch. 8).
"""

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, cancel, expand, fraction, solve, symbols, together

from theory.gain import effective_gains
from theory.loop import ReducedLoop
from theory.optimum import VISIBLE
from theory.plant import double_integrator
from theory.spectrum import cubic, visible
from theory.symbols import beta, k_1, k_2, kappa, lam, lambda_3, sigma_vu, sigma_zm

velocity_ratio = Symbol("q", positive=True)
"""q = E v_0² / E p_0², with uncorrelated start position p_0 and velocity v_0; 1 for Σ_0 ∝ I."""
position, velocity = symbols("p_0 v_0", real=True)
sequence = symbols("a_t a_next", real=True)
"""a_t and a_{t+1}: the control error at step t ≥ 1 after x_1 = (0, 1)."""
_entries = symbols("s_11 s_12 s_22", real=True)
riccati = ImmutableMatrix([[_entries[0], _entries[1]], [_entries[1], _entries[2]]])
"""S, a solution of the Riccati equation."""


def control_weight() -> Expr:
    """r = R + Bᵀ S B, with R = β."""
    B = double_integrator().B
    return beta + (B.T * riccati * B)[0]


def completed_square_residual() -> Expr:
    """xᵀQx + β u² + x⁺ᵀS x⁺ - xᵀS x - r (u + K x)² with r K = BᵀSA and Q = S - AᵀSA + r KᵀK: zero.

    Summed over t it turns Σ xᵀQx + β u² of any controls that bring x to rest into x_0ᵀ S x_0 + r Σ (u_t + K x_t)².
    """
    plant, S, r = double_integrator(), riccati, control_weight()
    x, u = Matrix(symbols("x_1 x_2", real=True)), Symbol("u", real=True)
    K = plant.B.T * S * plant.A / r
    Q = S - plant.A.T * S * plant.A + r * K.T * K
    following = plant.A * x + plant.B * u
    cost = (x.T * Q * x + following.T * S * following - x.T * S * x)[0] + beta * u**2
    return cancel(cost - r * (u + (K * x)[0]) ** 2)


def shift_residual(loop: ReducedLoop | None = None) -> ImmutableMatrix:
    """P_eff (0, 1, 0, 0) - [(1, 0, 1, 0) + (0, 1, 0, 0)]: zero for any overlaps.

    At the first reading a = C x and b = 0. A velocity alone is not read, so one step later the agent is still at rest
    before x = (1, 1): the answer to (0, 1) is, one step late, the sum of the answers to (1, 0) and (0, 1).

    :param loop: a reduced loop of the double integrator without leak; rank one by default
    """
    loop = loop or ReducedLoop()
    at_rest = [0] * loop.rank
    moving, displaced = Matrix([0, 1, 0, *at_rest]), Matrix([1, 0, 1, *at_rest])
    return ImmutableMatrix((loop.matrix * moving - moving - displaced).applyfunc(cancel))


def control_error() -> Expr:
    """e_t = a_t v_1 + (a_{t+1} - a_t) p_1, t ≥ 1, by the shift; as x_1 = A x_0, a_{t+1} v_0 + (a_{t+1} - a_t) p_0."""
    now, later = sequence
    p_1, v_1 = double_integrator().A * Matrix([position, velocity])
    return expand(now * v_1 + (later - now) * p_1)


def mean_square_error() -> Expr:
    """E e_t² in units of E p_0²."""
    error = control_error()
    return expand(error.coeff(position) ** 2 + velocity_ratio * error.coeff(velocity) ** 2)


def observer_polynomial() -> Expr:
    """λ² - (2 + q) λ + 1, whose root inside the unit circle is λ_3.

    Bellman: v a² is the least of E e_t² + v a_{t+1}² over a_{t+1}; the least is at a_{t+1} = λ a with v = 1 - λ.
    """
    now, later = sequence
    v = Symbol("v")
    total = mean_square_error() + v * later**2
    best = solve(total.diff(later), later)[0]
    riccati_equation = cancel((total.subs(later, best) - v * now**2) / now**2)
    found = fraction(together(riccati_equation.subs(v, 1 - lam)))[0]
    return expand(found / expand(found).coeff(lam, 2))


def observer_square_residual() -> Expr:
    """E e_t² + v a_{t+1}² - v a_t² - (a_{t+1} - λ_3 a_t)²/λ_3 with v = 1 - λ_3 and λ_3's polynomial solved for q: zero.

    Summed over t ≥ 1: Σ E e_t² = v a_1² + Σ (a_{t+1} - λ_3 a_t)²/λ_3, least only where a_{t+1} = λ_3 a_t.
    """
    now, later = sequence
    q = solve(observer_polynomial().subs(lam, lambda_3), velocity_ratio)[0]
    gain = mean_square_error().subs(velocity_ratio, q) + (1 - lambda_3) * (later**2 - now**2)
    return cancel(gain - (later - lambda_3 * now) ** 2 / lambda_3)


def observer_root(ratio: Expr | int = 1) -> Expr:
    """λ_3, the root of :func:`observer_polynomial` inside the unit circle; φ⁻² for Σ_0 ∝ I.

    :param ratio: q
    """
    roots = solve(observer_polynomial().subs(velocity_ratio, ratio), lam)
    return next(root for root in roots if abs(root) < 1)


def observed_feedback() -> dict:
    """(σ_zm, σ_vu, κ) of the rank-one agent with gains k_1, k_2 beside the root λ_3."""
    first, second = effective_gains()
    found = solve([first - k_1, second - k_2], [sigma_zm, sigma_vu], dict=True)[0]
    chi = visible(cubic().as_expr()).subs(lam, lambda_3).subs(found)
    return {letter: expand(found.get(letter, solve(chi, kappa)[0])) for letter in VISIBLE}


def error_row() -> ImmutableMatrix:
    """The control error as a row on the minimal state (x^(1), x^(2), σ_zu b): (σ_zm + k_1, k_2, 1)."""
    return ImmutableMatrix([[sigma_zm + k_1, k_2, 1]])


def long_horizon_cost() -> Expr:
    """Least cost in units of E p_0²: s_11 + q s_22 + r [k_1² + q k_2² + (1 - λ_3) k_2²].

    x_0ᵀ S x_0, the error e_0 = K x_0 of the first step without control, and Σ_{t≥1} E e_t² from a_1 = k_2.
    """
    start = riccati[0, 0] + velocity_ratio * riccati[1, 1]
    return start + control_weight() * (k_1**2 + velocity_ratio * k_2**2 + (1 - lambda_3) * k_2**2)
