"""The open-loop experiment: the contract of a replay, in this test's own words."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import full_weights, gaussian_weights, rank_one_weights
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.population_states import population_states
from numerics.experiment.simulate import rollout
from numerics.experiment.train import train
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.files import load_replay, save_replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.results import Run
from numerics.replay.settings import Settings


def short(epochs=3, **settings):
    closed = rank_one_replay(4, epochs=epochs, batch=7, neurons=11, horizon=9, **settings)
    return open_loop_replay(closed, rank_one_weights(np.random.default_rng(9), 5))


def outputs(weights, y, leak, phi):
    """u_1 … u_K of one sequence, one step after the other."""
    h, found = np.zeros(weights.neurons), []
    for value in y:
        h = (1 - leak) * h + leak * phi(weights.recurrence @ h + weights.m @ value)
        found.append(weights.z.T @ h)
    return np.array(found)


@pytest.mark.parametrize(("activation", "phi"), [("linear", lambda x: x), ("tanh", np.tanh)])
@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_loss_is_the_mean_square_of_what_student_and_teacher_differ_by(activation, phi, leak):
    replay = short(activation=activation, leak=leak)
    y = replay.y[0]
    gaps = [outputs(w, y[:, b], leak, phi) for b in range(7) for w in (replay.weights, replay.teacher)]
    expected = np.mean([(s - t) ** 2 for s, t in zip(gaps[::2], gaps[1::2], strict=True)])
    assert train_open_loop(replay).loss[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["z", "u", "v"])
def test_update_is_the_clipped_gradient_of_the_loss(name):
    """One entry by central differences of the loss itself."""
    replay = short(epochs=1, clip=0.05, learning_rate=0.5)
    run, step = train_open_loop(replay), 1e-6
    factor = min(1, 0.05 / (run.history["gradient_norm"][0] + 1e-6))

    def loss(shift):
        moved = getattr(replay.weights, name).copy()
        moved[3] += shift
        changed = OpenLoopReplay(replay.weights.updated({name: moved}), replay.teacher, replay.y, replay.settings)
        return train_open_loop(changed).loss[0]

    slope = (loss(step) - loss(-step)) / (2 * step)
    moved = getattr(run.weights, name)[3, 0] - getattr(replay.weights, name)[3, 0]
    assert moved == pytest.approx(-0.5 * factor * slope, rel=1e-6)


def test_test_loss_is_the_closed_loop_population_loss_before_each_update():
    replay = short(control_penalty=0.3)
    run = train_open_loop(replay)
    states = np.random.default_rng(0).choice([-1.0, 1.0], (4, 2)) * 2 / np.sqrt(3)
    states[:, 1] *= [1, -1, 1, -1] * np.sign(states[:, 0]) * np.sign(states[:, 1])
    episodes = rollout(replay.plant, replay.weights, states, 9)
    moment = states.T @ states / 4
    np.testing.assert_allclose(moment, 4 / 3 * np.eye(2), atol=1e-12)
    expected = (0.5 * np.sum(episodes.x**2) + 0.3 * np.sum(episodes.u**2)) / 9 / 4
    assert run.history["test_loss"][0] == pytest.approx(expected, rel=1e-12)


def test_nonlinear_test_loss_is_the_mean_over_the_law_of_initial_states():
    """Against a midpoint grid (relative error about 1e-4), for a network in which tanh matters."""
    weights = rank_one_weights(np.random.default_rng(3), 8).updated({"m": np.full((8, 1), 0.9)})
    settings = Settings(horizon=8, activation="tanh")
    replay = OpenLoopReplay(weights, weights, np.ones((1, 3, 2)), settings, half_width=1.0)
    centres = (np.arange(120) + 0.5) / 60 - 1
    grid = np.array([(a, b) for a in centres for b in centres])
    expected = train(Replay(weights, grid[None], settings), {}).loss[0]
    assert train_open_loop(replay).history["test_loss"][0] == pytest.approx(expected, rel=2e-4)
    linear = OpenLoopReplay(weights, weights, np.ones((1, 3, 2)), Settings(horizon=8), half_width=1.0)
    assert abs(train_open_loop(linear).history["test_loss"][0] / expected - 1) > 1e-2


@pytest.mark.parametrize(("n", "linear"), [(1, True), (2, True), (3, True), (2, False), (3, False)])
def test_population_states_have_the_law_s_second_moment(n, linear):
    states, shares = population_states(n, 1.5, linear)
    assert shares.sum() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(states.T @ (shares[:, None] * states), 0.75 * np.eye(n), atol=1e-12)


def test_perfect_student_has_no_loss_and_stays():
    replay = short()
    same = OpenLoopReplay(replay.weights, replay.weights, replay.y, replay.settings)
    run = train_open_loop(same)
    assert run.loss.max() == 0
    assert (run.weights.z == replay.weights.z).all()


def test_teacher_inputs_are_what_it_reads_in_its_own_loop():
    closed = full_replay(2, epochs=2, batch=3, neurons=10, horizon=6)
    teacher = full_weights(np.random.default_rng(1), 10)
    replay = open_loop_replay(closed, teacher, inputs="teacher")
    episodes = rollout(closed.plant, teacher, closed.x0[1], 6, 1.0, "tanh")
    np.testing.assert_array_equal(replay.y[1, :, :, 0], episodes.x[1:, :, 0])
    assert replay.length == 5


def test_white_inputs_are_the_seed_s_own_and_have_the_variance():
    closed = rank_one_replay(5, epochs=20, batch=100, neurons=4)
    replay = open_loop_replay(closed, closed.weights, variance=3.0)
    assert replay.y.shape == (20, 49, 100, 1)
    assert replay.y.var() == pytest.approx(3.0, rel=0.02)
    np.testing.assert_array_equal(replay.y, open_loop_replay(closed, closed.weights, variance=3.0).y)


@pytest.mark.parametrize("full", [False, True])
def test_replay_file_round_trip(tmp_path, full):
    replay = short(leak=0.5, train=("m", "z"))
    if full:
        replay = OpenLoopReplay(replay.weights, full_weights(np.random.default_rng(2), 6), replay.y, replay.settings)
    save_replay(tmp_path / "r.npz", replay)
    back = load_replay(tmp_path / "r.npz")
    assert isinstance(back, OpenLoopReplay)
    assert back.settings == replay.settings
    assert back.half_width == 2.0
    np.testing.assert_array_equal(back.y, replay.y)
    for name, array in replay.teacher.arrays().items():
        np.testing.assert_array_equal(getattr(back.teacher, name), array)
    run = train_open_loop(back)
    run.save(tmp_path / "run.npz")
    np.testing.assert_array_equal(Run.load(tmp_path / "run.npz").history["test_loss"], run.history["test_loss"])


def test_three_axes_of_y_are_read_as_one_input(tmp_path):
    replay = short()
    arrays = {**replay.weights.arrays(), "y": replay.y[..., 0], "task": "open_loop"}
    arrays |= {f"teacher_{name}": array[:, 0] for name, array in replay.teacher.arrays().items()}
    np.savez(tmp_path / "r.npz", **arrays)
    back = load_replay(tmp_path / "r.npz")
    np.testing.assert_array_equal(back.y, replay.y)
    assert back.settings.horizon == 50
    assert back.settings.train == ("z", "u", "v")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": None}, "must contain y"),
        ({"teacher_m": None}, "teacher_m"),
        ({"teacher_u": None}, "teacher_u and teacher_v, or teacher_w"),
        ({"teacher_z": np.ones((3, 1))}, "teacher_z"),
        ({"y": np.ones((2, 3))}, "y must have the axes"),
        ({"y": np.full((1, 2, 3), np.nan)}, "y must be finite"),
        ({"y": np.ones((1, 2, 3, 2))}, "y must have q = 1"),
        ({"y": np.array([["a"]])}, "y must be an array of real numbers"),
        ({"teacher_z": np.ones((5, 2))}, "teacher_z must have a column"),
        ({"task": "guessing"}, "task must be one of closed_loop, open_loop"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, changes, message):
    replay = short()
    teacher = {f"teacher_{name}": array for name, array in replay.teacher.arrays().items()}
    arrays = {**replay.weights.arrays(), **teacher, "y": replay.y, "task": "open_loop"} | changes
    np.savez(tmp_path / "r.npz", **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(InputError, match=message) as caught:
        load_replay(tmp_path / "r.npz")
    assert "\n" not in str(caught.value)


def test_divergence_is_a_status():
    run = train_open_loop(short(epochs=60, learning_rate=1e6, clip=np.inf))
    assert run.status.startswith("diverged at epoch")
    assert np.isfinite(run.loss).all()
    assert not np.isnan(run.history["test_loss"]).any()


def test_general_plants_widths_and_ranks_are_trained():
    rng = np.random.default_rng(6)
    plant = Plant(rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    student, teacher = gaussian_weights(rng, 12, 2, 2, 2), gaussian_weights(rng, 9, 2, 2, 1)
    settings = Settings(horizon=5, learning_rate=0.05, train=("m", "z", "u", "v"))
    run = train_open_loop(OpenLoopReplay(student, teacher, rng.normal(size=(300, 6, 40, 2)), settings, plant))
    assert run.loss[-1] < 0.5 * run.loss[0]


def test_a_run_that_diverges_at_once_has_the_shapes_of_any_other():
    replay = short()
    huge = {name: 1e160 * np.ones_like(getattr(replay.teacher, name)) for name in "uv"}
    run = train_open_loop(OpenLoopReplay(replay.weights, replay.teacher.updated(huge), replay.y, replay.settings))
    assert run.status == "diverged at epoch 0"
    assert run.overlaps.shape == (0, 4)
