"""The optimum behind an observer: against Riccati by value iteration, stepped loops, and agents of higher order."""

import mpmath
import numpy as np
import pytest
from sympy import Rational, lambdify, simplify, sqrt

from theory.double_integrator import observer
from theory.double_integrator.optimum import GOLDEN, optimum
from theory.symbols import beta, k_1, k_2, kappa, lambda_3, sigma_vu, sigma_zm

RATIOS = [Rational(1, 3), 1, 4]


def regulator(penalty):
    """K, S of full-state LQR with Q = I by value iteration in 30 digits."""
    A, B = mpmath.matrix([[1, 1], [0, 1]]), mpmath.matrix([[0], [1]])
    S = mpmath.eye(2)
    for _ in range(400):
        K = (B.T * S * A) / (penalty + (B.T * S * B)[0])
        S = mpmath.eye(2) + A.T * S * (A - B * K)
    return K, S


def agent(k, root):
    """(σ_zm, σ_vu, κ) in numbers."""
    found = observer.observed_feedback()
    return [lambdify((k_1, k_2, lambda_3), found[x], "mpmath")(k[0], k[1], root) for x in (sigma_zm, sigma_vu, kappa)]


def cost(filter_, penalty, ratio, steps=250):
    """Σ |x|² + β u² from (1, 0) plus q times that from (0, 1), of the agent u_t = Σ_k filter(k) y_{t-k} at rest at t = 0."""
    total = mpmath.mpf(0)
    for weight, (x, y) in ((1, (1, 0)), (ratio, (0, 1))):
        read, u = [], mpmath.mpf(0)
        for _ in range(steps):
            total += weight * (x**2 + y**2 + penalty * u**2)
            x, y = x + y, y + u
            read.append(x)
            u = filter_(read)
    return total


def rank_one(zm, vu, ka):
    """The rank-one agent as a function of its observations."""
    memory = [mpmath.mpf(0)]

    def act(read):
        if len(read) == 1:
            memory[0] = mpmath.mpf(0)
        u = zm * read[-1] + memory[0]
        memory[0] = vu * memory[0] + ka * read[-1]
        return u

    return act


@pytest.mark.parametrize("penalty", [0, Rational(1, 2), 5])
@pytest.mark.parametrize("ratio", RATIOS)
def test_least_cost_is_that_of_the_stepped_loop(penalty, ratio):
    with mpmath.workdps(30):
        penalty, q = mpmath.mpmathify(penalty), mpmath.mpmathify(Rational(ratio))
        K, S = regulator(penalty)
        root = mpmath.mpmathify(observer.observer_root(ratio).evalf(30))
        letters = (*observer.riccati[0, :], observer.riccati[1, 1], k_1, k_2, lambda_3, beta, observer.velocity_ratio)
        values = (S[0, 0], S[0, 1], S[1, 1], K[0], K[1], root, penalty, q)
        expected = lambdify(letters, observer.long_horizon_cost(), "mpmath")(*values)
        found = cost(rank_one(*agent(K, root)), penalty, q)
        assert abs(found / expected - 1) < mpmath.mpf(10) ** -20
        for shift in (mpmath.mpf("0.01"), -mpmath.mpf("0.01")):
            moved = cost(rank_one(*agent(K, root + shift)), penalty, q)
            assert moved > expected * (1 + mpmath.mpf(10) ** -6)


def test_an_agent_with_longer_memory_is_no_better():
    """One more observation added to the best agent, in either direction, costs more to second order only."""
    with mpmath.workdps(40):
        K, _ = regulator(mpmath.mpf(1))
        base = agent(K, mpmath.mpmathify(observer.observer_root().evalf(40)))

        def moved(lag, size):
            act = rank_one(*base)
            return lambda read: act(read) + (size * read[-1 - lag] if len(read) > lag else 0)

        best = cost(rank_one(*base), 1, 1)
        for lag in range(1, 6):
            up, down = (cost(moved(lag, sign * mpmath.mpf("1e-6")), 1, 1) - best for sign in (1, -1))
            assert up > 0
            assert down > 0
            assert abs(up / down - 1) < 1e-2


def insert(expression, penalty, ratio):
    """A cost in 30 digits, with K and S of full-state LQR."""
    K, S = regulator(penalty)
    root = mpmath.mpmathify(observer.observer_root(Rational(ratio)).evalf(30))
    letters = (*observer.riccati[0, :], observer.riccati[1, 1], k_1, k_2, lambda_3, beta, observer.velocity_ratio)
    return lambdify(letters, expression, "mpmath")(
        S[0, 0], S[0, 1], S[1, 1], K[0], K[1], root, mpmath.mpmathify(penalty), mpmath.mpmathify(Rational(ratio))
    )


def kalman(penalty, ratio, steps=250):
    """Least cost of any causal agent: the Kalman filter of exact observations beside LQR, step by step over a finite horizon.

    Both recursions are in time: backwards S and the gains, forwards the covariance of what the agent does not know.
    """
    A, B = mpmath.matrix([[1, 1], [0, 1]]), mpmath.matrix([[0], [1]])
    S, later = mpmath.eye(2), []
    for _ in range(steps - 1):
        r = penalty + (B.T * S * B)[0]
        K = (B.T * S * A) / r
        later.append((r, K))
        S = mpmath.eye(2) + A.T * S * (A - B * K)
    prior = mpmath.diag([1, ratio])
    total = S[0, 0] + ratio * S[1, 1]
    unknown = prior
    for t, (r, K) in enumerate(reversed(later)):
        if t:
            gain = unknown[:, 0] / unknown[0, 0] if unknown[0, 0] else mpmath.zeros(2, 1)
            unknown = unknown - gain * unknown[0, :]
        total += r * (K * unknown * K.T)[0]
        unknown = A * unknown * A.T
    return total


@pytest.mark.parametrize("penalty", [0, Rational(1, 2), 50])
@pytest.mark.parametrize("ratio", RATIOS)
def test_an_agent_that_changes_over_time_reaches_the_cost_of_the_kalman_filter(penalty, ratio):
    with mpmath.workdps(30):
        expected = insert(observer.time_varying_cost(), penalty, ratio)
        found = kalman(mpmath.mpmathify(penalty), mpmath.mpmathify(Rational(ratio)))
        assert abs(found / expected - 1) < mpmath.mpf(10) ** -15
        assert expected < insert(observer.long_horizon_cost(), penalty, ratio) * (1 - mpmath.mpf(10) ** -3)


@pytest.mark.parametrize("penalty", [0.0, 2.0])
@pytest.mark.parametrize("ratio", [1.0, 4.0])
def test_no_linear_controls_that_know_what_they_may_cost_less(penalty, ratio):
    """Least squares over every control that is linear in what was read: y_1 at t = 1, then the whole start."""
    steps, A = 60, np.array([[1.0, 1.0], [0.0, 1.0]])
    starts = np.diag([1.0, np.sqrt(ratio)])
    readable = [np.zeros((0, 2)), (A @ starts)[:1], *[starts] * (steps - 3)]
    columns, targets = [], []
    powers = [np.linalg.matrix_power(A, t) for t in range(steps)]
    for t, known in enumerate(readable):
        for row in known:
            states = [powers[s - t - 1][:, 1:] @ row[None] if s > t else np.zeros((2, 2)) for s in range(steps)]
            controls = [np.sqrt(penalty) * row if s == t else np.zeros(2) for s in range(steps)]
            columns.append(np.concatenate([np.ravel(states), np.ravel(controls)]))
    targets = np.concatenate([np.ravel([power @ starts for power in powers]), np.zeros(2 * steps)])
    rest = np.linalg.lstsq(np.array(columns).T, -targets, rcond=None)[1]
    expected = float(insert(observer.time_varying_cost(), penalty, int(ratio)))
    assert float(rest[0]) == pytest.approx(expected, rel=1e-9)


def test_time_varying_gains_save_half_the_golden_ratio():
    with mpmath.workdps(20):
        varying, constant = (insert(f(), 0, 1) for f in (observer.time_varying_cost, observer.long_horizon_cost))
        assert mpmath.nstr(varying, 6) == "16.5172"
        assert mpmath.nstr(constant, 6) == "17.3262"
        assert abs(constant - varying - mpmath.phi / 2) < mpmath.mpf(10) ** -18


def test_square_of_the_control_error_is_what_a_control_costs_beyond_the_cost_to_go():
    """In numbers: with K and S of LQR, x'x + β u² + x⁺'S x⁺ - x'Sx = r (u + K x)²."""
    with mpmath.workdps(30):
        penalty, (p, v, u) = mpmath.mpf(3) / 2, (mpmath.mpf("0.7"), mpmath.mpf("-1.3"), mpmath.mpf("0.4"))
        K, S = regulator(penalty)
        letters = (*observer.riccati[0, :], observer.riccati[1, 1], *observer.plant_state, observer.control, beta)
        values = (S[0, 0], S[0, 1], S[1, 1], p, v, u, penalty)
        found = lambdify(letters, observer.completed_square(), "mpmath")(*values)
        gains = lambdify(letters, list(observer.regulator()), "mpmath")(*values)
        x, following = mpmath.matrix([p, v]), mpmath.matrix([p + v, v + u])
        spent = p**2 + v**2 + penalty * u**2 + (following.T * S * following)[0] - (x.T * S * x)[0]
        assert abs(found - spent) < mpmath.mpf(10) ** -25
        assert max(abs(gains[i] - K[i]) for i in (0, 1)) < mpmath.mpf(10) ** -25


def test_square_of_the_observer_is_what_an_error_costs_beyond_the_cost_to_go():
    now, later = observer.sequence
    q = lambda_3 + 1 / lambda_3 - 2
    spent = (later - now) ** 2 + q * later**2 + (1 - lambda_3) * (later**2 - now**2)
    assert simplify(observer.observer_square() - spent) == 0


def test_velocity_is_read_from_two_positions_and_the_control_between():
    before, after = observer.observations
    assert observer.read_velocity() == after - before + observer.control


def test_root_of_equal_variances_is_the_inverse_square_of_the_golden_ratio():
    assert simplify(observer.observer_root() - (3 - sqrt(5)) / 2) == 0


@pytest.mark.parametrize("ratio", RATIOS)
def test_root_and_its_inverse_sum_to_two_plus_the_ratio(ratio):
    root = observer.observer_root(ratio)
    assert abs(root) < 1
    assert simplify(root + 1 / root - 2 - ratio) == 0


def test_free_control_gives_the_certified_optimum():
    at = {k_1: 1 / GOLDEN, k_2: GOLDEN, lambda_3: GOLDEN**-2}
    for letter, value in observer.observed_feedback().items():
        assert simplify(value.subs(at) - optimum()[letter]) == 0


def test_gains_of_the_agent_are_the_closed_form():
    typed = {
        sigma_vu: lambda_3 - k_2,
        sigma_zm: -k_1 - k_2 * (1 - lambda_3),
    }
    typed[kappa] = lambda_3 * (1 - k_2 + k_1) + typed[sigma_vu] * typed[sigma_zm] - typed[sigma_vu]
    found = observer.observed_feedback()
    assert all((found[letter] - typed[letter]).expand() == 0 for letter in typed)
