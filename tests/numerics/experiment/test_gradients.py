"""Gradients of every kind of network, closed and open loop, beside an autograd framework and finite differences.

The losses are written here in words of their own: one recurrence a line, no code of the package.
"""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import Weights, gaussian_weights
from numerics.experiment.student import imitation_loss
from numerics.experiment.train import loss_and_gradient
from numerics.replay.settings import Settings

BATCH, HORIZON, NEURONS = 5, 9, 7
GENERAL = (3, 2, 2)
"""n, p, q of the general plant."""


def general_plant(rng):
    n, p, q = GENERAL
    return Plant(rng.normal(0, 0.5, (n, n)), rng.normal(size=(n, p)), rng.normal(size=(q, n)))


def network(rng, plant, rank, full):
    _, p, q = plant.shape
    low = gaussian_weights(rng, NEURONS, p, q, max(rank, 1)).arrays()
    if not rank:
        low = {name: low[name] for name in "mz"}
    return Weights(**low, **({"w": rng.normal(0, 0.6 / np.sqrt(NEURONS), (NEURONS, NEURONS))} if full else {}))


NETWORKS = {
    "rank one, linear": (double_integrator, 1, False, "linear"),
    "rank two, linear, general plant": (general_plant, 2, False, "linear"),
    "rank two, tanh, general plant": (general_plant, 2, False, "tanh"),
    "full, linear": (double_integrator, 0, True, "linear"),
    "full, tanh": (double_integrator, 0, True, "tanh"),
    "full, tanh, general plant": (general_plant, 0, True, "tanh"),
    "full and rank two, linear, general plant": (general_plant, 2, True, "linear"),
    "full and rank two, tanh, general plant": (general_plant, 2, True, "tanh"),
}


def next_state(weights, h, y, leak, activation):
    current = anp.dot(y, weights["m"].T)
    if "w" in weights:
        current = current + anp.dot(h, weights["w"].T)
    if "u" in weights:
        current = current + anp.dot(anp.dot(h, weights["v"]), weights["u"].T)
    return (1 - leak) * h + leak * (anp.tanh(current) if activation == "tanh" else current)


def closed_loss(weights, plant, x0, options):
    x, h, total = x0, np.zeros((len(x0), NEURONS)), 0.0
    for _ in range(options.horizon):
        u = anp.dot(h, weights["z"])
        total = total + options.state_weight * anp.sum(x * x) + options.control_penalty * anp.sum(u * u)
        x = anp.dot(x, plant.A.T) + anp.dot(u, plant.B.T)
        h = next_state(weights, h, anp.dot(x, plant.C.T), options.leak, options.activation)
    return total / len(x0) / (options.horizon if options.time_average else 1)


def open_loss(weights, y, target, leak, activation):
    h, total = np.zeros((y.shape[1], NEURONS)), 0.0
    for inputs, wanted in zip(y, target, strict=True):
        h = next_state(weights, h, inputs, leak, activation)
        total = total + anp.sum((anp.dot(h, weights["z"]) - wanted) ** 2)
    return total / (y.shape[0] * y.shape[1])


def closed(rng, plant, weights, leak, penalty, activation):
    """Loss and gradients of the package, and the loss in this module's words."""
    options = Settings(HORIZON, control_penalty=penalty, leak=leak, activation=activation, time_average=penalty > 0)
    x0 = rng.normal(size=(BATCH, plant.shape[0]))
    return loss_and_gradient(plant, weights, x0, options), lambda w: closed_loss(w, plant, x0, options)


def opened(rng, plant, weights, leak, penalty, activation):
    """The same without the environment; there is no penalty, so it is not used."""
    _, p, q = plant.shape
    y, target = rng.normal(size=(HORIZON, BATCH, q)), rng.normal(size=(HORIZON, BATCH, p))
    return imitation_loss(weights, y, target, leak, activation), lambda w: open_loss(w, y, target, leak, activation)


LOOPS = {"closed": (closed, 0.0), "closed, control penalty": (closed, 0.3), "open": (opened, 0.0)}


@pytest.fixture(params=NETWORKS)
def kind(request):
    return NETWORKS[request.param]


@pytest.fixture(params=LOOPS)
def loop(request):
    return LOOPS[request.param]


@pytest.fixture(params=[1.0, 0.35], ids=["no leak", "leak"])
def problem(request, rng, kind, loop):
    (make, penalty), (plant_of, rank, full, activation) = loop, kind
    plant = plant_of() if plant_of is double_integrator else plant_of(rng)
    weights = network(rng, plant, rank, full)
    found, loss = make(rng, plant, weights, request.param, penalty, activation)
    return weights.arrays(), found, loss


def test_loss_and_gradients_are_those_of_autograd(problem):
    arrays, (value, gradients), loss = problem
    assert value == pytest.approx(float(loss(arrays)), rel=1e-12)
    expected = grad(loss)(arrays)
    assert set(gradients) == set(arrays) == set(expected)
    for name, reference in expected.items():
        assert np.abs(reference).max() > 1e-6, name
        np.testing.assert_allclose(gradients[name], reference, rtol=0, atol=1e-12 * np.abs(reference).max())


def test_gradients_are_central_differences(problem):
    arrays, (_, gradients), loss = problem
    step = 1e-4
    for name, value in arrays.items():
        for index in np.ndindex(*value.shape):
            unit = np.zeros_like(value)
            unit[index] = 1.0
            at = [loss(arrays | {name: value + k * step * unit}) for k in (1, -1, 2, -2)]
            slope = (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * step)  # error of order step⁴
            assert gradients[name][index] == pytest.approx(slope, abs=1e-8 * np.abs(gradients[name]).max()), name
