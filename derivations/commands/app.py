"""The command's application object, and what its commands share."""

import inspect
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from typer.core import TyperGroup

from derivations.commands import screen

Function = TypeVar("Function", bound=Callable)


class Commands(TyperGroup):
    """The commands; Ctrl-C ends any of them with one line and exit code 130."""

    def invoke(self, ctx):
        """Run the command that was asked for.

        :param ctx: the parser's context
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            screen.complain("interrupted")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"closedloop {version('closedloop-rnn')}")
        except PackageNotFoundError:
            typer.echo("closedloop, run from a checkout that is not installed")
        raise typer.Exit


@app.callback()
def closedloop(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """How recurrent networks learn when they act on their own environment: theory beside the experiment."""


def examples(*lines: str) -> Callable[[Function], Function]:
    """Put examples at the end of a command's help.

    :param lines: what stands after ``closedloop``
    """

    def decorate(command: Function) -> Function:
        title = "Examples:" if len(lines) > 1 else "Example:"
        shown = "\n\n".join([title, *(f"  closedloop {line}" for line in lines)])
        command.__doc__ = f"{inspect.getdoc(command)}\n\n{shown}"
        return command

    return decorate


MANY = 10**6
"""Largest number of seeds."""

ReplayFile = Annotated[
    Path | None,
    typer.Option("--replay", help="Replay .npz: weights, batches and settings. Excludes the options of the run."),
]
Out = Annotated[Path, typer.Option(help="Where to write the result, .npz.")]
