"""Losses, gradients and Hessians against N neurons in exact arithmetic and against the exact optimum."""

import itertools
from fractions import Fraction

import mpmath
import pytest
from sympy import ImmutableMatrix, Poly, Rational, S, Symbol, diag, expand, eye, simplify, sqrt

from theory.core.loop import ReducedLoop
from theory.core.loss import Cost, gradient, hessian_matrix, horizon_loss, short_term_loss
from theory.core.plant import double_integrator
from theory.double_integrator.long_term import long_term_loss, surrogate
from theory.double_integrator.spectrum import fast_root_perturbative
from theory.symbols import (
    OVERLAPS,
    alpha,
    beta,
    horizon,
    kappa,
    lambda_3,
    rho,
    short_term,
    sigma_vm,
    sigma_vu,
    sigma_zm,
    sigma_zu,
)

SIZES = [(1, 1, 1, 1, 1), (2, 1, 1, 1, "1/3"), (3, 2, 1, 2, "2/5"), (2, 1, 2, 1, 1), (2, 2, 1, 0, "1/2")]


def symmetric(rationals, size):
    matrix = ImmutableMatrix(size, size, rationals(size * size))
    return ImmutableMatrix(matrix + matrix.T)


def rolled(net, cost, steps, average=True):
    """The quadratic cost of N neurons stepped in exact fractions."""
    total = 0
    for x, u, _ in net.rollout(steps):
        total += (cost.state * x * cost.moment * x.T).trace()
        total += cost.penalty * (cost.control * u * cost.moment * u.T).trace()
    return total / steps if average else total


# short-term loss


@pytest.mark.parametrize("n", range(6))
def test_short_term_loss_is_the_state_after_n_controls(network, n):
    net = network()
    *_, (x, _, _) = net.rollout(n + 2)
    assert short_term_loss(n=n).subs(net.values) == (x.T * x).trace()


@pytest.mark.parametrize("sizes", SIZES)
def test_short_term_loss_of_any_plant(network, sizes):
    net = network(*sizes)
    *_, (x, _, _) = net.rollout(4)
    assert short_term_loss(net.loop, 2).subs(net.values) == (x.T * x).trace()


def test_short_term_losses_of_the_notes():
    k = sigma_zu * sigma_vm
    second = 11 + 14 * sigma_zm + 15 * sigma_zm**2 + 2 * k + 10 * sigma_zm * k + 2 * k**2
    assert expand(short_term_loss() - second) == 0
    assert expand(short_term_loss(n=1) - (2 * sigma_zm**2 + 2 * sigma_zm + 6)) == 0


def test_recurrence_becomes_visible_one_control_at_a_time():
    assert [len(short_term_loss(n=n).free_symbols) for n in range(4)] == [0, 1, 3, 4]


def test_negative_number_of_controls_is_refused():
    with pytest.raises(ValueError, match="n must be at least 0"):
        short_term_loss(n=-1)


# finite horizon


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("sizes", SIZES)
def test_horizon_loss_of_any_plant_and_cost(network, rationals, sizes, average):
    net = network(*sizes)
    n, p = sizes[:2]
    cost = Cost(symmetric(rationals, n), symmetric(rationals, p), symmetric(rationals, n), Rational(2, 3))
    assert simplify(horizon_loss(4, net.loop, cost, average).subs(net.values) - rolled(net, cost, 4, average)) == 0


@pytest.mark.parametrize("part", ["state", "control", "moment"])
def test_each_part_of_the_cost_matters(network, rationals, part):
    net = network(2, 2, 1, 1, "1/3")
    parts = {name: symmetric(rationals, 2) for name in ("state", "control", "moment")}
    wrong = {**parts, part: -parts[part]}
    value = horizon_loss(4, net.loop, Cost(**wrong, penalty=Rational(1, 2))).subs(net.values)
    assert value != rolled(net, Cost(**parts, penalty=Rational(1, 2)), 4)


def test_one_step_costs_the_initial_state_alone(rationals):
    cost = Cost(symmetric(rationals, 2), eye(1), symmetric(rationals, 2), beta)
    assert horizon_loss(1, cost=cost) == (cost.state * cost.moment).trace()


def test_batch_enters_through_its_second_moment(network, rationals):
    net = network()
    batch = [ImmutableMatrix(2, 1, rationals(2)) for _ in range(5)]
    moment = sum((x0 * x0.T for x0 in batch), start=ImmutableMatrix.zeros(2, 2)) / 5
    episodes = [sum(((x * x0).T * (x * x0))[0] for x, _, _ in net.rollout(4)) / 4 for x0 in batch]
    assert horizon_loss(4, cost=Cost(eye(2), eye(1), moment)).subs(net.values) == sum(episodes) / 5


def test_penalty_keeps_its_letter(network):
    net = network()
    loss = horizon_loss(4, cost=Cost.identity(double_integrator(), beta))
    for number in (Rational(1, 2), Rational(3)):
        cost = Cost.identity(double_integrator(), number)
        assert loss.subs(beta, number).subs(net.values) == rolled(net, cost, 4)


@pytest.mark.parametrize("letter", [alpha, Symbol("price", positive=True)])
def test_penalty_may_have_any_letter(letter):
    loss = horizon_loss(3, cost=Cost.identity(double_integrator(), letter))
    assert expand(loss - horizon_loss(3, cost=Cost.identity(double_integrator(), beta)).subs(beta, letter)) == 0


def test_horizon_must_be_a_step():
    with pytest.raises(ValueError, match="horizon must be at least 1 step; found 0"):
        horizon_loss(0)


@pytest.mark.parametrize("name", ["state", "control", "moment"])
def test_costs_must_be_symmetric(name):
    parts = {"state": eye(2), "control": eye(2), "moment": eye(2), name: [[1, 2], [0, 1]]}
    with pytest.raises(ValueError, match=f"{name} must be symmetric"):
        Cost(**parts)


@pytest.mark.parametrize(
    "make", [lambda x: Cost(eye(2), eye(1), eye(2), x), lambda x: Cost.identity(double_integrator(), x)]
)
def test_penalty_must_be_exact(make):
    with pytest.raises(TypeError, match=r"penalty must be exact; .*found the float 0\.1"):
        make(0.1)


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("state", Cost(diag(1, 1, 5), eye(1), eye(2))),
        ("state", Cost(eye(1), eye(1), eye(2))),
        ("control", Cost(eye(2), diag(1, 5), eye(2), beta)),
        ("moment", Cost(eye(2), eye(1), eye(3))),
    ],
)
def test_cost_must_fit_the_plant(name, cost):
    with pytest.raises(ValueError, match=name):
        horizon_loss(3, cost=cost)


# the exact optimum of the infinite horizon

PHI = (1 + sqrt(5)) / 2
OPTIMUM = {sigma_zm: -PHI, sigma_zu: 2 * PHI, sigma_vm: S.One, sigma_vu: 1 - sqrt(5)}
STEPS = 11


def at(expression, point):
    """A polynomial in the overlaps at numbers of 50 digits; expanded polynomials cancel."""
    numbers = [mpmath.mpmathify(point[letter].evalf(50)) for letter in OVERLAPS]
    terms = Poly(expression, *OVERLAPS).terms()
    return sum(int(c) * mpmath.fprod(x**k for x, k in zip(numbers, powers, strict=True)) for powers, c in terms)


@pytest.fixture(autouse=True)
def _fifty_digits():
    with mpmath.workdps(50):
        yield


@pytest.fixture(scope="module")
def long_sum():
    return horizon_loss(STEPS, average=False)


def tail(start, point):
    """Σ ‖X_t‖² over the steps from ``start`` on, by iterating the loop with numbers."""
    a, b, c, d = (mpmath.mpmathify(point[letter].evalf(50)) for letter in OVERLAPS)
    matrix = mpmath.matrix([[1, 1, 0, 0], [0, 1, a, b], [1, 1, 0, 0], [0, 0, c, d]])
    state, total = matrix**start * mpmath.eye(4)[:, :2], 0
    for _ in range(80):
        total += sum(x**2 for x in state[:2, :])
        state = matrix * state
    return total


def test_optimal_cost_is_six_plus_seven_golden_ratios(long_sum):
    total = at(long_sum, OPTIMUM) + tail(STEPS, OPTIMUM)
    assert abs(total - (19 + 7 * mpmath.sqrt(5)) / 2) < 1e-40


def largest_slope(loss, point):
    return max(abs(at(slope, point)) for slope in gradient(loss))


def test_gradient_vanishes_at_the_optimum_as_the_tail_does():
    slopes = [largest_slope(horizon_loss(steps, average=False), OPTIMUM) for steps in (7, 9, 11)]
    rates = [after / before for before, after in itertools.pairwise(slopes)]
    assert max(rates) < 0.2
    assert slopes[-1] < 0.1


@pytest.mark.parametrize("letter", [sigma_zm, sigma_zu, sigma_vu])
def test_no_other_sign_is_optimal(long_sum, letter):
    assert largest_slope(long_sum, {**OPTIMUM, letter: -OPTIMUM[letter]}) > 10


def test_curvature_at_the_optimum_is_positive_in_the_visible_overlaps(long_sum):
    hessian = hessian_matrix(long_sum, (sigma_zm, sigma_zu, sigma_vu))
    entries = [[at(entry, OPTIMUM) for entry in hessian.row(i)] for i in range(3)]
    assert min(mpmath.eigsy(mpmath.matrix(entries), eigvals_only=True)) > 0


# derivatives


def along(expression, point, direction):
    """Coefficients, constant first, of a polynomial along a line through a point."""
    line = {s: a + kappa * b for s, a, b in zip(OVERLAPS, point, direction, strict=True)}
    return Poly(expression.subs(line, simultaneous=True), kappa).all_coeffs()[::-1]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_gradient_and_hessian_are_the_terms_of_taylors_series(rationals, n):
    loss, point, direction = short_term_loss(n=n), rationals(4), rationals(4)
    values = dict(zip(OVERLAPS, point, strict=True))
    _, first, second, *_ = along(loss, point, direction)
    step = ImmutableMatrix(direction)
    assert (ImmutableMatrix(gradient(loss)).subs(values).T * step)[0] == first
    assert (step.T * hessian_matrix(loss).subs(values) * step)[0] == 2 * second


def test_a_flipped_slope_is_noticed(rationals):
    loss, point, direction = short_term_loss(n=3), rationals(4), rationals(4)
    slopes = [
        s * g.subs(dict(zip(OVERLAPS, point, strict=True))) for s, g in zip((1, 1, 1, -1), gradient(loss), strict=True)
    ]
    assert sum(a * b for a, b in zip(slopes, direction, strict=True)) != along(loss, point, direction)[1]


def test_gradient_of_a_rational_function():
    slopes = gradient(fast_root_perturbative(), (kappa, sigma_zm))
    gap = (sigma_vu - 1) ** 2 - sigma_zm
    assert [simplify(s - e) for s, e in zip(slopes, (1 / gap, kappa / gap**2), strict=True)] == [0, 0]


def test_second_derivatives_are_symmetric():
    assert hessian_matrix(short_term_loss(n=3)).is_symmetric()


# long-term loss and surrogate


def test_long_term_loss_is_the_power_of_the_modulus(rationals):
    zm, zu, vm, vu = rationals(4)
    values = {sigma_zm: zm, sigma_zu: zu, sigma_vm: vm, sigma_vu: vu}
    root = vu + zu * vm / (vu**2 - 2 * vu - zm + 1)
    modulus = root**2 - (vu + 2) * root + 2 * vu - zm + 1
    assert long_term_loss(perturbative=True, horizon=7).unfold().subs(values) == modulus**7


def test_exact_long_term_loss_keeps_the_letter_of_the_root():
    named = long_term_loss(horizon=3)
    assert named.unfold().free_symbols == {lambda_3, sigma_zm, sigma_vu}
    assert long_term_loss().expression == rho ** (2 * horizon)


def test_surrogate_interpolates_between_its_losses():
    named = surrogate(perturbative=False, horizon=2)
    assert named.expression.subs(alpha, 0) == short_term
    assert expand(named.unfold().subs(alpha, 0) - short_term_loss()) == 0
    assert expand(named.unfold().subs(alpha, 1) - long_term_loss(horizon=2).unfold()) == 0
    assert expand(named.unfold().diff(alpha, 2)) == 0


def test_default_loop_is_the_rank_one_double_integrator(network):
    net = network(leak=Fraction(1))
    assert net.loop == ReducedLoop()
    assert expand(short_term_loss(net.loop, 3) - short_term_loss(n=3)) == 0
