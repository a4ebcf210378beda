"""Tracking by N neurons: the task, the adjoint beside finite differences, equivalent episodes beside the batch."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.spectrum import joint_matrix
from numerics.common.weights import Weights, tracking_weights
from numerics.experiment.tracking.basis import equivalent, linear_response
from numerics.experiment.tracking.loop import Tracker, backpropagate, track, tracking_loss
from numerics.replay.tracking_task import TrackingTask, coefficients

SHORT = {"duration": 4.0, "ramp": 0.5}


@pytest.fixture
def task():
    return TrackingTask(**SHORT)


def phases(rng, batch=7, count=4):
    return rng.uniform(0, 2 * np.pi, (batch, count))


def by_batch(task, weights, angles, leak=0.1, activation="linear"):
    references = task.references(angles)
    episodes = track(task, weights, references, leak, activation)
    loss = tracking_loss(task, episodes, references)
    return loss, backpropagate(task, weights, episodes, references, leak, activation), episodes


def random_weights(rng, neurons=6, low_rank=False, q=4, scale=0.3):
    m, z = 0.5 * rng.normal(size=(neurons, q)), scale * rng.normal(size=(neurons, 2))
    factors = {name: 0.3 * rng.normal(size=(neurons, 2)) for name in "uv"} if low_rank else {}
    return Weights(m, z, w=0.3 * rng.normal(size=(neurons, neurons)), **factors)


def test_references_are_ramped_cosines_on_their_axes(task, rng):
    angles = phases(rng)
    r = task.references(angles)
    t = 0.1 * np.arange(40)
    ramp = np.minimum(1, t / 0.5)
    x = 2.31 * ramp * (np.cos(0.2 * np.pi * t + angles[3, 0]) + np.cos(0.6 * np.pi * t + angles[3, 1]))
    y = 2.31 * ramp * (np.cos(0.4 * np.pi * t + angles[3, 2]) + np.cos(0.8 * np.pi * t + angles[3, 3]))
    np.testing.assert_allclose(r[:, 3], np.stack([x, y], axis=1), atol=1e-13)
    np.testing.assert_allclose(np.einsum("bc,tca->tba", coefficients(angles), task.basis()), r, atol=1e-13)


def test_the_protocol_is_the_papers():
    task = TrackingTask()
    assert (task.horizon, task.plant.shape) == (300, (4, 2, 4))
    np.testing.assert_array_equal(task.frequencies, [0.1, 0.3, 0.2, 0.4])
    weights = tracking_weights(np.random.default_rng(0))
    assert weights.m.shape == (100, 4)
    assert np.abs(weights.z).max() <= 0.1
    assert weights.w.std() == pytest.approx(0.02, rel=0.05)


def test_one_step_at_a_time_is_the_same_loop(task, rng):
    """The order of a step, written out once more in scalars and for one episode."""
    weights, angles = random_weights(rng), phases(rng, 1)
    _, _, episodes = by_batch(task, weights, angles, 0.3, "tanh")
    r, p, v, h, loss = task.references(angles)[:, 0], np.zeros(2), np.zeros(2), np.zeros(6), 0.0
    for t in range(task.horizon):
        y = np.concatenate([p, r[t]])
        h = 0.7 * h + 0.3 * np.tanh(weights.w @ h + weights.m @ y)
        u = weights.z.T @ h
        p, v = np.clip(p + 0.1 * v, -10, 10), np.clip(v + 0.1 * u, -10, 10)
        loss += 0.1 * np.sum((p - r[t]) ** 2) / task.horizon
        np.testing.assert_allclose(episodes.x[t + 1, 0], np.concatenate([p, v]), atol=1e-12)
    assert tracking_loss(task, episodes, r[:, None]) == pytest.approx(loss, rel=1e-12)


CASES = {
    "linear": ({}, "linear", 0.3, False),
    "tanh": ({}, "tanh", 0.3, False),
    "erf": ({}, "erf", 0.3, True),
    "clamped": ({"clamp": 2.0}, "linear", 3.0, True),
    "tanh, clamped": ({"clamp": 1.5}, "tanh", 3.0, False),
    "reading velocity": ({"inputs": ("error", "velocity")}, "linear", 0.3, True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_adjoint_agrees_with_finite_differences(case, rng):
    options, activation, scale, low_rank = case
    task, angles = TrackingTask(**{**SHORT, "clamp": np.inf, **options}), phases(rng)
    weights = random_weights(rng, low_rank=low_rank, scale=scale)
    _, gradients, episodes = by_batch(task, weights, angles, 0.3, activation)
    assert (np.abs(episodes.x).max() >= task.clamp) == ("clamp" in options)
    for name, gradient in gradients.items():
        direction, step = rng.normal(size=gradient.shape), 1e-6
        ends = [
            by_batch(
                task, weights.updated({name: weights.arrays()[name] + sign * step * direction}), angles, 0.3, activation
            )[0]
            for sign in (1, -1)
        ]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(np.sum(gradient * direction), rel=2e-6, abs=1e-9)


@pytest.mark.parametrize("batch", [3, 8, 50])
@pytest.mark.parametrize(
    "options", [{}, {"inputs": ("reference", "position", "velocity"), "frequencies_y": (0.2, 0.7, 1.0)}]
)
def test_equivalent_episodes_replace_the_batch_exactly(rng, batch, options):
    task = TrackingTask(**SHORT, clamp=np.inf, **options)
    weights = random_weights(rng, 9, low_rank=True, q=task.plant.shape[2])
    angles, tracker = phases(rng, batch, task.frequencies.size), Tracker(task, 0.3)
    loss, gradients = tracker.loss_and_gradient(weights, angles)
    assert tracker.by_basis
    expected, slopes, _ = by_batch(task, weights, angles, 0.3)
    assert loss == pytest.approx(expected, rel=1e-12)
    assert tracker.loss(weights, angles) == loss
    for name in "mzuvw":
        np.testing.assert_allclose(gradients[name], slopes[name], rtol=0, atol=1e-12 * np.abs(slopes[name]).max())


def test_equivalent_episodes_have_the_second_moment_and_give_back_the_batch(rng):
    found = coefficients(phases(rng, 30))
    kept, mix = equivalent(found)
    assert kept.shape == (8, 8)
    np.testing.assert_allclose(kept.T @ kept / 8, found.T @ found / 30, atol=1e-14)
    np.testing.assert_allclose(mix @ kept, found, atol=1e-13)


def test_the_peak_is_that_of_the_batch(task, rng):
    weights, angles = random_weights(rng), phases(rng, 20)
    kept, mix = equivalent(coefficients(angles))
    response = linear_response(task, weights, np.einsum("kc,tca->tka", kept, task.basis()), 0.3)
    free = track(TrackingTask(**SHORT, clamp=np.inf), weights, task.references(angles), 0.3)
    assert response.peak(mix) == pytest.approx(np.abs(free.x).max(), rel=1e-12)


def test_an_active_clamp_falls_back_to_the_batch(rng):
    weights, angles = random_weights(rng), phases(rng, 20)
    free = by_batch(TrackingTask(**SHORT, clamp=np.inf), weights, angles)[2]
    peak = np.abs(free.x).max()
    for clamp, exact in ((peak * 1.001, True), (peak * 0.7, False)):
        task = TrackingTask(**SHORT, clamp=clamp)
        tracker = Tracker(task)
        loss, gradients = tracker.loss_and_gradient(weights, angles)
        assert tracker.by_basis is exact
        expected, slopes, _ = by_batch(task, weights, angles)
        assert loss == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradients["w"], slopes["w"], atol=1e-12 * np.abs(slopes["w"]).max())
    wrong = TrackingTask(**SHORT, clamp=np.inf)
    assert abs(Tracker(wrong).loss_and_gradient(weights, angles)[0] - loss) > 1e-9


def test_nonlinear_networks_run_the_batch(task, rng):
    weights, angles = random_weights(rng), phases(rng)
    tracker = Tracker(task, 0.3, "tanh")
    assert tracker.loss(weights, angles) == by_batch(task, weights, angles, 0.3, "tanh")[0]
    assert not tracker.by_basis


def test_the_joint_matrix_drives_the_response(task, rng):
    weights = random_weights(rng)
    response = linear_response(task, weights, task.basis(), 0.3)
    joint = joint_matrix(task.plant, weights, 0.3)
    drive = np.zeros((10, 8))
    drive[4:] = 0.3 * weights.m @ task.feedthrough @ task.basis()[6].T
    before, after = (np.hstack([response.episodes.x[t], response.episodes.h[t]]).T for t in (5, 6))
    np.testing.assert_allclose(after, joint @ before + drive, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": 0}, "dt must be a finite number above 0; found 0"),
        ({"duration": 3.05}, "duration must be a whole number of steps dt = 0.1; found 3.05"),
        ({"duration": 0.01}, "duration must be a whole number of steps"),
        ({"duration": 1e9}, "duration / dt must be at most"),
        ({"ramp": -1}, "ramp must be a finite number of at least 0; found -1"),
        ({"clamp": 0}, "clamp must lie in"),
        ({"amplitude": (1, 2)}, "amplitude must be one number or one for each of 4; found 2"),
        ({"amplitude": np.nan}, "amplitude must lie in"),
        ({"frequencies_x": (6.0,)}, r"frequencies_x must lie in \(0, 5\]; found 6"),
        ({"frequencies_y": ()}, "frequencies_y must hold at least one frequency"),
        ({"frequencies_y": (0.1, 0.1)}, "frequencies_y must be distinct"),
        ({"inputs": ()}, "inputs must name at least one signal"),
        ({"inputs": ("touch",)}, "inputs must be one of position, reference"),
    ],
)
def test_bad_tasks_are_named(options, message):
    with pytest.raises(InputError, match=message):
        TrackingTask(**options)


def test_a_large_batch_runs_in_two_halves(rng):
    task, weights, angles = TrackingTask(**SHORT, clamp=1.0), tracking_weights(rng, 60), phases(rng, 81)
    weights = weights.updated({"z": 3 * weights.z})
    tracker = Tracker(task)
    loss, gradients = tracker.loss_and_gradient(weights, angles)
    expected, slopes, episodes = by_batch(task, weights, angles)
    assert np.abs(episodes.x).max() == 1.0
    assert len(tracker._workspaces) == 2
    assert loss == pytest.approx(expected, rel=1e-13) == tracker.loss(weights, angles)
    for name in "mzw":
        np.testing.assert_allclose(gradients[name], slopes[name], rtol=0, atol=1e-13 * np.abs(slopes[name]).max())
