"""Letters in place of blocks: what is said of them holds where matrices are put in."""

import pytest
from sympy import Matrix, Rational, eye, prod, zeros

from theory.core.block_algebra import SymmetryAlgebra, by_words, cancelled, letter
from theory.symbols import lam

A, B = letter("A"), letter("B")


def inserted(expression, values):
    """A polynomial in letters with a matrix for each letter."""
    total = None
    for word, coefficient in by_words(expression).items():
        term = coefficient * prod((values[x] for x in word[1:]), start=values[word[0]])
        total = term if total is None else total + term
    return total


def draw(rng, *shape):
    return Matrix(*shape, [Rational(int(n), 3) for n in rng.integers(-5, 6, size=shape).ravel()])


@pytest.fixture
def drawn(rng):
    """A network's weights, derivatives of a loss and a direction X in exact numbers, by letter; with the letters."""

    def make(p, q, rank, neurons=4):
        a = SymmetryAlgebra()
        shapes = {a.M: (neurons, q), a.Z: (neurons, p), a.U: (neurons, rank), a.V: (neurons, rank)}
        shapes |= {a.X: (rank, rank), a.zu: (p, rank), a.vm: (rank, q), a.vu: (rank, rank)}
        values = {x: draw(rng, *shape) for x, shape in shapes.items()}
        return a, values | {a.pairs[x]: value.T for x, value in values.items()}

    return make


def test_words_keep_their_order_and_coefficients_cancel():
    assert by_words(A * B - B * A) == {(A, B): 1, (B, A): -1}
    assert cancelled((lam**2 - 1) / (lam - 1) * A - lam * A) == A
    assert cancelled(A * B - B * A) != 0
    assert cancelled((lam**2 - 1) / (lam - 1) * A - (lam + 1) * A) == 0


SHAPES = [(1, 1, 1), (2, 1, 2), (1, 2, 3)]  # p, q, rank


@pytest.mark.parametrize("shape", SHAPES)
def test_transposes_and_traces_are_those_of_matrices(drawn, shape):
    a, values = drawn(*shape)
    word = a.Ut * a.Z * a.zu - 2 * a.vm * a.Mt * a.V
    assert inserted(a.transposed(word), values) == inserted(word, values).T
    assert a.trace(a.Xt * word) == a.trace(a.transposed(word) * a.X)
    assert a.trace(a.Xt * word) != a.trace(a.X * word)
    assert a.trace(word - word) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_slope_along_the_symmetry_is_that_of_a_loss(drawn, shape):
    """L = Σ d_ab · σ_ab moved along U (1 + ε X), V (1 - ε Xᵀ) changes by ε tr(Xᵀ E), to first order."""
    a, w = drawn(*shape)
    E, X = inserted(a.slope, w), w[a.X]

    def loss(ε):
        U, V = w[a.U] * (eye(shape[2]) + ε * X), w[a.V] * (eye(shape[2]) - ε * X.T)
        pairs = ((w[a.zu], w[a.Z].T * U), (w[a.vm], V.T * w[a.M]), (w[a.vu], V.T * U))
        return sum((slope.T * overlap).trace() for slope, overlap in pairs)

    assert (loss(1) - loss(-1)) / 2 == (X.T * E).trace()


@pytest.mark.parametrize("shape", SHAPES)
def test_balance_moves_by_the_slope_along_the_symmetry(drawn, shape):
    a, w = drawn(*shape)
    velocity_u, velocity_v = (-inserted(gradient, w) for gradient in a.gradients)
    moved = w[a.U].T * velocity_u + velocity_u.T * w[a.U] - w[a.V].T * velocity_v - velocity_v.T * w[a.V]
    assert inserted(a.balance, w) == moved
    E = inserted(a.slope, w)
    assert moved == -(E + E.T) != zeros(shape[2])
