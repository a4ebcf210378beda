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
    A, B, C = plant.A, plant.B, plant.C
    feedback = B @ weights.z.T
    neurons = (1 - leak) * np.eye(weights.neurons) + leak * (weights.recurrence + weights.m @ C @ feedback)
    return np.block([[A, feedback], [leak * weights.m @ C @ A, neurons]])
