"""The theory of full networks against counts by brute force, known moments, and networks in numbers."""

from itertools import product
from math import factorial

import numpy as np
import pytest
from sympy import Integer, lambdify, limit, oo, simplify

from numerics.common.plants import double_integrator
from numerics.common.spectrum import joint_matrix
from numerics.common.weights import Weights
from theory.full_network import mirror, one_neuron
from theory.full_network.markov_gradient import FlowAlgebra, SmallNetwork
from theory.full_network.pairings import expectation, joined, limit_gram, neurons, non_crossing, tree_gram, words
from theory.symbols import lam, sigma_zm

EVEN = [word for length in (0, 2, 4, 6) for word in product((1, -1), repeat=length)]
COUNT = 5


def matchings(size):
    """Every way to pair places, from every choice of who is whose partner."""
    for partner in product(range(size), repeat=size):
        if all(partner[i] != i and partner[partner[i]] == i for i in range(size)):
            yield partner


def crosses(partner):
    pairs = [(i, j) for i, j in enumerate(partner) if i < j]
    return any(a < c < b < d for a, b in pairs for c, d in pairs)


FLAT = {size: [partner for partner in matchings(size) if not crosses(partner)] for size in (0, 2, 4, 6)}


@pytest.mark.parametrize("size", FLAT)
def test_there_are_as_many_flat_pairings_as_catalan_numbers(size):
    half = size // 2
    assert len(FLAT[size]) == factorial(size) // factorial(half) // factorial(half + 1)


def test_non_crossing_pairings_are_those_that_brute_force_finds():
    for word in EVEN:
        found = sum(all(word[i] == -word[j] for i, j in enumerate(partner)) for partner in FLAT[len(word)])
        assert non_crossing(word) == found
    assert non_crossing((1, -1, 1)) == 0
    assert max(map(non_crossing, EVEN)) == len(FLAT[6])


@pytest.mark.parametrize("length", range(4))
def test_the_tree_has_the_overlaps_of_the_words(length):
    assert tree_gram(length) == limit_gram(length)
    assert limit_gram(length).shape == (2 ** (length + 1) - 1,) * 2


def test_expectations_are_those_of_wishart_matrices():
    """E (JᵀJ)^k for J of N by N: 1, (2N + 1)/N, (5N² + 6N + 4)/N²; and E JJ = 1/N."""
    N = neurons
    assert expectation((-1, 1)) == 1
    assert simplify(expectation((-1, 1) * 2) - (2 * N + 1) / N) == 0
    assert simplify(expectation((-1, 1) * 3) - (5 * N**2 + 6 * N + 4) / N**2) == 0
    assert expectation((1, 1)) == 1 / N
    assert expectation((1, -1, 1)) == 0


def test_expectations_tend_to_the_limit_and_of_one_neuron_are_moments_of_a_number():
    for word in EVEN:
        value = expectation(word)
        assert limit(value, neurons, oo) == non_crossing(word)
        size = len(word)
        assert value.subs(neurons, 1) == factorial(size) // factorial(size // 2) // 2 ** (size // 2)


def test_overlaps_of_words_average_to_their_expectation(rng):
    """z-scores of ⟨w_1 x, w_2 x⟩ of 4000 networks of four neurons, all words of up to two letters."""
    size, count = 4, 4000
    J = rng.normal(0, 1 / np.sqrt(size), (count, size, size))
    columns = []
    for word in words(2):
        vector = np.eye(size)[:, :1] + np.zeros((count, 1, 1))
        for each in reversed(word):
            vector = (J if each == 1 else J.swapaxes(1, 2)) @ vector
        columns.append(vector[:, :, 0])
    listed = words(2)
    for i, first in enumerate(listed):
        for j, second in enumerate(listed):
            found = (columns[i] * columns[j]).sum(axis=1)
            expected = float(expectation(joined(first, second)).subs(neurons, size))
            assert abs(found.mean() - expected) < 5 * found.std() / np.sqrt(count) + 1e-12


@pytest.fixture
def inserted(rng):
    """A small network in numbers, the network of five neurons it stands for, and what puts numbers into a formula."""
    small, X = SmallNetwork(), rng.normal(size=(COUNT, 2))
    mu, zeta, K = rng.normal(size=(2, 1)), rng.normal(size=(2, 1)), rng.normal(size=(2, 2)) / 3
    values = dict(zip((*small.mu, *small.zeta, *small.K), (*mu.ravel(), *zeta.ravel(), *K.ravel()), strict=True))
    values |= dict(zip(small.G, (X.T @ X).ravel(), strict=True))

    def put(formula):
        return np.array(formula.subs(values), dtype=float)

    return small, put, X, (X @ mu, X @ zeta, X @ K @ X.T)


def response(k, m, z, w):
    return (z.T @ np.linalg.matrix_power(w, k) @ m)[0, 0]


def slopes(function, arrays):
    """Gradient by every array, from complex steps."""
    found = [np.zeros(array.shape) for array in arrays]
    for which, slope in enumerate(found):
        for place in np.ndindex(slope.shape):
            moved = [array.astype(complex) for array in arrays]
            moved[which][place] += 1e-30j
            slope[place] = function(*moved).imag / 1e-30
    return found


@pytest.mark.parametrize("k", range(4))
def test_two_neurons_have_responses_and_gradient_of_five(inserted, k):
    small, put, X, network = inserted
    assert put(small.markov(k)) == pytest.approx(response(k, *network), rel=1e-12)
    by_m, by_z, by_w = slopes(lambda *arrays: response(k, *arrays), network)
    of_m, of_z, of_w = map(put, small.gradient(k))
    np.testing.assert_allclose(X @ of_m, by_m, rtol=0, atol=1e-12 * (1 + np.abs(by_m).max()))
    np.testing.assert_allclose(X @ of_z, by_z, rtol=0, atol=1e-12 * (1 + np.abs(by_z).max()))
    np.testing.assert_allclose(X @ of_w @ X.T, by_w, rtol=0, atol=1e-12 * (1 + np.abs(by_w).max()))


def test_four_numbers_of_the_small_network_are_visible(inserted):
    small, put, _, (m, z, w) = inserted
    told = {letter: put(value) for letter, value in small.visible.items()}
    assert float(small.recursion.subs(told)) == pytest.approx(response(2, m, z, w), rel=1e-12)
    for found in (float(small.transfer.subs({**told, lam: 7})), put(small.resolvent().subs(lam, Integer(7)))):
        assert found == pytest.approx((z.T @ np.linalg.solve(7 * np.eye(COUNT) - w, m))[0, 0], rel=1e-12)


def test_the_flow_of_any_network_conserves_what_it_says(rng):
    assert [FlowAlgebra().drift(k) for k in range(5)] == [0] * 5
    m, z, w = rng.normal(size=(4, 1)), rng.normal(size=(4, 1)), rng.normal(size=(4, 4)) / 2
    for k in range(4):
        by_m, by_z, by_w = slopes(lambda *arrays, k=k: response(k, *arrays), (m, z, w))
        half = by_w @ w.T - w.T @ by_w + by_m @ m.T - z @ by_z.T
        assert np.abs(half + half.T).max() < 1e-12
        assert k == 0 or np.abs(by_w @ w.T - w.T @ by_w).max() > 1e-3


def in_plane(point):
    """m, z and W of the mirror plane in numbers."""
    letters = (mirror.ALPHA, mirror.BETA, mirror.A, mirror.B, mirror.C)
    return [np.array(block.subs(dict(zip(letters, point, strict=True))), dtype=float) for block in mirror.plane()]


def leaves(network, k):
    """How far the gradient of g_k points out of the mirror plane."""
    by_m, by_z, by_w = slopes(lambda *arrays: response(k, *arrays), network)
    return max(abs(by_m[0, 0] + by_z[0, 0]), abs(by_m[1, 0] - by_z[1, 0]), abs(by_w[0, 1] + by_w[1, 0]))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_gradients_stay_in_the_mirror_plane(rng, k):
    network = in_plane(rng.normal(size=5))
    assert leaves(network, k) < 1e-13
    network[2][0, 1] += 0.1
    assert leaves(network, k) > 1e-3


@pytest.mark.parametrize("k", range(4))
def test_what_is_constant_in_the_mirror_plane_and_what_leads_off_the_line(rng, k):
    letters = (mirror.ALPHA, mirror.BETA, mirror.A, mirror.B, mirror.C)
    point = rng.normal(size=5)
    by_m, _, by_w = slopes(lambda *arrays: response(k, *arrays), in_plane(point))
    velocity = (by_m[0, 0], by_m[1, 0], by_w[0, 0], by_w[1, 1], by_w[0, 1])
    slope = [float(mirror.invariant().diff(x).subs(dict(zip(letters, point, strict=True)))) for x in letters]
    assert abs(np.dot(slope, velocity)) < 1e-12
    bend = np.array(mirror.transverse(k).subs(dict(zip(letters, point, strict=True))), dtype=float)
    moves = [np.array([point[0], b, point[2], 0, c]) for b, c in ((0, 0), (1e-4, 0), (0, 1e-4), (1e-4, 1e-4))]
    here, one, other, both = (response(k, *in_plane(moved)) for moved in moves)
    assert (both - one - other + here) / 1e-8 == pytest.approx(bend[0, 1], abs=1e-4)
    for move, value, second in ((moves[1], one, bend[0, 0]), (moves[2], other, bend[1, 1])):
        back = response(k, *in_plane(2 * moves[0] - move))
        assert (value - 2 * here + back) / 1e-8 == pytest.approx(second, abs=1e-4)


def test_one_neuron_never_stabilises_the_double_integrator_and_two_can(rng):
    polynomial = lambdify((lam, one_neuron.weight, sigma_zm), one_neuron.characteristic())
    plant = double_integrator()
    for w, sigma in rng.normal(0, 1.5, (300, 2)):
        joint = joint_matrix(plant, Weights(np.ones((1, 1)), [[sigma]], w=[[w]]))
        eigenvalues = np.linalg.eigvals(joint)
        assert np.abs(eigenvalues).max() > 1
        assert np.abs([polynomial(x, w, sigma) for x in eigenvalues]).max() < 1e-8 * (1 + abs(w) + abs(sigma)) ** 3
    two = Weights([[1.0], [0.0]], [[-0.6], [0.5]], w=[[0.0, 0.0], [1.0, 0.0]])  # position and that before
    assert np.abs(np.linalg.eigvals(joint_matrix(plant, two))).max() < 1
