"""A replay file holds only names that a run of its task reads; others are refused, with the nearest known one."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.files import read_arrays, write_arrays
from numerics.experiment.open_loop import open_loop_replay
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.files import load_replay, save_replay
from numerics.replay.tracking import tracking_replay


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
