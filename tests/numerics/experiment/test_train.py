"""The experiment by itself: gradients, optimizers, clipping, divergence."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from numerics.common.plants import Plant, double_integrator
from numerics.common.spectrum import joint_matrix
from numerics.common.weights import Weights, full_weights, gaussian_weights
from numerics.experiment.optimize import Adam, global_norm
from numerics.experiment.simulate import rollout
from numerics.experiment.train import loss_and_gradient, train
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.settings import Settings


def scalar_loss(plant, arrays, x0, options):
    """The loss written out neuron by neuron and episode by episode, for real or complex weights."""
    m, z = arrays["m"], arrays["z"]
    w = arrays.get("w", 0) + (arrays["u"] @ arrays["v"].T if "u" in arrays else 0)
    phi = {"linear": lambda s: s, "tanh": np.tanh, "erf": lambda s: erf(np.sqrt(np.pi) / 2 * s)}[options.activation]
    total = 0
    for start in x0:
        x, h = start.astype(m.dtype), np.zeros(len(m), dtype=m.dtype)
        for _ in range(options.horizon):
            u = z.T @ h
            total = total + options.state_weight * (x @ x) + options.control_penalty * (u @ u)
            x = plant.A @ x + plant.B @ u
            h = (1 - options.leak) * h + options.leak * phi(w @ h + m @ (plant.C @ x))
    return options.scale * total / len(x0)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["linear", "tanh", "erf"]), st.booleans(), st.booleans(), st.integers(1, 8), st.integers(0, 10**6)
)
def test_gradient_is_the_complex_step_derivative(activation, full, low_rank, horizon, seed):
    rng = np.random.default_rng(seed)
    n, p, q, r, N = rng.integers(1, 4), rng.integers(1, 3), rng.integers(1, 3), rng.integers(1, 3), 5
    plant = Plant(rng.normal(0, 0.6, (n, n)), rng.normal(size=(n, p)), rng.normal(size=(q, n)))
    low = gaussian_weights(rng, N, p, q, r)
    arrays = low.arrays() if low_rank or not full else {"m": low.m, "z": low.z}
    weights = Weights(**arrays, **({"w": rng.normal(0, 0.3, (N, N))} if full else {}))
    options = Settings(horizon=horizon, leak=rng.uniform(0.1, 1), control_penalty=0.3, activation=activation)
    x0 = rng.normal(size=(3, n))
    loss, gradients = loss_and_gradient(plant, weights, x0, options)
    assert loss == pytest.approx(scalar_loss(plant, weights.arrays(), x0, options), rel=1e-11)
    for name, value in weights.arrays().items():
        direction = rng.normal(size=value.shape)
        moved = {k: a.astype(complex) for k, a in weights.arrays().items()}
        moved[name] = moved[name] + 1e-30j * direction
        slope = scalar_loss(plant, moved, x0, options).imag / 1e-30
        assert float(np.vdot(gradients[name], direction)) == pytest.approx(slope, rel=1e-9, abs=1e-11), name


def test_rollout_is_the_power_of_the_joint_matrix(rng):
    weights, plant = gaussian_weights(rng, 8), double_integrator()
    P = joint_matrix(plant, weights, 0.7)
    state = np.r_[1.0, -0.5, np.zeros(8)]
    episodes = rollout(plant, weights, state[None, :2], 12, leak=0.7)
    for t in range(12):
        np.testing.assert_allclose(np.r_[episodes.x[t, 0], episodes.h[t, 0]], state, atol=1e-12)
        state = P @ state


def test_first_control_is_zero(rng):
    assert not rollout(double_integrator(), gaussian_weights(rng, 8), np.ones((4, 2)), 3).u[0].any()


def test_adam_follows_its_published_recursion(rng):
    optimizer, gradients = Adam(0.001), rng.normal(size=(5, 3))
    m = v = np.zeros(3)
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        expected = -0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(optimizer.step("z", g), expected, rtol=1e-12)


def test_frozen_arrays_do_not_move():
    replay = rank_one_replay(0, epochs=3, batch=4, neurons=10, train=("z",))
    final = train(replay).weights
    for name in "muv":
        np.testing.assert_array_equal(getattr(final, name), getattr(replay.weights, name))
    assert np.abs(final.z - replay.weights.z).max() > 0


def test_clipping_bounds_the_step():
    replay = rank_one_replay(0, epochs=1, batch=4, neurons=10, clip=0.25, learning_rate=1.0)
    moved = train(replay).weights
    step = {k: moved.arrays()[k] - replay.weights.arrays()[k] for k in "zuv"}
    norm = train(replay).history["gradient_norm"][0]
    assert norm > 0.25
    assert global_norm(step) == pytest.approx(0.25 * norm / (norm + 1e-6), rel=1e-9)


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_full_networks_learn(activation):
    rng = np.random.default_rng(1)
    weights = full_weights(rng, 30)
    options = Settings(horizon=20, activation=activation, train=("m", "z", "w"), time_average=True, learning_rate=0.05)
    run = train(Replay(weights, rng.uniform(-1, 1, (150, 20, 2)), options))
    assert run.completed
    assert run.loss[-10:].mean() < 0.5 * run.loss[:10].mean()
    assert "overlaps" not in run.history
    assert run.spectral_radius.shape == (150,)


def test_tanh_gradient_is_not_the_linear_one(rng):
    weights, plant = full_weights(rng, 10, 0.9), double_integrator()
    big = Weights(10 * weights.m, 10 * weights.z, w=weights.w)
    x0 = rng.normal(size=(3, 2))
    linear, tanh = (
        loss_and_gradient(plant, big, x0, Settings(horizon=6, activation=a, train=("z", "w")))[1]["w"]
        for a in ("linear", "tanh")
    )
    assert np.abs(linear - tanh).max() > 1e-3 * np.abs(linear).max()


def test_sum_and_average_differ_by_the_horizon(rng):
    replay = rank_one_replay(0, epochs=1, batch=2, neurons=5, horizon=8)
    total = replace(replay, settings=replace(replay.settings, time_average=False))
    assert train(total, {}).loss[0] == pytest.approx(8 * train(replay, {}).loss[0], rel=1e-12)


def test_progress_is_reported_for_every_epoch():
    seen = []
    train(rank_one_replay(0, epochs=3, batch=2, neurons=5), {}, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
