"""The gain, the one-step map and the gradient of the nonlinear loop, against quadrature and other algebra."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf as numeric_erf
from sympy import ImmutableMatrix, Matrix, Rational, diff, eye, pi, simplify, sqrt, zeros

from theory.core.adjoint import one_step, stage_cost
from theory.core.learning import WeightSpace, conserved_forms
from theory.core.loop import Overlaps, ReducedLoop, symbolic_loop
from theory.core.loss import Cost
from theory.nonlinear.closure import GaussianSpace, readout_sensitivity
from theory.nonlinear.gaussian import GaussianLoop, GaussianOverlaps, activation, gain, gaussian_mean
from theory.symbols import (
    kappa_m,
    kappa_u,
    matrix_symbols,
    neurons,
    preactivation,
    scaling,
    sigma_mm,
    sigma_mu,
    sigma_uu,
    sigma_vm,
    sigma_zu,
    variance,
)

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(180)


def mean(function, spread):
    """E f(√Δ g) by Gauss-Hermite quadrature."""
    return np.sum(WEIGHTS * function(np.sqrt(spread) * NODES)) / np.sqrt(2 * np.pi)


@pytest.mark.parametrize("spread", [0.01, 0.3, 1.0, 2.5])
def test_gain_is_the_mean_slope_by_quadrature(spread):
    slope = mean(lambda s: np.exp(-np.pi * s**2 / 4), spread)
    stein = mean(lambda s: s * numeric_erf(np.sqrt(np.pi) * s / 2), spread) / spread
    exact = float(gain(Rational(spread).limit_denominator(1000)))
    assert slope == pytest.approx(exact, rel=1e-12)
    assert stein == pytest.approx(exact, rel=1e-11)
    assert abs((1 + np.pi * spread / 4) ** -0.5 - slope) > 1e-3


def test_gain_is_derived():
    slope = diff(activation(), preactivation)
    assert simplify(gaussian_mean(slope) - 1 / sqrt(1 + pi * variance / 2)) == 0
    assert simplify(gaussian_mean(slope) - gain(2 * variance)) != 0


def test_variance_is_the_one_of_the_notes():
    found = GaussianLoop().variance(Matrix([kappa_m, kappa_u]))
    expected = sigma_mm * kappa_m**2 + sigma_uu * kappa_u**2 + 2 * sigma_mu * kappa_m * kappa_u
    assert (found - expected / neurons).expand() == 0


def stepped(loop, state, **changed):
    """The map at numbers, with the letters of the overlaps multiplied as asked."""
    letters = {"zu": sigma_zu, "vm": sigma_vm, "mu": sigma_mu, "uu": sigma_uu}
    moved = {letters[name]: factor * letters[name] for name, factor in changed.items()}
    return loop.advance(state).subs(moved, simultaneous=True)


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (3, 2, 2, 2)], ids=["rank one", "wide"])
def test_linearised_at_rest_it_is_the_linear_loop(shape):
    loop = GaussianLoop(symbolic_loop(*shape))
    state = matrix_symbols("s", loop.dimension, 2)[:, 0]
    jacobian = loop.advance(state).jacobian(state).subs(dict.fromkeys(state, 0))
    assert (jacobian - loop.linear.matrix).expand() == zeros(loop.dimension)
    other = replace(loop, linear=replace(loop.linear, leak=Rational(1, 3)))
    assert ImmutableMatrix(loop.linear.matrix - other.linear.matrix) != zeros(loop.dimension)


@pytest.mark.parametrize("numbers", [(1, -2, 3, 1), (Rational(1, 2), 1, -1, 2)])
def test_scaling_and_symmetry_hold_for_any_rank_one_loop(numbers):
    loop, state, c = GaussianLoop(symbolic_loop(2)), ImmutableMatrix(4, 1, numbers), scaling
    larger = loop.advance(c * state).subs(neurons, c**2 * neurons)
    assert (larger - c * loop.advance(state)).applyfunc(simplify) == zeros(4, 1)
    assert (loop.advance(c * state) - c * loop.advance(state)).applyfunc(simplify) != zeros(4, 1)
    stretch = ImmutableMatrix.diag(1, 1, 1, 1 / c)
    powers = {"zu": c, "vm": 1 / c, "mu": c, "uu": c**2}
    for broken in (None, *powers):
        factors = {name: power for name, power in powers.items() if name != broken}
        gap = stepped(loop, stretch * state, **factors) - stretch * loop.advance(state)
        assert (gap.applyfunc(simplify) == zeros(4, 1)) == (broken is None)


def test_overlaps_of_weights_are_those_of_the_gram_matrix():
    X = Matrix(3, 4, range(12))
    weights = [X[:, i] for i in range(4)]
    assert GaussianOverlaps.of_weights(*weights).flat == GaussianSpace().overlaps(ImmutableMatrix(X.T * X)).flat


def chained(space, X, d):
    """∂L/∂X with dL = Σ d_ab dσ_ab over all seven blocks, a symmetric block's entries counted once."""
    gram = ImmutableMatrix(X.T * X)
    change = sum(slope * overlap for slope, overlap in zip(d.flat, space.overlaps(gram).flat, strict=True))
    return X.applyfunc(change.diff)


@pytest.mark.parametrize("space", [GaussianSpace(), GaussianSpace(1, 2, 2)], ids=["rank one", "wide"])
def test_gradient_by_the_weights_is_the_chain_rule(space):
    X, d = matrix_symbols("x", 2, space.size), space.gradient_symbols()
    S = space.sensitivity(d)
    assert (X * S - chained(space, X, d)).expand().is_zero_matrix
    halved = S - ImmutableMatrix.diag(*S.diagonal()) / 2
    assert not (X * halved - chained(space, X, d)).expand().is_zero_matrix


def projected(cholesky, by_m, by_u):
    """E[w ∂(z φ(s))/∂w] over w = (m, z, u, v) = C g, by quadrature: w = E[w s] s/Δ and a part independent of s."""
    Σ, direction = cholesky @ cholesky.T, np.array([by_m, 0, by_u, 0])
    c = Σ @ direction
    spread = direction @ c
    rest = Σ - np.outer(c, c) / spread

    def slope(s):
        return np.exp(-np.pi * s**2 / 4)

    by_slope = c * c[1] / spread**2 * mean(lambda s: s**2 * slope(s), spread) + rest[:, 1] * mean(slope, spread)
    by_z = c / spread * mean(lambda s: s * numeric_erf(np.sqrt(np.pi) * s / 2), spread)
    return np.outer(by_slope, direction) + np.outer(by_z, [0, 1, 0, 0])


@pytest.mark.parametrize("seed", range(3))
def test_real_gradient_projects_on_the_closure(seed):
    cholesky, (by_m, by_u) = np.random.default_rng(seed).normal(size=(4, 4)) / 2, (0.8, -0.6)
    Σ, direction = cholesky @ cholesky.T, np.array([by_m, 0, by_u, 0])
    gram = dict(zip(GaussianSpace().gram_symbols(), Σ.ravel(), strict=True))
    values = {**gram, kappa_m: by_m, kappa_u: by_u, variance: direction @ Σ @ direction}
    S = np.array(readout_sensitivity().subs(values).evalf(17).tolist(), dtype=float)
    expected = projected(cholesky, by_m, by_u)
    np.testing.assert_allclose(Σ @ S, expected, rtol=0, atol=1e-11)
    assert np.abs(Σ @ (S - np.diag(np.diag(S)) / 2) - expected).max() > 1e-3


def test_nonlinearity_leaves_no_quadratic_law():
    everything = ("m", "z", "u", "v")
    assert conserved_forms(WeightSpace(trained=everything))
    assert not conserved_forms(GaussianSpace(trained=everything))


def test_gradients_without_the_norms_are_refused():
    with pytest.raises(TypeError, match=r"gradients must be GaussianOverlaps, with mm, uu, mu; found Overlaps"):
        GaussianSpace().sensitivity(Overlaps.symbolic())


# one step and its adjoint


def test_stage_cost_is_the_quadratic_form():
    loop = ReducedLoop()
    weight = ImmutableMatrix([[2, 1], [1, 3]])
    state = ImmutableMatrix(4, 1, [1, -1, 2, 3])
    cost = Cost(weight, ImmutableMatrix(eye(1)), ImmutableMatrix(eye(2)), Rational(1, 2))
    control = (loop.readout * state)[0]
    assert (stage_cost(loop, state, cost) - 3 - control**2 / 2).expand() == 0


def test_adjoint_of_a_linear_loop_is_the_transpose():
    loop = ReducedLoop()
    step = one_step(loop, Cost(*(ImmutableMatrix(zeros(k)) for k in (2, 1, 2))))
    assert (Matrix(4, 2, step.adjoint_update) - loop.matrix.T * step.adjoint).expand() == zeros(4, 2)


def test_cost_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"state must fit the plant; expected \(2, 2\), found \(3, 3\)"):
        one_step(GaussianLoop(), Cost(*(ImmutableMatrix(eye(k)) for k in (3, 1, 3))))
