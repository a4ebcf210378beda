"""Tracking runs: training, stopping and resuming, open loop, replay files."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.experiment.checkpoint import load_state, save_state
from numerics.experiment.fit import TrainState
from numerics.experiment.observe import leading_eigenvalues
from numerics.experiment.student import imitation_loss
from numerics.experiment.tracking.loop import Tracker, track
from numerics.experiment.tracking.measures import measure
from numerics.experiment.tracking.open_loop import Lessons, train_tracking_open_loop
from numerics.experiment.tracking.train import RECORDED, train_tracking
from numerics.replay.files import load_replay, save_replay
from numerics.replay.results import Run
from numerics.replay.tracking import TrackingReplay, TrackingTraining, tracking_replay
from numerics.replay.tracking_task import TrackingTask

TASK = TrackingTask(duration=3.0)


def small(seed=0, epochs=12, batch=10, **options):
    return tracking_replay(seed, epochs, batch, 8, task=options.pop("task", TASK), **options)


def test_defaults_are_the_protocol():
    assert TrackingTraining() == TrackingTraining(
        learning_rate=1e-3, clip=np.inf, activation="linear", optimizer="adam", leak=0.1, train=("w", "z")
    )
    replay = tracking_replay(0, epochs=2)
    assert replay.phases(1).shape == (100, 4)
    assert replay.weights.w.shape == (100, 100)


def test_a_longer_run_begins_with_the_shorter_one():
    short, long = small(epochs=4), small(epochs=9)
    np.testing.assert_array_equal(short.phases_y, long.phases_y[:4])
    np.testing.assert_array_equal(train_tracking(short).loss, train_tracking(long).loss[:4])


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_training_is_adam_on_the_trained_arrays(activation):
    replay = small(epochs=2, activation=activation)
    run = train_tracking(replay)
    weights, tracker = replay.weights, Tracker(TASK, 0.1, activation)
    loss, slopes = tracker.loss_and_gradient(weights, replay.phases(0))
    moved = {name: weights.arrays()[name] - 1e-3 * slopes[name] / (np.abs(slopes[name]) + 1e-8) for name in ("w", "z")}
    assert run.loss[0] == loss
    assert run.loss[1] == pytest.approx(tracker.loss(weights.updated(moved), replay.phases(1)), rel=1e-12)
    np.testing.assert_array_equal(run.weights.m, weights.m)
    assert run.history["by_basis"].all() == (activation == "linear")


def test_the_recorded_measures_are_those_of_the_weights_before_each_update():
    replay = small(epochs=7)
    run = train_tracking(replay, every=3)
    for epoch, seen in ((0, 0), (2, 0), (3, 3), (6, 6)):
        weights = train_tracking(small(epochs=seen)).weights if seen else replay.weights
        found = measure(TASK, weights)
        for name in RECORDED:
            np.testing.assert_array_equal(run.history[name][epoch], found[name])
    leading = leading_eigenvalues(TASK.plant, replay.weights, 0.1)
    np.testing.assert_allclose(run.history["eigenvalues"][0], leading, atol=1e-12)
    assert run.spectral_radius[0] == pytest.approx(abs(leading[0]), rel=1e-12)


def test_divergence_is_a_status():
    run = train_tracking(small(epochs=40, learning_rate=1e160, optimizer="sgd", task=TrackingTask(clamp=np.inf)))
    assert run.status.startswith("diverged at epoch")
    assert np.isfinite(run.loss).all()
    assert np.isfinite(run.weights.w).all()


def config(replay):
    return {**replay.config(), "every": 5}


def stopped_at(path, replay, epoch):
    state = TrainState.start(replay.weights, replay.settings)
    run = train_tracking(replay, 5, state=state, halt=lambda now: now.epoch == epoch)
    assert run.status == f"stopped after epoch {epoch}"
    save_state(path, Run(run.kind, run.status, run.history, run.weights, config(replay)), state, replay)
    return run


@pytest.mark.parametrize("options", [{}, {"optimizer": "sgd", "clip": 0.1}, {"activation": "erf", "train": ("m", "w")}])
@pytest.mark.parametrize("epoch", [1, 5, 7])
def test_a_stopped_run_is_resumed_bit_for_bit(tmp_path, options, epoch):
    replay, path = small(epochs=16, **options), tmp_path / "run.npz"
    whole = train_tracking(replay, every=5)
    stopped_at(path, replay, epoch)
    resumed = train_tracking(replay, every=5, state=load_state(path, replay, config(replay)))
    assert resumed.completed
    assert set(resumed.history) == set(whole.history)
    for name, array in whole.history.items():
        np.testing.assert_array_equal(resumed.history[name], array)
    for name, array in whole.weights.arrays().items():
        np.testing.assert_array_equal(resumed.weights.arrays()[name], array)


def test_what_was_stopped_is_a_result_and_may_be_made_longer(tmp_path):
    path = tmp_path / "run.npz"
    run = stopped_at(path, small(epochs=9), 4)
    loaded = Run.load(path)
    assert loaded.status == "stopped after epoch 4"
    assert set(loaded.history) == set(run.history)
    longer = small(epochs=14)
    again = train_tracking(longer, every=5, state=load_state(path, longer, config(longer)))
    np.testing.assert_array_equal(again.loss, train_tracking(longer, every=5).loss)


def test_other_runs_are_not_resumed(tmp_path):
    path, replay = tmp_path / "run.npz", small(epochs=9)
    stopped_at(path, replay, 6)
    for other, message in (
        (small(1, epochs=9), "expected seed = 1, found 0"),
        (small(epochs=9, leak=0.2), "expected leak = 0.2, found 0.1"),
        (small(epochs=5), "epochs must be at least the 6 already made; found 5"),
        (
            TrackingReplay(replay.weights, replay.phases_x + 1e-9, replay.phases_y, task=TASK, seed=0),
            "same initial weights and batches",
        ),
    ):
        with pytest.raises(InputError, match=message):
            load_state(path, other, config(other))
    train_tracking(replay).save(path)
    with pytest.raises(InputError, match="found no training state in it"):
        load_state(path, replay, config(replay))


@pytest.mark.parametrize("train", [("w", "z"), ("m", "z", "w")])
def test_open_loop_by_equivalent_episodes_is_that_of_the_batch(train):
    replay, teacher = small(epochs=3, train=train), small(5).weights
    y, target = Lessons(replay, teacher).lesson(1)
    assert y.shape == (30, 8, 4)
    episodes = track(TASK, teacher, TASK.references(replay.phases(1)))
    full = imitation_loss(replay.weights, episodes.drive, episodes.u[1:], 0.1)
    found = imitation_loss(replay.weights, y, target, 0.1)
    assert found[0] == pytest.approx(full[0], rel=1e-12)
    for name in "mzw":
        np.testing.assert_allclose(found[1][name], full[1][name], rtol=0, atol=1e-12 * np.abs(full[1][name]).max())
    run = train_tracking_open_loop(replay, teacher)
    assert run.completed
    assert np.array_equal(run.weights.m, replay.weights.m) == ("m" not in train)
    assert run.history["test_loss"][0] == Tracker(TASK).loss(replay.weights, replay.phases(0))


def test_a_clamped_teacher_is_recorded_on_the_batch():
    task = TrackingTask(duration=3.0, clamp=0.01)
    replay = small(task=task)
    y, target = Lessons(replay, small(5).weights).lesson(0)
    assert (y.shape, target.shape) == ((30, 10, 4), (30, 10, 2))
    assert np.abs(y[..., :2]).max() == 0.01


def test_a_teacher_has_nothing_to_teach_itself():
    replay = small(epochs=3)
    run = train_tracking_open_loop(replay, replay.weights)
    assert run.loss[0] < 1e-28
    with pytest.raises(InputError, match="teacher m must have a column for each of the plant's 4 observations"):
        Lessons(replay, tracking_replay(0, 1, 1, 8, task=TrackingTask(inputs=("error",))).weights)


def test_open_loop_is_resumed_bit_for_bit(tmp_path):
    replay, teacher, path = small(epochs=9), small(5).weights, tmp_path / "run.npz"
    state = TrainState.start(replay.weights, replay.settings)
    run = train_tracking_open_loop(replay, teacher, 5, state=state, halt=lambda now: now.epoch == 4)
    save_state(path, run, state, replay)
    again = load_state(path, replay, run.config)
    resumed, straight = (train_tracking_open_loop(replay, teacher, 5, state=s) for s in (again, None))
    for name in ("loss", "test_loss", "frequency_loss"):
        np.testing.assert_array_equal(resumed.history[name], straight.history[name])


def test_replay_files_are_read_back_exactly(tmp_path):
    task = TrackingTask(0.05, 2.0, 0.0, (1.0, 2.0, 3.0), (0.25,), (0.5, 1.0), np.inf, ("error",))
    replay = small(3, task=task, activation="erf", train=("m",), clip=2.0)
    save_replay(tmp_path / "r.npz", replay)
    back = load_replay(tmp_path / "r.npz")
    assert isinstance(back, TrackingReplay)
    assert (back.task, back.settings, back.seed) == (task, replay.settings, 3)
    np.testing.assert_array_equal(train_tracking(back).loss, train_tracking(replay).loss)


@pytest.fixture
def arrays(rng):
    weights = {"w": 0.1 * rng.normal(size=(6, 6)), "m": rng.normal(size=(6, 4)), "z": rng.normal(size=(6, 2))}
    return {
        "task": "tracking",
        **weights,
        "phases_x": rng.normal(size=(3, 5, 2)),
        "phases_y": rng.normal(size=(3, 5, 2)),
    }


def test_missing_scalars_take_the_tracking_protocol(tmp_path, arrays, rng):
    np.savez(tmp_path / "r.npz", **arrays)
    replay = load_replay(tmp_path / "r.npz")
    assert replay.task == TrackingTask()
    assert replay.settings == TrackingTraining(train=("z", "w"))
    low = {k: v for k, v in arrays.items() if k != "w"} | {"u": rng.normal(size=6), "v": rng.normal(size=6)}
    np.savez(tmp_path / "r.npz", **low, dt=np.array([0.2]), amplitude=1, frequencies_x=np.array([1.0, 0.5]))
    replay = load_replay(tmp_path / "r.npz")
    assert replay.task == TrackingTask(dt=0.2, amplitude=1.0, frequencies_x=(1.0, 0.5))
    assert replay.settings.train == ("z", "u", "v")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phases_x": None}, "must contain phases_x"),
        ({"phases_y": np.ones((3, 5))}, r"phases_y must have the axes \(epochs, batch, frequencies\)"),
        ({"phases_y": np.ones((3, 5, 3))}, "phases_y must have a column for each of the 2 frequencies_y; found 3"),
        ({"phases_y": np.ones((4, 5, 2))}, "phases_x and phases_y must have the same epochs and batch"),
        ({"phases_x": np.full((3, 5, 2), np.nan)}, "phases_x must be finite"),
        ({"phases_x": np.ones((0, 5, 2))}, "at least one epoch"),
        ({"m": np.ones((6, 2))}, "m must have a column for each of the plant's 4 observations"),
        ({"z": np.ones((6, 1))}, "z must have a column for each of the plant's 2 controls"),
        ({"w": None}, "must contain u and v, or w"),
        ({"frequencies_x": np.array([0.1, 7.0])}, "frequencies_x must lie in"),
        ({"duration": 3.05}, "duration must be a whole number of steps"),
        ({"leak": 0.0}, r"leak must lie in \(0, 1\]"),
        ({"train": "u"}, "found 'u', which is not"),
    ],
)
def test_bad_replays_are_named(tmp_path, arrays, change, message):
    np.savez(tmp_path / "r.npz", **{k: v for k, v in {**arrays, **change}.items() if v is not None})
    with pytest.raises(InputError, match=message):
        load_replay(tmp_path / "r.npz")
