"""Plants by name, and from JSON or TOML files."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from numerics.common.errors import FINITE, InputError, number, require
from numerics.common.plants import Plant, double_integrator

REQUIRED = ("A", "B", "C")
OPTIONAL = ("name", "dt")


def integrator(order: int) -> Plant:
    """A chain of integrators: the control moves the last state, the first is observed.

    :param order: number n of states
    """
    control, observed = np.zeros((order, 1)), np.zeros((1, order))
    control[-1], observed[0, 0] = 1.0, 1.0
    return Plant(np.eye(order) + np.eye(order, k=1), control, observed)


NAMED: dict[str, Callable[[], Plant]] = {
    "single-integrator": lambda: integrator(1),
    "double-integrator": double_integrator,
    "triple-integrator": lambda: integrator(3),
}
"""Plants that are known by name."""


def plant_of(text: str) -> Plant:
    """A plant by its name, or from a file with ``A``, ``B``, ``C`` and optionally ``name`` and ``dt``.

    :param text: a name of :data:`NAMED`, or the path of a .json or .toml file
    :raises InputError: if there is no such plant, or the file is bad
    """
    if text in NAMED:
        return NAMED[text]()
    path = Path(text)
    known = ", ".join(NAMED)
    file = path.suffix in (".json", ".toml")
    require(file, f"plant must be one of {known}, or a .json or .toml file; found {text!r}")
    found = _read(path)
    missing = [name for name in REQUIRED if name not in found]
    require(not missing, f"{path} must hold A, B and C; {', '.join(missing)} missing")
    strange = [name for name in found if name not in REQUIRED + OPTIONAL]
    require(not strange, f"{path} must hold only {', '.join(REQUIRED + OPTIONAL)}; found {', '.join(strange)}")
    if "dt" in found:
        number("dt", found["dt"], 0, FINITE, open_low=True)
    try:
        return Plant(*(np.asarray(found[name], dtype=float) for name in REQUIRED))
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} must hold matrices of numbers as lists of rows; {error}") from None


def _read(path: Path) -> dict:
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InputError(f"{path} must be a file that can be read; {error.strerror}") from None
    except ValueError as error:  # both kinds of syntax error
        raise InputError(f"{path} must be valid {path.suffix[1:].upper()}; {error}") from None
    require(isinstance(found, dict), f"{path} must hold one object with A, B and C; found {type(found).__name__}")
    return found
