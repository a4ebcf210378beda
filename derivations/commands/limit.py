"""The command that predicts learning of full networks from the limit of many neurons."""

import json
from typing import Annotated

import typer

from derivations.commands import screen, waiting
from derivations.commands.app import MANY, app, examples
from derivations.commands.options import as_options
from numerics.common.errors import require, whole
from numerics.common.plant_files import plant_of


@app.command()
@examples(
    "limit",
    "limit --strength 0.3 --neurons 400 --networks 20",
    "limit --table",
    "limit --json",
)
def limit(
    strength: Annotated[float, typer.Option(help="g of the initial recurrence, normal with std g/√N.")] = 0.1,
    neurons: Annotated[int, typer.Option(help="Number N of neurons, which enters as |m|² = |z|² = 1/N.")] = 100,
    words: Annotated[int, typer.Option(help="Length K of the longest words, at most 5.")] = 3,
    epochs: Annotated[int, typer.Option(help="Number of updates.")] = 300,
    plant: Annotated[str, typer.Option(help="Name of a plant, or a JSON or TOML file.")] = "double-integrator",
    networks: Annotated[int, typer.Option(help="Besides, so many random networks of that size.")] = 0,
    table: Annotated[
        bool, typer.Option("--table", help="Instead, g = 0 to 0.5 and N = 50 to 1600 beside 20 networks each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object alone.")] = False,
) -> None:
    """Predict how full linear networks learn, without any network.

    No network is drawn and nothing is fitted: the overlaps of products of a large random recurrence and its transpose, words, are known numbers, and on them a full network learns as two small trees of neurons do. The protocol is the paper's full one, with linear neurons and the population loss: every weight trained, SGD 0.01, clip 1, T = 50, x_0 uniform on [-1, 1]^n.
    """
    from derivations.studies import limit as study
    from numerics.reduced.words.limit import limit_run

    count = whole("--networks", networks, 0, MANY)
    with as_options(("strength", "neurons", "words", "epochs", "plant")), waiting.progress() as report:
        if table:
            typer.echo(study.report(study.table(networks=count or study.NETWORKS, progress=report)))
            return
        body = plant_of(plant)
        known = plant == "double-integrator"
        require(known or not count, f"--networks draws networks for the double integrator; found also --plant {plant}")
        run = limit_run(strength, neurons, words, epochs, body, progress=report)
        row = study.row(strength, neurons, range(count), words, epochs) if count else None
    typer.echo(json.dumps(study.contents(run, row), allow_nan=False) if as_json else screen.limit(run, row))
