"""What the flow conserves, against N neurons that are integrated with their own gradient."""

from itertools import chain, combinations

import numpy as np
import pytest
from sympy import Matrix, Rational, zeros

from theory.core.learning import BLOCKS, WeightSpace, conserved_forms
from theory.core.loop import ReducedLoop
from theory.core.loss import gradient, horizon_loss
from theory.symbols import OVERLAPS

SUBSETS = list(chain.from_iterable(combinations(BLOCKS, count) for count in range(5)))
SHAPES = [(1, 1, 1), (2, 1, 1), (1, 2, 2), (2, 3, 2)]  # p, q, rank
PAIRS = ("zm", "zu", "vm", "vu")


def slices(space):
    ends = np.cumsum([0, space.q, space.p, space.rank, space.rank])
    return {block: slice(*ends[i : i + 2]) for i, block in enumerate(BLOCKS)}


def trained_columns(space):
    return [i for block in space.trained for i in range(*slices(space)[block].indices(99))]


def written_out(space, derivatives):
    """S from its definition: ∂L/∂Z = M d_zmᵀ + U d_zuᵀ, and so on for the other three blocks."""
    where, total = slices(space), 2 * space.rank + space.p + space.q
    S = np.zeros((total, total), dtype=derivatives["zm"].dtype)
    for row, column in PAIRS:
        S[where[row], where[column]] = derivatives[row + column]
        S[where[column], where[row]] = derivatives[row + column].T
    return S


# a network of N neurons with its own gradient


def loss_of(X, space, steps=5, leak=0.8):
    """Σ ‖X_t‖² of the double integrator (p = q = 1) under N neurons, step by step; complex weights allowed."""
    m, z, u, v = (X[:, slices(space)[block]] for block in BLOCKS)
    A, B, C = np.array([[1, 1], [0, 1]]), np.array([[0], [1]]), np.array([[1, 0]])
    x, h, total = np.eye(2), np.zeros((len(X), 2)), 0
    for _ in range(steps):
        total = total + np.sum(x**2)
        x, h = A @ x + B @ (z.T @ h), (1 - leak) * h + leak * (u @ (v.T @ h) + m @ C @ (A @ x + B @ (z.T @ h)))
    return total


def numeric_gradient(X, space):
    """∂L/∂X entry by entry by a complex step, frozen columns at zero."""
    slope, step = np.zeros_like(X), 1e-30
    for i, j in np.ndindex(*X.shape):
        if j in trained_columns(space):
            shifted = X.astype(complex)
            shifted[i, j] += 1j * step
            slope[i, j] = loss_of(shifted, space).imag / step
    return slope


def reduced_gradient(X, signs=(1, 1, 1, 1)):
    """X S from the polynomial L_T and its derivatives by the overlaps."""
    loss = horizon_loss(5, ReducedLoop(leak=Rational(4, 5)), average=False)
    G = X.T @ X
    values = dict(zip(OVERLAPS, (G[1, 0], G[1, 2], G[3, 0], G[3, 2]), strict=True))
    slopes = [s * np.array([[float(g.subs(values))]]) for s, g in zip(signs, gradient(loss), strict=True)]
    return X @ written_out(WeightSpace(), dict(zip(PAIRS, slopes, strict=True)))


def test_gradient_of_the_neurons_is_that_of_the_overlaps(rng):
    X = rng.normal(size=(6, 4)) / 3
    direct = numeric_gradient(X, WeightSpace(trained=BLOCKS))
    np.testing.assert_allclose(reduced_gradient(X), direct, rtol=0, atol=1e-12 * np.abs(direct).max())


@pytest.mark.parametrize("flipped", range(4))
def test_a_flipped_derivative_is_noticed(rng, flipped):
    X = rng.normal(size=(6, 4)) / 3
    direct = numeric_gradient(X, WeightSpace(trained=BLOCKS))
    wrong = reduced_gradient(X, [(-1) ** (i == flipped) for i in range(4)])
    assert np.abs(wrong - direct).max() > 1e-6 * np.abs(direct).max()


# conservation laws


@pytest.mark.parametrize("trained", SUBSETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_forms_are_all_there_are(rng, shape, trained):
    """Their number is the dimension of symmetric J on the trained columns with S J + J S = 0 there for random S."""
    space = WeightSpace(*shape, trained)
    columns = trained_columns(space)
    size, equations = len(columns), []
    for _ in range(8):
        derivatives = {name: rng.normal(size=(space.widths[name[0]], space.widths[name[1]])) for name in PAIRS}
        S = written_out(space, derivatives)[np.ix_(columns, columns)]
        units = [np.outer(a, b) + np.outer(b, a) for i, a in enumerate(np.eye(size)) for b in np.eye(size)[i:]]
        equations.append(np.array([(S @ J + J @ S).ravel() for J in units]).reshape(len(units), size**2).T)
    system = np.vstack(equations)
    free = system.shape[1] - (np.linalg.matrix_rank(system) if system.size else 0)
    assert len(conserved_forms(space)) == free


@pytest.mark.parametrize("shape", SHAPES)
def test_one_form_if_everything_is_trained(shape):
    space = WeightSpace(*shape, BLOCKS)
    (form,) = conserved_forms(space)
    assert form in (space.signature, -space.signature)
    S = space.sensitivity(space.gradient_symbols())
    assert (space.signature * S + S * space.signature).is_zero_matrix


def test_one_form_if_the_input_weights_are_frozen():
    (form,) = conserved_forms(WeightSpace())
    assert form in (Matrix.diag(0, 1, -1, 1), -Matrix.diag(0, 1, -1, 1))


def test_nothing_trained_nothing_conserved():
    assert conserved_forms(WeightSpace(trained=())) == []


def integrated(X, space, duration=0.01, steps=20):
    """Weights after a time of gradient flow, by the classical Runge-Kutta method on all neurons."""
    h = duration / steps
    for _ in range(steps):
        a = -numeric_gradient(X, space)
        b = -numeric_gradient(X + h / 2 * a, space)
        c = -numeric_gradient(X + h / 2 * b, space)
        d = -numeric_gradient(X + h * c, space)
        X = X + h / 6 * (a + 2 * b + 2 * c + d)
    return X


def moved(start, end, form, space):
    """Largest change of Π X J Xᵀ Π, Π the projector orthogonal to the frozen columns."""
    frozen = np.delete(start, trained_columns(space), axis=1)
    projector = np.eye(len(start)) - frozen @ np.linalg.pinv(frozen) if frozen.size else np.eye(len(start))
    J = np.array(form.tolist(), dtype=float)
    return np.abs(projector @ (end @ J @ end.T - start @ J @ start.T) @ projector).max()


@pytest.mark.parametrize("trained", [BLOCKS, ("z", "u", "v"), ("m", "z"), ("u", "v"), ("m", "z", "v")])
def test_forms_are_conserved_by_the_flow_of_the_neurons_and_others_are_not(rng, trained):
    space = WeightSpace(trained=trained)
    start = rng.normal(size=(5, space.size)) / 4
    end = integrated(start, space)
    other = zeros(space.size)
    for i in trained_columns(space):
        other[i, i] = i + 1
    assert max(moved(start, end, form, space) for form in conserved_forms(space)) < 1e-6 * moved(
        start, end, other, space
    )


def test_what_the_integrator_adds_to_a_form_falls_with_the_fourth_power_of_its_step(rng):
    space = WeightSpace(trained=BLOCKS)
    start = rng.normal(size=(5, space.size)) / 4
    (form,) = conserved_forms(space)
    drifts = [moved(start, integrated(start, space, steps=steps), form, space) for steps in (10, 20)]
    assert np.log2(drifts[0] / drifts[1]) > 3.5


@pytest.mark.parametrize("rank", [1, 2])
def test_balance_of_the_recurrent_factors_is_conserved_by_the_neurons(rng, rank):
    space = WeightSpace(1, 1, rank)
    start = rng.normal(size=(5, space.size)) / 4
    balances, squares = [], []
    for X in (start, integrated(start, space)):
        u, v = X[:, slices(space)["u"]], X[:, slices(space)["v"]]
        balances.append(u.T @ u - v.T @ v)
        squares.append(u.T @ u)
    assert np.abs(balances[1] - balances[0]).max() < 1e-6 * np.abs(squares[1] - squares[0]).max()
