"""Episodes of N neurons in closed loop with a plant, stepped in plain numpy. Knows nothing of the reduction."""

import numpy as np

from numerics.common.plants import Plant
from numerics.common.weights import Weights
from numerics.experiment.driver import forward
from numerics.experiment.environment import ClosedLoop
from numerics.experiment.neurons import Neurons
from numerics.experiment.trajectory import Trajectory


def rollout(
    plant: Plant,
    weights: Weights,
    x0: np.ndarray,
    horizon: int,
    leak: float = 1.0,
    activation: str = "linear",
    episodes: Trajectory | None = None,
) -> Trajectory:
    """Episodes of T steps from h_0 = 0.

    u_t = Zᵀ h_t, x_{t+1} = A x_t + B u_t, h_{t+1} = (1-γ) h_t + γ φ(W h_t + U Vᵀ h_t + M C x_{t+1}).

    :param plant: the plant
    :param weights: the agent's weights
    :param x0: initial plant states, (batch, n)
    :param horizon: episode length T
    :param leak: γ
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    :param episodes: a trajectory of the same sizes to overwrite; a new one by default
    """
    episodes = episodes or Trajectory.allocate(plant.shape[0], weights, len(x0), horizon)
    return forward(Neurons(weights, leak, activation), ClosedLoop(plant, x0), episodes)


def episode_losses(trajectory: Trajectory, state_weight: float, control_penalty: float) -> np.ndarray:
    """Σ_t (state_weight |x_t|² + control_penalty |u_t|²) of every episode, (batch,)."""
    losses = state_weight * np.sum(trajectory.x**2, axis=(0, 2))
    return losses + control_penalty * np.sum(trajectory.u**2, axis=(0, 2)) if control_penalty else losses
