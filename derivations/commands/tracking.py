"""Commands of the tracking task: track, staircase."""

import json
from pathlib import Path
from typing import Annotated

import typer

from derivations.commands import screen, waiting
from derivations.commands.app import Out, ReplayFile, app, examples
from derivations.commands.options import TRACKING_OPTIONS, make_tracking_replay, read_teacher, with_protocol
from numerics.common import files
from numerics.common.errors import whole


@app.command()
@examples(
    "track --seed 0 --out run.npz",
    "track --seed 0 --epochs 10000 --out run.npz --resume",
    "track --seed 1 --teacher run.npz --train m,z,w --out student.npz",
)
@with_protocol(table=TRACKING_OPTIONS)
def track(
    out: Out,
    replay: ReplayFile = None,
    teacher: Annotated[
        Path | None, typer.Option(help="Weights of a teacher, .npz: learn in open loop what it does.")
    ] = None,
    every: Annotated[int, typer.Option(help="Epochs from one look at spectra and loss per frequency to the next.")] = 5,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, bit for bit.")] = False,
    *,
    protocol: dict,
) -> None:
    """Train N neurons to track sums of sinusoids.

    A replay file, or the tracking protocol: four frequencies in the plane. Ctrl-C writes the run as it stands to --out; the same command with --resume goes on. More --epochs make it longer.
    """
    from derivations.studies import track as job

    files.check_writable(out, replay, teacher)
    run = make_tracking_replay(replay, protocol)
    if not resume:
        job.check_replaced(out, run.epochs)
    with waiting.progress() as report:
        result = job.track(run, out, read_teacher(teacher), whole("--every", every, 1), resume, report)
    typer.echo(job.summary(run, result, out))
    if job.halted(result):
        screen.complain("stopped; the same command with --resume goes on")
        raise typer.Exit(130)


@app.command()
@examples(
    "staircase run0.npz run1.npz run2.npz",
)
def staircase(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Files of closedloop track.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects alone.")] = False,
) -> None:
    """When tracking runs acquired each frequency.

    And in which order, and what acquired ones lost meanwhile.
    """
    from derivations.studies import staircase as staircase_report

    found = [staircase_report.read(path) for path in runs]
    text = staircase_report.table(found)
    typer.echo(json.dumps([s.record() for s in found]) if as_json else text)
