"""Errors about what the user gave: one line that names argument, expectation, finding and remedy."""

import numpy as np


class InputError(ValueError):
    """Bad input: the message is one line that says what was expected, what was found and what to do."""


def require(condition: bool, message: str) -> None:
    """Raise :class:`InputError` unless the condition holds.

    :param condition: what must hold
    :param message: the whole line to show otherwise
    :raises InputError: if the condition is false
    """
    if not condition:
        raise InputError(message)


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """``value`` if it is among the allowed words.

    :param name: the argument, for the message
    :param value: the word found
    :param allowed: the words that are known
    :raises InputError: if the word is unknown
    """
    require(value in allowed, f"{name} must be one of {', '.join(allowed)}; found {value!r}")
    return value


def matrix(name: str, value) -> np.ndarray:
    """``value`` as a finite float64 matrix; a one-dimensional array is read as one column.

    :param name: the argument, for the message
    :param value: an array or nested lists
    :raises InputError: if it is not numeric, not one- or two-dimensional, or not finite
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be an array of real numbers; found {np.asarray(value).dtype} entries") from None
    array = array[:, None] if array.ndim == 1 else array
    require(array.ndim == 2, f"{name} must be a matrix; found an array of shape {array.shape}")
    bad = int(np.size(array) - np.isfinite(array).sum())
    require(bad == 0, f"{name} must be finite; found {bad} entries that are NaN or infinite")
    return array.copy()


def number(name: str, value, low: float, high: float, *, open_low: bool = False) -> float:
    """``value`` as a float within bounds.

    :param name: the argument, for the message
    :param value: the number found
    :param low: smallest allowed value
    :param high: largest allowed value
    :param open_low: whether ``low`` itself is excluded
    :raises InputError: if it is not a number or out of bounds
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number; found {value!r}") from None
    inside = (low < result if open_low else low <= result) and result <= high
    require(inside, f"{name} must lie in {'(' if open_low else '['}{low:g}, {high:g}]; found {result:g}")
    return result


def whole(name: str, value, low: int) -> int:
    """``value`` as an integer not below ``low``.

    :param name: the argument, for the message
    :param value: the number found
    :param low: smallest allowed value
    :raises InputError: if it is not integral or too small
    """
    result = number(name, value, -np.inf, np.inf)
    require(np.isfinite(result) and result == int(result), f"{name} must be a whole number; found {value}")
    require(result >= low, f"{name} must be at least {low}; found {int(result)}")
    return int(result)
