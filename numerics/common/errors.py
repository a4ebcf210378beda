"""Errors about what the user gave: one line that names argument, expectation, finding and remedy.

Every check takes the name of the argument, for the message, and the value found, and gives the value back.
"""

from importlib import import_module
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

FINITE = float(np.finfo(float).max)
"""The largest number that is not infinite."""
LARGEST = 2**33
"""Numbers that a run may hold at once, 64 GiB."""


class InputError(ValueError):
    """Bad input: the message is one line that says what was expected, what was found and what to do."""


def require(condition: bool, message: str) -> None:
    """Raise :class:`InputError` unless the condition holds.

    :raises InputError: if the condition is false
    """
    if not condition:
        raise InputError(message)


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """``value`` if it is among the allowed words.

    :raises InputError: if the word is unknown
    """
    require(value in allowed, f"{name} must be one of {', '.join(allowed)}; found {value!r}")
    return value


def matrix(name: str, value: object) -> np.ndarray:
    """``value`` as a finite float64 matrix; a one-dimensional array is read as one column.

    :raises InputError: if it is not numeric, not one- or two-dimensional, or not finite
    """
    array = real(name, value)
    array = array[:, None] if array.ndim == 1 else array
    require(array.ndim == 2, f"{name} must be a matrix; found an array of shape {array.shape}")
    bad = int(np.size(array) - np.isfinite(array).sum())
    require(bad == 0, f"{name} must be finite; found {bad} entries that are NaN or infinite")
    return array.copy()


def real(name: str, value: object) -> np.ndarray:
    """``value`` as a float64 array; complex numbers, truth values and text are refused.

    :raises InputError: if the entries are not real numbers or the rows not equally long
    """
    try:
        found = np.asarray(value)
        require(found.dtype.kind in "fiuO", f"{name} must be an array of real numbers; found {found.dtype} entries")
        return found.astype(np.float64)
    except InputError:
        raise
    except (TypeError, ValueError):
        raise InputError(f"{name} must be an array of real numbers; found other entries or ragged rows") from None


def library(name: str, extra: str) -> ModuleType:
    """An optional library, imported where it is needed.

    :param name: the module
    :param extra: the extra of closedloop-rnn that installs it
    :raises InputError: if it is not installed
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise InputError(
            f"{name} must be installed for this; found none; pip install 'closedloop-rnn[{extra}]'"
        ) from None


def flag(name: str, value: object) -> bool:
    """``value`` as a truth value.

    :param value: true, false, 1 or 0
    :raises InputError: if it is anything else
    """
    is_truth = isinstance(value, bool | np.bool_ | int | float | np.number) and value in (0, 1)
    require(is_truth, f"{name} must be true or false; found {value!r}")
    return bool(value)


def fits(what: str, *sizes: int) -> None:
    """Refuse what no memory holds, before it is asked for.

    :raises InputError: if their product exceeds :data:`LARGEST`
    """
    count = prod(sizes)
    require(count <= LARGEST, f"{what} must fit in memory; found {' x '.join(map(str, sizes))} numbers; choose fewer")


def _converted(name: str, value: Any, what: str) -> float:
    """``value`` as a float; an integer beyond all floats is infinite, and a truth value is no number."""
    try:
        require(not isinstance(value, bool | np.bool_), f"{name} must be {what}; found {value!r}")
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
    except (TypeError, ValueError):
        raise InputError(f"{name} must be {what}; found {value!r}") from None


def number(name: str, value: object, low: float, high: float, *, open_low: bool = False) -> float:
    """``value`` as a float within bounds.

    :param open_low: whether ``low`` itself is excluded
    :raises InputError: if it is not a number or out of bounds
    """
    result = _converted(name, value, "a number")
    inside = (low < result if open_low else low <= result) and result <= high
    bounds = f"lie in {'(' if open_low else '['}{low:g}, {high:g}]"
    least = f"be a finite number {'above' if open_low else 'of at least'} {low:g}"
    require(inside, f"{name} must {least if high == FINITE else bounds}; found {result:g}")
    return result


def whole(name: str, value: object, low: int, high: int = 2**53) -> int:
    """``value`` as an integer within bounds.

    :param high: largest allowed value; by default that up to which floats hold every integer
    :raises InputError: if it is not integral or out of bounds
    """
    result = _converted(name, value, "a whole number")
    require(not result > high, f"{name} must be at most {high}; found {result:g}")
    require(result.is_integer(), f"{name} must be a whole number; found {value}")
    require(result >= low, f"{name} must be at least {low}; found {int(result)}")
    return int(result)
