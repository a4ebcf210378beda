"""Closed beside open loop: the comparison, its report, the command, and figures 1 and 2 on reduced sizes."""

import json

import numpy as np
import pytest
from matplotlib import pyplot as plt

from derivations.cli import main
from derivations.evidence import comparison
from derivations.figures import figure1, figure2
from derivations.figures.compare_report import FILES, report, verdict
from derivations.studies.compare import check_teacher, compare, summary, table
from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import gaussian_weights, rank_one_weights
from numerics.experiment.observe import Every
from numerics.experiment.train import train
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.files import save_replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.settings import Settings


@pytest.fixture(scope="module")
def rank_one():
    return compare(rank_one_replay(1, epochs=130, batch=10, neurons=20))


def run(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in arguments])
    return stop.value.code, *capsys.readouterr()


def test_both_ways_start_from_the_same_network(rank_one):
    closed, opened = rank_one.closed, rank_one.opened
    assert closed.overlaps[0] == pytest.approx(opened.overlaps[0], rel=1e-14)
    assert closed.history["test_loss"][0] == opened.history["test_loss"][0]
    np.testing.assert_array_equal(rank_one.replay.teacher.z, closed.weights.z)


def test_exact_map_is_direct_training_both_ways(rank_one):
    assert rank_one.difference < 1e-10


def test_prediction_needs_no_run(rank_one):
    _, opened = rank_one.spikes
    assert abs(opened.epoch - rank_one.predicted.epoch) <= 12
    assert np.log10(opened.height / rank_one.predicted.height) == pytest.approx(0, abs=0.5)


def test_full_networks_have_a_spectrum_but_no_exact_map():
    found = compare(full_replay(0, epochs=11, batch=5, neurons=12), half_width=1.0)
    assert found.exact is None
    assert found.difference is None
    assert found.opened.spectral_radius.shape == (11,)
    assert "-" in table(summary(found))


def test_teacher_inputs_have_no_white_noise_prediction():
    teacher = rank_one_weights(np.random.default_rng(3), 6)
    found = compare(rank_one_replay(2, epochs=5, batch=4, neurons=8), teacher, inputs="teacher")
    assert found.predicted is None
    assert found.difference < 1e-12


def test_any_low_rank_loop_can_be_compared(tmp_path):
    rng = np.random.default_rng(5)
    plant = Plant(0.5 * rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    settings = Settings(horizon=6, leak=0.5, train=("m", "z", "u", "v"))
    replay = Replay(gaussian_weights(rng, 9, 2, 2, 2), rng.normal(size=(4, 5, 3)), settings, plant)
    found = compare(replay)
    assert found.difference < 1e-12
    assert report(tmp_path, [found])[0]["open"]["status"] == "completed"


def test_a_run_that_diverges_is_told(tmp_path):
    replay = rank_one_replay(0, epochs=30, batch=4, neurons=8, learning_rate=1e8, clip=np.inf)
    found = compare(replay, rank_one_weights(np.random.default_rng(0), 5))
    rows = report(tmp_path, [found])
    assert rows[0]["closed"]["status"].startswith("diverged")
    assert "closed loop: diverged at epoch" in table(rows[0])
    assert "trainings diverged" in verdict(rows)


def test_a_teacher_of_another_activation_is_refused(tmp_path):
    train(rank_one_replay(0, epochs=1, batch=3, neurons=5, activation="tanh"), {}).save(tmp_path / "t.npz")
    with pytest.raises(InputError, match="--teacher must share the student's activation, linear; found tanh"):
        check_teacher(tmp_path / "t.npz", [rank_one_replay(0, epochs=1, batch=3, neurons=5)])


def test_a_run_that_diverges_cannot_teach():
    with pytest.raises(InputError, match="closed-loop run must complete"):
        compare(rank_one_replay(0, epochs=9, batch=4, neurons=8, learning_rate=1e8, clip=np.inf))


def test_an_observer_looks_only_every_so_often():
    looks = iter(range(10))
    run = train(rank_one_replay(0, epochs=7, batch=5), {"look": Every(lambda *_: next(looks), 3)})
    assert run.history["look"].tolist() == [0, 0, 0, 1, 1, 1, 2]


def test_report_is_what_the_comparison_found(rank_one, tmp_path):
    rows = report(tmp_path, [rank_one])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    saved = json.loads((tmp_path / "compare.json").read_text(encoding="utf-8"))["runs"][0]
    assert saved["open"]["rise"] == pytest.approx(rank_one.spikes[1].rise)
    assert saved == json.loads(json.dumps(rows[0]))
    with np.load(tmp_path / "compare.npz") as arrays:
        np.testing.assert_array_equal(arrays["open_test"], rank_one.opened.history["test_loss"])


def test_verdict_counts_the_runs_that_spike():
    way = {"status": "completed", "still_rising": False}
    yes, no = {**way, "spike": True}, {**way, "spike": False}
    rows = [{"open": yes, "closed": no}, {"open": yes, "closed": yes}]
    assert verdict(rows) == "test loss rises tenfold or more: open loop 2 of 2, closed loop 1 of 2"
    rows[0]["open"] = {**no, "still_rising": True}
    assert verdict(rows).endswith("open loop 1 of 2, closed loop 1 of 2; 1 of 4 trainings ended while it rose")


@pytest.mark.parametrize("options", [["--seed", "1"], ["--seeds", "2"], ["--network", "full"]])
def test_command(tmp_path, capsys, options):
    sizes = ["--epochs", 6, "--batch", 4, "--neurons", 8, "--horizon", 12]
    code, out, _ = run(["compare", *options, *sizes, "--out", tmp_path / "c", "--json"], capsys)
    assert code == 0
    assert len(json.loads(out)) == (2 if "--seeds" in options else 1)


def test_command_on_a_replay_and_a_teacher(tmp_path, capsys):
    save_replay(tmp_path / "r.npz", rank_one_replay(1, epochs=6, batch=5, neurons=9, horizon=12))
    np.savez(tmp_path / "t.npz", **rank_one_weights(np.random.default_rng(0), 5).arrays())
    words = ["compare", "--replay", tmp_path / "r.npz", "--teacher", tmp_path / "t.npz", "--out", tmp_path / "c"]
    code, out, _ = run(words, capsys)
    assert code == 0
    assert "largest rise of the test loss" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seeds", "2", "--seed", "1"], "--seeds counts from 0"),
        (["--network", "half"], "--network must be one of"),
        (["--network", "full", "--distribution", "gaussian"], "--distribution goes with --network rank-one"),
        (["--inputs", "pink"], "--inputs must be one of"),
        (["--seeds", "0"], "--seeds must be at least 1"),
        (["--teacher", "absent.npz"], "absent.npz must be an existing"),
        (["--epochs", "2", "--variance", "-1"], "--variance must be a finite number of at least 0; found -1"),
    ],
)
def test_bad_words_are_told_in_one_line(tmp_path, capsys, words, message):
    code, out, err = run(["compare", *words, "--out", tmp_path / "c"], capsys)
    assert code == 2
    assert message in err
    assert err.strip().count("\n") == 0
    assert out == ""


def test_an_open_loop_replay_is_refused(tmp_path, capsys):
    closed = rank_one_replay(1, epochs=2, batch=3, neurons=5)
    save_replay(tmp_path / "r.npz", OpenLoopReplay(closed.weights, closed.weights, np.ones((2, 4, 3)), closed.settings))
    code, _, err = run(["compare", "--replay", tmp_path / "r.npz", "--out", tmp_path / "c"], capsys)
    assert code == 2
    assert "must be a closed-loop run" in err


@pytest.mark.parametrize("command", ["train", "descend"])
def test_open_loop_replays_run_from_the_command_line(tmp_path, capsys, command):
    closed = rank_one_replay(1, epochs=4, batch=3, neurons=5)
    save_replay(tmp_path / "r.npz", OpenLoopReplay(closed.weights, closed.weights, np.ones((4, 6, 3)), closed.settings))
    code, out, _ = run([command, "--replay", tmp_path / "r.npz", "--out", tmp_path / "o.npz"], capsys)
    assert code == 0
    assert "completed, 4 epochs" in out
    with np.load(tmp_path / "o.npz") as arrays:
        assert {"loss", "test_loss", "overlaps", "spectral_radius", "status", "m", "z", "u", "v"} <= set(arrays.files)
        assert arrays["test_loss"].shape == (4,)


@pytest.fixture(scope="module")
def shown():
    small = {"epochs": 120, "seeds": 2, "full": full_replay(1, 8, 5, 10)}
    with np.errstate(under="ignore"):
        return comparison.plane(1, memories=(0.01, 0.03), penalties=(2.0,), **small)


def test_figures_theory_and_neurons_agree(shown):
    assert shown["difference"] < 1e-8


@pytest.mark.parametrize("module", [figure1, figure2])
def test_figures_axes_are_labelled(shown, module):
    figure = module.draw(shown)
    for ax in figure.axes:
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        assert ax.get_title()
        assert ax.has_data()
    assert len({ax.get_title()[0] for ax in figure.axes}) == len(figure.axes)
    plt.close(figure)


def test_a_loss_that_never_rises_has_no_rise_in_the_table():
    row = summary(compare(rank_one_replay(1, epochs=6, batch=4, neurons=8)))
    row["open"] |= {"rise": 1.0, "rise_epoch": 0, "predicted_rise": 1.0, "predicted_rise_epoch": 0}
    lines = {line[:32].strip(): line.split()[-1] for line in table(row).splitlines()}
    assert [lines[name] for name in ("largest rise of the test loss", "at epoch", "predicted", "predicted epoch")] == [
        "-"
    ] * 4
