"""The command: contracts of files and outputs, exit codes, one line for every mistake."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from derivations import catalogue
from derivations.checks import jobs
from derivations.checks import run as run_checks
from derivations.documents import validation
from derivations.evidence import pairs
from derivations.evidence.derived import Derived
from derivations.evidence.open_loop import opened
from derivations.figures import learning
from numerics.common import files
from numerics.common.files import read_arrays
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.files import save_replay

FAST = ["--epochs", "5", "--batch", "4", "--neurons", "6", "--horizon", "8"]


@pytest.fixture
def replay(tmp_path):
    path = tmp_path / "run.npz"
    save_replay(path, rank_one_replay(1, epochs=6, batch=5, neurons=9, horizon=12))
    return path


def test_train_and_descend_answer_the_same_replay_alike(run, replay, tmp_path):
    for command in ("train", "descend"):
        code, _, err = run(command, "--replay", replay, "--out", tmp_path / f"{command}.npz")
        assert (code, err) == (0, "")
    a, b = (read_arrays(tmp_path / f"{command}.npz") for command in ("train", "descend"))
    for key in ("loss", "m", "z", "u", "v", "overlaps", "spectral_radius"):
        np.testing.assert_allclose(a[key], b[key], rtol=1e-9, atol=1e-10)
    assert str(a["status"]) == str(b["status"]) == "completed"


def test_protocol_options_and_replay_file_give_the_same_run(run, tmp_path):
    run("replay", "--seed", 4, *FAST, "--out", tmp_path / "r.npz")
    run("descend", "--replay", tmp_path / "r.npz", "--out", tmp_path / "a.npz")
    run("descend", "--seed", 4, *FAST, "--out", tmp_path / "b.npz")
    one, other = (read_arrays(tmp_path / name) for name in ("a.npz", "b.npz"))
    np.testing.assert_array_equal(one["loss"], other["loss"])


def test_a_diverging_run_is_written_with_its_status(run, tmp_path):
    wild = ["--learning-rate", 50, "--clip", "inf", "--epochs", 40, "--batch", 3, "--neurons", 9]
    for command in ("train", "descend"):
        code, out, _ = run(command, *wild, "--out", tmp_path / "d.npz")
        assert code == 0
        assert "diverged at epoch" in out
        saved = read_arrays(tmp_path / "d.npz")
        assert np.isfinite(saved["loss"]).all()
        assert np.isfinite(saved["z"]).all()


def test_evaluate_prints_one_json_object_with_the_promised_keys(run):
    code, out, err = run("evaluate", "--overlaps", -0.05, 0.1, 0.2, 0.3, "--horizon", 20, "--alpha", 0.3, "--json")
    values = json.loads(out)
    assert (code, err) == (0, "")
    promised = "characteristic_polynomial eigenvalues spectral_radius stable L_2 L_T L_inf surrogate gradients gains"
    assert set(promised.split()) <= set(values)
    assert values["characteristic_polynomial"] == pytest.approx([1, -2.3, 1.65, -0.335])
    lengths = {name: len(slope) for name, slope in values["gradients"].items()}
    assert lengths == dict.fromkeys(("L_2", "L_T", "L_inf", "surrogate"), 4)
    assert len(values["eigenvalues"]) == 4


def test_evaluate_says_what_it_prints(run):
    told = " ".join(run("evaluate", "--help")[1].split())
    assert "L_2 is the mean of |x_3|²" in told
    assert "L_T is the mean of |x_t|²" in told
    assert "L_inf is ρ^(2T)" in told


def test_the_losses_are_what_the_help_says(run):
    horizon, overlaps = 9, np.array([-0.05, 0.1, 0.2, 0.3])
    found = json.loads(run("evaluate", "--overlaps", *overlaps, "--horizon", horizon, "--json")[1])
    zm, zu, vm, vu = overlaps
    step = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [zm, zm, 0, zu], [vm, vm, 0, vu]])  # of (x, z·h, v·h)
    states = [np.linalg.matrix_power(step, t)[:2, :2] for t in range(horizon)]
    squares = [np.sum(state**2) for state in states]
    assert found["L_2"] == pytest.approx(squares[3], rel=1e-12)
    assert found["L_T"] == pytest.approx(np.mean(squares), rel=1e-12)
    assert found["L_inf"] == pytest.approx(max(abs(np.linalg.eigvals(step))) ** (2 * horizon), rel=1e-10)


@pytest.mark.parametrize(
    ("overlaps", "told"),
    [
        ((-3, 8, 1, -2), "spectral radius 0   (stable: 1 - ρ = 1)"),
        ((-2.8125, 5.3671875, 1, -1.375), "spectral radius 1   (on the boundary: 1 - ρ = 0)"),
        ((0.25, 0, 0, 0), "spectral radius 1.5   (unstable: 1 - ρ = -0.5)"),
        ((np.nextafter(-2.8125, 0), 5.3671875, 1, -1.375), "spectral radius 1   (stable: 1 - ρ = 3.5"),
        ((np.nextafter(-2.8125, -3), 5.3671875, 1, -1.375), "spectral radius 1   (unstable: 1 - ρ = -3.5"),
    ],
)
def test_evaluate_says_stable_unstable_or_on_the_boundary(run, overlaps, told):
    """At σ_zm = -2.8125 a pair lies exactly on the circle; the last two are one float beside it."""
    assert told in run("evaluate", "--overlaps", *(repr(float(value)) for value in overlaps))[1]
    values = json.loads(run("evaluate", "--overlaps", *(repr(float(v)) for v in overlaps), "--json")[1])
    side = told.partition("(")[2].partition(":")[0].removeprefix("on the ")
    assert (values["stability"], values["stable"]) == (side, side == "stable")


@pytest.mark.parametrize("form", ["text", "latex", "json"])
def test_derive_prints_every_format(run, form):
    code, out, _ = run("derive", "effective-gains", "--format", form)
    assert code == 0
    assert "k_2" in out


def test_derive_lists_names(run):
    assert "joint-system" in run("derive", "--list")[1].split()


def test_help_of_every_command_has_an_example(run):
    for command in ("validate", "train", "descend", "replay", "evaluate", "derive"):
        code, out, _ = run(command, "--help")
        assert code == 0
        assert "Example" in out
        assert f"closedloop {command}" in out


def test_no_words_print_the_help(run, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["closedloop"])
    code, out, _ = run()
    assert code == 0
    assert "validate" in out


MISTAKES = [
    (["evaluate", "--overlaps", "1", "2", "3"], "--overlaps must have 4 values; found fewer"),
    (["evaluate", "--overlaps", "1", "2", "3", "x"], "--overlaps must be a number; found x"),
    (["evaluate", "--overlaps", "1", "2", "3", "nan"], "overlaps must be finite"),
    (["evaluate", "--overlaps", "0", "0", "0", "0", "--horizon", "0"], "horizon must be at least 1; found 0"),
    (["evaluate", "--overlaps", "0", "0", "0", "0", "--alpha", "2"], "alpha must lie in [0, 1]; found 2"),
    (["derive", "effective-gain"], "did you mean effective-gains?"),
    (["derive", "--format", "word"], "--format must be one of text, latex, json, pdf, html, tex"),
    (["derive", "--standalone"], "--standalone goes with --format latex"),
    (["train", "--replay", "nowhere.npz", "--out", "OUT"], "found nothing there"),
    (["train", "--replay", "REPLAY", "--horizon", "5", "--out", "OUT"], "--replay fixes the whole run"),
    (["train", "--out", "missing/OUT"], "found no folder"),
    (["train", "--epochs", "0", "--out", "OUT"], "epochs must be at least 1"),
    (["train", "--seed", "-1", "--out", "OUT"], "seed must be at least 0"),
    (["train"], "--out must be given; found none"),
    (["descend", "--backend", "gpu", "--out", "OUT"], "backend must be one of"),
    (["validate", "--seeds", "0", "--out", "FOLDER"], "--seeds must be at least 1"),
    (["validate", "--epochs", "0", "--out", "FOLDER"], "epochs must be at least 1"),
    (["validate", "--stages", "--full", "--out", "FOLDER"], "--stages and --full are two jobs"),
    (
        ["validate", "--open-loop", "--epochs", "9", "--out", "FOLDER"],
        "--open-loop fixes the protocol; found also --epochs",
    ),
    (["validate", "--out", "REPLAY"], "--out must be a folder"),
    (["validate", "--neurons", "1", "--out", "FOLDER"], "neurons must be at least 2; found 1"),
    (["validate", "--horizon", "1", "--out", "FOLDER"], "horizon must be at least 2; found 1"),
    (["validate", "--seeds", "9" * 30, "--out", "FOLDER"], "--seeds must be at most 1000000"),
    (["stages", "--seeds", "9" * 30], "--seeds must be at most 1000000"),
    (["figure", "3", "--seed", "-1", "--out", "FOLDER"], "--seed must be at least 0; found -1"),
    (["derive", "--list", "joint-system"], "--list takes no NAME; found joint-system"),
    (["evaluate", "--overlaps", "1e200", "1", "1", "1e200", "--json"], "coefficients below 1e+150"),
    (
        ["evaluate", "--overlaps", "0", "0", "0", "0", "--horizon", "9" * 400],
        "horizon must be at most 9007199254740992",
    ),
    (["train", "--horizon", "9" * 18, "--out", "OUT"], "horizon must be at most 10000000; found 1e+18"),
    (["train", "--horizon", "9999999", "--out", "OUT"], "horizon x batch x neurons must fit in memory"),
    (["descend", "--epochs", "9" * 15, "--out", "OUT"], "epochs x batch x n must fit in memory"),
    (["replay", "--neurons", "9" * 12, "--out", "OUT"], "must fit in memory"),
    (["train", "--epochs", "5", "--out", "PIPE"], "must be a regular file"),
    (["juggle"], "juggle"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES, ids=[" ".join(m[0])[:40] for m in MISTAKES])
def test_mistakes_get_one_clear_line_and_code_2(run, replay, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    before = sorted(tmp_path.iterdir())
    names = {
        "OUT": "out.npz",
        "REPLAY": "run.npz",
        "FOLDER": "report",
        "missing/OUT": "missing/out.npz",
        "PIPE": "pipe",
    }
    code, out, err = run(*(names.get(word, word) for word in words))
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("delay", "found delay, which is not supported by this version; remove it"),
        ("process", "found process, which is not supported by this version; remove it"),
        ("lerning_rate", "found lerning_rate; did you mean learning_rate?"),
        ("remark", "did you mean"),
    ],
)
@pytest.mark.parametrize("command", ["train", "descend", "track", "compare"])
def test_a_name_that_no_run_reads_is_refused_by_every_reader(run, tmp_path, replay, command, name, told):
    files.write_arrays(replay, {**read_arrays(replay), name: np.ones(2)})
    code, out, err = run(command, "--replay", replay, "--out", tmp_path / "out")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert [path.name for path in tmp_path.iterdir()] == [replay.name]


@pytest.mark.parametrize("name", ["report.md", "gains.png"])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(run, tmp_path, name):
    (tmp_path / "r" / name).mkdir(parents=True)
    code, out, err = run("validate", "--seeds", 1, *FAST, "--out", tmp_path / "r")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{name} must be a file name; found a directory" in err
    assert [path.name for path in (tmp_path / "r").iterdir()] == [name]


def test_figures_are_drawn_in_turn(run, tmp_path):
    code, out, _ = run("figure", 3, 5, "--out", tmp_path / "new")
    assert code == 0
    assert [line.partition(",")[0] for line in out.splitlines()] == [
        str(tmp_path / "new" / f"figure{n}.png") for n in (3, 5)
    ]
    assert len(list((tmp_path / "new").iterdir())) == 4


def test_no_figure_is_drawn_where_a_later_one_cannot_be_written(run, tmp_path):
    (tmp_path / "figure6.npz").mkdir()
    code, out, err = run("figure", 3, 6, "--out", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["figure6.npz"]


@pytest.mark.parametrize("name", ["figure3.png", "figure3.npz"])
def test_a_figure_that_cannot_be_written_is_refused_before_the_work(run, tmp_path, name):
    (tmp_path / name).mkdir()
    code, out, err = run("figure", 3, "--out", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_run_that_memory_does_not_hold_is_one_line(run, tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr("numerics.reduced.descent.descend_gram", full)
    code, out, err = run("descend", *FAST, "--out", tmp_path / "x.npz")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "must fit in memory" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("_one_result")
def test_an_unclipped_report_is_json(run, tmp_path):
    small = ["--seeds", 1, "--epochs", 3, "--batch", 4, "--neurons", 6, "--horizon", 4, "--clip", "inf"]
    out = run("validate", *small, "--json", "--out", tmp_path)[1]
    assert json.loads(out)["config"]["clip"] is None


def test_an_unwritable_folder_is_refused_before_the_work(run, tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files, "TemporaryFile", refuse)
    code, _, err = run("train", *FAST, "--out", tmp_path / "x.npz")
    assert code == 2
    assert "writable folder" in err


def test_validate_writes_the_whole_report(run, tmp_path):
    small = ["--seeds", 1, "--epochs", 60, "--batch", 20, "--neurons", 30]
    code, out, _ = run("validate", *small, "--out", tmp_path / "r")
    assert code == 0, out
    expected = {"report.md", "report.json", "expressions.tex", "learning.png", "eigenvalues.png", "gains.png"}
    assert {path.name for path in (tmp_path / "r").iterdir()} == expected
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert report["passed"] is True
    assert all(check["tolerance"] >= check["difference"] for check in report["checks"])


@pytest.fixture
def _one_result(monkeypatch):
    """A catalogue of one result in the place of all."""
    monkeypatch.setitem(jobs.KINDS, "derived", lambda: Derived(catalogue.results(["stage-one"]), 0.0))


@pytest.fixture
def _shorter(monkeypatch, _one_result):
    """Open-loop runs of 450 epochs."""

    def shorter(seeds, progress):
        return opened(seeds, progress, epochs=450)

    monkeypatch.setitem(jobs.KINDS, "opened", shorter)


@pytest.mark.usefixtures("_shorter")
def test_validate_open_loop_writes_the_texts(run, tmp_path):
    code, out, _ = run("validate", "--open-loop", "--seeds", 1, "--out", tmp_path / "r")
    assert code == 0, out
    assert {p.name for p in (tmp_path / "r").iterdir()} == {"report.md", "report.json", "expressions.tex"}


@pytest.mark.usefixtures("_one_result")
def test_validate_fails_with_code_1_if_a_claim_fails(run, tmp_path, monkeypatch):
    true = pairs.descend

    def wrong(replay):
        result = true(replay)
        result.history["overlaps"] += 1e-6
        return result

    monkeypatch.setattr(pairs, "descend", wrong)
    monkeypatch.setitem(jobs.JOBS, "main", replace(jobs.JOBS["main"], claims=(run_checks.descents,)))
    monkeypatch.setattr(validation, "write_texts", lambda *_: None)
    monkeypatch.setattr(learning, "save", lambda *_: None)
    code, out, _ = run("validate", "--seeds", 1, *FAST, "--out", tmp_path)
    assert code == 1
    assert "FAIL" in out


def test_the_installed_command_starts():
    command = Path(sys.executable).with_name("closedloop")
    assert subprocess.run([command, "derive", "--list"], check=True, capture_output=True).stdout


def test_a_run_whose_costs_have_no_optimum_is_written_all_the_same(run, tmp_path):
    replay = rank_one_replay(1, epochs=3, batch=5, neurons=9, horizon=12, state_weight=0.0, control_penalty=1.0)
    save_replay(tmp_path / "r.npz", replay)
    code, out, _ = run("descend", "--replay", tmp_path / "r.npz", "--out", tmp_path / "o.npz")
    assert code == 0
    assert "completed, 3 epochs" in out


def test_one_run_has_no_interval(run):
    out = run("stages", "--seeds", 1)[1]
    assert "1 seed, 1000 epochs: both ends found in 1 of 1" in out
    assert "epochs (one run)" in out
    assert "interval" not in out


@pytest.mark.parametrize(
    ("study", "word"), [("spectrum", "radius of W"), ("spike", "variance"), ("closure", "Gaussian closure")]
)
def test_studies_over_seeds(run, study, word):
    code, out, _ = run("stages", "--study", study, "--seeds", 1, "--epochs", 4)
    assert code == 0
    assert word in out


@pytest.mark.parametrize("command", ["train", "descend"])
def test_a_replay_is_not_replaced_by_its_own_result(run, tmp_path, command):
    path = tmp_path / "run.npz"
    run("replay", "--seed", 4, *FAST, "--out", path)
    before = path.read_bytes()
    (tmp_path / "link.npz").symlink_to(path)
    for out in (path, tmp_path / "link.npz"):
        code, _, err = run(command, "--replay", path, "--out", out)
        assert (code, err.count("\n")) == (2, 1)
        assert "--out must not be a file that is read" in err
    assert path.read_bytes() == before


def test_what_takes_another_files_place_says_so(run, tmp_path):
    path = tmp_path / "a.npz"
    assert run("replay", *FAST, "--out", path)[1] == f"{path}: written\n"
    assert run("replay", *FAST, "--out", path)[1] == f"{path}, replaced: written\n"
    assert run("descend", *FAST, "--out", path)[1].startswith(f"{path}, replaced: completed")


@pytest.mark.usefixtures("_shorter")
def test_every_job_of_validate_has_a_folder_of_its_own(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("validate", "--open-loop", "--seeds", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["report-open-loop"]


def test_evaluate_names_its_options_as_they_are_typed(run):
    point = ("evaluate", "--overlaps", 0, 0, 0, 0)
    assert run(*point, "--horizon", 0)[2].startswith("closedloop: --horizon must be at least 1")
    assert run(*point, "--alpha", 2)[2].startswith("closedloop: --alpha must lie in")
