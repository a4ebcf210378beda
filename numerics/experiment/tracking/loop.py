"""Tracking by N neurons: episodes, loss and gradient of a batch, in full or by equivalent episodes. The experiment.

One step: the agent reads (position_t, r_t), h_t = (1-γ) h_{t-1} + γ φ(W h_{t-1} + M y_t), acts u_t = Zᵀ h_t, and the
plant steps. Loss: dt times the mean over steps and batch of |position_{t+1} - r_t|², both axes summed.
"""

import numpy as np

from numerics.common.weights import Gradients, Weights
from numerics.experiment.driver import backward, forward
from numerics.experiment.losses import TrackingError
from numerics.experiment.neurons import Neurons
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.tracking.basis import LinearResponse, at_rest, equivalent, linear_response
from numerics.experiment.trajectory import Trajectory
from numerics.replay.tracking_task import TrackingTask, coefficients


def track(
    task: TrackingTask,
    weights: Weights,
    references: np.ndarray,
    leak: float = 0.1,
    activation: str = "linear",
    episodes: Trajectory | None = None,
) -> Trajectory:
    """Episodes of T steps from rest: x_0 … x_T, and h_{-1} … h_{T-1} with what is read from them.

    :param references: r_0 … r_{T-1}, (T, batch, 2)
    :param episodes: a trajectory of T + 1 steps to overwrite; a new one by default
    """
    steps, batch, _ = references.shape
    episodes = episodes or Trajectory.allocate(task.plant.shape[0], weights, batch, steps + 1)
    return forward(Neurons(weights, leak, activation), at_rest(task, references, task.clamp), episodes)


def tracking_loss(task: TrackingTask, episodes: Trajectory, references: np.ndarray) -> float:
    """dt times the mean over steps and batch of |position_{t+1} - r_t|², both axes summed.

    :param references: their references, (T, batch, 2)
    """
    return TrackingError(task.dt, references).value(episodes)


def backpropagate(
    task: TrackingTask, weights: Weights, episodes: Trajectory, references: np.ndarray, leak: float, activation: str
) -> Gradients:
    """Gradients of the loss along given episodes; the slope through a clamped state is 0.

    :param references: their references, (T, batch, 2)
    """
    neurons, loss = Neurons(weights, leak, activation), TrackingError(task.dt, references)
    return backward(neurons, at_rest(task, references, task.clamp), loss, episodes)


class Tracker:
    """Loss and gradient of batches, by the equivalent episodes of ``basis`` where they are exact.

    They are where the network is linear and no state of the batch reaches the clamp; otherwise the full batch runs.

    :param task: the task
    :param leak: γ
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    """

    def __init__(self, task: TrackingTask, leak: float = 0.1, activation: str = "linear") -> None:
        self.task, self.leak, self.activation = task, leak, activation
        self.by_basis = False
        """Whether the last batch ran as equivalent episodes."""
        self._plant, self._basis = task.plant, task.basis()
        self._workspaces: list[Trajectory] = []

    def loss_and_gradient(self, weights: Weights, phases: np.ndarray) -> tuple[float, Gradients]:
        """The loss of a batch and its gradient by every weight matrix.

        :param phases: phases of every episode, (batch, F)
        """
        task, response = self.task, self._equivalent(weights, phases)
        if response is not None:
            return response.loss(), response.gradients()
        references, rows = task.references(phases), batch_parts(weights, len(phases))

        def part(i: int) -> tuple[float, Gradients]:
            own = references[:, rows[i]]
            episodes = self._run(weights, own, i)
            loss = tracking_loss(task, episodes, own)
            return loss, backpropagate(task, weights, episodes, own, self.leak, self.activation)

        self._allocate(weights, rows)
        with helpers() as pool:
            return mean_of_parts(part, rows, pool)

    def loss(self, weights: Weights, phases: np.ndarray) -> float:
        """The loss of a batch.

        :param phases: phases of every episode, (batch, F)
        """
        response = self._equivalent(weights, phases)
        if response is not None:
            return response.loss()
        references, rows = self.task.references(phases), batch_parts(weights, len(phases))

        def part(i: int) -> tuple[float, Gradients]:
            own = references[:, rows[i]]
            return tracking_loss(self.task, self._run(weights, own, i), own), {}

        self._allocate(weights, rows)
        with helpers() as pool:
            return mean_of_parts(part, rows, pool)[0]

    def _equivalent(self, weights: Weights, phases: np.ndarray) -> LinearResponse | None:
        """The equivalent episodes' response, or None where it is not exact."""
        self.by_basis = False
        if self.activation != "linear":
            return None
        kept, mix = equivalent(coefficients(phases))
        references = np.einsum("kc,tca->tka", kept, self._basis)
        response = linear_response(self.task, weights, references, self.leak, self._plant)
        self.by_basis = response.peak(mix) < self.task.clamp
        return response if self.by_basis else None

    def _allocate(self, weights: Weights, rows: list[slice]) -> None:
        """Allocate the episodes of every part of a batch, unless the last batch had the same sizes."""
        steps, sizes = self.task.horizon + 1, [part.stop - part.start for part in rows]
        if [workspace.h.shape for workspace in self._workspaces] != [(steps, size, weights.neurons) for size in sizes]:
            self._workspaces = [Trajectory.allocate(self._plant.shape[0], weights, size, steps) for size in sizes]

    def _run(self, weights: Weights, references: np.ndarray, part: int) -> Trajectory:
        return track(self.task, weights, references, self.leak, self.activation, self._workspaces[part])
