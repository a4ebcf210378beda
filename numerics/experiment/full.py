"""Full networks without leak, in few large products: the same loops as ``simulate`` and ``student``, faster.

Closed loop: neurons and plant are stepped together, s = (h, x), s⁺ = P s with φ on the neurons of s⁺, P the joint
matrix. Open loop: M y of all steps is one product, and so are all outputs. Backwards the errors of all steps are kept
and every weight matrix's gradient is one product over all steps.
"""

import numpy as np

from numerics.errors import fits
from numerics.experiment.activations import activate, slope_at
from numerics.experiment.neurons import Gradients
from numerics.experiment.simulate import Trajectory
from numerics.plants import Plant
from numerics.replay import Settings
from numerics.weights import Weights


def dense(weights: Weights, leak: float) -> bool:
    """Whether a network is of this kind: a full recurrence alone, no leak.

    :param weights: the network
    :param leak: γ
    """
    return weights.w is not None and weights.u is None and leak == 1.0


def _sum_of_products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Σ over steps and batch of left ⊗ right."""
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


def _product(left: np.ndarray, right: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """left @ right for all steps at once, (steps, batch, columns)."""
    flat = None if out is None else out.reshape(-1, out.shape[-1])
    return np.dot(left.reshape(-1, left.shape[-1]), right, out=flat).reshape(*left.shape[:-1], right.shape[-1])


def _turn(slope: np.ndarray, rate: np.ndarray, activation: str, spare: np.ndarray) -> None:
    """∂L/∂h into ∂L/∂(preactivation), in place."""
    if activation != "linear":
        slope *= slope_at(activation, rate, spare)


class FullLoop:
    """Room for a batch of closed-loop episodes of one full network, forward and back.

    :param plant: the plant
    :param neurons: number N of neurons
    :param batch: number of episodes
    :param settings: horizon, activation and loss
    :raises InputError: if no memory holds them
    """

    def __init__(self, plant: Plant, neurons: int, batch: int, settings: Settings) -> None:
        fits("horizon x batch x neurons", settings.horizon, batch, neurons)
        self.plant, self.settings, self.neurons = plant, settings, neurons
        shape = (settings.horizon, batch, neurons + plant.shape[0])
        self.state, self.slope = np.zeros(shape), np.zeros(shape)
        self._spare = np.zeros((batch, neurons))

    def loss_and_gradient(self, weights: Weights, x0: np.ndarray) -> tuple[float, Gradients]:
        """The loss of a batch and its gradient by every weight matrix.

        :param weights: the network
        :param x0: initial plant states, (batch, n)
        """
        settings, N = self.settings, self.neurons
        joint = self._joint(weights)
        self._forward(joint, x0)
        x, h = self.state[:, :, N:], self.state[:, :, :N]
        unit = 2.0 * settings.scale / len(x0)
        slope_x = (unit * settings.state_weight) * x
        loss = settings.state_weight * np.vdot(x, x)
        slope_u = None
        if settings.control_penalty:
            u = h @ weights.z
            loss += settings.control_penalty * np.vdot(u, u)
            slope_u = (unit * settings.control_penalty) * u
        self._backward(joint, weights, slope_x, slope_u)
        gradients = self._gradients(weights)
        if slope_u is not None:
            gradients["z"] = gradients["z"] + _sum_of_products(h, slope_u)
        return float(settings.scale * loss / len(x0)), gradients

    def write_to(self, weights: Weights, episodes: Trajectory, rows: slice) -> None:
        """Copy the episodes, for observers.

        :param weights: the network
        :param episodes: where to, with room for the whole batch
        :param rows: their rows there
        """
        N = self.neurons
        h, x = self.state[:, :, :N], self.state[:, :, N:]
        episodes.x[:, rows], episodes.h[:, rows] = x, h
        episodes.read[:, rows], episodes.drive[:, rows] = h @ weights.z, x[1:] @ self.plant.C.T

    def _joint(self, weights: Weights) -> np.ndarray:
        """P in the order (h, x)."""
        A, B, C = self.plant.A, self.plant.B, self.plant.C
        feedback = B @ weights.z.T
        return np.block([[weights.recurrence + weights.m @ (C @ feedback), weights.m @ (C @ A)], [feedback, A]])

    def _forward(self, joint: np.ndarray, x0: np.ndarray) -> None:
        state, N, activation = self.state, self.neurons, self.settings.activation
        write = np.ascontiguousarray(joint.T)
        state[0, :, :N], state[0, :, N:] = 0.0, x0
        for t in range(len(state) - 1):
            if t:
                np.dot(state[t], write, out=state[t + 1])
            else:
                np.dot(x0, write[N:], out=state[1])  # h_0 = 0
            activate(activation, state[t + 1, :, :N])

    def _backward(self, joint: np.ndarray, weights: Weights, slope_x: np.ndarray, slope_u: np.ndarray | None) -> None:
        """Leaves ∂L/∂(what was written to s_t) in ``slope``, for t ≥ 1; s_0 is given and has no slope."""
        slope, N, activation = self.slope, self.neurons, self.settings.activation
        read = weights.z.T
        slope[-1, :, :N], slope[-1, :, N:] = 0.0, slope_x[-1]
        for t in range(len(slope) - 1, 0, -1):
            if slope_u is not None:
                slope[t, :, :N] += np.dot(slope_u[t], read)
            _turn(slope[t, :, :N], self.state[t, :, :N], activation, self._spare)
            if t > 1:
                np.dot(slope[t], joint, out=slope[t - 1])
                slope[t - 1, :, N:] += slope_x[t - 1]

    def _gradients(self, weights: Weights) -> Gradients:
        """From ∂L/∂P = Σ_t e_{t+1} s_tᵀ to the blocks of P that hold W, M and Z."""
        A, B, C, N = self.plant.A, self.plant.B, self.plant.C, self.neurons
        total = _sum_of_products(self.slope[1:], self.state[:-1])
        recurrent, written, fed = total[:N, :N], total[:N, N:], total[N:, :N]
        by_m = written @ (C @ A).T + recurrent @ (weights.z @ (C @ B).T)
        by_z = fed.T @ B + recurrent.T @ (weights.m @ (C @ B))
        return {"m": by_m, "z": by_z, "w": recurrent}


class FullStudent:
    """Room for a batch of open-loop sequences of one full network, forward and back.

    :param neurons: number N of neurons
    :param batch: number of sequences
    :param length: number K of inputs
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    """

    def __init__(self, neurons: int, batch: int, length: int, activation: str) -> None:
        self.activation = activation
        self.h, self.slope = np.zeros((length + 1, batch, neurons)), np.zeros((length, batch, neurons))
        self._spare = np.zeros((batch, neurons))

    def outputs(self, weights: Weights, y: np.ndarray) -> np.ndarray:
        """u_1 … u_K, (K, batch, p).

        :param weights: the network
        :param y: inputs, (K, batch, q)
        """
        h, write, spare = self.h, np.ascontiguousarray(weights.recurrence.T), self._spare
        _product(y, weights.m.T, out=h[1:])
        for k in range(len(y)):
            if k:
                h[k + 1] += np.dot(h[k], write, out=spare)
            activate(self.activation, h[k + 1])
        return _product(h[1:], weights.z)

    def imitation(self, weights: Weights, y: np.ndarray, target: np.ndarray) -> tuple[float, Gradients]:
        """The mean over k = 1 … K and the batch of |u_k - u*_k|², and its gradient by every weight matrix.

        :param weights: the student
        :param y: inputs, (K, batch, q)
        :param target: the teacher's outputs, (K, batch, p)
        """
        error = self.outputs(weights, y) - target
        count = error.shape[0] * error.shape[1]
        back, h, slope, spare = (2.0 / count) * error, self.h, self.slope, self._spare
        _product(back, weights.z.T, out=slope)
        for k in range(len(y) - 1, -1, -1):
            if k < len(y) - 1:
                slope[k] += np.dot(slope[k + 1], weights.recurrence, out=spare)
            _turn(slope[k], h[k + 1], self.activation, spare)
        gradients = {"m": _sum_of_products(slope, y), "z": _sum_of_products(h[1:], back)}
        return float(np.vdot(error, error) / count), gradients | {"w": _sum_of_products(slope[1:], h[1:-1])}
