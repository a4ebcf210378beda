"""`closedloop limit` and `closedloop descend --words`: outputs, plants from files, and mistakes in one line."""

import json
from dataclasses import replace

import numpy as np
import pytest

from numerics.common.files import read_arrays
from numerics.common.weights import full_weights
from numerics.reduced.words.limit import limit_run
from numerics.replay.closed_loop import full_replay
from numerics.replay.files import save_replay

SHORT = ["--words", 1, "--epochs", 8]
DOUBLE = {"A": [[1, 1], [0, 1]], "B": [[0], [1]], "C": [[1, 0]]}
TOML = 'name = "double integrator"\ndt = 0.1\nA = [[1, 1], [0, 1]]\nB = [[0], [1]]\nC = [[1, 0]]\n'


def predicted(run, *words):
    code, out, err = run("limit", *SHORT, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_prediction_is_one_json_object_with_the_promised_keys(run):
    found = predicted(run, "--strength", 0.3, "--neurons", 40)
    assert {"loss", "stabilisation", "spectral_radius", "error_estimate", "status"} <= set(found)
    theory = limit_run(0.3, 40, 1, 8)
    assert found["loss"] == theory.loss.tolist()
    assert found["spectral_radius"] == theory.spectral_radius.tolist()
    assert found["stabilisation"] is theory.stabilisation() is None
    assert found["words"] == 1
    assert found["error_estimate"] > 0
    assert "networks" not in found


def test_networks_stand_beside_the_prediction(run):
    found = predicted(run, "--networks", 2, "--neurons", 9)
    assert found["networks"] == {"median": None, "stabilisation": []}
    code, out, _ = run("limit", *SHORT, "--neurons", 9, "--networks", 2)
    assert code == 0
    assert "limit of many neurons, g = 0.1, N = 9, words of length 1" in out
    assert "not stable for good within 8 epochs" in out
    assert "networks: none of 2 stable" in out


def test_a_plant_comes_by_name_or_from_a_file(run, tmp_path):
    known = predicted(run)
    (tmp_path / "plant.json").write_text(json.dumps(DOUBLE), encoding="utf-8")
    (tmp_path / "plant.toml").write_text(TOML, encoding="utf-8")
    for name in ("plant.json", "plant.toml"):
        assert predicted(run, "--plant", tmp_path / name) == known
    assert predicted(run, "--plant", "triple-integrator")["loss"] != known["loss"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--strength", -1], "--strength must be"),
        (["--neurons", 0], "--neurons must be at least 1"),
        (["--words", 6], "--words must be at most 5"),
        (["--epochs", 0], "--epochs must be at least 1"),
        (["--networks", -1], "--networks must be at least 0"),
        (["--plant", "pendulum"], "must be one of single-integrator, double-integrator, triple-integrator"),
        (["--plant", "none.json"], "none.json must be a file that can be read"),
        (["--plant", "triple-integrator", "--networks", 2], "--networks draws networks for the double integrator"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, words, message):
    code, out, err = run("limit", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", json.dumps(DOUBLE | {"D": [[0]]}), "must hold only A, B, C, name, dt; found D"),
        ("a.json", '{"A": [[1]]}', "must hold A, B and C; B, C missing"),
        ("a.json", "[1]", "must hold one object with A, B and C; found list"),
        ("a.json", "{", "must be valid JSON"),
        ("a.toml", "A = [[1]", "must be valid TOML"),
        ("a.json", json.dumps(DOUBLE | {"A": [["x"]]}), "must hold matrices of numbers as lists of rows"),
        ("a.json", json.dumps(DOUBLE | {"B": [[1]]}), "B must"),
        ("a.json", json.dumps(DOUBLE | {"dt": 0}), "dt must be"),
    ],
)
def test_bad_plant_files_are_refused_in_one_line(run, tmp_path, name, text, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    code, out, err = run("limit", *SHORT, "--plant", tmp_path / name)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.fixture
def full_file(tmp_path):
    path = tmp_path / "full.npz"
    replay = full_replay(2, 10, 5, 14, activation="linear", horizon=12)
    save_replay(path, replace(replay, weights=full_weights(np.random.default_rng(2), 14, 0.3)))
    return path


def test_descend_makes_a_full_run_by_the_words_asked_for(run, full_file, tmp_path):
    code, _, err = run("train", "--replay", full_file, "--out", tmp_path / "train.npz")
    assert (code, err) == (0, "")
    direct, gaps = read_arrays(tmp_path / "train.npz"), []
    for words, told in ((0, "words of length 0: 2 neurons for 14;"), (1, "6 neurons for 14;"), (9, "14, exactly")):
        code, out, err = run("descend", "--replay", full_file, "--words", words, "--out", tmp_path / "out.npz")
        assert (code, err) == (0, "")
        assert told in out
        assert ("estimated largest relative error of the loss" in out) == (words < 9)
        found = read_arrays(tmp_path / "out.npz")
        gaps.append(np.abs(found["loss"] / direct["loss"] - 1).max())
    np.testing.assert_allclose(found["w"], direct["w"], rtol=0, atol=1e-12)
    assert gaps[2] < 1e-11 < gaps[1] < gaps[0]


def test_words_that_cannot_be_are_refused_in_one_line(run, full_file, tmp_path):
    for words in (["--replay", full_file, "--words", -1], ["--epochs", 3, "--words", 2]):
        code, out, err = run("descend", *words, "--out", tmp_path / "out.npz")
        assert (code, out) == (2, "")
        assert "words must be" in err
        assert err.count("\n") == 1
    assert not (tmp_path / "out.npz").exists()
