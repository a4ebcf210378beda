"""Tracking by a linear loop: as many equivalent episodes as there are unit references stand for a whole batch.

From rest the loop is linear in the references, so the loss of a batch depends on the coefficients c of its episodes
through Σ c cᵀ alone. With C = Q R (batch × 2F), the episodes with coefficients √(2F/batch) R have the same second
moment, hence the same loss and gradient, exactly; C itself gives back the batch's own states. The experiment.
"""

from dataclasses import dataclass

import numpy as np

from numerics.common.plants import Plant
from numerics.common.weights import Gradients, Weights
from numerics.experiment.dense import DenseEpisodes, DenseLoop
from numerics.experiment.environment import ClosedLoop
from numerics.experiment.losses import TrackingError
from numerics.replay.tracking_task import TrackingTask


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
    """The linear loop driven by given references without a clamp; at step t the neurons have read y_t, and r_T = 0.

    :param task: the task
    :param weights: the agent's weights
    :param references: r_0 … r_{T-1}, (T, episodes, 2)
    :param loop: the loop that ran the episodes
    """

    task: TrackingTask
    weights: Weights
    references: np.ndarray
    loop: DenseLoop

    @property
    def episodes(self) -> DenseEpisodes:
        """(h_t, x_t) for t = 0 … T."""
        return DenseEpisodes(self.loop.states, self.weights.z)

    @property
    def environment(self) -> ClosedLoop:
        """The plant at rest, read together with the references."""
        return at_rest(self.task, self.references, np.inf)

    @property
    def errors(self) -> np.ndarray:
        """p_{t+1} - r_t, (T, episodes, 2)."""
        return self.episodes.x[1:, :, :2] - self.references

    def peak(self, mix: np.ndarray) -> float:
        """Largest modulus of a plant state in the episodes that are mixed from these; NaN if any is.

        :param mix: weights of these episodes in each of those, (batch, episodes)
        """
        flat = np.moveaxis(self.episodes.x[1:], 1, 0).reshape(mix.shape[1], -1)
        mixed = mix @ flat
        return float(max(mixed.max(), -mixed.min()))

    def loss(self) -> float:
        """dt times the mean over steps and episodes of |p_{t+1} - r_t|²."""
        return TrackingError(self.task.dt, self.references).value(self.episodes)

    def gradients(self) -> Gradients:
        """The gradient of the loss by every weight matrix."""
        loss = TrackingError(self.task.dt, self.references)
        return self.loop.gradients(self.weights, self.environment, loss)


def at_rest(task: TrackingTask, references: np.ndarray, clamp: float, plant: Plant | None = None) -> ClosedLoop:
    """The plant at rest, read together with the references before the agent first acts.

    :param references: r_0 … r_{T-1}, (T, batch, 2)
    :param clamp: largest modulus of a plant state; infinite for none
    :param plant: the task's plant, if it is at hand
    """
    plant, batch = plant or task.plant, references.shape[1]
    return ClosedLoop(plant, np.zeros((batch, plant.shape[0])), clamp, references @ task.feedthrough.T, first=0)


def linear_response(
    task: TrackingTask, weights: Weights, references: np.ndarray, leak: float, plant: Plant | None = None
) -> LinearResponse:
    """Run the linear loop from rest, without a clamp.

    :param references: r_0 … r_{T-1}, (T, episodes, 2)
    :param plant: the task's plant, if it is at hand
    """
    environment = at_rest(task, references, np.inf, plant)
    steps, episodes, _ = references.shape
    loop = DenseLoop(environment.plant, weights.neurons, episodes, steps + 1, "linear", leak)
    loop.run(weights, environment)
    return LinearResponse(task, weights, references, loop)
