"""What a loop does in a long simulation, against what its spectrum says; and how a loss rises."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import double_integrator
from numerics.common.spectrum import joint_matrix
from numerics.common.spike import spike
from numerics.common.weights import Weights, at_overlaps, full_weights
from numerics.experiment.behaviour import Snapshots, growth, growth_alone
from numerics.experiment.observe import SPECTRA, leading_eigenvalues, recurrent_radius
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.population_states import population_observer
from numerics.experiment.train import train
from numerics.replay.closed_loop import full_replay, rank_one_replay
from numerics.replay.settings import Settings

LINEAR, TANH = Settings(), Settings(activation="tanh")
STABLE, UNSTABLE = (-0.6, 1.0, 0.5, -0.2), (-0.05, 0.1, 0.2, 0.3)


def with_radius(rng, radius):
    """A full network whose W has a given spectral radius."""
    weights = full_weights(rng, 40, strength=1.0)
    return Weights(weights.m, weights.z, w=weights.w * radius / np.abs(np.linalg.eigvals(weights.w)).max())


@pytest.mark.parametrize("overlaps", [STABLE, UNSTABLE])
@pytest.mark.parametrize("leak", [1.0, 0.8])
def test_growth_of_a_linear_loop_is_a_power_of_its_radius(rng, overlaps, leak):
    plant, weights, steps = double_integrator(), at_overlaps(rng, overlaps), 600
    settings = Settings(leak=leak)
    found = np.log(growth(plant, weights, np.eye(2), settings, steps)) / (steps // 2)
    expected = np.log(np.abs(leading_eigenvalues(plant, weights, leak)[0]))
    np.testing.assert_allclose(found, expected, atol=0.02 * abs(expected) + 1e-3)


def test_small_states_of_a_tanh_network_grow_as_in_a_linear_one(rng):
    weights = at_overlaps(rng, STABLE)
    small, large = (growth(double_integrator(), weights, size * np.eye(2), TANH, 60) for size in (1e-6, 5.0))
    linear = growth(double_integrator(), weights, np.eye(2), LINEAR, 60)
    np.testing.assert_allclose(small, linear, rtol=1e-6)
    assert np.abs(large / linear - 1).max() > 0.01


def test_growth_of_a_loop_that_overflows_is_infinite(rng):
    weights = at_overlaps(rng, (3.0, 0, 0, 0))
    assert np.array_equal(growth(double_integrator(), weights, np.eye(2), LINEAR, 2000), [np.inf, np.inf])


def test_growth_refuses_zero_states_and_no_steps(rng):
    weights = full_weights(rng, 5)
    with pytest.raises(InputError, match="x0 must hold states other than zero; found a zero state"):
        growth(double_integrator(), weights, np.array([[1.0, 0], [0, 0]]), TANH)
    with pytest.raises(InputError, match="steps must be"):
        growth(double_integrator(), weights, np.eye(2), TANH, 1)


@pytest.mark.parametrize(("radius", "dies"), [(0.9, True), (1.3, False)])
def test_neurons_alone_stay_active_if_their_radius_is_above_one(rng, radius, dies):
    weights = with_radius(rng, radius)
    assert recurrent_radius(weights) == pytest.approx(radius)
    assert (growth_alone(weights, TANH, 1.0) < 0.5) == dies


def test_radius_of_the_network_alone_is_that_of_the_loop_cut_open(rng):
    weights, plant = with_radius(rng, 1.2), double_integrator()
    cut = weights.updated({"z": np.zeros_like(weights.z)})
    for leak in (1.0, 0.4):
        values = np.linalg.eigvals(joint_matrix(plant, cut, leak))
        neurons = np.abs(values[np.abs(values - 1) > 1e-6])  # those of A are 1, 1
        assert recurrent_radius(weights, leak) == pytest.approx(neurons.max(), rel=1e-9)
    rank_one = at_overlaps(rng, (-0.6, 1.0, 0.5, -0.7))
    assert recurrent_radius(rank_one) == pytest.approx(0.7)
    assert recurrent_radius(rank_one, 0.1) == pytest.approx(0.9)


def test_radius_of_a_network_that_overflows_is_infinite():
    huge = np.full((2, 1), 1e200)
    assert recurrent_radius(Weights(huge, huge, huge, huge)) == np.inf


def test_both_spectra_are_recorded_in_closed_and_in_open_loop():
    replay = full_replay(0, 3, batch=5)
    closed = train(replay, SPECTRA)
    opened = train_open_loop(open_loop_replay(replay, closed.weights), SPECTRA)
    for run in (closed, opened):
        assert run.history["recurrent_radius"].shape == run.spectral_radius.shape == (3,)
        assert run.history["recurrent_radius"][0] == recurrent_radius(replay.weights)
        assert run.spectral_radius[0] > 1 > run.history["recurrent_radius"][0]


def test_checkpoints_keep_every_kth_network_and_no_history():
    replay, kept = rank_one_replay(0, epochs=7, batch=5), Snapshots(3)
    run = train(replay, {"checkpoints": kept})
    assert kept.epochs == [0, 3, 6]
    assert "checkpoints" not in run.history
    shorter = train(rank_one_replay(0, epochs=7, batch=5), {})
    np.testing.assert_array_equal(shorter.weights.z, run.weights.z)
    assert np.array_equal(kept.weights[0].z, replay.weights.z)
    assert not np.array_equal(kept.weights[1].z, kept.weights[2].z)
    with pytest.raises(InputError, match="every must be"):
        Snapshots(0)


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_population_observer_is_the_test_of_open_loop_training(activation):
    closed = full_replay(1, 4, batch=5, activation=activation)
    run = train(closed, {"test_loss": population_observer(1.0)})
    opened = train_open_loop(open_loop_replay(closed, run.weights, half_width=1.0), {})
    assert run.history["test_loss"][0] == opened.history["test_loss"][0]
    assert run.history["test_loss"].shape == (4,)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ([3.0, 2.0, 1.0], (1.0, 0)),
        ([3.0, 1.0, 5.0, 0.5, 2.0], (5.0, 2)),
        ([4.0, 2.0, np.inf, 1.0], (np.inf, 2)),
        ([np.inf, np.inf], (np.inf, 0)),
    ],
)
def test_rise(loss, expected):
    found = spike(np.array(loss))
    assert (found.rise, found.epoch) == expected


@pytest.mark.parametrize("loss", [[], [1.0, 0.0], [1.0, np.nan]])
def test_rise_refuses_what_has_no_factor(loss):
    with pytest.raises(InputError, match="loss must"):
        spike(np.array(loss))
