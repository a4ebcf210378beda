"""Commands of the theory alone: evaluate, derive."""

import json
from typing import Annotated

import typer

from derivations import screen
from derivations.cli_app import app
from numerics.errors import choice, require


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
