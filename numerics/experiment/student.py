"""N neurons in open loop: outputs to given inputs, and the gradient of their distance to a teacher's outputs."""

from dataclasses import dataclass

import numpy as np

from numerics.experiment.neurons import Gradients, NeuronAdjoint, Neurons
from numerics.weights import Weights


@dataclass(frozen=True)
class Response:
    """A network's response to a batch of input sequences, from h_0 = 0.

    :param h: neuron states h_0 … h_K, (K+1, batch, N)
    :param read: [Zᵀh, Vᵀh] of every step, (K+1, batch, p + r)
    :param drive: [y, Vᵀh] that moved h to the next step, (K, batch, q + r)
    :param slope: room for ∂L/∂h of every step, (K+1, batch, N); left as it is by a response
    :param p: number of controls
    """

    h: np.ndarray
    read: np.ndarray
    drive: np.ndarray
    slope: np.ndarray
    p: int

    @property
    def u(self) -> np.ndarray:
        """Outputs u_1 … u_K, each after its input was read, (K, batch, p)."""
        return self.read[1:, :, : self.p]

    @classmethod
    def allocate(cls, weights: Weights, batch: int, length: int) -> "Response":
        """Room for a batch of sequences.

        :param weights: the agent's weights
        :param batch: number of sequences
        :param length: number K of inputs
        """
        p, q, r = weights.z.shape[1], weights.m.shape[1], weights.rank
        h, slope = (np.zeros((length + 1, batch, weights.neurons)) for _ in range(2))
        return cls(h, np.zeros((length + 1, batch, p + r)), np.zeros((length, batch, q + r)), slope, p)


def respond(
    weights: Weights, y: np.ndarray, leak: float = 1.0, activation: str = "linear", room: Response | None = None
) -> Response:
    """Outputs u_k = Zᵀ h_k of h_k = (1-γ) h_{k-1} + γ φ(W h_{k-1} + U Vᵀ h_{k-1} + M y_k), h_0 = 0.

    :param weights: the agent's weights
    :param y: inputs y_1 … y_K, (K, batch, q)
    :param leak: γ
    :param activation: ``"linear"`` or ``"tanh"``
    :param room: a response of the same sizes to overwrite; a new one by default
    """
    q, neurons = y.shape[2], Neurons(weights, leak, activation)
    response = room or Response.allocate(weights, y.shape[1], y.shape[0])
    h, read, drive, p = response.h, response.read, response.drive, response.p
    h[0], read[0] = 0.0, 0.0
    drive[:, :, :q] = y
    for k in range(y.shape[0]):
        drive[k, :, q:] = read[k, :, p:]
        neurons.advance(h[k], drive[k], out=h[k + 1])
        neurons.read(h[k + 1], out=read[k + 1])
    return response


def imitation_loss(
    weights: Weights,
    y: np.ndarray,
    target: np.ndarray,
    leak: float = 1.0,
    activation: str = "linear",
    room: Response | None = None,
) -> tuple[float, Gradients]:
    """The mean over k = 1 … K and the batch of |u_k - u*_k|², and its gradient by every weight matrix.

    :param weights: the student's weights
    :param y: inputs, (K, batch, q)
    :param target: the teacher's outputs u*, (K, batch, p)
    :param leak: γ
    :param activation: ``"linear"`` or ``"tanh"``
    :param room: a response of the same sizes to overwrite; a new one by default
    """
    response = respond(weights, y, leak, activation, room)
    error = response.u - target
    count = error.shape[0] * error.shape[1]
    slope = (2.0 / count) * error
    neurons = Neurons(weights, leak, activation)
    adjoint = NeuronAdjoint(neurons, response.h, response.drive, response.slope, slope[-1])
    q = y.shape[2]
    for k in range(y.shape[0] - 1, -1, -1):
        written = adjoint.to_drive(k)
        adjoint.to_state(k, slope[k - 1] if k else 0.0, written[:, q:])
    return float(np.vdot(error, error) / count), adjoint.gradients()
