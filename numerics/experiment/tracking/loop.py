"""Tracking by N neurons: episodes, loss and gradient of a batch, in full or by equivalent episodes. The experiment.

One step: the agent reads (position_t, r_t), h_t = (1-γ) h_{t-1} + γ φ(W h_{t-1} + M y_t), acts u_t = Zᵀ h_t, and the
plant steps. Loss: dt times the mean over steps and batch of |position_{t+1} - r_t|², both axes summed.
"""

import numpy as np

from numerics.experiment.neurons import Gradients, NeuronAdjoint, Neurons
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.simulate import Trajectory
from numerics.experiment.tracking.basis import equivalent, linear_response
from numerics.tracking_task import TrackingTask, coefficients
from numerics.weights import Weights


def track(
    task: TrackingTask,
    weights: Weights,
    references: np.ndarray,
    leak: float = 0.1,
    activation: str = "linear",
    room: Trajectory | None = None,
) -> Trajectory:
    """Episodes of T steps from rest: x_0 … x_T, and h_{-1} … h_{T-1} with what is read from them.

    :param task: the task
    :param weights: the agent's weights
    :param references: r_0 … r_{T-1}, (T, batch, 2)
    :param leak: γ
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    :param room: a trajectory of T + 1 steps to overwrite; a new one by default
    """
    plant = task.plant
    steps, batch, _ = references.shape
    _, p, q = plant.shape
    episodes = room or Trajectory.allocate(plant, weights, batch, steps + 1)
    neurons, A, B, C = Neurons(weights, leak, activation), plant.A.T, plant.B.T, plant.C.T
    x, h, read, drive = episodes.x, episodes.h, episodes.read, episodes.drive
    x[0], h[0], read[0] = 0.0, 0.0, 0.0
    drive[:, :, :q] = references @ task.feed.T
    for t in range(steps):
        drive[t, :, :q] += x[t] @ C
        drive[t, :, q:] = read[t, :, p:]
        neurons.advance(h[t], drive[t], out=h[t + 1])
        neurons.read(h[t + 1], out=read[t + 1])
        np.dot(x[t], A, out=x[t + 1])
        x[t + 1] += read[t + 1, :, :p] @ B
        np.clip(x[t + 1], -task.clamp, task.clamp, out=x[t + 1])
    return episodes


def tracking_loss(task: TrackingTask, episodes: Trajectory, references: np.ndarray) -> float:
    """dt times the mean over steps and batch of |position_{t+1} - r_t|², both axes summed.

    :param task: the task
    :param episodes: the episodes
    :param references: their references, (T, batch, 2)
    """
    errors = episodes.x[1:, :, :2] - references
    return float(task.dt * np.vdot(errors, errors) / (errors.shape[0] * errors.shape[1]))


def backpropagate(
    task: TrackingTask, weights: Weights, episodes: Trajectory, references: np.ndarray, leak: float, activation: str
) -> Gradients:
    """Gradients of the loss along given episodes; the slope through a clamped state is 0.

    With f_t = ∂L/∂x_t, masked where |x_t| = clamp, and e_t the slope at the neurons' preactivation:
    ∂L/∂u_t = Bᵀ f_{t+1},  f_t = Aᵀ f_{t+1} + Cᵀ Mᵀ e_t + ∂ℓ/∂x_t.

    :param task: the task
    :param weights: the agent's weights
    :param episodes: the episodes
    :param references: their references, (T, batch, 2)
    :param leak: γ
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    """
    plant, x = task.plant, episodes.x
    q = plant.shape[2]
    steps, batch, _ = references.shape
    slope_p = (2 * task.dt / (steps * batch)) * (x[1:, :, :2] - references)
    free = np.abs(x) < task.clamp

    def masked(slope_x: np.ndarray, t: int) -> np.ndarray:
        slope_x[:, :2] += slope_p[t - 1]
        return slope_x * free[t]

    slope_x = masked(np.zeros_like(x[0]), steps)
    neurons = Neurons(weights, leak, activation)
    adjoint = NeuronAdjoint(neurons, episodes.h, episodes.drive, episodes.slope, slope_x @ plant.B)
    for t in range(steps - 1, -1, -1):
        written = adjoint.to_drive(t)
        if t:
            slope_x = masked(slope_x @ plant.A + written[:, :q] @ plant.C, t)
        adjoint.to_state(t, slope_x @ plant.B if t else 0.0, written[:, q:])
    return adjoint.gradients()


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
        self._rooms: list[Trajectory] = []

    def loss_and_gradient(self, weights: Weights, phases: np.ndarray) -> tuple[float, Gradients]:
        """The loss of a batch and its gradient by every weight matrix.

        :param weights: the agent's weights
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

        self._make_room(weights, rows)
        with helpers() as pool:
            return mean_of_parts(part, rows, pool)

    def loss(self, weights: Weights, phases: np.ndarray) -> float:
        """The loss of a batch.

        :param weights: the agent's weights
        :param phases: phases of every episode, (batch, F)
        """
        response = self._equivalent(weights, phases)
        if response is not None:
            return response.loss()
        references, rows = self.task.references(phases), batch_parts(weights, len(phases))

        def part(i: int) -> tuple[float, Gradients]:
            own = references[:, rows[i]]
            return tracking_loss(self.task, self._run(weights, own, i), own), {}

        self._make_room(weights, rows)
        with helpers() as pool:
            return mean_of_parts(part, rows, pool)[0]

    def _equivalent(self, weights: Weights, phases: np.ndarray):
        """The equivalent episodes' response, or None where it is not exact."""
        self.by_basis = False
        if self.activation != "linear":
            return None
        kept, mix = equivalent(coefficients(phases))
        references = np.einsum("kc,tca->tka", kept, self._basis)
        response = linear_response(self.task, weights, references, self.leak, self._plant)
        self.by_basis = response.peak(mix) < self.task.clamp
        return response if self.by_basis else None

    def _make_room(self, weights: Weights, rows: list[slice]) -> None:
        """Room for the episodes of every part of a batch, kept from one batch to the next."""
        steps, sizes = self.task.horizon + 1, [part.stop - part.start for part in rows]
        if [room.h.shape for room in self._rooms] != [(steps, size, weights.neurons) for size in sizes]:
            self._rooms = [Trajectory.allocate(self._plant, weights, size, steps) for size in sizes]

    def _run(self, weights: Weights, references: np.ndarray, part: int) -> Trajectory:
        return track(self.task, weights, references, self.leak, self.activation, self._rooms[part])
