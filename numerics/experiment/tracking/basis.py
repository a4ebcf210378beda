"""Tracking by a linear loop: as many equivalent episodes as there are unit references stand for a whole batch.

From rest the loop is linear in the references, so the loss of a batch depends on the coefficients c of its episodes
through Σ c cᵀ alone. With C = Q R (batch × 2F), the episodes with coefficients √(2F/batch) R have the same second
moment, hence the same loss and gradient, exactly; C itself gives back the batch's own states. The experiment.
"""

from dataclasses import dataclass

import numpy as np

from numerics.experiment.neurons import Gradients
from numerics.experiment.simulate import joint_matrix
from numerics.plants import Plant
from numerics.tracking_task import TrackingTask
from numerics.weights import Weights


def equivalent(coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients K of the equivalent episodes, (k, 2F), and the mix Q with C = Q K, (batch, k); k ≤ 2F.

    :param coefficients: C, coefficients of the batch in the basis, (batch, 2F)
    """
    batch, size = coefficients.shape
    if batch <= size:
        return coefficients, np.eye(batch)
    mix, triangle = np.linalg.qr(coefficients)
    return np.sqrt(size / batch) * triangle, np.sqrt(batch / size) * mix


@dataclass(frozen=True)
class LinearResponse:
    """States of the joint system (x_t, h_t), where h_t has read y_t, driven by given references without a clamp.

    s_{t+1} = P s_t + (0, γ M D r_{t+1}), s_0 = (0, γ M D r_0), and r_T = 0.

    :param task: the task
    :param plant: the task's plant
    :param weights: the agent's weights
    :param leak: γ
    :param joint: P, (4 + N, 4 + N)
    :param references: r_0 … r_{T-1}, (T, episodes, 2)
    :param states: s_0 … s_T, (T + 1, episodes, 4 + N)
    """

    task: TrackingTask
    plant: Plant
    weights: Weights
    leak: float
    joint: np.ndarray
    references: np.ndarray
    states: np.ndarray

    @property
    def plant_states(self) -> np.ndarray:
        """x_1 … x_T, (T, episodes, 4)."""
        return self.states[1:, :, :4]

    @property
    def errors(self) -> np.ndarray:
        """p_{t+1} - r_t, (T, episodes, 2)."""
        return self.states[1:, :, :2] - self.references

    def peak(self, mix: np.ndarray) -> float:
        """Largest modulus of a plant state in the episodes that are mixed from these; NaN if any is.

        :param mix: weights of these episodes in each of those, (batch, episodes)
        """
        flat = np.moveaxis(self.plant_states, 1, 0).reshape(mix.shape[1], -1)
        mixed = mix @ flat
        return float(max(mixed.max(), -mixed.min()))

    def loss(self) -> float:
        """dt times the mean over steps and episodes of |p_{t+1} - r_t|²."""
        errors = self.errors
        return float(self.task.dt * np.vdot(errors, errors) / (errors.shape[0] * errors.shape[1]))

    def gradients(self) -> Gradients:
        """The gradient of the loss by every weight matrix.

        g_t = ∂L/∂s_t obeys g_t = Pᵀ g_{t+1} + ∂ℓ/∂s_t, and ∂L/∂P = Σ_t g_{t+1} s_tᵀ.
        """
        slopes = np.zeros_like(self.states)
        steps, episodes, size = self.references.shape[0], slopes.shape[1], slopes.shape[2]
        slopes[1:, :, :2] = (2 * self.task.dt / (steps * episodes)) * self.errors
        for t in range(steps - 1, -1, -1):
            slopes[t] += np.dot(slopes[t + 1], self.joint)
        by_joint = slopes[1:].reshape(-1, size).T @ self.states[:-1].reshape(-1, size)
        by_drive = slopes[:-1, :, 4:].reshape(-1, size - 4).T @ self.references.reshape(-1, 2)
        return self._by_weights(by_joint, by_drive)

    def _by_weights(self, by_joint: np.ndarray, by_drive: np.ndarray) -> Gradients:
        """The chain rule from P = [[A, B Zᵀ], [γ M C A, (1-γ) I + γ (W + M C B Zᵀ)]] and γ M D."""
        A, B, C = self.plant.A, self.plant.B, self.plant.C
        m, z, u, v = (self.weights.arrays().get(name) for name in "mzuv")
        upper, left, lower = by_joint[:4, 4:], by_joint[4:, :4], by_joint[4:, 4:]
        through = (C @ B) @ z.T  # type: ignore[union-attr]
        found = {
            "m": self.leak * (left @ (C @ A).T + lower @ through.T + by_drive @ self.task.feed.T),
            "z": upper.T @ B + self.leak * lower.T @ (m @ (C @ B)),
        }
        if u is not None and v is not None:
            found |= {"u": self.leak * lower @ v, "v": self.leak * lower.T @ u}
        return found if self.weights.w is None else found | {"w": self.leak * lower}


def linear_response(
    task: TrackingTask, weights: Weights, references: np.ndarray, leak: float, plant: Plant | None = None
) -> LinearResponse:
    """Run the joint system from rest, without a clamp.

    :param task: the task
    :param weights: the agent's weights
    :param references: r_0 … r_{T-1}, (T, episodes, 2)
    :param leak: γ
    :param plant: the task's plant, if it is at hand
    """
    plant = plant or task.plant
    joint = joint_matrix(plant, weights, leak)
    steps, episodes, _ = references.shape
    states = np.zeros((steps + 1, episodes, len(joint)))
    flat = references.reshape(-1, 2) @ (leak * weights.m @ task.feed).T
    states[:-1, :, 4:] = flat.reshape(steps, episodes, -1)
    onward = np.ascontiguousarray(joint.T)
    for t in range(steps):
        states[t + 1] += np.dot(states[t], onward)
    return LinearResponse(task, plant, weights, leak, joint, references, states)
