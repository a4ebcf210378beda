"""The command ``closedloop``."""

import sys

import typer

from derivations.commands import checks as cli_checks
from derivations.commands import limit as cli_limit
from derivations.commands import runs as cli_runs
from derivations.commands import screen
from derivations.commands import theory as cli_theory
from derivations.commands import tracking as cli_tracking
from derivations.commands.app import app
from derivations.commands.usage import explain
from numerics.common.errors import InputError
from numerics.common.threads import single_threaded

_COMMANDS = (cli_checks, cli_limit, cli_runs, cli_theory, cli_tracking)
"""The modules whose commands the application has."""

NAMES = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]

USAGE_ERROR = typer.BadParameter.__mro__[1]  # the parser's UsageError, under whichever name typer ships it


def main(arguments: list[str] | None = None) -> None:
    """Run the command; bad input prints one line and exits with code 2.

    :param arguments: the words after the program's name; those of the process by default
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with single_threaded():
            code = app(args=arguments or ["--help"], prog_name="closedloop", standalone_mode=False)
    except InputError as error:
        screen.complain(str(error))
        code = 2
    except USAGE_ERROR as error:  # type: ignore[misc]
        screen.complain(explain(error, arguments, NAMES))
        code = 2
    except MemoryError:
        screen.complain("the run must fit in memory; found too little; choose fewer neurons, episodes, steps or epochs")
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
