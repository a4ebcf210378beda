"""Runs that can be stopped and resumed without loss: a result file that also holds where the run was."""

import hashlib
import json
from pathlib import Path
from typing import Protocol

import numpy as np

from numerics.common.errors import require
from numerics.common.files import read_arrays, write_arrays
from numerics.common.weights import Weights, load_weights
from numerics.experiment.fit import TrainState, arrays
from numerics.experiment.optimize import optimizer
from numerics.replay.results import STATE, Run, stopped
from numerics.replay.settings import Training

OPTIMIZER = f"{STATE}optimizer_"
FREE = ("epochs",)
"""Entries of the configuration that may differ when a run is resumed: it may be made longer."""


class Resumable(Protocol):
    """A replay of any task."""

    @property
    def weights(self) -> Weights:
        """Initial weights."""

    @property
    def settings(self) -> Training:
        """How to train."""

    @property
    def epochs(self) -> int:
        """Number of updates."""

    @property
    def per_epoch(self) -> tuple[np.ndarray, ...]:
        """The arrays that hold one batch an update."""


def digest(replay: Resumable, epochs: int) -> str:
    """A fingerprint of initial weights and of the first batches.

    :param epochs: number of updates whose batches count
    """
    sha = hashlib.sha256()
    for name, array in sorted(replay.weights.arrays().items()):
        sha.update(name.encode() + np.ascontiguousarray(array).tobytes())
    for batches in replay.per_epoch:
        sha.update(np.ascontiguousarray(batches[:epochs]).tobytes())
    return sha.hexdigest()


def save_state(path: str | Path, run: Run, state: TrainState, replay: Resumable) -> None:
    """Write a run's result, and where it is, as one .npz file.

    :raises InputError: if it cannot be written
    """
    extra: dict[str, object] = {
        f"{STATE}epoch": state.epoch,
        f"{STATE}digest": digest(replay, state.epoch),
    }
    extra |= {OPTIMIZER + name: array for name, array in state.optimizer.state().items()}
    write_arrays(path, {**run.contents(), **extra})


def run_so_far(state: TrainState, config: dict) -> Run:
    """The result of a run so far."""
    return Run("simulation", stopped(state.epoch), arrays(state.history), state.weights, config)


def load_state(path: str | Path, replay: Resumable, config: dict) -> TrainState:
    """Where a stopped run was; initial weights, settings and the batches used so far must be the replay's.

    :param path: a file written by :func:`save_state`
    :param replay: the run to be resumed; it may have more epochs
    :param config: configuration of the run to be resumed
    :raises InputError: if the file holds no training state, or that of another run
    """
    found = read_arrays(path)
    holds = f"{STATE}epoch" in found and "config" in found
    require(holds, f"{path} must be a run that was stopped; found no training state in it; start without --resume")
    epoch, saved = int(found[f"{STATE}epoch"]), json.loads(str(found["config"]))
    expected = json.loads(json.dumps(config))
    differing = [name for name in expected if name not in FREE and saved.get(name) != expected[name]]
    for name in differing[:1]:
        what = f"{path} must be a run of the same options; expected {name} = {expected[name]}"
        require(False, f"{what}, found {saved.get(name)}; give the options that it was started with")
    require(epoch <= replay.epochs, f"epochs must be at least the {epoch} already made; found {replay.epochs}")
    same = str(found[f"{STATE}digest"]) == digest(replay, epoch)
    require(same, f"{path} must be a run of the same initial weights and batches; found others; check the replay")
    going_on = optimizer(replay.settings)
    going_on.restore({key.removeprefix(OPTIMIZER): found[key] for key in found if key.startswith(OPTIMIZER)})
    history = Run.load(path).history
    history.pop("spectral_radius", None)
    lists = {name: list(array) for name, array in history.items()}
    return TrainState(load_weights(found, path), going_on, lists, epoch)
