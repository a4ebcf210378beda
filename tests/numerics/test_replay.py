"""Replay and result files: exact round trips, defaults, and one clear line for everything bad."""

import io
import zipfile

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.files import read_arrays, write_arrays, write_text
from numerics.common.weights import Weights
from numerics.experiment.open_loop import open_loop_replay
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.files import load_replay, save_replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings, paper_penalty
from numerics.replay.tracking import tracking_replay


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
        ({"optimizer": "rmsprop"}, "optimizer must be one of sgd, adam"),
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


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "p.npz", m=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="pickled objects, which are refused"):
        read_arrays(tmp_path / "p.npz")


def corrupt_zip():
    buffer = io.BytesIO()
    np.savez(buffer, m=np.ones(1000))
    return buffer.getvalue()[:-200]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04 broken", corrupt_zip()], ids=["empty", "text", "zip", "cut"]
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"must be an \.npz archive"):
        read_arrays(path)


def test_a_flipped_byte_is_noticed(tmp_path):
    np.savez(tmp_path / "x.npz", m=np.arange(1000.0))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"must be an \.npz archive"):
        read_arrays(tmp_path / "x.npz")


def test_single_arrays_and_folders_and_nothing_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(3))
    for path, message in (
        (tmp_path / "a.npy", "single array"),
        (tmp_path, "directory"),
        (tmp_path / "no", "nothing there"),
    ):
        with pytest.raises(InputError, match=message):
            read_arrays(path)


def test_files_appear_whole_or_not_at_all(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        write_text(tmp_path / "missing" / "a.txt", "x")
    with pytest.raises(InputError, match="found a directory"):
        write_arrays(tmp_path, {"a": 1})

    class Unsavable:
        def __array__(self, *arguments, **options):
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        write_arrays(tmp_path / "a.npz", {"a": Unsavable()})
    assert list(tmp_path.iterdir()) == []


def test_names_are_kept_without_an_extension(tmp_path):
    write_arrays(tmp_path / "plain", {"a": 1})
    assert zipfile.is_zipfile(tmp_path / "plain")


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


def files(folder):
    """One replay file a task."""
    closed = rank_one_replay(0, epochs=2, batch=3, neurons=4)
    runs = {
        "closed_loop": closed,
        "open_loop": open_loop_replay(closed, closed.weights, length=3),
        "tracking": tracking_replay(0, epochs=1, batch=2, neurons=4),
    }
    for task, replay in runs.items():
        save_replay(folder / f"{task}.npz", replay)
    return {task: folder / f"{task}.npz" for task in runs}


@pytest.mark.parametrize("task", ["closed_loop", "open_loop", "tracking"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lerning_rate", "found lerning_rate; did you mean learning_rate?"),
        ("Leak", "found Leak; did you mean leak?"),
        ("optimiser", "found optimiser; did you mean optimizer?"),
        ("tain", "found tain; did you mean train?"),
        ("ckip", "found ckip; did you mean clip?"),
        ("sead", "found sead; did you mean seed?"),
        ("process", "found process, which is not supported by this version; remove it"),
        ("sensory", "found sensory, which is not supported by this version; remove it"),
        ("delay", "found delay, which is not supported by this version; remove it"),
    ],
)
@pytest.mark.parametrize("value", [1.0, np.ones((2, 3))])
def test_names_that_no_run_reads_are_refused(tmp_path, task, name, told, value):
    path = files(tmp_path)[task]
    load_replay(path)
    write_arrays(path, {**read_arrays(path), name: value})
    with pytest.raises(InputError) as caught:
        load_replay(path)
    assert str(caught.value) == f"{path} must hold only names that a run reads; {told}"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("amplitudes", "amplitude"), ("frequences_x", "frequencies_x"), ("X0", "x0"), ("half-width", "half_width")],
)
def test_a_misspelt_name_of_any_task_is_told(tmp_path, wrong, right):
    replay = rank_one_replay(0, epochs=1, batch=2, neurons=4)
    np.savez(tmp_path / "r.npz", **replay.weights.arrays(), x0=replay.x0, **{wrong: 0.1})
    with pytest.raises(InputError, match=rf"found {wrong}; did you mean {right}\?"):
        load_replay(tmp_path / "r.npz")


@pytest.mark.parametrize("name", ["remark", "arr_0", "sigma", "γ", "data"])
def test_whatever_the_name_the_nearest_known_one_is_told(tmp_path, name):
    path = files(tmp_path)["closed_loop"]
    write_arrays(path, {**read_arrays(path), name: 1.0})
    with pytest.raises(InputError, match=rf"found {name}; did you mean \w+\?$"):
        load_replay(path)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("closed_loop", "y"),
        ("closed_loop", "teacher_z"),
        ("closed_loop", "half_width"),
        ("closed_loop", "phases_x"),
        ("open_loop", "x0"),
        ("open_loop", "dt"),
        ("tracking", "y"),
        ("tracking", "teacher_m"),
    ],
)
def test_names_of_another_task_are_refused(tmp_path, task, name):
    path = files(tmp_path)[task]
    write_arrays(path, {**read_arrays(path), name: 1.0})
    with pytest.raises(InputError, match=f"settings of a {task.replace('_', '-')} run; found {name}, which it does"):
        load_replay(path)


@pytest.mark.parametrize("name", ["horizon", "state_weight", "control_penalty", "time_average", "A", "x0"])
def test_a_tracking_run_refuses_what_it_would_not_read(tmp_path, name):
    path = tmp_path / "run.npz"
    save_replay(path, tracking_replay(0, epochs=1, batch=2, neurons=4))
    write_arrays(path, {**read_arrays(path), name: 1.0})
    with pytest.raises(InputError, match=f"settings of a tracking run; found {name}, which it does not read"):
        load_replay(path)


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
