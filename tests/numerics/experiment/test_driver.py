"""The one loop of neurons and environment, with everything that an environment may have: against words of its own."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from numerics.common.plants import Plant
from numerics.common.weights import gaussian_weights
from numerics.experiment.driver import backward, forward
from numerics.experiment.environment import ClosedLoop
from numerics.experiment.losses import QuadraticCost
from numerics.experiment.neurons import Neurons
from numerics.experiment.trajectory import Trajectory

N, n, p, q, BATCH, STEPS = 6, 3, 2, 2, 4, 9
COST = QuadraticCost(0.5, 0.3, 0.7)


@pytest.fixture(
    params=[(0, 1), (1, 1), (2, 1), (0, 0), (3, 0)], ids=lambda value: f"delay {value[0]}, first {value[1]}"
)
def environment(request, rng):
    plant = Plant(rng.normal(0, 0.5, (n, n)), rng.normal(size=(n, p)), rng.normal(size=(q, n)))
    added, process = rng.normal(size=(STEPS - 1, BATCH, q)), rng.normal(size=(STEPS, BATCH, n))
    delay, first = request.param
    return ClosedLoop(plant, rng.normal(size=(BATCH, n)), 2.5, added, process, delay, first)


def loss(arrays, environment, leak):
    """The equations one after the other, with lists in place of memory."""
    A, B, C = environment.plant.A, environment.plant.B, environment.plant.C
    x, h, u = [environment.x0], np.zeros((BATCH, N)), np.zeros((BATCH, p))
    total = anp.sum(x[0] ** 2) * COST.state_weight
    for k in range(1, STEPS):
        t = k - 1 + environment.first
        if t:
            moved = anp.dot(x[-1], A.T) + anp.dot(u, B.T) + environment.process[t - 1]
            x.append(anp.where(anp.abs(moved) < environment.clamp, moved, environment.clamp * np.sign(moved)))
            total = total + COST.state_weight * anp.sum(x[-1] ** 2)
        late = t - environment.delay
        y = environment.added[k - 1] + (anp.dot(x[late], C.T) if late >= 0 else 0.0)
        drive = anp.dot(y, arrays["m"].T) + anp.dot(anp.dot(h, arrays["v"]), arrays["u"].T)
        h = (1 - leak) * h + leak * anp.tanh(drive)
        u = anp.dot(h, arrays["z"])
        total = total + COST.control_penalty * anp.sum(u**2)
    return COST.scale * total / BATCH


@pytest.mark.parametrize("leak", [1.0, 0.4])
def test_noise_delay_clamp_and_first_reading(environment, rng, leak):
    weights = gaussian_weights(rng, N, p, q, 2)
    neurons = Neurons(weights, leak, "tanh")
    episodes = Trajectory.allocate(n, weights, BATCH, STEPS, extra=environment.first - 1)
    forward(neurons, environment, episodes)
    assert (np.abs(episodes.x) == environment.clamp).any()
    assert COST.value(episodes) == pytest.approx(float(loss(weights.arrays(), environment, leak)), rel=1e-13)
    expected = grad(loss)(weights.arrays(), environment, leak)
    for name, found in backward(neurons, environment, COST, episodes).items():
        np.testing.assert_allclose(found, expected[name], rtol=0, atol=1e-12 * np.abs(expected[name]).max())
