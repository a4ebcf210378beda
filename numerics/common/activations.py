"""Activations of the neurons in plain numpy, and their slopes. Knows nothing of the reduction."""

import numpy as np
from scipy.special import erf, erfinv

ACTIVATIONS = ("linear", "tanh", "erf")
"""``"erf"`` is erf(√π s/2), like ``"tanh"`` of slope 1 at rest and bounded by 1."""


def activate(activation: str, preactivation: np.ndarray) -> np.ndarray:
    """φ(s), written over s.

    :param activation: a word of :data:`ACTIVATIONS`
    """
    if activation == "tanh":
        np.tanh(preactivation, out=preactivation)
    elif activation == "erf":
        preactivation *= np.sqrt(np.pi) / 2
        erf(preactivation, out=preactivation)
    return preactivation


def slope_at(activation: str, rate: np.ndarray, out: np.ndarray) -> np.ndarray:
    """φ'(s) from φ(s): 1 - φ² for tanh, exp(-π s²/4) for erf. Rounding of φ moves it by at most 1e-15.

    :param activation: ``"tanh"`` or ``"erf"``
    """
    if activation == "tanh":
        np.multiply(rate, rate, out=out)
        return np.subtract(1.0, out, out=out)
    np.clip(rate, -1.0, 1.0, out=out)
    erfinv(out, out=out)
    np.multiply(out, out, out=out)
    np.negative(out, out=out)
    return np.exp(out, out=out)
