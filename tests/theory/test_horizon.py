"""States as polynomials against N neurons in exact arithmetic."""

import pytest
from sympy import Matrix, Rational, eye, zeros

from theory.core.horizon import impulse_response, overlap_ring, states
from theory.core.loop import Overlaps, ReducedLoop, symbolic_loop
from theory.core.plant import integrator_chain
from theory.symbols import dt, gamma, sigma_vm, sigma_vu, sigma_zm, sigma_zu

SIZES = [(2, 1, 1, 1, 1), (3, 2, 1, 2, "2/5"), (2, 1, 3, 1, 1), (2, 2, 1, 0, "1/2")]


def matrices(history):
    return [Matrix([[entry.as_expr() for entry in row] for row in state]) for state in history]


@pytest.mark.parametrize("sizes", SIZES)
def test_plant_rows_are_the_states_of_the_neurons(network, sizes):
    net = network(*sizes)
    history = matrices(states(net.loop, 4))
    assert len(history) == 5
    for state, (x, _, _) in zip(history, net.rollout(5), strict=True):
        assert state[: len(net.A), :].subs(net.values) == x


def test_loop_starts_from_the_plant_alone():
    assert matrices(states(ReducedLoop(), 0)) == [Matrix.vstack(eye(2), zeros(2, 2))]


def test_states_are_columns_of_powers():
    loop = symbolic_loop(1, 1, 1)
    history = matrices(states(loop, 3))
    assert all((history[t] - (Matrix(loop.matrix) ** t)[:, :1]).expand().is_zero_matrix for t in range(4))


@pytest.mark.parametrize("letter", [sigma_zm, sigma_zu, sigma_vm, sigma_vu])
def test_a_flipped_overlap_is_noticed(network, letter):
    net = network()
    *_, (x, _, _) = net.rollout(5)
    last = matrices(states(net.loop, 4))[-1][:2, :]
    assert last.subs(net.values) == x
    assert last.subs({**net.values, letter: -net.values[letter]}) != x


def test_impulse_response_of_the_default_loop():
    typed = [0, 1, 2, 3 + sigma_zm, 4 + 4 * sigma_zm + sigma_zu * sigma_vm]
    assert [(x - y).expand() for x, y in zip(impulse_response(ReducedLoop(), 4), typed, strict=True)] == [0] * 5


def test_impulse_response_of_the_neurons(network):
    net = network(3, 1, 2, 1, "1/3")
    expected = [(net.loop.plant.C * x)[0, 2] for x, _, _ in net.rollout(5)]
    assert [Rational(y.subs(net.values)) for y in impulse_response(net.loop, 4)] == expected


def test_ring_holds_overlaps_and_parameters():
    ring = overlap_ring(ReducedLoop(integrator_chain(2, dt), leak=gamma))
    assert ring.symbols == (sigma_zm, sigma_zu, sigma_vm, sigma_vu, dt, gamma)


def test_numbers_for_overlaps_give_numbers():
    numbers = Overlaps(*(Matrix([[Rational(k, 3)]]) for k in (-1, 2, 4, 5)))
    expected = (Matrix(ReducedLoop(overlaps=numbers).matrix) ** 4)[:, :2]
    assert matrices(states(ReducedLoop(overlaps=numbers), 4))[-1] == expected


def test_overlaps_may_be_expressions_of_other_letters():
    path = Overlaps(*(Matrix([[1 + k * gamma]]) for k in range(4)))
    expected = (Matrix(ReducedLoop(overlaps=path).matrix) ** 3)[:, :2]
    assert (matrices(states(ReducedLoop(overlaps=path), 3))[-1] - expected).expand().is_zero_matrix
