"""Commands that make single runs: train, descend, replay."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from derivations.commands import waiting
from derivations.commands.app import Out, ReplayFile, app
from derivations.commands.options import make_replay, with_protocol
from derivations.progress import named
from derivations.wording import counted
from numerics.common import files
from numerics.common.errors import InputError
from numerics.replay.closed_loop import Replay
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
@with_protocol()
def train(
    out: Out,
    replay: ReplayFile = None,
    *,
    protocol: dict,
) -> None:
    """Train N neurons directly.

    A replay file of any task, or the rank-one protocol.

    Examples:

      closedloop train --replay run.npz --out simulation.npz

      closedloop train --seed 3 --epochs 300 --out simulation.npz
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
@with_protocol()
def descend(
    out: Out,
    replay: ReplayFile = None,
    backend: Annotated[str, typer.Option(help="auto, python or numba.")] = "auto",
    *,
    protocol: dict,
) -> None:
    """Make the same run by the exact reduced map, no neurons.

    It takes the same input and writes the same output.

    Examples:

      closedloop descend --replay run.npz --out theory.npz

      closedloop descend --seed 3 --epochs 300 --out theory.npz
    """
    from numerics.reduced import descent
    from numerics.reduced.open_loop import descent as open_loop_descent

    files.check_writable(out, replay)
    run = make_replay(replay, protocol)
    if isinstance(run, TrackingReplay):
        what = "--replay must be a closed- or open-loop run; found a tracking run"
        raise InputError(f"{what}: an exact map exists only for low-rank SGD; use closedloop train or track")
    if isinstance(run, Replay):
        result = descent.descend(run, backend)
    else:
        result = open_loop_descent.descend_open_loop(run, backend)
    _save(result, out)


@app.command("replay")
@with_protocol()
def write_replay(
    out: Out,
    protocol: dict,
) -> None:
    """Write a replay file of the rank-one protocol.

    It holds initial weights, initial states and settings.

    Example:

      closedloop replay --seed 3 --epochs 300 --out run.npz
    """
    from numerics.replay.files import save_replay

    place, replay = _placed(out), make_replay(None, protocol)
    save_replay(out, replay)
    typer.echo(f"{place}: written")
