"""The command track: files, stopping and resuming, mistakes; and tracking replays at the other commands."""

import json
import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt

from derivations.commands import waiting
from derivations.evidence import tracking as tracking_evidence
from derivations.figures import figure6
from derivations.studies import track
from numerics.common.files import read_arrays
from numerics.experiment.tracking.staircase import idle_losses
from numerics.experiment.tracking.train import train_tracking
from numerics.experiment.train import train
from numerics.reduced.tracking.episodes import episode_losses
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.files import save_replay
from numerics.replay.results import Run
from numerics.replay.tracking import tracking_replay
from numerics.replay.tracking_task import TrackingTask

FAST = ["--neurons", 8, "--batch", 10, "--duration", 3]
TASK = TrackingTask(duration=3.0)


@pytest.fixture
def replay(tmp_path):
    path = tmp_path / "tracking.npz"
    save_replay(path, tracking_replay(2, 6, 10, 8, task=TASK))
    return path


def test_train_and_track_answer_a_tracking_replay_alike(run, replay, tmp_path):
    assert run("train", "--replay", replay, "--out", tmp_path / "a.npz")[0] == 0
    assert run("track", "--replay", replay, "--every", 1, "--out", tmp_path / "b.npz")[0] == 0
    assert run("track", "--seed", 2, "--epochs", 6, *FAST, "--every", 1, "--out", tmp_path / "c.npz")[0] == 0
    a, b, c = (read_arrays(tmp_path / f"{name}.npz") for name in "abc")
    assert a["loss"].shape == a["spectral_radius"].shape == (6,)
    assert a["frequency_loss"].shape == (6, 4)
    assert str(a["status"]) == "completed"
    for name in ("loss", "spectral_radius", "w", "m", "z"):
        np.testing.assert_array_equal(a[name], b[name])
        np.testing.assert_array_equal(a[name], c[name])


def test_the_summary_names_every_frequency(run, tmp_path):
    code, out, _ = run("track", "--epochs", 3, *FAST, "--out", tmp_path / "a.npz")
    assert code == 0
    assert out.splitlines()[0].endswith("npz: completed, 3 epochs, " + out.split("epochs, ")[1].splitlines()[0])
    assert out.splitlines()[1].startswith("0.1 Hz ")
    assert "0.4 Hz" in out


def test_ctrl_c_stops_a_run_that_is_resumed_bit_for_bit(run, tmp_path, monkeypatch):
    """The signal of Ctrl-C after four updates: exit code 130, and the same command with --resume goes on."""

    @contextmanager
    def interrupting():
        yield lambda what, done, total: signal.raise_signal(signal.SIGINT) if done == 4 else None

    words = ["track", *FAST, "--seed", 1, "--epochs", 9, "--every", 3]
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        patched.setattr(waiting, "progress", interrupting)
        code, out, err = run(*words, "--out", tmp_path / "a.npz")
    assert (code, signal.getsignal(signal.SIGINT)) == (130, before)
    assert "stopped after epoch 4" in out
    assert "the same command with --resume goes on" in err
    assert Run.load(tmp_path / "a.npz").loss.size == 4
    assert run(*words, "--out", tmp_path / "a.npz", "--resume")[0] == 0
    assert run(*words, "--out", tmp_path / "b.npz")[0] == 0
    a, b = (read_arrays(tmp_path / name) for name in ("a.npz", "b.npz"))
    assert set(a) == set(b)
    for name, array in a.items():
        np.testing.assert_array_equal(array, b[name], err_msg=name)


def test_a_run_is_written_while_it_goes_on(tmp_path, monkeypatch):
    replay, path, seen = tracking_replay(0, 5, 10, 8, task=TASK), tmp_path / "a.npz", []

    def report(what, done, total):
        seen.append(str(read_arrays(path)["status"]) if path.exists() else None)

    track.track(replay, path, None, 1, False, report, interval=0.0)
    assert seen == [None, *(f"stopped after epoch {epoch}" for epoch in (1, 2, 3, 4))]
    assert Run.load(path).completed


def test_open_loop_from_a_teacher(run, tmp_path):
    run("track", "--epochs", 3, *FAST, "--out", tmp_path / "teacher.npz")
    words = ["track", *FAST, "--seed", 1, "--teacher", tmp_path / "teacher.npz", "--out", tmp_path / "student.npz"]
    assert run(*words, "--epochs", 3)[0] == 0
    assert run(*words, "--epochs", 5, "--resume")[0] == 0
    student = read_arrays(tmp_path / "student.npz")
    assert student["loss"].shape == student["test_loss"].shape == (5,)
    words += ["--train", "m,w,z"]
    code, _, err = run(*words, "--epochs", 5, "--resume")
    assert code == 2
    assert "expected train = ['m', 'w', 'z'], found ['w', 'z']" in err


def test_a_diverging_run_is_no_training_state(run, tmp_path):
    words = [
        "track",
        *FAST,
        "--optimizer",
        "sgd",
        "--learning-rate",
        1e200,
        "--clamp",
        "inf",
        "--out",
        tmp_path / "d.npz",
    ]
    code, out, _ = run(*words)
    assert code == 0
    assert "diverged at epoch" in out
    assert "found no training state in it" in run(*words, "--resume")[2]


MISTAKES = [
    (["track", "--resume", "--out", "OUT"], "must be an existing .npz file"),
    (["track", "--replay", "rank_one.npz", "--out", "OUT"], "--replay must be a tracking run"),
    (["track", "--replay", "tracking.npz", "--leak", "0.2", "--out", "OUT"], "--replay fixes the whole run"),
    (["track", "--every", "0", "--out", "OUT"], "--every must be at least 1"),
    (["track", "--frequencies-x", "0.1,x", "--out", "OUT"], "--frequencies-x must be a number; found 'x'"),
    (["track", "--frequencies-x", ",", "--out", "OUT"], "--frequencies-x must hold at least one frequency"),
    (["track", "--duration", "1.05", "--out", "OUT"], "duration must be a whole number of steps dt = 0.1"),
    (["track", "--inputs", "touch", "--out", "OUT"], "inputs must be one of position"),
    (["track", "--train", "q", "--out", "OUT"], "train must be one of"),
    (["track", "--teacher", "nowhere.npz", "--out", "OUT"], "found nothing there"),
    (["track", "--teacher", "rank_one.npz", "--epochs", "2", "--out", "OUT"], "teacher m must have a column"),
    (["track", "--epochs", "9" * 15, "--out", "OUT"], "epochs x batch x frequencies must fit in memory"),
    (["track", "--out", "missing/OUT"], "found no folder"),
    (["descend", "--replay", "tracking.npz", "--out", "OUT"], "found adam: Adam scales every single weight"),
    (["compare", "--replay", "tracking.npz", "--out", "FOLDER"], "--replay must be a closed-loop run"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES, ids=[" ".join(m[0])[:50] for m in MISTAKES])
def test_mistakes_get_one_clear_line_and_code_2(run, replay, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    save_replay(tmp_path / "rank_one.npz", rank_one_replay(0, 2, 3, 4))
    before = sorted(os.listdir(tmp_path))
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert message in err
    assert sorted(os.listdir(tmp_path)) == before


def test_progress_tells_the_time_left(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now)
    with waiting.progress() as report:
        for now, done in ((1.0, 100), (3.0, 140), (5.0, 180), (20.0, 480)):  # noqa: B007
            report("training", done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["training: 140/1000, about 43 s left", "training: 480/1000, about 26 s left"]


@pytest.mark.parametrize("command", ["track", "staircase"])
def test_help_has_examples(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"closedloop {command}" in out


def made_up(path, epochs):
    """A tracking run whose losses per frequency fall to a tenth at given epochs, in the order 0.1, 0.3, 0.2, 0.4."""
    run, idle = train_tracking(tracking_replay(0, 1, 10, 8, task=TASK)), idle_losses(TASK)
    losses = np.where(np.arange(1000)[:, None] < np.array(epochs), idle, 0.1 * idle)
    losses[300:310, 0] *= 3
    replace(run, history={"loss": losses.sum(axis=1), "frequency_loss": losses}).save(path)
    return path


def test_the_staircase_of_runs(run, tmp_path):
    first = made_up(tmp_path / "a.npz", [100, 500, 304, 800])
    second = made_up(tmp_path / "b.npz", [100, 200, 400, 2000])
    code, out, _ = run("staircase", first, second)
    assert code == 0
    assert "low frequencies first in 1 of 2\n" in out
    assert "0.4 Hz: acquired in 1 of 2, 800 (one run)\n" in out
    assert "0.1 Hz while 0.2 Hz is learned: 2 runs, median 2," in out
    found = json.loads(run("staircase", first, "--json")[1])
    assert found[0]["acquired"] == [100, 304, 500, 800]
    assert found[0]["ascending"] is True
    assert [0.1, 0.2, pytest.approx(3.0)] in found[0]["rises"]


def test_a_short_run_decides_no_order(run, tmp_path):
    short = made_up(tmp_path / "a.npz", [100, 2000, 2000, 2000])
    out = run("staircase", short)[1]
    assert "undecided" in out
    assert "low frequencies first in 0 of 1, 1 undecided: too few acquired" in out
    assert json.loads(run("staircase", short, "--json")[1])[0]["ascending"] is None


def test_other_files_have_no_staircase(run, tmp_path):
    train(rank_one_replay(0, 2, 3, 4)).save(tmp_path / "a.npz")
    code, _, err = run("staircase", tmp_path / "a.npz")
    assert (code, err.count("\n")) == (2, 1)
    assert "must be a tracking run; found one without frequency_loss" in err


@pytest.fixture(scope="module")
def figure_data():
    """Numbers of figure 6 from a short run of a small network."""
    with np.errstate(under="ignore"):
        return tracking_evidence.figure(replay=tracking_replay(1, 12, 6, 12, task=TASK), every=3)


def test_figure_theory_and_neurons_agree(figure_data):
    assert figure_data["difference"] < 1e-10


def test_a_wrong_theory_would_be_told():
    weights = tracking_replay(1, 1, 6, 12, task=TASK).weights
    found = episode_losses(TASK, weights, 0.1)
    assert np.abs(episode_losses(TASK, weights, 0.11) / found - 1).max() > 1e-3


def test_figure_axes_are_labelled(figure_data):
    figure = figure6.draw(figure_data)
    for ax in figure.axes:
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        assert ax.has_data()
    assert len({ax.get_title()[0] for ax in figure.axes}) == len(figure.axes)
    plt.close(figure)


def test_a_longer_run_is_not_replaced(run, tmp_path):
    out = made_up(tmp_path / "a.npz", [100, 500, 304, 800])
    before = out.read_bytes()
    code, _, err = run("track", "--epochs", 5, "--out", out)
    assert code == 2
    assert "--out must not hold a longer run; found " in err
    assert "--resume" in err
    assert out.read_bytes() == before


def test_a_result_is_told_from_a_replay(run, tmp_path):
    out, replay = made_up(tmp_path / "a.npz", [100, 500, 304, 800]), tmp_path / "r.npz"
    code, _, err = run("train", "--replay", out, "--out", tmp_path / "b.npz")
    assert (code, "found the result of a run; give the replay that it was made from" in err) == (2, True)
    save_replay(replay, rank_one_replay(0, 2, 3, 4))
    code, _, err = run("staircase", replay)
    assert (code, "found a replay file; run it first" in err) == (2, True)
