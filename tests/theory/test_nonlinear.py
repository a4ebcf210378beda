"""The gain, the one-step map and the gradient of the nonlinear loop, against quadrature and other algebra."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf as numeric_erf
from sympy import ImmutableMatrix, Matrix, Rational, diff, eye, pi, simplify, sqrt, zeros

from theory.adjoint import one_step, stage_cost
from theory.closure import GaussianSpace, projection_residual
from theory.learning import WeightSpace, conserved_forms, weight_gradient_residual
from theory.loop import Overlaps, ReducedLoop, symbolic_loop
from theory.loss import Cost
from theory.nonlinear import (
    GaussianLoop,
    GaussianOverlaps,
    activation,
    gain,
    gaussian_mean,
    linearisation_residual,
    scaling_residual,
    symmetry_residual,
)
from theory.symbols import kappa_m, kappa_u, neurons, preactivation, sigma_mm, sigma_mu, sigma_uu, variance

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


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (3, 2, 2, 2)], ids=["rank one", "wide"])
def test_linearised_at_rest_it_is_the_linear_loop(shape):
    loop = GaussianLoop(symbolic_loop(*shape))
    assert linearisation_residual(loop) == zeros(loop.dimension)
    other = replace(loop, linear=replace(loop.linear, leak=Rational(1, 3)))
    assert ImmutableMatrix(loop.linear.matrix - other.linear.matrix) != zeros(loop.dimension)


def test_scaling_and_symmetry_hold_for_any_rank_one_loop():
    loop = GaussianLoop(symbolic_loop(2))
    assert scaling_residual(loop) == zeros(4, 1)
    assert symmetry_residual(loop) == zeros(4, 1)


def test_overlaps_of_weights_are_those_of_the_gram_matrix():
    X = Matrix(3, 4, range(12))
    weights = [X[:, i] for i in range(4)]
    assert GaussianOverlaps.of_weights(*weights).flat == GaussianSpace().overlaps(ImmutableMatrix(X.T * X)).flat


@pytest.mark.parametrize("space", [GaussianSpace(), GaussianSpace(1, 2, 2)], ids=["rank one", "wide"])
def test_gradient_by_the_weights_is_the_chain_rule(space):
    assert weight_gradient_residual(space) == zeros(2, space.size)


def test_gradient_without_the_factor_two_is_not_the_chain_rule(monkeypatch):
    right = GaussianSpace.sensitivity
    halved = ImmutableMatrix(4, 4, lambda i, j: Rational(1, 2) if i == j else 1)
    monkeypatch.setattr(GaussianSpace, "sensitivity", lambda *a: right(*a).multiply_elementwise(halved))
    assert weight_gradient_residual(GaussianSpace()) != zeros(2, 4)
    assert projection_residual.__wrapped__() != zeros(4)


def test_real_gradient_projects_on_the_closure():
    assert projection_residual() == zeros(4)


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
