"""The agent and the closed loop in python-control and scipy.signal, against a loop stepped neuron by neuron."""

import control
import numpy as np
import pytest
from scipy import signal

from numerics.common.errors import InputError
from numerics.common.markov import impulse_response
from numerics.common.plants import Plant, double_integrator
from numerics.common.spectrum import joint_matrix
from numerics.common.weights import Weights, gaussian_weights
from numerics.experiment.simulate import rollout
from numerics.interop.neurons import DISTURBANCES, LinearAgent, closed_loop
from numerics.interop.state_space import plant_system

STEPS, DT = 12, 0.5


def case(name):
    """Plant, weights and leak."""
    rng = np.random.default_rng(5)
    if name == "double integrator":
        return double_integrator(), gaussian_weights(rng, 20), 1.0
    plant = Plant(rng.normal(size=(3, 3)) / 3, rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    if name == "rank two, leak":
        return plant, gaussian_weights(rng, 20, 2, 2, 2), 0.3
    m, z = rng.normal(size=(2, 15, 2)) / 4
    return plant, Weights(m, z, w=rng.normal(size=(15, 15)) / 8), 0.7


CASES = ("double integrator", "rank two, leak", "full, leak")


def stepped(plant, weights, leak, pushes, unseen=False):
    """Observations and controls of the loop at rest that is pushed, by stepping the neurons; (steps, q + p)."""
    x, h, out = np.zeros(plant.shape[0]), np.zeros(weights.neurons), []
    for push in pushes:
        u = weights.z.T @ h
        out.append(np.concatenate([plant.C @ x, u]))
        x = plant.A @ x + plant.B @ u + push
        seen = plant.C @ (x - push if unseen else x)
        h = (1 - leak) * h + leak * (weights.recurrence @ h + weights.m @ seen)
    return np.array(out)


def respond(system, inputs, start=None):
    """Outputs of a python-control system, (steps, outputs)."""
    times = np.arange(len(inputs)) * DT
    return np.atleast_2d(control.forced_response(system, times, inputs.T, start if start is not None else 0).outputs).T


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("disturbance", DISTURBANCES)
@pytest.mark.parametrize("kind", ["impulse", "step", "noise"])
def test_the_closed_loop_answers_as_the_neurons_do(name, disturbance, kind, rng):
    plant, weights, leak = case(name)
    ours = closed_loop(plant, LinearAgent.of_weights(weights, leak), DT, disturbance)
    size = ours.B.shape[1]
    shape = {"impulse": np.eye(STEPS)[0], "step": np.ones(STEPS), "noise": rng.normal(size=STEPS)}[kind]
    inputs = shape[:, None] * rng.normal(size=size)
    pushes = inputs @ plant.B.T if disturbance == "control" else inputs
    expected = stepped(plant, weights, leak, pushes, unseen=disturbance == "start")
    close(respond(ours.to_control(), inputs), expected)
    close(signal.dlsim(ours.to_scipy(), inputs)[1], expected)


@pytest.mark.parametrize("name", CASES)
def test_episodes_are_free_responses_and_late_impulse_responses(name, rng):
    plant, weights, leak = case(name)
    n, agent = plant.shape[0], LinearAgent.of_weights(weights, leak)
    x0 = rng.normal(size=n)
    episode = rollout(plant, weights, x0[None], STEPS, leak)
    expected = np.hstack([episode.x[:, 0] @ plant.C.T, episode.u[:, 0]])
    system = closed_loop(plant, agent, DT, "start").to_control()
    free = control.initial_response(system, np.arange(STEPS) * DT, [*x0, *np.zeros(weights.neurons)]).outputs
    close(np.atleast_2d(free).T, expected)
    pulse = np.eye(STEPS + 1)[0][:, None] * x0
    close(respond(system, pulse)[1:], expected)
    unit = control.impulse_response(system, np.arange(STEPS + 1) * DT).outputs  # area one, hence height 1/dt
    close(np.tensordot(unit, x0 * DT, axes=([1], [0])).T[1:], expected)


@pytest.mark.parametrize("name", CASES)
def test_feedback_of_python_control_is_the_joint_matrix(name, rng):
    plant, weights, leak = case(name)
    agent = LinearAgent.of_weights(weights, leak)
    ours = closed_loop(plant, agent, DT, "control")
    np.testing.assert_array_equal(ours.A.shape, joint_matrix(plant, weights, leak).shape)
    close(ours.A, joint_matrix(plant, weights, leak))
    theirs = control.feedback(plant_system(plant, DT).to_control(), agent.system(DT).to_control(), sign=1)
    start = np.eye(plant.shape[0], len(agent.transition))
    change = np.block([[np.eye(len(start)), 0 * start], [agent.entry @ plant.C, np.eye(len(agent.transition))]])
    close(change @ theirs.A @ np.linalg.inv(change), ours.A)
    inputs = rng.normal(size=(STEPS, plant.shape[1]))
    close(respond(theirs, inputs), respond(ours.to_control(), inputs)[:, : plant.shape[2]])
    wrong = control.feedback(plant_system(plant, DT).to_control(), agent.system(DT).to_control(), sign=-1)
    assert np.abs(respond(wrong, inputs) - respond(theirs, inputs)).max() > 1e-2


@pytest.mark.parametrize("name", CASES)
def test_the_start_of_feedback_must_unread_the_first_observation(name, rng):
    plant, weights, leak = case(name)
    agent, x0 = LinearAgent.of_weights(weights, leak), rng.normal(size=plant.shape[0])
    theirs = control.feedback(plant_system(plant, DT).to_control(), agent.system(DT).to_control(), sign=1)
    expected = rollout(plant, weights, x0[None], STEPS, leak).x[:, 0] @ plant.C.T
    rest = np.zeros((STEPS, plant.shape[1]))
    close(respond(theirs, rest, np.concatenate([x0, -agent.entry @ plant.C @ x0])), expected)
    early = respond(theirs, rest, np.concatenate([x0, 0 * agent.entry[:, 0]]))
    assert np.abs(early - expected).max() > 1e-3


@pytest.mark.parametrize("name", CASES)
def test_the_agent_alone_has_its_markov_parameters(name):
    _, weights, leak = case(name)
    agent = LinearAgent.of_weights(weights, leak)
    p, q = agent.shape[1:]
    expected = impulse_response(weights, STEPS, leak)
    for j in range(q):
        found = respond(agent.system(DT).to_control(), np.eye(STEPS)[:, :1] * np.eye(q)[j])
        close(found, expected[:, :, j])
    assert agent.system(DT).to_control().output_labels == [f"u_{i + 1}" for i in range(p)]


def test_signals_have_names():
    plant, weights, leak = case("rank two, leak")
    system = closed_loop(plant, LinearAgent.of_weights(weights, leak), DT).to_control()
    assert system.output_labels == ["y_1", "y_2", "u_1", "u_2"]
    assert system.input_labels == ["d_1", "d_2", "d_3"]
    assert system.state_labels[:4] == ["x_1", "x_2", "x_3", "h_1"]
    assert system.dt == DT


def test_misfits_are_refused():
    plant, weights, leak = case("rank two, leak")
    agent = LinearAgent.of_weights(weights, leak)
    with pytest.raises(InputError, match="agent must have the plant's 1 controls and 1 observations; found 2 and 2"):
        closed_loop(double_integrator(), agent, DT)
    with pytest.raises(InputError, match="disturbance must be one of state, start, control; found 'noise'"):
        closed_loop(plant, agent, DT, "noise")
