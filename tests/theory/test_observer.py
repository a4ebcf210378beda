"""The optimum behind an observer: against Riccati by value iteration, stepped loops, and agents of higher order."""

import mpmath
import pytest
from sympy import Matrix, Rational, lambdify, simplify, sqrt, zeros

from theory import observer
from theory.loop import ReducedLoop
from theory.optimum import GOLDEN, optimum
from theory.plant import LinearPlant, double_integrator
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
    """The rank-one agent as a function of its readings."""
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
    """One more reading added to the best agent, in either direction, costs more to second order only."""
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


def test_the_shift_holds_for_any_rank_but_not_for_another_plant():
    assert all(observer.shift_residual(ReducedLoop(rank=rank)) == zeros(3 + rank, 1) for rank in (1, 2, 3))
    seen = LinearPlant(A=double_integrator().A, B=double_integrator().B, C=Matrix([[1, 1]]))
    assert observer.shift_residual(ReducedLoop(seen)) != zeros(4, 1)


def test_identities_are_exact():
    assert observer.completed_square_residual() == 0
    assert observer.observer_square_residual() == 0


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
