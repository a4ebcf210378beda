"""The nonlinear loop of Gaussian weights against networks of many neurons, and its closure of learning."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf

from derivations.checks.nonlinear import law_drift
from derivations.evidence.erf import error_rate, projected_gradient
from derivations.studies.closure import COVARIANCE, closure_error, nonlinear_episode
from numerics.common.activations import activate, slope_at
from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import correlated_weights, gaussian_weights
from numerics.experiment.simulate import rollout
from numerics.experiment.train import loss_and_gradient, train
from numerics.reduced.descent import descend
from numerics.reduced.kernels import loss_kernel
from numerics.reduced.nonlinear import (
    batch_kernel,
    descend_gaussian,
    gaussian_loop_for,
    gaussian_space,
    trajectory,
    visible,
)
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.settings import Settings
from theory.core.loop import symbolic_loop
from theory.nonlinear.closure import GaussianSpace
from theory.nonlinear.gaussian import GaussianLoop

POINT = visible(GaussianSpace(), COVARIANCE)
EVERYTHING = ("m", "z", "u", "v")


# activations


def test_erf_has_slope_one_and_its_slope_follows_from_its_value():
    s = np.linspace(-9, 9, 181)
    rate = activate("erf", s.copy())
    np.testing.assert_allclose(rate, erf(np.sqrt(np.pi) * s / 2), rtol=1e-15)
    np.testing.assert_allclose(slope_at("erf", rate, np.empty_like(s)), np.exp(-np.pi * s**2 / 4), atol=2e-15)
    assert slope_at("erf", np.zeros(1), np.empty(1)) == 1


def test_slope_is_zero_where_rounding_exceeds_saturation():
    assert not slope_at("erf", np.array([1.0, -1.0, 1 + 2e-16]), np.empty(3)).any()


# loss and gradient


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (3, 2, 2, 2), (1, 1, 1, 1)])
def test_adjoint_is_the_derivative_for_any_plant(shape, rng):
    loop = GaussianLoop(symbolic_loop(*shape))
    X = rng.normal(size=(5, GaussianSpace(*shape[1:]).size))
    overlaps = np.array(visible(GaussianSpace(*shape[1:]), X.T @ X / 5))
    parameters = (*rng.normal(0, 0.6, len(loop.parameters) - 2), 0.7, 2.0)
    kernel, start = loss_kernel(loop).function, tuple(rng.normal(size=shape[0]))
    _, slope = kernel(tuple(overlaps), parameters, start, 0.7, 0.3, 9)
    for i, direction in enumerate(np.eye(overlaps.size)):
        moved = kernel(tuple(overlaps + 1e-30j * direction), parameters, start, 0.7, 0.3, 9)[0]
        assert slope[i] != 0
        assert moved.imag / 1e-30 == pytest.approx(slope[i], rel=1e-8), loop.overlaps.flat[i]


def test_loss_is_that_of_the_trajectory(rng):
    x0 = rng.normal(size=(7, 2))
    states, controls = trajectory(GaussianLoop(), POINT, x0, 15, (3.0,))
    loss, _ = batch_kernel(GaussianLoop()).function(POINT, (3.0,), x0.ravel(), 0.5, 0.2, 15)
    assert loss == pytest.approx((0.5 * np.sum(states**2) + 0.2 * np.sum(controls**2)) / 7, rel=1e-13)


def test_compiled_batch_equals_arrays(rng):
    pytest.importorskip("numba")
    arguments = POINT, (1.0,), rng.normal(size=12), 0.5, 0.2, 15
    plain, fast = (batch_kernel(GaussianLoop(), True, compiled).function(*arguments) for compiled in (False, True))
    np.testing.assert_allclose(np.r_[fast[0], fast[1]], np.r_[plain[0], plain[1]], rtol=1e-12)


def test_batch_is_more_than_its_second_moment():
    kernel = batch_kernel(GaussianLoop()).function
    spread = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    even = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    np.testing.assert_allclose(spread.T @ spread, even.T @ even)
    losses = [kernel(POINT, (1.0,), x0.ravel(), 1.0, 0.0, 10)[0] for x0 in (spread, even)]
    assert abs(losses[0] / losses[1] - 1) > 0.01


# against networks


def test_error_of_the_limit_falls_as_the_root_of_the_number_of_neurons():
    assert error_rate() == pytest.approx(-0.5, abs=0.1)


def wide_gap(bend=lambda loop: loop):
    """Error of x relative to its size at N = 20000: three states, two controls, two observations, rank two, leak."""
    rng, N = np.random.default_rng(5), 20000
    plant = Plant(rng.normal(size=(3, 3)) / 3, rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    weights, x0 = gaussian_weights(rng, N, 2, 2, 2), rng.normal(size=(4, 3))
    mixed = weights.updated({"z": weights.z + weights.m @ rng.normal(size=(2, 2)) - weights.u})
    options = Settings(horizon=12, leak=0.6, activation="erf")
    replay = Replay(mixed, 2 * np.sqrt(N) * x0[None], options, plant)
    loop, parameters = gaussian_loop_for(replay)
    overlaps = visible(gaussian_space(replay), mixed.gram)
    found = trajectory(loop, overlaps, replay.x0[0], 12, bend(parameters))[0]
    direct = rollout(plant, mixed, replay.x0[0], 12, 0.6, "erf").x
    return np.abs(found - direct).max() / np.abs(direct).max()


def test_any_widths_and_leak():
    assert wide_gap() < 0.01


def test_linear_loop_or_wrong_units_are_far_off():
    assert wide_gap(lambda parameters: (*parameters[:-1], 1e12)) > 0.1
    assert wide_gap(lambda parameters: (*parameters[:-1], 2 * parameters[-1])) > 0.03


def test_gradient_of_the_network_projects_on_that_of_the_overlaps():
    replay = nonlinear_episode(0, 30000, 0.3)
    theory, direct, share = projected_gradient(replay)
    size = np.linalg.norm(direct)
    assert np.linalg.norm(theory - direct) < 0.03 * size
    assert share < 0.95


def test_law_of_linear_neurons_drifts_as_in_the_network():
    """The drift holds the derivatives by σ_mm, σ_uu, σ_mu alone: without them it is zero."""
    for seed in range(3):
        replay = nonlinear_episode(seed, 30000, 0.3)
        theory, direct, _ = projected_gradient(replay)
        assert law_drift(theory) == pytest.approx(law_drift(direct), rel=0.04)
        assert abs(law_drift(direct)) > 0.02 * np.linalg.norm(direct)
        linear = replace(replay, settings=replace(replay.settings, activation="linear"))
        slopes = loss_and_gradient(replay.plant, replay.weights, replay.x0[0], linear.settings)[1]
        product = replay.weights.stack.T @ np.hstack([slopes[name] for name in "mzuv"])
        assert abs(law_drift(product)) < 1e-10 * np.linalg.norm(product)


def test_both_keep_the_balance_of_the_recurrent_factors():
    replay = nonlinear_episode(3, 50, 1.0)
    theory, direct, _ = projected_gradient(replay)
    for product in (theory, direct):
        assert abs(product[2, 2] - product[3, 3]) < 1e-12 * np.abs(product).max()


# learning


def test_small_states_learn_as_in_the_linear_map():
    replay = nonlinear_episode(0, 200, 1e-6, epochs=30, train=EVERYTHING)
    linear = replace(replay, settings=replace(replay.settings, activation="linear"))
    found, expected = descend_gaussian(replay), descend(linear)
    np.testing.assert_allclose(found.history["gram"], expected.history["gram"], atol=1e-9)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-8)
    np.testing.assert_allclose(found.spectral_radius, expected.spectral_radius, rtol=1e-8)
    np.testing.assert_allclose(found.weights.gram, expected.weights.gram, atol=1e-9)


def test_learning_depends_on_states_and_neurons_through_their_ratio():
    small = nonlinear_episode(0, 50, 0.5, epochs=10)
    gram = np.array(descend_gaussian(small).history["gram"])
    large = replace(
        small,
        weights=small.weights.updated({k: np.tile(a, (4, 1)) / 2 for k, a in small.weights.arrays().items()}),
        x0=2 * small.x0,
        settings=replace(small.settings, state_weight=small.settings.state_weight / 4),
    )
    np.testing.assert_allclose(descend_gaussian(large).history["gram"], gram, rtol=1e-10, atol=1e-12)


def test_final_weights_have_the_final_overlaps():
    replay = nonlinear_episode(1, 40, 0.3, epochs=6)
    long, short = descend_gaussian(replay), descend_gaussian(replace(replay, x0=replay.x0[:5]))
    rows = np.triu_indices(4)
    np.testing.assert_allclose(short.weights.gram[rows], long.history["gram"][5], rtol=1e-11)


@pytest.mark.parametrize(
    ("rate", "clip", "epoch"), [(1e307, np.inf, 0), (1e307, 1.0, 1), (1e150, np.inf, 1), (1e150, 1.0, 1)]
)
def test_divergence_is_reported_as_by_the_linear_map_and_by_training(rate, clip, epoch):
    """The last finite weights stay, also where it is the update that overflows, as the first one at 1e307 unclipped."""
    replay = rank_one_replay(0, 5, 10, 20, activation="erf", learning_rate=rate, clip=clip)
    linear = replace(replay, settings=replace(replay.settings, activation="linear"))
    runs = descend_gaussian(replay, "python"), train(replay), descend(linear, "python")
    assert [run.status for run in runs] == [f"diverged at epoch {epoch}"] * 3
    for run in runs:
        assert {len(history) for history in run.history.values()} == {1}
        assert np.isfinite(run.loss).all()
        assert np.isfinite(run.weights.stack).all()
        assert np.array_equal(run.weights.stack, replay.weights.stack) == (epoch == 0)


def test_backends_agree():
    pytest.importorskip("numba")
    replay = nonlinear_episode(0, 60, 0.5, epochs=20)
    plain, fast = (descend_gaussian(replay, backend) for backend in ("python", "numba"))
    np.testing.assert_allclose(fast.history["gram"], plain.history["gram"], rtol=1e-11, atol=1e-13)


def test_one_small_step_is_that_of_the_network():
    replay = nonlinear_episode(2, 20000, 0.3, learning_rate=1e-4, clip=np.inf)
    settings, weights = replay.settings, replay.weights
    slopes = loss_and_gradient(replay.plant, weights, replay.x0[0], settings)[1]
    moved = weights.updated({k: weights.arrays()[k] - settings.learning_rate * slopes[k] for k in settings.train})
    direct = moved.gram - weights.gram
    change = descend_gaussian(replay).weights.gram - weights.gram
    assert np.linalg.norm(change - direct) < 0.03 * np.linalg.norm(direct)


def test_closure_is_an_approximation_whose_error_grows_with_the_nonlinearity():
    weak, strong = (closure_error(nonlinear_episode(0, 500, strength, epochs=100)) for strength in (0.03, 0.3))
    assert weak[0] < 0.01
    assert 0.03 < strong[0] < strong[1]


@pytest.mark.parametrize(
    ("replay", "message"),
    [
        (rank_one_replay(0, 1, 2, 5), "activation must be erf for the Gaussian reduction; found linear"),
        (rank_one_replay(0, 1, 2, 5, activation="erf", optimizer="adam"), "optimizer must be sgd"),
        (full_replay(0, 1, 2, 5, activation="erf"), "weights must be m, z, u, v"),
    ],
)
def test_runs_that_do_not_close_are_refused(replay, message):
    with pytest.raises(InputError, match=message):
        descend_gaussian(replay)


# correlated weights


def test_correlated_weights_have_their_covariance():
    N = 40000
    gap = correlated_weights(np.random.default_rng(0), COVARIANCE, N).gram - COVARIANCE
    spread = np.sqrt((np.outer(np.diag(COVARIANCE), np.diag(COVARIANCE)) + COVARIANCE**2) / N)
    assert np.abs(gap / spread).max() < 4


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (np.eye(3), r"covariance must be \(4, 4\) for m, z, u, v; found \(3, 3\)"),
        (np.triu(np.ones((4, 4))), "covariance must be symmetric"),
        (np.ones((4, 4)), "covariance must be positive definite; found the eigenvalue"),
    ],
)
def test_bad_covariances_are_refused(covariance, message):
    with pytest.raises(InputError, match=message):
        correlated_weights(np.random.default_rng(0), covariance, 10)
