"""The command ``closedloop``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from derivations import screen
from derivations.options import (
    OPTIONS,
    TRACKING_OPTIONS,
    comparable,
    make_replay,
    make_tracking_replay,
    with_protocol,
)
from numerics import files
from numerics.errors import InputError, choice, require, whole
from numerics.replay import Replay
from numerics.tracking_replay import TrackingReplay

app = typer.Typer(
    help="How recurrent networks learn when they act on their own environment: theory beside the experiment.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

COMPARABLE = [name for name in OPTIONS if name not in {"seed", "activation", "optimizer", "leak", "train"}]

LONG = 2000  # horizons beyond which looking for the optimum takes longer than the run
MANY = 10**6  # seeds
USAGE_ERROR = typer.BadParameter.__mro__[1]  # the parser's UsageError, under whichever name typer ships it

ReplayFile = Annotated[
    Path | None,
    typer.Option("--replay", help="Replay .npz: weights, x0 and settings. Excludes the options of the run."),
]
Out = Annotated[Path, typer.Option(help="Where to write the result, .npz.")]


def _save(run, out: Path) -> None:
    from numerics.optimum import gap

    run.save(out)
    closed = run.config["task"] == "closed_loop"
    above = gap(run) if closed and run.config["horizon"] <= LONG else None
    optimum = "" if above is None else f", {above:.2%} above the optimum"
    loss = f"loss {run.loss[0]:.6g} -> {run.loss[-1]:.6g}" if run.loss.size else "no finite loss"
    typer.echo(f"{out}: {run.status}, {run.loss.size} epochs, {loss}{optimum}")


@app.command()
@with_protocol(*COMPARABLE)
def validate(
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("report"),
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ….")] = 3,
    stages: Annotated[bool, typer.Option("--stages", help="Decide the claims about the three stages instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON alone.")] = False,
    *,
    protocol: dict,
) -> None:
    """Derive, descend exactly, train N neurons directly, and compare: the main job.

    Prints one line a claim and writes report.md, report.json, expressions.tex and three figures.
    Exit code 1 if a claim fails.

    Examples:

      closedloop validate

      closedloop validate --out report --seeds 1 --epochs 200

      closedloop validate --stages
    """
    from derivations import evidence
    from derivations import validate as job

    whole("--seeds", seeds, 1, MANY)
    make_replay(None, protocol)
    whole("neurons", protocol.get("neurons", 2), 2)
    whole("horizon", protocol.get("horizon", 2), 2)
    folder = files.prepare_folder(out)
    for name in job.REPORT:
        files.check_writable(folder / name)
    with screen.progress() as report:
        pairs = evidence.gather(range(seeds), report, **protocol)
        lines = job.run_checks_on(pairs, report, job.STAGE_CHECKS if stages else job.CHECKS)
    job.write_report(folder, lines, pairs)
    typer.echo(job.as_json(lines, pairs)) if as_json else screen.table(lines, folder)
    raise typer.Exit(0 if all(line.passed for line in lines) else 1)


@app.command()
@with_protocol()
def train(
    out: Out,
    replay: ReplayFile = None,
    *,
    protocol: dict,
) -> None:
    """Train N neurons directly: a replay file of any task, or the rank-one protocol.

    Examples:

      closedloop train --replay run.npz --out simulation.npz

      closedloop train --seed 3 --epochs 300 --out simulation.npz
    """
    from numerics import open_loop, tracking_train
    from numerics import train as closed_loop

    files.check_writable(out)
    run = make_replay(replay, protocol)
    with screen.progress() as report:

        def progress(done: int, total: int) -> None:
            report("training", done, total)

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
    """The same run by the exact reduced map: same input, same output, no neurons.

    Examples:

      closedloop descend --replay run.npz --out theory.npz

      closedloop descend --seed 3 --epochs 300 --out theory.npz
    """
    from numerics import descent, open_loop_descent

    files.check_writable(out)
    run = make_replay(replay, protocol)
    if isinstance(run, TrackingReplay):
        what = "--replay must be a closed- or open-loop run; found a tracking run"
        raise InputError(f"{what}: an exact map exists only for low-rank SGD; use closedloop train or track")
    if isinstance(run, Replay):
        result = descent.descend(run, backend)
    else:
        result = open_loop_descent.descend_open_loop(run, backend)
    _save(result, out)


@app.command()
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
    """Train N neurons to track sums of sinusoids in the plane: a replay file, or the tracking protocol.

    Ctrl-C writes the run as it stands to --out; the same command with --resume goes on. More --epochs make it longer.

    Examples:

      closedloop track --seed 0 --out run.npz

      closedloop track --seed 0 --epochs 10000 --out run.npz --resume

      closedloop track --seed 1 --teacher run.npz --train m,z,w --out student.npz
    """
    from derivations import track as job

    files.check_writable(out)
    run = make_tracking_replay(replay, protocol)
    with screen.progress() as report:
        result = job.track(run, out, job.read_teacher(teacher), whole("--every", every, 1), resume, report)
    typer.echo(job.summary(run, result, out))
    if job.halted(result):
        screen.complain("stopped; the same command with --resume goes on")
        raise typer.Exit(130)


@app.command()
def staircase(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Files of closedloop track.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects alone.")] = False,
) -> None:
    """When tracking runs acquired each frequency, in which order, and what acquired ones lost meanwhile.

    Example:

      closedloop staircase run0.npz run1.npz run2.npz
    """
    from derivations import staircase_report

    found = [staircase_report.read(path) for path in runs]
    text = staircase_report.table(found)
    typer.echo(json.dumps([s.record() for s in found]) if as_json else text)


@app.command("replay")
@with_protocol()
def write_replay(
    out: Out,
    protocol: dict,
) -> None:
    """Write a replay file of the rank-one protocol: initial weights, initial states, settings.

    Example:

      closedloop replay --seed 3 --epochs 300 --out run.npz
    """
    from numerics.replay_files import save_replay

    save_replay(out, make_replay(None, protocol))
    typer.echo(f"{out}: written")


@app.command()
def figure(
    number: Annotated[int, typer.Argument(help="Figure of the paper: 1 to 5.")],
    out: Annotated[Path, typer.Option(help="Folder for the picture and its numbers.")] = Path("figures"),
    seed: Annotated[int | None, typer.Option(help="Seed of the run that is shown [default: the figure's own].")] = None,
) -> None:
    """Draw a figure of the paper from fresh runs, theory over simulation, and save its numbers beside it.

    1: closed and open loop. 2: the same in the plane of gains. 3: stage 1. 4: stage 2. 5: stage 3.

    Examples:

      closedloop figure 4

      closedloop figure 5 --seed 2 --out figures
    """
    from derivations import figures

    figures.check_number(number)
    if seed is not None:
        whole("--seed", seed, 0)
    folder = files.prepare_folder(out)
    with screen.progress() as report:
        picture, numbers, gap = figures.make(number, folder, seed, report)
    typer.echo(f"{picture}, {numbers}: exact map and direct training differ by {gap:.1e}")


@app.command()
@with_protocol()
def compare(
    replay: ReplayFile = None,
    teacher: Annotated[
        Path | None, typer.Option(help="Weights of the open-loop teacher, .npz [default: the closed-loop run's].")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Compare seeds 0, 1, … instead of one [default: --seed].")] = None,
    network: Annotated[str, typer.Option(help="rank-one (linear) or full (tanh, every weight trained).")] = "rank-one",
    inputs: Annotated[str, typer.Option(help="Open-loop inputs: white, or teacher (its own observations).")] = "white",
    variance: Annotated[float, typer.Option(help="Variance of white inputs.")] = 2.0,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("compare"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the summaries as JSON alone.")] = False,
    *,
    protocol: dict,
) -> None:
    """Train the same network in closed and in open loop, and test both in closed loop.

    Prints a table a seed and writes compare.json, compare.npz and compare.png.

    Examples:

      closedloop compare --seed 1

      closedloop compare --network full --epochs 300

      closedloop compare --replay run.npz --teacher trained.npz --inputs teacher
    """
    from derivations import compare as job
    from derivations import compare_report

    choice("--network", network, tuple(job.HALF_WIDTHS))
    choice("--inputs", inputs, ("white", "teacher"))
    runs = comparable(replay, network, seeds, protocol)
    weights = None if teacher is None else job.read_teacher(teacher)
    folder = files.prepare_folder(out)
    for name in compare_report.FILES:
        files.check_writable(folder / name)
    with screen.progress() as report:
        half_width = job.HALF_WIDTHS[network]
        found = [job.compare(run, weights, inputs, variance, half_width, report) for run in runs]
    rows = compare_report.report(folder, found)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    typer.echo("\n\n".join(job.table(row) for row in rows))
    typer.echo(f"{compare_report.verdict(rows)}; report in {folder}/")


@app.command()
def stages(
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ….")] = 50,
    network: Annotated[str, typer.Option(help="rank-one (exact map) or full (tanh, direct training).")] = "rank-one",
    epochs: Annotated[int, typer.Option(help="Number of updates.")] = 1000,
) -> None:
    """Where the stages end, over seeds: fraction found, medians, bootstrap intervals.

    Examples:

      closedloop stages

      closedloop stages --network full --seeds 5
    """
    from derivations import stage_statistics

    with screen.progress() as report:
        table = stage_statistics.measure(
            whole("--seeds", seeds, 1, MANY), network, whole("--epochs", epochs, 2), report
        )
    typer.echo(table)


@app.command()
def evaluate(
    overlaps: Annotated[
        tuple[float, float, float, float], typer.Option(metavar="ZM ZU VM VU", help="The four overlaps.")
    ],
    horizon: Annotated[int, typer.Option(help="Episode length T of L_T and L_inf.")] = 50,
    alpha: Annotated[float, typer.Option(help="Weight of L_inf in the surrogate, in [0, 1].")] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object alone.")] = False,
) -> None:
    """Every quantity of the theory at one point of the overlaps.

    Examples:

      closedloop evaluate --overlaps -0.05 0.1 0.2 0.3

      closedloop evaluate --overlaps -1.618 1.8 1.8 -1.236 --horizon 20 --alpha 0.3 --json
    """
    from numerics.evaluate import evaluate as at_point

    values = at_point(overlaps, horizon, alpha)
    typer.echo(json.dumps(values, allow_nan=False) if as_json else screen.point(values))


@app.command()
def derive(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Results; all if none.")] = None,
    format: Annotated[str, typer.Option(help="text, latex or json.")] = "text",
    standalone: Annotated[bool, typer.Option(help="With latex: a document of its own.")] = False,
    list_names: Annotated[bool, typer.Option("--list", help="List the names of all results.")] = False,
) -> None:
    """Print derived expressions with their derivations; every step is verified as it is printed.

    The LaTeX compiles in a plain article with amsmath.

    Examples:

      closedloop derive --list

      closedloop derive effective-gains

      closedloop derive short-term-loss --format latex

      closedloop derive --format latex --standalone > expressions.tex
    """
    from derivations import catalogue, document

    choice("--format", format, ("text", "latex", "json"))
    require(not standalone or format == "latex", f"--standalone goes with --format latex; found {format}")
    require(not (list_names and names), "--list takes no NAME; found " + " ".join(names or ()))
    if list_names:
        typer.echo("\n".join(catalogue.ORDER))
        return
    results = catalogue.results(names or ())
    if format == "latex":
        typer.echo(document.as_latex(results, standalone), nl=False)
    else:
        typer.echo(document.as_json(results) if format == "json" else document.as_text(results))
    unproved = [result.name for result in results if not result.verified]
    if unproved:
        screen.complain(f"not verified: {', '.join(unproved)}")
        raise typer.Exit(1)


def main(arguments: list[str] | None = None) -> None:
    """Run the command; bad input prints one line and exits with code 2.

    :param arguments: the words after the program's name; those of the process by default
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(args=arguments or ["--help"], standalone_mode=False)
    except InputError as error:
        screen.complain(str(error))
        code = 2
    except USAGE_ERROR as error:  # type: ignore[misc]
        screen.complain(f"{error.format_message()}; see closedloop --help")
        code = 2
    except MemoryError:
        screen.complain("the run must fit in memory; found too little; choose fewer neurons, episodes, steps or epochs")
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        screen.complain("interrupted")
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
