"""Networks through their Markov parameters, against the simulation of their neurons."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.markov import hankel, impulse_response, markov_rollout, order, strengths, visible_overlaps
from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import Weights, at_overlaps, full_weights, gaussian_weights
from numerics.experiment.losses import QuadraticCost
from numerics.experiment.simulate import rollout
from numerics.experiment.student import respond

HORIZON = 30


def full_network(rng, p=1, q=1, neurons=20):
    """A full network strong enough that memory matters."""
    low = gaussian_weights(rng, neurons, p, q)
    return Weights(low.m, low.z, w=rng.normal(0, 0.8 / np.sqrt(neurons), (neurons, neurons)))


def moved(rng, weights):
    """The same network in another basis of its neurons."""
    size = weights.neurons
    S = np.eye(size) + rng.normal(0, 0.3 / np.sqrt(size), (size, size))
    back = np.linalg.inv(S)
    return Weights(S @ weights.m, back.T @ weights.z, w=S @ weights.recurrence @ back)


def plants(rng):
    return [double_integrator(), Plant(rng.normal(size=(3, 3)) / 2, rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))]


@pytest.mark.parametrize("leak", [1.0, 0.3])
@pytest.mark.parametrize("index", [0, 1])
def test_rollout_from_markov_parameters_is_that_of_the_neurons(rng, index, leak):
    plant = plants(rng)[index]
    _, p, q = plant.shape
    weights, x0 = full_network(rng, p, q), rng.normal(size=(5, plant.shape[0]))
    x, u = markov_rollout(plant, impulse_response(weights, HORIZON, leak), x0, HORIZON)
    episodes = rollout(plant, weights, x0, HORIZON, leak)
    scale = np.abs(episodes.x).max()
    np.testing.assert_allclose(x, episodes.x, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(u, episodes.u, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_networks_with_the_same_markov_parameters_cannot_be_told_apart(rng, leak):
    plant, first = double_integrator(), at_overlaps(rng, (-0.6, 1.0, 0.5, -0.2), 20)
    first = Weights(first.m, first.z, w=first.recurrence)
    second, x0 = moved(rng, first), rng.normal(size=(5, 2))
    assert np.abs(first.w - second.w).max() > 0.05
    one, two = (rollout(plant, weights, x0, HORIZON, leak) for weights in (first, second))
    np.testing.assert_allclose(one.x, two.x, rtol=0, atol=1e-12 * np.abs(one.x).max())
    losses = [QuadraticCost(0.5, 0.1, 1.0).value(episodes) for episodes in (one, two)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    nonlinear = [rollout(plant, weights, x0, HORIZON, leak, "tanh").x for weights in (first, second)]
    assert np.abs(nonlinear[0] - nonlinear[1]).max() > 1e-3


def test_a_changed_markov_parameter_is_seen_from_its_lag_on(rng):
    plant, x0 = double_integrator(), rng.normal(size=(5, 2))
    responses = impulse_response(full_network(rng), HORIZON)
    other = responses.copy()
    other[7] += 1e-3
    x, changed = (markov_rollout(plant, g, x0, HORIZON)[0] for g in (responses, other))
    assert np.array_equal(x[:9], changed[:9])
    assert np.abs(x[9] - changed[9]).max() > 1e-5  # x_9 depends on g_7 y_1


def test_last_lags_are_not_heard(rng):
    plant, x0, g = double_integrator(), rng.normal(size=(3, 2)), impulse_response(full_network(rng), HORIZON - 1)
    other = g.copy()
    other[-1] += 1.0  # g_{T-2}
    (x, u), (same, moved_u) = (markov_rollout(plant, responses, x0, HORIZON) for responses in (g, other))
    assert np.array_equal(x, same)
    assert np.array_equal(u[:-1], moved_u[:-1])
    assert not np.array_equal(u[-1], moved_u[-1])


def test_impulse_response_is_what_the_neurons_answer_to_an_impulse(rng):
    weights, y = full_weights(rng, 20, strength=0.9), np.zeros((8, 1, 1))
    y[0] = 1.0
    np.testing.assert_allclose(
        impulse_response(weights, 8, 0.4)[:, :, 0], respond(weights, y, 0.4).u[1:, 0], rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize(("rank", "leak", "expected"), [(1, 1.0, 1), (2, 1.0, 2), (1, 0.5, 2), (2, 0.5, 3)])
def test_order_of_low_rank_networks(rng, rank, leak, expected):
    assert order(impulse_response(gaussian_weights(rng, 20, rank=rank), 13, leak)) == expected


def test_order_of_full_networks_and_of_their_copies(rng):
    weights = full_network(rng, neurons=4)
    assert order(impulse_response(weights, 21)) == order(impulse_response(moved(rng, weights), 21)) == 4


def test_three_lags_give_the_visible_overlaps(rng):
    responses = impulse_response(at_overlaps(rng, (-0.6, 1.0, 0.5, -0.2)), 9)
    np.testing.assert_allclose(visible_overlaps(responses), (-0.6, 0.5, -0.2), rtol=1e-12)
    values = strengths(responses)
    assert values[1] < 1e-14 < values[0]


def test_visible_overlaps_need_three_lags_and_memory(rng):
    with pytest.raises(InputError, match="responses must be at least three lags of one input and control; found"):
        visible_overlaps(impulse_response(full_weights(rng, 5), 2))
    with pytest.raises(InputError, match="responses must have g_1 other than 0 to show sigma_vu; found 0"):
        visible_overlaps(np.ones((3, 1, 1)) * np.array([1.0, 0, 0])[:, None, None])


def test_hankel_matrix_of_wide_networks(rng):
    responses = impulse_response(full_network(rng, p=2, q=3), 6)
    block = hankel(responses)
    assert block.shape == (6, 9)
    np.testing.assert_array_equal(block[2:4, 3:6], responses[3])


def test_too_few_lags_are_refused(rng):
    g = impulse_response(full_weights(rng), 3)
    with pytest.raises(InputError, match=r"responses must hold at least T - 1 = 4 lags; found 3"):
        markov_rollout(double_integrator(), g, np.ones((1, 2)), 5)
    with pytest.raises(InputError, match=r"responses must hold more than the 1 lags left out; found no other"):
        hankel(g[:1])
