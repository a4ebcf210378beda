"""Factors of second moments: all that a quadratic loss sees of a batch."""

import numpy as np


def moment_factor(x0: np.ndarray) -> np.ndarray:
    """F with F Fᵀ = (1/B) Σ x_0 x_0ᵀ, symmetric, for any number of epochs; not a number where it overflows.

    :param x0: initial states, (..., batch, n)
    """
    with np.errstate(all="ignore"):
        moment = np.swapaxes(x0, -1, -2) @ x0 / x0.shape[-2]
    finite = np.isfinite(moment).all(axis=(-2, -1), keepdims=True)
    return np.where(finite, symmetric_root(np.where(finite, moment, 0.0)), np.nan)


def symmetric_root(moment: np.ndarray) -> np.ndarray:
    """The symmetric positive semidefinite square root.

    :param moment: symmetric positive semidefinite matrices, (..., n, n)
    """
    values, vectors = np.linalg.eigh(moment)
    return np.einsum("...ij,...j,...kj->...ik", vectors, np.sqrt(np.clip(values, 0, None)), vectors)
