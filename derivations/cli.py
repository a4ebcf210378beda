"""The command ``closedloop``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from derivations import screen
from numerics.errors import InputError, choice, require, whole

app = typer.Typer(
    help="How recurrent networks learn when they act on their own environment: theory beside the experiment.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

USAGE_ERROR = typer.BadParameter.__mro__[1]  # the parser's UsageError, under whichever name typer ships it

Replay = Annotated[
    Path | None, typer.Option(help="Replay .npz: weights, x0 and settings. Excludes the protocol options.")
]
Out = Annotated[Path, typer.Option(help="Where to write the run result, .npz.")]
Seed = Annotated[int | None, typer.Option(help="Seed of weights and initial states [default: 0].")]
Epochs = Annotated[int | None, typer.Option(help="Number of updates [default: 1000].")]
Batch = Annotated[int | None, typer.Option(help="Episodes per update [default: 100].")]
Neurons = Annotated[int | None, typer.Option(help="Number N of neurons [default: 100].")]
Horizon = Annotated[int | None, typer.Option(help="Episode length T [default: 50].")]
Rate = Annotated[float | None, typer.Option(help="Learning rate [default: 0.01].")]
Clip = Annotated[float | None, typer.Option(help="Largest gradient norm, inf for none [default: 1].")]
Penalty = Annotated[float | None, typer.Option(help="Weight of the squared control [default: 0].")]


def _protocol(replay: Path | None, **options):
    """The run to be made: a replay file, or the rank-one protocol with the given options."""
    from numerics.replay import load_replay, rank_one_replay

    given = {name: value for name, value in options.items() if value is not None}
    if replay is None:
        return rank_one_replay(given.pop("seed", 0), **given)
    names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
    require(not given, f"--replay fixes the whole run; found also {names}; remove either")
    return load_replay(replay)


def _save(run, out: Path) -> None:
    run.save(out)
    loss = f"loss {run.loss[0]:.6g} -> {run.loss[-1]:.6g}" if run.loss.size else "no finite loss"
    typer.echo(f"{out}: {run.status}, {run.loss.size} epochs, {loss}")


@app.command()
def validate(
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("report"),
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ….")] = 3,
    epochs: Epochs = None,
    batch: Batch = None,
    neurons: Neurons = None,
    horizon: Horizon = None,
    learning_rate: Rate = None,
    clip: Clip = None,
    control_penalty: Penalty = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON alone.")] = False,
) -> None:
    """Derive, descend exactly, train N neurons directly, and compare: the main job.

    Prints one line a claim and writes report.md, report.json, expressions.tex and three figures.
    Exit code 1 if a claim fails.

    Examples:

      closedloop validate

      closedloop validate --out /tmp/report --seeds 1 --epochs 200
    """
    from derivations import evidence
    from derivations import validate as job

    whole("--seeds", seeds, 1)
    sizes = dict(epochs=epochs, batch=batch, neurons=neurons, horizon=horizon)
    numbers = dict(learning_rate=learning_rate, clip=clip, control_penalty=control_penalty)
    protocol = {name: value for name, value in {**sizes, **numbers}.items() if value is not None}
    _protocol(None, **protocol)
    folder = job.prepare_folder(out)
    with screen.progress() as report:
        pairs = evidence.gather(range(seeds), report, **protocol)
        lines = job.run_checks_on(pairs, report)
    job.write_report(folder, lines, pairs)
    typer.echo(job.as_json(lines, pairs)) if as_json else screen.table(lines, folder)
    raise typer.Exit(0 if all(line.passed for line in lines) else 1)


@app.command()
def train(
    out: Out,
    replay: Replay = None,
    seed: Seed = None,
    epochs: Epochs = None,
    batch: Batch = None,
    neurons: Neurons = None,
    horizon: Horizon = None,
    learning_rate: Rate = None,
    clip: Clip = None,
    control_penalty: Penalty = None,
) -> None:
    """Train N neurons directly: a replay file, or the rank-one protocol.

    Examples:

      closedloop train --replay run.npz --out simulation.npz

      closedloop train --seed 3 --epochs 300 --out simulation.npz
    """
    from numerics.files import check_writable
    from numerics.train import train as direct

    check_writable(out)
    sizes = dict(seed=seed, epochs=epochs, batch=batch, neurons=neurons, horizon=horizon)
    numbers = dict(learning_rate=learning_rate, clip=clip, control_penalty=control_penalty)
    run = _protocol(replay, **sizes, **numbers)
    with screen.progress() as report:
        result = direct(run, progress=lambda done, total: report("training", done, total))
    _save(result, out)


@app.command()
def descend(
    out: Out,
    replay: Replay = None,
    seed: Seed = None,
    epochs: Epochs = None,
    batch: Batch = None,
    neurons: Neurons = None,
    horizon: Horizon = None,
    learning_rate: Rate = None,
    clip: Clip = None,
    control_penalty: Penalty = None,
    backend: Annotated[str, typer.Option(help="auto, python or numba.")] = "auto",
) -> None:
    """The same run by the exact reduced map: same input, same output, no neurons.

    Examples:

      closedloop descend --replay run.npz --out theory.npz

      closedloop descend --seed 3 --epochs 300 --out theory.npz
    """
    from numerics.descent import descend as exact
    from numerics.files import check_writable

    check_writable(out)
    sizes = dict(seed=seed, epochs=epochs, batch=batch, neurons=neurons, horizon=horizon)
    numbers = dict(learning_rate=learning_rate, clip=clip, control_penalty=control_penalty)
    _save(exact(_protocol(replay, **sizes, **numbers), backend), out)


@app.command("replay")
def write_replay(
    out: Out,
    seed: Seed = None,
    epochs: Epochs = None,
    batch: Batch = None,
    neurons: Neurons = None,
    horizon: Horizon = None,
    learning_rate: Rate = None,
    clip: Clip = None,
    control_penalty: Penalty = None,
) -> None:
    """Write a replay file of the rank-one protocol: initial weights, initial states, settings.

    Example:

      closedloop replay --seed 3 --epochs 300 --out run.npz
    """
    from numerics.replay import save_replay

    sizes = dict(seed=seed, epochs=epochs, batch=batch, neurons=neurons, horizon=horizon)
    numbers = dict(learning_rate=learning_rate, clip=clip, control_penalty=control_penalty)
    save_replay(out, _protocol(None, **sizes, **numbers))
    typer.echo(f"{out}: written")


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
    except (KeyboardInterrupt, typer.Abort):
        screen.complain("interrupted")
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
