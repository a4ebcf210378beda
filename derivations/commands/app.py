"""The command's application object, and what its commands share."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="How recurrent networks learn when they act on their own environment: theory beside the experiment.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

MANY = 10**6
"""Largest number of seeds."""

ReplayFile = Annotated[
    Path | None,
    typer.Option("--replay", help="Replay .npz: weights, batches and settings. Excludes the options of the run."),
]
Out = Annotated[Path, typer.Option(help="Where to write the result, .npz.")]
