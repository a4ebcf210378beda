"""Replay files, .npz: a run to be made, so that it can be repeated exactly elsewhere.

Closed loop, open loop, or tracking.
"""

from collections.abc import Iterable
from dataclasses import asdict, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from numerics.common.errors import InputError, choice, require, whole
from numerics.common.files import read_arrays, write_arrays
from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import WEIGHT_NAMES, Weights, contents, load_weights
from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import HALF_WIDTH, OpenLoopReplay
from numerics.replay.settings import Settings, Training
from numerics.replay.tracking import TrackingReplay, TrackingTraining
from numerics.replay.tracking_task import TrackingTask

TASKS = ("closed_loop", "open_loop", "tracking")
TEACHER = "teacher_"

SERIES = ("amplitude", "frequencies_x", "frequencies_y")

LATER = ("process", "sensory", "delay")
"""Names that files of later versions may hold."""

Arrays = dict[str, np.ndarray]
AnyReplay = Replay | OpenLoopReplay | TrackingReplay
Kind = TypeVar("Kind", bound=Training)


def _names_of(kind: type) -> set[str]:
    return {f.name for f in fields(kind)}


ALWAYS = {*WEIGHT_NAMES, "task", "seed"}
PLANT = {*"ABC"}
READ = {
    "closed_loop": ALWAYS | PLANT | _names_of(Settings) | {"x0"},
    "open_loop": ALWAYS | PLANT | _names_of(Settings) | {TEACHER + n for n in WEIGHT_NAMES} | {"y", "half_width"},
    "tracking": ALWAYS | _names_of(TrackingTraining) | _names_of(TrackingTask) | {"phases_x", "phases_y"},
}
"""All names that a run of a task reads."""


def _scalar(name: str, value: np.ndarray) -> Any:
    require(value.size == 1, f"{name} must be a single value; found shape {value.shape}")
    item = value.reshape(()).item()
    return item.decode() if isinstance(item, bytes) else item


def _names(value: np.ndarray) -> tuple[str, ...]:
    words = [w.decode() if isinstance(w, bytes) else str(w) for w in np.atleast_1d(value).ravel().tolist()]
    return tuple(name for word in words for name in word.replace(",", " ").split())


def _check_names(arrays: Arrays, task: str, path: str | Path) -> None:
    """Refuse names that the run would not read: unknown ones, and those of other tasks."""
    every = set().union(*READ.values())
    for name in arrays:
        what = f"found {name}, which is not supported by this version; remove it"
        require(name not in LATER, f"{path} must hold only names that a run reads; {what}")
        if name not in every:
            near = _nearest(name, READ[task]) or _nearest(name, every) or _nearest(name, READ[task], 0.0)
            raise InputError(f"{path} must hold only names that a run reads; found {name}; did you mean {near}?")
    foreign = [name for name in arrays if name not in READ[task]]
    kind = task.replace("_", "-")
    what = f"{path} must hold settings of a {kind} run; found {', '.join(foreign)}, which it does not read"
    require(not foreign, f"{what}; remove them, or give another task")


def _nearest(name: str, known: Iterable[str], likeness: float = 0.7) -> str:
    """The known name most like a wrong one, whatever its capitals; empty if none is alike enough."""
    spelt = {right.lower(): right for right in sorted(known)}
    return "".join(spelt[close] for close in get_close_matches(name.lower(), spelt, 1, likeness))


def _settings(arrays: Arrays, weights: Weights, kind: type[Kind]) -> Kind:
    """The settings of a file; an absent ``clip`` means none, an absent ``train`` all but the input weights."""
    names = [f.name for f in fields(kind) if f.name in arrays and f.name != "train"]
    given = {name: _scalar(name, arrays[name]) for name in names}
    given.setdefault("clip", np.inf)
    trainable = tuple(name for name in weights.arrays() if name != "m")
    given["train"] = _names(arrays["train"]) if "train" in arrays else trainable
    return kind(**given)


def _tracking(arrays: Arrays, weights: Weights, seed: int | None, path: str | Path) -> TrackingReplay:
    """A tracking run; absent entries of its task take the paper's values."""
    given: dict = {name: _scalar(name, arrays[name]) for name in ("dt", "duration", "ramp", "clamp") if name in arrays}
    given |= {name: tuple(np.ravel(arrays[name]).tolist()) for name in SERIES if name in arrays}
    if "inputs" in arrays:
        given["inputs"] = _names(arrays["inputs"])
    x, y = (_series(arrays, f"phases_{axis}", "(epochs, batch, frequencies)", path) for axis in "xy")
    settings = _settings(arrays, weights, TrackingTraining)
    return TrackingReplay(weights, x, y, settings, TrackingTask(**given), seed)


def _plant(arrays: Arrays, path: str | Path) -> Plant:
    matrices = [name for name in "ABC" if name in arrays]
    complete = len(matrices) in (0, 3)
    require(complete, f"{path} must contain all of A, B, C or none; found only {', '.join(matrices)}")
    return Plant(*(arrays[name] for name in "ABC")) if matrices else double_integrator()


def _series(arrays: Arrays, name: str, axes: str, path: str | Path) -> np.ndarray:
    require(name in arrays, f"{path} must contain {name} {axes}; found {contents(arrays)}")
    return arrays[name]


def load_replay(path: str | Path) -> AnyReplay:
    """Read a replay file: weights, settings, and ``x0``. Names that the run would not read are refused.

    In open loop the teacher and the inputs ``y`` replace ``x0``, in tracking ``phases_x`` and ``phases_y``. Missing
    settings take the protocol's defaults. An absent ``clip`` means none. ``A``, ``B``, ``C`` may give a plant other
    than the double integrator, ``half_width`` the range of initial states in the closed-loop test of an open-loop run.
    A tracking run may hold any field of its task under that name.

    :param path: the .npz file
    :raises InputError: if the file or its contents are bad
    """
    arrays = read_arrays(path)
    run = {"loss", "status"} <= arrays.keys()
    require(not run, f"{path} must be a replay; found the result of a run; give the replay that it was made from")
    task = str(_scalar("task", arrays["task"])) if "task" in arrays else TASKS[0]
    choice("task", task, TASKS)
    _check_names(arrays, task, path)
    weights = load_weights(arrays, path)
    seed = whole("seed", _scalar("seed", arrays["seed"]), 0) if "seed" in arrays else None
    if task == "tracking":
        return _tracking(arrays, weights, seed, path)
    settings, plant = _settings(arrays, weights, Settings), _plant(arrays, path)
    if task == "closed_loop":
        return Replay(weights, _series(arrays, "x0", "(epochs, batch, n)", path), settings, plant, seed)
    teacher, y = load_weights(arrays, path, TEACHER), _series(arrays, "y", "(epochs, K, batch)", path)
    half_width = _scalar("half_width", arrays["half_width"]) if "half_width" in arrays else HALF_WIDTH
    return OpenLoopReplay(weights, teacher, y, settings, plant, seed, half_width)


def save_replay(path: str | Path, replay: AnyReplay) -> None:
    """Write a replay file that :func:`load_replay` reads back exactly.

    :param path: the .npz file
    :param replay: the run to be made
    """
    settings = asdict(replay.settings)
    settings["train"] = np.array(settings["train"])
    known = {} if replay.seed is None else {"seed": replay.seed}
    contents = {**replay.weights.arrays(), **settings, **known}
    if isinstance(replay, TrackingReplay):
        contents |= {**asdict(replay.task), "phases_x": replay.phases_x, "phases_y": replay.phases_y}
        write_arrays(path, {**contents, "task": "tracking"})
        return
    contents |= {name: getattr(replay.plant, name) for name in "ABC"}
    if isinstance(replay, Replay):
        contents |= {"task": "closed_loop", "x0": replay.x0}
    else:
        teacher = {TEACHER + name: array for name, array in replay.teacher.arrays().items()}
        contents |= {"task": "open_loop", "y": replay.y, "half_width": replay.half_width, **teacher}
    write_arrays(path, contents)
