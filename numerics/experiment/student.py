"""N neurons in open loop: outputs to given inputs, and the gradient of their distance to a teacher's outputs."""

import numpy as np

from numerics.common.weights import Gradients, Weights
from numerics.experiment.driver import backward, forward
from numerics.experiment.environment import Recorded
from numerics.experiment.losses import Imitation
from numerics.experiment.neurons import Neurons
from numerics.experiment.trajectory import Trajectory


def respond(
    weights: Weights, y: np.ndarray, leak: float = 1.0, activation: str = "linear", episodes: Trajectory | None = None
) -> Trajectory:
    """Outputs u_k = Zᵀ h_k of h_k = (1-γ) h_{k-1} + γ φ(W h_{k-1} + U Vᵀ h_{k-1} + M y_k), h_0 = 0, k = 0 … K.

    :param y: inputs y_1 … y_K, (K, batch, q)
    :param episodes: a trajectory of K + 1 steps without plant states to overwrite; a new one by default
    """
    episodes = episodes or Trajectory.allocate(0, weights, y.shape[1], len(y) + 1)
    return forward(Neurons(weights, leak, activation), Recorded(y), episodes)


def imitation_loss(
    weights: Weights,
    y: np.ndarray,
    target: np.ndarray,
    leak: float = 1.0,
    activation: str = "linear",
    episodes: Trajectory | None = None,
) -> tuple[float, Gradients]:
    """The mean over k = 1 … K and the batch of |u_k - u*_k|², and its gradient by every weight matrix.

    :param y: inputs, (K, batch, q)
    :param target: the teacher's outputs u*_1 … u*_K, (K, batch, p)
    :param episodes: a trajectory of K + 1 steps without plant states to overwrite; a new one by default
    """
    neurons, environment, loss = Neurons(weights, leak, activation), Recorded(y), Imitation(target)
    found = respond(weights, y, leak, activation, episodes)
    return loss.value(found), backward(neurons, environment, loss, found)
