"""Markov parameters of any recurrence, against neurons of explicit fractions; every residual can fail."""

from fractions import Fraction

import pytest
from sympy import Add, Matrix, Mul, Pow, eye, zeros

from theory.core import markov
from theory.core.markov import (
    A,
    B,
    C,
    F,
    M,
    Zt,
    changed_response,
    closed_loop_residual,
    factor_residual,
    hankel,
    rank_one_minors,
    rank_one_responses,
    realisation_residual,
    recurrence_residual,
    response_letters,
    response_word,
    scalar_responses,
    similarity_residual,
    states_by_responses,
    unrolling_residual,
    x_0,
)
from theory.open_loop.imitation import FullRecurrence
from theory.symbols import gamma, kappa, sigma_vm, sigma_vu, sigma_zm, sigma_zu

LEAKS = [Fraction(1), Fraction(2, 3)]


def value(word, letters):
    """A word with matrices for its letters."""
    if isinstance(word, Add):
        return sum((value(term, letters) for term in word.args[1:]), value(word.args[0], letters))
    if isinstance(word, Mul):
        product = value(word.args[0], letters)
        for factor in word.args[1:]:
            product = product * value(factor, letters)
        return product
    if isinstance(word, Pow):
        return value(word.base, letters) ** word.exp
    return letters.get(word, word)


def letters_of(net):
    """The matrices of a network of fractions, and γ."""
    plant, weights, leak = net.loop.plant, net.weights, net.loop.leak
    move = (1 - leak) * eye(len(net.m)) + leak * weights["u"] * weights["v"].T
    found = {A: plant.A, B: plant.B, C: plant.C, F: move, M: weights["m"], Zt: weights["z"].T}
    return {letter: Matrix(matrix) for letter, matrix in found.items()} | {x_0: eye(plant.n), gamma: leak}


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize(("n", "p", "q"), [(2, 1, 1), (3, 2, 2)])
def test_states_from_markov_parameters_are_those_of_the_neurons(network, n, p, q, leak):
    net = network(n, p, q, rank=4, leak=leak, neurons=4)
    letters = letters_of(net)
    responses = response_letters(4)
    letters |= {g: value(response_word(j), letters) for j, g in enumerate(responses)}
    found = [value(word, letters) for word in states_by_responses(5, responses)]
    assert found == [Matrix(x) for x, _, _ in net.rollout(6)]
    letters[responses[2]] = letters[responses[2]] + Matrix.ones(p, q)
    changed = [value(word, letters) == x for word, x in zip(states_by_responses(5, responses), found, strict=True)]
    assert changed[:4] == [True] * 4
    assert not all(changed[4:])


def test_words_of_both_rooms_agree():
    network = FullRecurrence(gamma)
    for lag in range(4):
        word = response_word(lag, move=network.step)
        assert (word.expand() - network.markov_parameter(lag)).expand() == 0


@pytest.mark.parametrize(
    "residual",
    [
        unrolling_residual,
        similarity_residual,
        lambda: closed_loop_residual(5),
        lambda: recurrence_residual(1, 3),
        lambda: recurrence_residual(2, 3),
        lambda: rank_one_minors(3),
        lambda: realisation_residual(5),
    ],
)
def test_residuals_are_zero(residual):
    found = residual()
    assert found == zeros(*found.shape)


def test_another_basis_for_the_read_out_alone_is_noticed():
    word = response_word(1, read=Zt * markov.change**-1)
    assert (word - response_word(1)).expand() != 0
    assert changed_response(2) == FullRecurrence(gamma).markov_parameter(2)


def test_factors_give_the_hankel_matrix():
    assert factor_residual() == 0


def test_induction_fails_with_a_lag_forgotten(monkeypatch):
    monkeypatch.setattr(markov, "input_response", lambda k, j: gamma * F**j * M * markov.observation(k - j - 1))
    assert any(entry != 0 for entry in unrolling_residual())


def test_closed_loop_fails_with_a_wrong_response(monkeypatch):
    monkeypatch.setattr(markov, "response_word", lambda j: response_word(j) * (-1 if j == 1 else 1))
    gaps = closed_loop_residual(4)
    assert gaps[:2, :] == zeros(2, 1)
    assert gaps[2] != 0


def test_rank_one_is_three_numbers():
    typed = [sigma_zm, kappa, kappa * sigma_vu, kappa * sigma_vu**2]
    visible = [g.subs(sigma_zu, kappa / sigma_vm) for g in rank_one_responses(4)]
    assert visible == typed
    assert scalar_responses(4) == rank_one_responses(4)


def test_rank_two_is_not_of_order_one():
    H = hankel(scalar_responses(6, rank=2), 3)
    assert H[:2, :2].det().expand() != 0
    assert H.det().expand() == 0


def test_three_numbers_do_not_give_the_lags_of_a_leaky_network(monkeypatch):
    leaky = [g[0] for g in markov.AgentFilter(leak=gamma).impulse_response(8)]
    monkeypatch.setattr(markov, "scalar_responses", lambda count: leaky[:count])
    assert any(entry != 0 for entry in realisation_residual(4))
