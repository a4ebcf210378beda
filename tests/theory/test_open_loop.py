"""The agent as a filter: responses, losses, and what open-loop learning starts from."""

from itertools import product

import pytest
from sympy import ImmutableMatrix, Rational, Symbol, expand, symbols, zeros

from theory.core.loop import ReducedLoop, symbolic_loop
from theory.open_loop.imitation import (
    AgentFilter,
    FullRecurrence,
    axis_slope,
    input_moment,
    saddle_slope,
    teacher_symbols,
    white_noise_loss,
)
from theory.symbols import gamma, kappa, noise, open_loop_inputs, sigma_vm, sigma_vu, sigma_zm, sigma_zu


@pytest.mark.parametrize("loop", [ReducedLoop(), symbolic_loop(3, 2, 2, 2)], ids=["default", "general"])
def test_closing_the_filter_gives_the_reduced_loop(loop):
    assert (AgentFilter.of_loop(loop).closed(loop) - loop.matrix).expand().is_zero_matrix


def test_impulse_response_is_that_of_the_paper():
    found = [g[0] for g in AgentFilter().impulse_response(5)]
    assert found == [sigma_zm, *(expand(sigma_zu * sigma_vu**k * sigma_vm) for k in range(4))]


def test_leak_filters_the_input_twice():
    g = [response[0] for response in AgentFilter(leak=gamma).impulse_response(2)]
    assert g[0] == gamma * sigma_zm
    assert expand(g[1] - gamma * (1 - gamma) * sigma_zm - gamma**2 * sigma_zu * sigma_vm) == 0


def recorded_loss(student, teacher, inputs):
    """(1/K) Σ_k |u_k - u*_k|² for one recorded sequence, by convolution."""
    total = 0
    for step in range(len(inputs)):
        lags = range(step + 1)
        error = sum(((student[j] - teacher[j]) * inputs[step - j] for j in lags), zeros(student[0].rows, 1))
        total += sum(entry**2 for entry in error)
    return total / len(inputs)


def test_white_noise_loss_is_the_mean_over_independent_signs():
    """Signs ±ς are white with variance ς², and a mean over all of their sequences is exact."""
    student, teacher = AgentFilter().impulse_response(3), teacher_symbols(3)
    sequences = list(product((noise, -noise), repeat=3))
    losses = [recorded_loss(student, teacher, [ImmutableMatrix([[y]]) for y in ys]) for ys in sequences]
    assert expand(sum(losses) / len(losses) - white_noise_loss(student, teacher)) == 0


def test_recorded_loss_is_a_quadratic_form_of_the_inputs_lags():
    student = AgentFilter(q=2).impulse_response(3)
    teacher = [ImmutableMatrix(1, 2, symbols(f"g{j}a g{j}b")) for j in range(3)]
    inputs = [ImmutableMatrix([Rational(3, 2), -1]), ImmutableMatrix([2, 0]), ImmutableMatrix([Rational(-1, 3), 5])]
    gap = ImmutableMatrix.hstack(*(g - t for g, t in zip(student, teacher, strict=True)))
    quadratic = (gap * input_moment(inputs) * gap.T)[0]
    assert expand(quadratic - recorded_loss(student, teacher, inputs)) == 0


def test_open_loop_learning_takes_the_feedthrough_first():
    """Without memory the loss is a parabola in σ_zm around the teacher's g*_0."""
    target = Symbol("gbar_0", real=True)
    assert expand(axis_slope(6) - 2 * noise**2 * (sigma_zm - target)) == 0
    assert expand(axis_slope() - 2 * noise**2 * (sigma_zm - target)) == 0


def test_saddle_slope_is_the_one_typed():
    assert expand(saddle_slope(6) + 2 * noise**2 * Rational(5, 6) * Symbol("gbar_1", real=True)) == 0


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_slopes_of_any_number_of_steps_are_those_of_the_whole_loss(steps):
    whole = white_noise_loss(AgentFilter().impulse_response(steps), teacher_symbols(steps))
    without = {sigma_zu: 0, sigma_vm: 0, sigma_vu: 0}
    assert expand(axis_slope().subs(open_loop_inputs, steps) - whole.diff(sigma_zm).subs(without)) == 0
    slope = whole.subs(sigma_vm, 1).diff(sigma_zu).subs({sigma_zu: 0, sigma_vu: 0})
    assert expand(saddle_slope().subs(open_loop_inputs, steps) - slope) == 0


def test_loss_sees_the_product_of_the_invisible_pair_only():
    loss = white_noise_loss(AgentFilter().impulse_response(4), teacher_symbols(4))
    assert expand(sigma_zu * loss.diff(sigma_zu) - sigma_vm * loss.diff(sigma_vm)) == 0
    assert not loss.expand().subs(sigma_zu, kappa / sigma_vm).expand().has(sigma_vm)


@pytest.mark.parametrize("leak", [1, Rational(1, 3), gamma])
def test_full_network_is_heard_through_its_markov_parameters_only(leak):
    assert FullRecurrence(leak).control_residual(4).is_zero_matrix
