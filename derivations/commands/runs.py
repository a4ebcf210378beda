"""Commands that make single runs: train, descend, replay."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from derivations.commands import waiting
from derivations.commands.app import Out, ReplayFile, app, examples
from derivations.commands.options import make_replay, with_protocol
from derivations.progress import named
from derivations.wording import counted
from numerics.common import files
from numerics.common.errors import InputError
from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.tracking import TrackingReplay

LONG = 2000  # horizons beyond which looking for the optimum takes longer than the run


def _save(run, out: Path) -> None:
    from numerics.reduced.stages.optimum import gap

    place = _placed(out)
    run.save(out)
    closed = run.config["task"] == "closed_loop"
    above = None
    if closed and run.config["horizon"] <= LONG:
        with suppress(InputError):  # no optimum of these costs: no remark
            above = gap(run)
    optimum = "" if above is None or above > 100 else f"; population loss {above:.2%} above the best rank-one agent's"
    loss = f"loss {run.loss[0]:.6g} -> {run.loss[-1]:.6g}" if run.loss.size else "no finite loss"
    typer.echo(f"{place}: {run.status}, {counted(run.loss.size, 'epoch')}, {loss}{optimum}")


def _placed(out: Path) -> str:
    """The file's name, and whether another is replaced."""
    return f"{out}, replaced" if out.is_file() else str(out)


@app.command()
@examples(
    "train --replay run.npz --out simulation.npz",
    "train --seed 3 --epochs 300 --out simulation.npz",
)
@with_protocol()
def train(
    out: Out,
    replay: ReplayFile = None,
    *,
    protocol: dict,
) -> None:
    """Train N neurons directly.

    A replay file of any task, or the rank-one protocol.
    """
    from numerics.experiment import open_loop
    from numerics.experiment import train as closed_loop
    from numerics.experiment.tracking import train as tracking_train

    files.check_writable(out, replay)
    run = make_replay(replay, protocol)
    with waiting.progress() as report:
        progress = named(report, "training")
        if isinstance(run, Replay):
            result = closed_loop.train(run, progress=progress)
        elif isinstance(run, TrackingReplay):
            result = tracking_train.train_tracking(run, progress=progress)
        else:
            result = open_loop.train_open_loop(run, progress=progress)
    _save(result, out)


@app.command()
@examples(
    "descend --replay run.npz --out theory.npz",
    "descend --seed 3 --epochs 300 --out theory.npz",
    "descend --replay full.npz --words 4 --out theory.npz",
)
@with_protocol()
def descend(
    out: Out,
    replay: ReplayFile = None,
    backend: Annotated[str, typer.Option(help="auto, python or numba.")] = "auto",
    words: Annotated[
        int | None,
        typer.Option(
            help="Of a full network: length of the longest words [default: the shortest with an estimated error below 0.001]."
        ),
    ] = None,
    *,
    protocol: dict,
) -> None:
    """Make the same run by the reduced map, without the neurons.

    It takes the same input and writes the same output. A network of low rank learns by a map of its Gram matrix, exactly. A full linear network (w) learns as a small one does on the words of its initial weights. Lengths of words are tried one after the other; the result says which was taken and estimates the error, 0 where it is exact. Adam and nonlinear neurons need direct training.
    """
    from numerics.reduced import descent
    from numerics.reduced.open_loop import descent as open_loop_descent

    files.check_writable(out, replay)
    run = make_replay(replay, protocol)
    with waiting.progress() as report:
        if isinstance(run, OpenLoopReplay):
            result = open_loop_descent.descend_open_loop(run, backend, words=words, progress=report)
        else:
            result = descent.descend(run, backend, words, report)
    _save(result, out)
    if "words" in result.config:
        typer.echo(_accuracy(result.config))


def _accuracy(config: dict) -> str:
    """What the word space of a run makes of its network, in words."""
    size = f"words of length {config['words']}: {config['dimension']} neurons for {config['neurons']}"
    if config["exact"]:
        return f"{size}, exactly"
    return f"{size}; estimated largest relative error of the loss {config['error_estimate']:.1e}"


@app.command("replay")
@examples(
    "replay --seed 3 --epochs 300 --out run.npz",
)
@with_protocol()
def write_replay(
    out: Out,
    protocol: dict,
) -> None:
    """Write a replay file of the rank-one protocol.

    It holds initial weights, initial states and settings.
    """
    from numerics.replay.files import save_replay

    place, replay = _placed(out), make_replay(None, protocol)
    save_replay(out, replay)
    typer.echo(f"{place}: written")
