"""The options that describe a run, the same on every command that makes one."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from numerics.common.errors import InputError, require, whole
from numerics.common.files import read_arrays
from numerics.common.weights import Weights, load_weights
from numerics.replay.closed_loop import Replay, full_replay, rank_one_replay
from numerics.replay.files import AnyReplay, load_replay
from numerics.replay.tracking import TrackingReplay, tracking_replay
from numerics.replay.tracking_task import TrackingTask

OPTIONS: dict[str, tuple[type, str]] = {
    "seed": (int, "Seed of weights and initial states [default: 0]."),
    "epochs": (int, "Number of updates [default: 1000]."),
    "batch": (int, "Episodes per update [default: 100]."),
    "neurons": (int, "Number N of neurons [default: 100]."),
    "horizon": (int, "Episode length T in steps [default: 50]."),
    "learning_rate": (float, "Learning rate [default: 0.01]."),
    "clip": (float, "Largest gradient norm, inf for none [default: 1]."),
    "state_weight": (float, "Weight of the squared state [default: 0.5]."),
    "control_penalty": (float, "Weight of the squared control, T times the β of the paper [default: 0]."),
    "leak": (float, "Leak of the neurons, in (0, 1] [default: 1]."),
    "activation": (str, "linear, tanh or erf [default: linear]."),
    "optimizer": (str, "sgd, momentum or adam [default: sgd]."),
    "momentum": (float, "Momentum in [0, 1), for that optimizer [default: 0.9]."),
    "law": (str, "Initial distribution of the weights: uniform or gaussian [default: uniform]."),
    "noise": (bool, "Draw every batch anew; --no-noise trains on the population loss [default: noise]."),
    "train": (str, "Trained arrays, by commas [default: z,u,v]."),
}

TASK_OPTIONS: dict[str, tuple[type, str]] = {
    "dt": (float, "Time of a step in seconds [default: 0.1]."),
    "duration": (float, "Length of an episode in seconds [default: 30]."),
    "ramp": (float, "Seconds over which the references grow from 0 [default: 1]."),
    "amplitude": (str, "Amplitude of every sinusoid, or one for each frequency, by commas [default: 2.31]."),
    "frequencies_x": (str, "Frequencies of the x axis in Hz, by commas [default: 0.1,0.3]."),
    "frequencies_y": (str, "Frequencies of the y axis in Hz, by commas [default: 0.2,0.4]."),
    "clamp": (float, "Largest modulus of a plant state, inf for none [default: 10]."),
    "inputs": (str, "What the agent reads, of position, velocity, reference, error [default: position,reference]."),
}
TRACKING_OPTIONS: dict[str, tuple[type, str]] = {
    "seed": (int, "Seed of weights and phases [default: 0]."),
    "epochs": (int, "Number of updates [default: 5000]."),
    "batch": OPTIONS["batch"],
    "neurons": OPTIONS["neurons"],
    "strength": (float, "g of the initial recurrence, normal with std g/√N [default: 0.2]."),
    "learning_rate": (float, "Learning rate [default: 0.001]."),
    "clip": (float, "Largest gradient norm, inf for none [default: inf]."),
    "leak": (float, "Leak dt/tau of the neurons, in (0, 1] [default: 0.1]."),
    "activation": OPTIONS["activation"],
    "optimizer": (str, "sgd, momentum or adam [default: adam]."),
    "momentum": OPTIONS["momentum"],
    "train": (str, "Trained arrays, by commas [default: w,z]."),
    **TASK_OPTIONS,
}
LISTS = ("train", "inputs", "amplitude", "frequencies_x", "frequencies_y")


def with_protocol(*names: str, table: dict[str, tuple[type, str]] = OPTIONS) -> Callable:
    """Give a command the options of the protocol; it receives those that were set as the dict ``protocol``.

    :param names: the options; all by default
    :param table: kind and meaning of every option
    """
    chosen = {name: table[name] for name in names or table}

    def decorate(command: Callable) -> Callable:
        @wraps(command)
        def run(**arguments):
            given = {name: arguments.pop(name) for name in chosen}
            protocol = {name: value for name, value in given.items() if value is not None}
            for name in LISTS:
                if name in protocol:
                    protocol[name] = tuple(protocol[name].replace(",", " ").split())
            require(protocol.get("train") != (), "--train must name an array; found none; leave it out")
            return command(**arguments, protocol=protocol)

        signature = inspect.signature(command)
        kept = [p for p in signature.parameters.values() if p.name != "protocol"]
        added = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[kind | None, typer.Option(help=text)],
            )
            for name, (kind, text) in chosen.items()
        ]
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in kept), *added]
        )
        return run

    return decorate


def words(protocol: dict) -> str:
    """Options as they are spelt on the command line.

    :param protocol: options that were set
    """
    return ", ".join(f"--{name.replace('_', '-')}" for name in protocol)


@contextmanager
def as_options(names: Iterable[str]) -> Iterator[None]:
    """Complaints about settings name the options that set them.

    :param names: the settings that have options
    """
    try:
        yield
    except InputError as error:
        first, space, rest = str(error).partition(" ")
        spelt = f"--{first.replace('_', '-')}" if first in names else first
        raise InputError(f"{spelt}{space}{rest}") from None


def make_replay(path: Path | None, protocol: dict) -> AnyReplay:
    """The run to be made: a replay file, or the rank-one protocol with the given options.

    :param path: a replay file, or None
    :param protocol: options that were set
    :raises InputError: if both are given, or an option is bad
    """
    if path is None:
        options = dict(protocol)
        with as_options(OPTIONS):
            return rank_one_replay(options.pop("seed", 0), **options)
    require(not protocol, f"--replay fixes the whole run; found also {words(protocol)}; remove either")
    return load_replay(path)


def make_tracking_replay(path: Path | None, protocol: dict) -> TrackingReplay:
    """The tracking run to be made: a replay file, or the tracking protocol with the given options.

    :param path: a replay file, or None
    :param protocol: options that were set
    :raises InputError: if both are given, an option is bad, or the file is of another task
    """
    if path is None:
        options = dict(protocol)
        with as_options(TRACKING_OPTIONS):
            task = TrackingTask(**{name: options.pop(name) for name in TASK_OPTIONS if name in options})
            return tracking_replay(options.pop("seed", 0), task=task, **options)
    replay = make_replay(path, protocol)
    require(isinstance(replay, TrackingReplay), f"--replay must be a tracking run; found {path}, another task")
    return replay  # type: ignore[return-value]


def comparable(path: Path | None, network: str, seeds: int | None, protocol: dict) -> list[Replay]:
    """The closed-loop runs to be compared with open loop.

    :param path: a closed-loop replay file, or None
    :param network: ``"rank-one"`` or ``"full"``
    :param seeds: number of seeds 0, 1, …, or None for the one of the protocol
    :param protocol: options that were set
    :raises InputError: if options exclude each other, or the file is of another task
    """
    if path is not None:
        require(seeds is None, f"--replay fixes the run; found also --seeds {seeds}; remove either")
        replay = make_replay(path, protocol)
        require(isinstance(replay, Replay), f"--replay must be a closed-loop run; found {path}, another task")
        return [replay]  # type: ignore[list-item]
    require(seeds is None or "seed" not in protocol, "--seeds counts from 0; found also --seed; remove either")
    options = dict(protocol)
    first = options.pop("seed", 0)
    foreign = [name for name in ("law", "noise") if name in options and network == "full"]
    require(not foreign, f"--{foreign[0] if foreign else ''} goes with --network rank-one; found full; remove it")
    make = full_replay if network == "full" else rank_one_replay
    chosen = range(whole("--seeds", seeds, 1)) if seeds is not None else [first]
    with as_options(OPTIONS):
        return [make(seed, **options) for seed in chosen]


def read_teacher(path: Path | None) -> Weights | None:
    """The weights in a file, a replay, a run result or the arrays alone; None without a file.

    :param path: the .npz file
    :raises InputError: if it holds no weights
    """
    return None if path is None else load_weights(read_arrays(path), path)
