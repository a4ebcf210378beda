"""The fast path of full networks against the literal one, step by step."""

from dataclasses import replace

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import Weights
from numerics.experiment.dense import DenseLoop, dense
from numerics.experiment.environment import ClosedLoop, Recorded
from numerics.experiment.losses import Imitation
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.simulate import rollout
from numerics.experiment.student import imitation_loss, respond
from numerics.experiment.train import copy, cost_of, loss_and_gradient, train
from numerics.experiment.trajectory import Trajectory
from numerics.replay.closed_loop import full_replay, rank_one_replay
from numerics.replay.settings import Settings


def network(rng, neurons=7, q=2, p=2):
    shapes = {"m": (neurons, q), "z": (neurons, p), "w": (neurons, neurons)}
    return Weights(**{name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()})


def assert_close(found, expected):
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert set(found[1]) == set(expected[1])
    for name, gradient in expected[1].items():
        np.testing.assert_allclose(found[1][name], gradient, atol=1e-12 * max(1, np.abs(gradient).max()))


@pytest.mark.parametrize("activation", ["linear", "tanh", "erf"])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
@pytest.mark.parametrize("horizon", [1, 2, 3, 8])
def test_closed_loop(rng, activation, penalty, horizon):
    plant = Plant(rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    settings = Settings(horizon=horizon, activation=activation, control_penalty=penalty)
    loop, x0 = DenseLoop(plant, 7, 5, horizon, activation), rng.normal(size=(5, 3))
    environment, cost = ClosedLoop(plant, x0), cost_of(settings)
    for _ in range(2):  # the same workspace twice
        weights = network(rng)
        assert_close(
            loop.loss_and_gradient(weights, environment, cost), loss_and_gradient(plant, weights, x0, settings)
        )
    episodes, literal = (
        Trajectory.allocate(3, weights, 5, horizon),
        rollout(plant, weights, x0, horizon, 1.0, activation),
    )
    copy(plant, loop.run(weights, environment), episodes, slice(0, 5))
    for name in ("x", "h", "read", "drive"):
        np.testing.assert_allclose(getattr(episodes, name), getattr(literal, name), atol=1e-11)


@pytest.mark.parametrize("activation", ["linear", "tanh", "erf"])
@pytest.mark.parametrize("length", [1, 2, 6])
def test_open_loop(rng, activation, length):
    student, y, target = (
        DenseLoop(None, 7, 4, length + 1, activation),
        rng.normal(size=(length, 4, 2)),
        rng.normal(size=(length, 4, 2)),
    )
    for _ in range(2):
        weights = network(rng)
        np.testing.assert_allclose(
            student.run(weights, Recorded(y)).u, respond(weights, y, 1.0, activation).u, atol=1e-12
        )
        assert_close(
            student.loss_and_gradient(weights, Recorded(y), Imitation(target)),
            imitation_loss(weights, y, target, 1.0, activation),
        )


def test_which_networks_take_it():
    full, low = full_replay(0, 1, 2, 5).weights, rank_one_replay(0, 1, 2, 5).weights
    both = Weights(low.m, low.z, low.u, low.v, full.w)
    assert [dense(w, 1.0) for w in (full, low, both)] == [True, False, False]
    assert not dense(full, 0.5)


def test_training_takes_it_and_observers_see_the_batch():
    closed = full_replay(3, 4, 6, 8, horizon=5)
    run = train(closed, {"first": lambda plant, weights, episodes, settings: episodes.x[0].copy()})
    np.testing.assert_array_equal(run.history["first"], closed.x0)
    assert train_open_loop(open_loop_replay(closed, run.weights), {}, test=False).completed


@pytest.mark.parametrize(
    ("name", "value"),
    [("clamp", 2.0), ("process", np.ones((4, 2, 2))), ("delay", 1)],
    ids=["clamp", "process", "delay"],
)
def test_an_environment_that_does_more_is_refused(rng, name, value):
    plant, weights = double_integrator(), network(rng, q=1, p=1)
    loop, plain = DenseLoop(plant, 7, 2, 4, "linear"), ClosedLoop(plant, rng.normal(size=(2, 2)))
    loop.run(weights, plain)
    for use in (loop.run, lambda *given: loop.gradients(*given, cost_of(Settings()))):
        with pytest.raises(InputError, match=f"environment must have no {name} in a dense loop"):
            use(weights, replace(plain, **{name: value}))


def test_nonlinear_neurons_with_a_leak_are_refused():
    with pytest.raises(InputError, match="leak must be 1 for tanh neurons"):
        DenseLoop(None, 7, 2, 4, "tanh", 0.5)
