"""Runs that can be stopped and resumed without loss: a result file that also holds where the run stood."""

import hashlib
import json
from pathlib import Path

import numpy as np

from numerics.errors import require
from numerics.experiment.optimize import OPTIMIZERS, Adam, Standing, arrays
from numerics.experiment.tracking.replay import TrackingReplay
from numerics.files import read_arrays, write_arrays
from numerics.results import STANDING, Run, stopped
from numerics.weights import load_weights

COUNT, MEAN, SQUARE = f"{STANDING}count_", f"{STANDING}mean_", f"{STANDING}square_"
FREE = ("epochs",)
"""Entries of the configuration that may differ when a run is resumed: it may be made longer."""


def digest(replay: TrackingReplay, epochs: int) -> str:
    """A fingerprint of initial weights and of the first phases.

    :param replay: the run to be made
    :param epochs: number of updates whose phases count
    """
    sha = hashlib.sha256()
    for name, array in sorted(replay.weights.arrays().items()):
        sha.update(name.encode() + np.ascontiguousarray(array).tobytes())
    for phases in (replay.phases_x, replay.phases_y):
        sha.update(np.ascontiguousarray(phases[:epochs]).tobytes())
    return sha.hexdigest()


def save_standing(path: str | Path, run: Run, standing: Standing, replay: TrackingReplay) -> None:
    """Write a run's result, and where it stands, as one .npz file.

    :param path: the file
    :param run: the result so far
    :param standing: where the run stands
    :param replay: the run to be made
    :raises InputError: if it cannot be written
    """
    extra: dict[str, object] = {
        f"{STANDING}epoch": standing.epoch,
        f"{STANDING}digest": digest(replay, standing.epoch),
    }
    if isinstance(standing.optimizer, Adam):
        for name, (count, mean, square) in standing.optimizer.moments.items():
            extra |= {COUNT + name: count, MEAN + name: mean, SQUARE + name: square}
    write_arrays(path, {**run.contents(), **extra})


def standing_run(standing: Standing, config: dict) -> Run:
    """The result of a run as it stands.

    :param standing: where the run stands
    :param config: configuration of the run
    """
    return Run("simulation", stopped(standing.epoch), arrays(standing.history), standing.weights, config)


def load_standing(path: str | Path, replay: TrackingReplay, config: dict) -> Standing:
    """Where a stopped run stands; initial weights, settings and the phases used so far must be the replay's.

    :param path: a file written by :func:`save_standing`
    :param replay: the run to be resumed; it may have more epochs
    :param config: configuration of the run to be resumed
    :raises InputError: if the file holds no standing, or that of another run
    """
    found = read_arrays(path)
    holds = f"{STANDING}epoch" in found and "config" in found
    require(holds, f"{path} must be a run that was stopped; found no standing in it; start without --resume")
    epoch, saved = int(found[f"{STANDING}epoch"]), json.loads(str(found["config"]))
    expected = json.loads(json.dumps(config))
    differing = [name for name in expected if name not in FREE and saved.get(name) != expected[name]]
    for name in differing[:1]:
        what = f"{path} must be a run of the same options; expected {name} = {expected[name]}"
        require(False, f"{what}, found {saved.get(name)}; give the options that it was started with")
    require(epoch <= replay.epochs, f"epochs must be at least the {epoch} already made; found {replay.epochs}")
    same = str(found[f"{STANDING}digest"]) == digest(replay, epoch)
    require(same, f"{path} must be a run of the same initial weights and phases; found others; check the replay")
    optimizer = OPTIMIZERS[replay.settings.optimizer](replay.settings.learning_rate)
    if isinstance(optimizer, Adam):
        names = [key.removeprefix(COUNT) for key in found if key.startswith(COUNT)]
        optimizer.moments = {n: (int(found[COUNT + n]), found[MEAN + n], found[SQUARE + n]) for n in names}
    history = Run.load(path).history
    history.pop("spectral_radius", None)
    lists = {name: list(array) for name, array in history.items()}
    return Standing(load_weights(found, path), optimizer, lists, epoch)
