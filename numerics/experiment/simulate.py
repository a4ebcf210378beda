"""The loop of plant and N neurons, stepped in plain numpy. Knows nothing of the reduction."""

from dataclasses import dataclass

import numpy as np

from numerics.errors import fits
from numerics.experiment.neurons import Neurons
from numerics.plants import Plant
from numerics.weights import Weights


@dataclass(frozen=True)
class Trajectory:
    """A batch of episodes.

    :param x: plant states, (T, batch, n)
    :param h: neuron states, (T, batch, N)
    :param read: [Zᵀh, Vᵀh] of every step, (T, batch, p + r)
    :param drive: [y, Vᵀh] that moved h to the next step, (T-1, batch, q + r)
    :param slope: room for ∂L/∂h of every step, (T, batch, N); left as it is by a rollout
    :param p: number of controls
    """

    x: np.ndarray
    h: np.ndarray
    read: np.ndarray
    drive: np.ndarray
    slope: np.ndarray
    p: int

    @classmethod
    def allocate(cls, plant: Plant, weights: Weights, batch: int, horizon: int) -> "Trajectory":
        """Room for a batch of episodes; a training loop fills the same room at every update.

        :param plant: the plant
        :param weights: the agent's weights
        :param batch: number of episodes
        :param horizon: episode length T
        :raises InputError: if no memory holds them
        """
        (n, p, q), r = plant.shape, weights.rank
        fits("horizon x batch x neurons", horizon, batch, weights.neurons)
        widths = {"x": n, "h": weights.neurons, "slope": weights.neurons, "read": p + r}
        arrays = {name: np.zeros((horizon, batch, width)) for name, width in widths.items()}
        return cls(**arrays, drive=np.zeros((horizon - 1, batch, q + r)), p=p)

    @property
    def u(self) -> np.ndarray:
        """Controls, (T, batch, p)."""
        return self.read[:, :, : self.p]


def rollout(
    plant: Plant,
    weights: Weights,
    x0: np.ndarray,
    horizon: int,
    leak: float = 1.0,
    activation: str = "linear",
    room: Trajectory | None = None,
) -> Trajectory:
    """Episodes of T steps from h_0 = 0.

    u_t = Zᵀ h_t, x_{t+1} = A x_t + B u_t, h_{t+1} = (1-γ) h_t + γ φ(W h_t + U Vᵀ h_t + M C x_{t+1}).

    :param plant: the plant
    :param weights: the agent's weights
    :param x0: initial plant states, (batch, n)
    :param horizon: episode length T
    :param leak: γ
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    :param room: a trajectory of the same sizes to overwrite; a new one by default
    """
    _, p, q = plant.shape
    neurons, A, B, C = Neurons(weights, leak, activation), plant.A.T, plant.B.T, plant.C.T
    episodes = room or Trajectory.allocate(plant, weights, x0.shape[0], horizon)
    x, h, read, drive = episodes.x, episodes.h, episodes.read, episodes.drive
    x[0], h[0] = x0, 0.0
    for t in range(horizon - 1):
        neurons.read(h[t], out=read[t])
        np.dot(x[t], A, out=x[t + 1])
        x[t + 1] += read[t, :, :p] @ B
        drive[t, :, :q] = x[t + 1] @ C
        drive[t, :, q:] = read[t, :, p:]
        neurons.advance(h[t], drive[t], out=h[t + 1])
    neurons.read(h[-1], out=read[-1])
    return episodes


def joint_matrix(plant: Plant, weights: Weights, leak: float = 1.0) -> np.ndarray:
    """The joint matrix P, (n+N, n+N), of the loop linearised at rest (φ' = 1).

    :param plant: the plant
    :param weights: the agent's weights
    :param leak: γ
    """
    A, B, C = plant.A, plant.B, plant.C
    feedback = B @ weights.z.T
    neurons = (1 - leak) * np.eye(weights.neurons) + leak * (weights.recurrence + weights.m @ C @ feedback)
    return np.block([[A, feedback], [leak * weights.m @ C @ A, neurons]])


def episode_losses(trajectory: Trajectory, state_weight: float, control_penalty: float) -> np.ndarray:
    """Σ_t (state_weight |x_t|² + control_penalty |u_t|²) of every episode, (batch,).

    :param trajectory: the episodes
    :param state_weight: weight of |x|²
    :param control_penalty: weight of |u|²
    """
    losses = state_weight * np.sum(trajectory.x**2, axis=(0, 2))
    return losses + control_penalty * np.sum(trajectory.u**2, axis=(0, 2)) if control_penalty else losses


def loss_of(trajectory: Trajectory, state_weight: float, control_penalty: float, scale: float) -> float:
    """s Σ_t (state_weight |x_t|² + control_penalty |u_t|²), averaged over the batch.

    :param trajectory: the episodes
    :param state_weight: weight of |x|²
    :param control_penalty: weight of |u|²
    :param scale: the factor s
    """
    batch = trajectory.x.shape[1]
    total = state_weight * np.vdot(trajectory.x, trajectory.x)
    if control_penalty:
        total += control_penalty * np.sum(trajectory.u**2)
    return float(scale * total / batch)
