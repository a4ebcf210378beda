"""What the parser of the command line refuses, in the words of this toolkit: argument, expected, found, remedy."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

KINDS = {"integer": "an integer", "number": "a number", "float": "a number"}
"""Words of the parser, and what an argument must be."""


def explain(error: Exception, arguments: Sequence[str], commands: Collection[str]) -> str:
    """One line for a usage error.

    :param error: the parser's error
    :param arguments: the words after the program's name
    :param commands: the names of all commands
    """
    command = next((word for word in arguments if word in commands), None)
    see = f"see closedloop {command + ' ' if command else ''}--help"
    return f"{_complaint(error, arguments, command).rstrip('. ')}; {see}"


def _complaint(error: Exception, arguments: Sequence[str], command: str | None) -> str:
    said = error.format_message()  # type: ignore[attr-defined]
    name = _argument(error)
    if said.startswith("Missing"):
        return f"{name} must be given; found none"
    if said.startswith("Invalid value") and name:
        kind = next((text for word, text in KINDS.items() if word in said), None)
        count = error.param.nargs  # type: ignore[attr-defined]
        found = _found(name, count, arguments, command)
        return f"{name} must be {kind}{found}" if kind else f"{name}: {said.partition(': ')[2]}"
    if said.startswith("No such command"):
        return f"COMMAND must be one that closedloop has; found {said.split(maxsplit=3)[-1]}"
    option = getattr(error, "option_name", "")
    close = get_close_matches(option, getattr(error, "possibilities", None) or (), 1, 0.7)
    if said.startswith("No such option"):
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"options must be those of closedloop {command or ''}".rstrip() + f"; found {option}{hint}"
    if "requires" in said and option:
        wanted = said.partition("requires ")[2].rstrip(".").replace("an argument", "a value")
        return f"{option} must have {wanted.replace('argument', 'value')}; found fewer"
    if said.startswith("Got unexpected"):
        return f"arguments must be those of closedloop {command}; found also {said.partition(') (')[2].rstrip(')')}"
    return said


def _argument(error: Exception) -> str:
    """The name of the argument that an error is about, as it is spelt on the command line."""
    parameter = getattr(error, "param", None)
    spelt = getattr(parameter, "opts", [""])[0]
    shown = getattr(parameter, "metavar", None) or spelt.upper()
    return spelt if spelt.startswith("-") else shown.strip("[].")


def _found(name: str, count: int, arguments: Sequence[str], command: str | None) -> str:
    """What was given for an option, or as the first bare argument."""
    if not name.startswith("-"):
        return f"; found {next(word for word in arguments if word != command and not word.startswith('-'))}"
    for index, word in enumerate(arguments):
        if word.startswith(name + "="):
            return f"; found {word.partition('=')[2]}"
        if word == name:
            values = arguments[index + 1 : index + 1 + count]
            return f"; found {next((value for value in values if not _is_number(value)), values[0])}"
    return ""


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
