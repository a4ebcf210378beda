"""The step of the agent alone, the joint matrix of plant and neurons, and the order of eigenvalues."""

import numpy as np

from numerics.common.plants import Plant
from numerics.common.weights import Weights


def by_modulus(values: np.ndarray) -> np.ndarray:
    """Eigenvalues sorted by decreasing modulus; of equal ones pairs first, each with its upper half first.

    :param values: eigenvalues, (..., k)
    """
    values = np.asarray(values, dtype=np.complex128)
    keys = -values.imag, -np.round(np.abs(values.imag), 12), -np.round(np.abs(values), 12)
    order = np.lexsort(keys, axis=-1)
    return np.take_along_axis(values, order, axis=-1)


def agent_step(weights: Weights, leak: float = 1.0) -> np.ndarray:
    """F = (1-γ) I + γ W, (N, N): the agent alone, linearised at rest (φ' = 1); W itself without leak."""
    if leak == 1.0:
        return weights.recurrence
    return (1 - leak) * np.eye(weights.neurons) + leak * weights.recurrence


def joint_matrix(plant: Plant, weights: Weights, leak: float = 1.0) -> np.ndarray:
    """The joint matrix P, (n+N, n+N), of the loop linearised at rest (φ' = 1)."""
    return joint_matrices(plant, weights.m, weights.z, agent_step(weights, leak), leak)


def joint_matrices(plant: Plant, m: np.ndarray, z: np.ndarray, step: np.ndarray, leak: float) -> np.ndarray:
    """The joint matrices of many networks at once, (..., n+N, n+N).

    :param m: M, (..., N, q)
    :param z: Z, (..., N, p)
    :param step: F = (1-γ) I + γ W, (..., N, N)
    """
    A, B, C = plant.A, plant.B, plant.C
    n, feedback, read = len(A), B @ z.swapaxes(-1, -2), leak * m @ C
    size = n + step.shape[-1]
    joint = np.empty((*step.shape[:-2], size, size))
    joint[..., :n, :n], joint[..., :n, n:] = A, feedback
    joint[..., n:, :n], joint[..., n:, n:] = read @ A, step + read @ feedback
    return joint
