"""The options that describe a run, the same on every command that makes one."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from numerics.errors import require, whole
from numerics.open_loop import OpenLoopReplay
from numerics.replay import Replay, full_replay, rank_one_replay
from numerics.replay_files import load_replay

OPTIONS: dict[str, tuple[type, str]] = {
    "seed": (int, "Seed of weights and initial states [default: 0]."),
    "epochs": (int, "Number of updates [default: 1000]."),
    "batch": (int, "Episodes per update [default: 100]."),
    "neurons": (int, "Number N of neurons [default: 100]."),
    "horizon": (int, "Episode length T in steps [default: 50]."),
    "learning_rate": (float, "Learning rate [default: 0.01]."),
    "clip": (float, "Largest gradient norm, inf for none [default: 1]."),
    "state_weight": (float, "Weight of the squared state [default: 0.5]."),
    "control_penalty": (float, "Weight of the squared control [default: 0]."),
    "leak": (float, "Leak of the neurons, in (0, 1] [default: 1]."),
    "activation": (str, "linear, tanh or erf [default: linear]."),
    "optimizer": (str, "sgd or adam [default: sgd]."),
    "law": (str, "Initial law: uniform or gaussian [default: uniform]."),
    "noise": (bool, "Draw every batch anew; --no-noise trains on the population loss [default: noise]."),
    "train": (str, "Trained arrays, by commas [default: z,u,v]."),
}


def with_protocol(*names: str) -> Callable:
    """Give a command the options of the protocol; it receives those that were set as the dict ``protocol``.

    :param names: the options; all by default
    """
    chosen = {name: OPTIONS[name] for name in names or OPTIONS}

    def decorate(command: Callable) -> Callable:
        @wraps(command)
        def run(**arguments):
            given = {name: arguments.pop(name) for name in chosen}
            protocol = {name: value for name, value in given.items() if value is not None}
            if "train" in protocol:
                protocol["train"] = tuple(protocol["train"].replace(",", " ").split())
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


def make_replay(path: Path | None, protocol: dict) -> Replay | OpenLoopReplay:
    """The run to be made: a replay file, or the rank-one protocol with the given options.

    :param path: a replay file, or None
    :param protocol: options that were set
    :raises InputError: if both are given, or an option is bad
    """
    if path is None:
        options = dict(protocol)
        return rank_one_replay(options.pop("seed", 0), **options)
    require(not protocol, f"--replay fixes the whole run; found also {words(protocol)}; remove either")
    return load_replay(path)


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
        require(isinstance(replay, Replay), f"--replay must be a closed-loop run; found {path}, which is open-loop")
        return [replay]  # type: ignore[list-item]
    require(seeds is None or "seed" not in protocol, "--seeds counts from 0; found also --seed; remove either")
    options = dict(protocol)
    first = options.pop("seed", 0)
    foreign = [name for name in ("law", "noise") if name in options and network == "full"]
    require(not foreign, f"--{foreign[0] if foreign else ''} goes with --network rank-one; found full; remove it")
    make = full_replay if network == "full" else rank_one_replay
    return [make(seed, **options) for seed in (range(whole("--seeds", seeds, 1)) if seeds is not None else [first])]
