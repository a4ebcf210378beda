"""Opposing gradients, against explicit networks and finite differences of the roots."""

import numpy as np
import pytest

from numerics.common.weights import gaussian_weights
from numerics.reduced.stages.competition import (
    competition,
    inner_product,
    sensitivities,
    surrogate_descent,
    turning_alpha,
)
from theory.core.learning import WeightSpace

POINT = np.array([-0.05, 0.05, 0.05, 0.01])
FULL = WeightSpace(trained=("m", "z", "u", "v"))


def weight_gradients(weights, slope):
    """∂L/∂m, ∂L/∂z, ∂L/∂u, ∂L/∂v by the chain rule through the four overlaps, written out."""
    zm, zu, vm, vu = slope
    m, z, u, v = (weights.arrays()[name] for name in "mzuv")
    return {"m": zm * z + vm * v, "z": zm * m + zu * u, "u": zu * z + vu * v, "v": vm * m + vu * u}


def explicit(weights, first, second, trained):
    """The inner product over all trained entries."""
    one, two = weight_gradients(weights, first), weight_gradients(weights, second)
    return sum(float(np.vdot(one[name], two[name])) for name in trained)


def triangle(weights):
    return weights.gram[np.triu_indices(4)]


@pytest.mark.parametrize("trained", [("z", "u", "v"), ("m", "z", "u", "v"), ("u",), ("m", "v")])
def test_inner_product_is_that_of_all_trained_weights(rng, trained):
    weights, space = gaussian_weights(rng, 30), WeightSpace(trained=trained)
    first, second = rng.normal(size=(2, 4))
    expected = explicit(weights, first, second, trained)
    scale = np.sqrt(explicit(weights, first, first, trained) * explicit(weights, second, second, trained))
    assert abs(float(inner_product(first, second, triangle(weights), space)) - expected) < 1e-13 * scale


def test_inner_product_tells_frozen_from_trained(rng):
    weights, slope = gaussian_weights(rng, 30), rng.normal(size=4)
    frozen, full = (float(inner_product(slope, slope, triangle(weights), s)) for s in (WeightSpace(), FULL))
    assert full - frozen == pytest.approx(explicit(weights, slope, slope, ("m",)), rel=1e-10)


def test_sensitivities_put_slopes_at_their_columns(rng):
    weights, slope = gaussian_weights(rng, 9), rng.normal(size=4)
    expected = np.hstack([weight_gradients(weights, slope)[name] for name in "mzuv"])
    np.testing.assert_allclose(weights.stack @ sensitivities(slope, FULL), expected, rtol=1e-13)


def roots(point):
    """Roots of λ³ - (σ_vu+2)λ² + (2σ_vu-σ_zm+1)λ + σ_vuσ_zm - σ_vu - σ_vmσ_zu."""
    zm, zu, vm, vu = point
    return np.roots([1, -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - vm * zu])


def imaginary(point):
    """Im λ_1 of the dominant pair, upper half plane."""
    values = roots(point)
    return abs(values[np.argmax(np.abs(values))].imag)


def slopes(function, point, step=1e-5):
    """Central differences."""
    rows = step * np.eye(4)
    return np.array([(function(point + row) - function(point - row)) / (2 * step) for row in rows])


def short_term(point):
    """L_2 as printed in the theory notes."""
    zm, kappa = point[0], point[1] * point[2]
    return 11 + 14 * zm + 15 * zm**2 + 2 * kappa + 10 * zm * kappa + 2 * kappa**2


def angle(point, horizon):
    one = slopes(short_term, point)
    two = slopes(lambda p: np.abs(roots(p)).max() ** (2 * horizon), point)
    return one @ two / np.linalg.norm(one) / np.linalg.norm(two), np.linalg.norm(one), np.linalg.norm(two)


def test_competition_is_the_angle_of_numerical_gradients(rng):
    points = POINT + rng.normal(0, 0.005, (5, 4))
    found = competition(points, np.repeat(triangle(gaussian_weights(rng, 30))[None], 5, axis=0), 20)
    for i, point in enumerate(points):
        expected = angle(point, 20)
        assert (found.cosine[i], found.short_norm[i], found.long_norm[i]) == pytest.approx(expected, rel=1e-5)


def test_learned_cosine_is_that_of_explicit_gradients(rng):
    weights = gaussian_weights(rng, 30)
    one = slopes(short_term, POINT)
    two = slopes(lambda p: np.abs(roots(p)).max() ** 40, POINT)
    trained = ("z", "u", "v")
    sizes = [explicit(weights, s, s, trained) for s in (one, two)]
    expected = explicit(weights, one, two, trained) / np.sqrt(sizes[0] * sizes[1])
    found = competition(POINT[None], triangle(weights)[None], 20).learned_cosine[0]
    assert found == pytest.approx(expected, rel=1e-5)


def test_gradients_oppose_at_the_plateau():
    assert angle(POINT, 20)[0] < -0.9


@pytest.mark.parametrize("horizon", [3, 10, 20, 50])
def test_at_the_turning_alpha_a_small_step_keeps_the_frequency(horizon):
    """The change of Im λ_1 is linear in α - α*; the step's own second order is below 1e-3 of it."""
    alpha = turning_alpha(POINT, horizon)
    moves = []
    for shift in (-0.01, 0.0, 0.01):
        path = surrogate_descent(POINT, horizon, alpha + shift, 1, rate=1e-7, clip=1e9).points
        moves.append(imaginary(path[1]) - imaginary(path[0]))
    assert moves[0] > 0 > moves[2]
    assert abs(moves[1]) < 1e-3 * moves[0]


def test_turning_alpha_is_that_of_numerical_gradients():
    upward = slopes(imaginary, POINT)
    short = upward @ slopes(short_term, POINT)
    long = upward @ slopes(lambda p: np.abs(roots(p)).max() ** 20, POINT)
    assert turning_alpha(POINT, 10) == pytest.approx(short / (short - long), rel=1e-5)
    assert turning_alpha(POINT, 10) != pytest.approx(short / (short + long), rel=1e-1)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_surrogate_steps_along_its_gradient(alpha):
    def surrogate(p):
        return alpha * np.abs(roots(p)).max() ** 40 + (1 - alpha) * short_term(p)

    path = surrogate_descent(POINT, 20, alpha, 1, rate=1e-3, clip=np.inf).points
    np.testing.assert_allclose(path[1] - path[0], -1e-3 * slopes(surrogate, POINT), rtol=1e-5, atol=1e-10)


def test_surrogate_steps_are_clipped():
    path = surrogate_descent(POINT, 20, 0.5, 3, rate=1e-3, clip=0.5).points
    np.testing.assert_allclose(np.linalg.norm(np.diff(path, axis=0), axis=1), 5e-4, rtol=1e-5)


@pytest.mark.parametrize(("rate", "final"), [(1e160, 1e160), (1.7e308, 1.0)])
def test_a_surrogate_that_leaves_the_floats_says_so(rate, final):
    run = surrogate_descent(POINT, 20, 0.5, 5, rate=rate, clip=np.inf)
    assert run.status == f"diverged at epoch {int(final > 1)}"
    assert run.overlaps.shape == (1, 4)
    assert np.isfinite(run.loss).all()
    assert final / 100 < np.abs(run.final).max() < 100 * final


def test_a_surrogate_ends_where_its_gradient_does_not_exist():
    run = surrogate_descent(np.zeros(4), 20, 0.5, 5)
    assert (run.status, run.overlaps.shape) == ("diverged at epoch 0", (0, 4))
    np.testing.assert_array_equal(np.asarray(run), np.zeros((1, 4)))
    assert surrogate_descent(np.zeros(4), 20, 0.0, 5).status == "completed"
