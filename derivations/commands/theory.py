"""Commands of the theory alone: evaluate, derive."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from derivations.commands import screen, waiting
from derivations.commands.app import app, examples
from derivations.commands.options import as_options
from numerics.common.errors import require

if TYPE_CHECKING:
    from derivations.documents.printing import Order


@app.command()
@examples(
    "evaluate --overlaps -0.05 0.1 0.2 0.3",
    "evaluate --overlaps -1.618 1.8 1.8 -1.236 --horizon 20 --alpha 0.3 --json",
)
def evaluate(
    overlaps: Annotated[
        tuple[float, float, float, float], typer.Option(metavar="ZM ZU VM VU", help="The four overlaps.")
    ],
    horizon: Annotated[int, typer.Option(help="Episode length T of L_T and L_inf.")] = 50,
    alpha: Annotated[float, typer.Option(help="Weight of L_inf in the surrogate, in [0, 1].")] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object alone.")] = False,
) -> None:
    """Every quantity of the theory at one point of the overlaps.

    The plant is the double integrator, the agent of rank one; initial states have covariance I, and the weight of states is Q = I.

    L_2 is the mean of |x_3|², after two controls (the first step is uncontrolled). L_T is the mean of |x_t|² over the steps t = 0 … T-1. L_inf is ρ^(2T), with ρ the spectral radius. The surrogate is α L_inf + (1 - α) L_2. Gradients are by σ_zm, σ_zu, σ_vm, σ_vu. The overlaps are taken as the exact numbers that they are as floats: a loop is stable where every eigenvalue lies strictly inside the unit circle, on the boundary where ρ is exactly 1, unstable otherwise. On the plane of the two slow modes the agent acts as u = -k_1 x^(1) - k_2 x^(2).
    """
    from numerics.reduced.evaluate import evaluate as at_point

    with as_options(("overlaps", "horizon", "alpha")):
        values = at_point(overlaps, horizon, alpha)
    typer.echo(json.dumps(values, allow_nan=False) if as_json else screen.point(values))


Symbols = Annotated[
    list[str] | None, typer.Option(metavar="NAME=LATEX", help="Write a symbol another way; repeat for more.")
]
Macros = Annotated[
    bool,
    typer.Option(
        "--macros", help="With latex or tex: a macro for every symbol, defined at the top; not with --symbols."
    ),
]
Reports = Annotated[
    list[Path] | None, typer.Option(help="Books: folder of closedloop validate, to quote; repeat for more.")
]
ListNames = Annotated[bool, typer.Option("--list", help="List the names of all results; on a terminal, what they are.")]


@app.command()
@examples(
    "derive --list",
    "derive effective-gains",
    "derive short-term-loss --format latex --symbols sigma_zm=a --symbols kappa=k",
    "derive --format latex --standalone > expressions.tex",
    "derive --format pdf --out book.pdf --figures figures --report report",
    "derive saddle optimum --format html --out page.html",
)
def derive(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Results; all if none.")] = None,
    format: Annotated[str, typer.Option(help="text, latex or json; a book as pdf, html or tex.")] = "text",
    out: Annotated[Path | None, typer.Option(help="File to write [default: the screen; books: book.FORMAT].")] = None,
    standalone: Annotated[bool, typer.Option(help="With latex: a document of its own.")] = False,
    symbols: Symbols = None,
    macros: Macros = False,
    figures: Annotated[Path | None, typer.Option(help="Books: folder of closedloop figure, to include.")] = None,
    report: Reports = None,
    list_names: ListNames = False,
) -> None:
    """Print derived expressions with their derivations.

    Every step says what it is: proved (the printed equation was compared exactly with an independent derivation), a definition, an assumption, asymptotic, or checked numerically by a named claim of closedloop validate. The exit code is 1 if a test fails. The LaTeX compiles in a plain article with amsmath. A book has chapters, assumptions, checks and symbols besides.
    """
    from derivations.documents import printing

    if list_names:
        _list(names or [])
    else:
        options = (format, out, standalone, tuple(symbols or ()), macros, figures, tuple(report or ()))
        _derive(names or [], printing.Order(*options).checked())


def _list(names: list[str]) -> None:
    """The names of all results; on a terminal, what they are."""
    from derivations import catalogue

    require(not names, "--list takes no NAME; found " + " ".join(names))
    titled = sys.stdout.isatty()
    typer.echo("\n".join(f"{n:27}{catalogue.about(n)}" if titled else n for n in catalogue.ORDER))


def _derive(names: list[str], order: "Order") -> None:
    """Derive results and print them; complain of tests that fail."""
    from derivations import catalogue
    from derivations.documents import printing

    with waiting.progress() as progress:
        results = catalogue.results(names, progress)
        done = printing.produce(order, results, progress)
    typer.echo(done, nl=not done.endswith("\n"))
    failing = [f"{r.name} step {index}" for r in results for index in r.broken]
    if failing:
        screen.complain(f"tests that fail: {', '.join(failing)}")
        raise typer.Exit(1)
