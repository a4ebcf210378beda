"""Replay and result files: exact round trips, defaults, and one clear line for everything bad."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.files import read_arrays, write_arrays
from numerics.common.weights import Weights
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.files import load_replay, save_replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings, paper_penalty


@pytest.fixture
def arrays(rng):
    weights = {name: rng.normal(size=6) for name in "mzuv"}
    return {**weights, "x0": rng.normal(size=(4, 3, 2))}


@pytest.fixture
def write(tmp_path):
    def writer(arrays):
        path = tmp_path / "run.npz"
        np.savez(path, **arrays)
        return path

    return writer


def test_replay_round_trip_is_exact(tmp_path):
    replay = rank_one_replay(5, epochs=3, batch=4, neurons=7, horizon=9, leak=0.5, train=("m", "u"))
    save_replay(tmp_path / "r.npz", replay)
    back = load_replay(tmp_path / "r.npz")
    assert back.settings == replay.settings
    np.testing.assert_array_equal(back.x0, replay.x0)
    np.testing.assert_array_equal(back.weights.stack, replay.weights.stack)


def test_missing_scalars_take_the_protocol_and_no_clip(write, arrays):
    settings = load_replay(write(arrays)).settings
    assert settings == Settings(clip=np.inf)
    assert (settings.horizon, settings.learning_rate, settings.state_weight) == (50, 0.01, 0.5)
    assert settings.train == ("z", "u", "v")


def test_settings_are_read_from_any_scalar_form(write, arrays):
    extra = {"horizon": np.array([7]), "optimizer": np.array(b"adam"), "train": np.array("z, u"), "time_average": 0}
    settings = load_replay(write({**arrays, **extra})).settings
    assert (settings.horizon, settings.optimizer, settings.train) == (7, "adam", ("z", "u"))
    assert settings.time_average is False


def test_full_network_trains_all_but_m(write, arrays):
    full = {"m": arrays["m"], "z": arrays["z"], "w": np.eye(6), "x0": arrays["x0"]}
    assert load_replay(write(full)).settings.train == ("z", "w")


def test_with_nothing_trained_the_weights_stay(write, arrays):
    replay = load_replay(write({**arrays, "train": np.array([], dtype=str)}))
    theory, simulation = descend(replay), train(replay)
    for run in (theory, simulation):
        np.testing.assert_array_equal(run.weights.stack, replay.weights.stack)
    np.testing.assert_allclose(theory.loss, simulation.loss, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"m": None}, "must contain the array m"),
        ({"v": None}, "must contain u and v, or w"),
        ({"x0": None}, "must contain x0"),
        ({"x0": np.ones((3, 2))}, r"x0 must have the axes \(epochs, batch, n\)"),
        ({"x0": np.ones((3, 2, 5))}, "x0 must have n = 2 entries"),
        ({"x0": np.full((1, 1, 2), np.inf)}, "x0 must be finite"),
        ({"x0": np.full((1, 1, 2), "a")}, "x0 must be an array of real numbers"),
        ({"x0": np.ones((0, 1, 2))}, "at least one epoch"),
        ({"horizon": 0}, "horizon must be at least 1; found 0"),
        ({"horizon": 2.5}, "horizon must be a whole number"),
        ({"horizon": np.ones(3)}, "horizon must be a single value"),
        ({"learning_rate": np.nan}, "learning_rate must be a finite number of at least 0; found nan"),
        ({"clip": 0.0}, r"clip must lie in \(0"),
        ({"leak": 1.5}, r"leak must lie in \(0, 1\]; found 1.5"),
        ({"activation": "relu"}, "activation must be one of linear, tanh, erf; found 'relu'"),
        ({"optimizer": "rmsprop"}, "optimizer must be one of sgd, momentum, adam"),
        ({"train": np.array(["z", "w"])}, "found 'w', which is not"),
        ({"train": np.array(["q"])}, "train must be one of"),
        ({"task": "juggling"}, "task must be one of closed_loop"),
        ({"z": np.ones((6, 2))}, "z must have a column for each of the plant's 1 controls"),
        ({"A": np.eye(2)}, "all of A, B, C or none; found only A"),
    ],
)
def test_bad_replays_are_named(write, arrays, change, message):
    content = {k: v for k, v in {**arrays, **change}.items() if v is not None}
    with pytest.raises(InputError, match=message):
        load_replay(write(content))


def test_run_result_has_the_promised_entries(tmp_path):
    run = descend(rank_one_replay(2, epochs=6, batch=3, neurons=8), "python")
    run.save(tmp_path / "out.npz")
    arrays = read_arrays(tmp_path / "out.npz")
    assert arrays["loss"].shape == arrays["spectral_radius"].shape == (6,)
    assert arrays["overlaps"].shape == (6, 4)
    assert str(arrays["status"]) == "completed"
    assert all(arrays[name].shape == (8, 1) for name in "mzuv")
    back = Run.load(tmp_path / "out.npz")
    assert back.config == run.config
    assert back.versions == run.versions
    np.testing.assert_array_equal(back.overlaps, run.overlaps)


def test_a_file_that_is_no_run_is_refused(write, arrays):
    with pytest.raises(InputError, match="must be a run result with the entry kind"):
        Run.load(write(arrays))


@pytest.mark.parametrize("seed", [3, np.int64(3), 3.0])
def test_a_saved_run_has_the_same_configuration_in_the_same_types(tmp_path, seed):
    run = descend(rank_one_replay(seed, epochs=2, batch=2, neurons=5, clip=np.inf))
    run.save(tmp_path / "out.npz")
    back = Run.load(tmp_path / "out.npz")
    assert back.config == run.config
    assert {k: type(v) for k, v in back.config.items()} == {k: type(v) for k, v in run.config.items()}
    assert back.config["train"] == ("z", "u", "v")
    assert (back.kind, back.status, back.versions) == (run.kind, run.status, run.versions)
    for name, array in run.history.items():
        assert back.history[name].dtype == array.dtype
        np.testing.assert_array_equal(back.history[name], array)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": "{"}, "config must be a JSON object"),
        ({"config": "[1]"}, "config must be a JSON object"),
        ({"m": None}, "must contain the array m"),
    ],
)
def test_a_damaged_run_is_refused_in_one_line(tmp_path, change, message):
    descend(rank_one_replay(0, epochs=2, batch=2, neurons=5)).save(tmp_path / "out.npz")
    arrays = {**read_arrays(tmp_path / "out.npz"), **change}
    write_arrays(tmp_path / "out.npz", {name: value for name, value in arrays.items() if value is not None})
    with pytest.raises(InputError, match=message):
        Run.load(tmp_path / "out.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": True}, "horizon must be a whole number; found True"),
        ({"horizon": np.nan}, "horizon must be a whole number; found nan"),
        ({"horizon": 10**18}, "horizon must be at most 10000000"),
        ({"learning_rate": np.True_}, "learning_rate must be a number; found True"),
        ({"time_average": "no"}, "time_average must be true or false; found 'no'"),
        ({"time_average": 2}, "time_average must be true or false; found 2"),
        ({"m": np.ones(6, bool)}, "m must be an array of real numbers; found bool"),
        ({"z": np.ones(6) + 1j}, "z must be an array of real numbers; found complex128"),
        ({"v": np.full(6, "1")}, "v must be an array of real numbers; found <U1"),
        ({name: np.ones((0, 1)) for name in "mzuv"}, "m must have a row for each neuron"),
    ],
)
def test_values_that_would_be_read_as_something_else_are_refused(arrays, write, change, message):
    with pytest.raises(InputError, match=message):
        load_replay(write({**arrays, **change}))


@pytest.mark.parametrize("scale", [{"m": 1e200, "z": 1e200}, {"x0": 1e200}])
def test_a_run_that_starts_beyond_the_floats_diverges_at_once(arrays, write, scale):
    replay = load_replay(write({name: value * scale.get(name, 1.0) for name, value in arrays.items()}))
    for run in (descend(replay, "python"), train(replay)):
        assert (run.status, run.loss.size) == ("diverged at epoch 0", 0)


def test_a_recurrence_of_rank_zero_runs_alike(arrays, write):
    replay = load_replay(write({**arrays, "u": np.ones((6, 0)), "v": np.ones((6, 0)), "horizon": 5}))
    np.testing.assert_allclose(descend(replay, "python").loss, train(replay).loss, rtol=1e-10)


def test_another_librarys_system_is_no_plant():
    replay = rank_one_replay(0, 2, 3, 4)
    with pytest.raises(
        InputError, match=r"plant must be a numerics\.common\.plants\.Plant; found tuple; convert it with"
    ):
        Replay(replay.weights, replay.x0, replay.settings, (np.eye(2), np.ones((2, 1))))


@pytest.mark.parametrize("beta", [0.0, 0.5, 5.0])
@pytest.mark.parametrize("horizon", [7, 50])
def test_the_paper_s_control_cost_averages_the_state_and_sums_the_control(beta, horizon, rng):
    """(1/2T) Σ |x|² + β Σ u², stepped by hand, is the loss of a run with control_penalty β T."""
    m, z, u, v = rng.uniform(-0.5, 0.5, (4, 6))
    x0 = rng.uniform(-2, 2, (1, 3, 2))
    settings = Settings(horizon=horizon, control_penalty=paper_penalty(beta, horizon))
    found = train(Replay(Weights(m=m, z=z, u=u, v=v), x0, settings)).loss[0]
    expected = 0.0
    for x, y in x0[0]:
        h = np.zeros(6)
        for _ in range(horizon):
            control = z @ h
            expected += (x**2 + y**2) / (2 * horizon) + beta * control**2
            x, y = x + y, y + control
            h = u * (v @ h) + m * x
    assert found == pytest.approx(expected / 3, rel=1e-12)


def test_a_control_cost_that_is_negative_or_no_horizon_is_refused():
    assert paper_penalty(2.0) == 100.0
    with pytest.raises(InputError, match="beta must be"):
        paper_penalty(-1.0)
    with pytest.raises(InputError, match="horizon must be"):
        paper_penalty(1.0, 0)
