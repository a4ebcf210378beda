"""The loop of the driver in few large products, for full networks and for linear loops: the same episodes, faster.

Neurons and plant are stepped together, s = (h, x), s_t = P s_{t-1} + (γ M e_t, 0) with φ on the neurons, P the joint
matrix and e_t what is added to the observations; open loop has no plant and e_t = y_t. Backwards the slopes of all
steps are kept, and the gradient of every weight matrix is one product over all steps.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.common.activations import activate, slope_at
from numerics.common.errors import fits, require
from numerics.common.plants import Plant
from numerics.common.spectrum import agent_step
from numerics.common.weights import Gradients, Weights
from numerics.experiment.environment import Environment, Recorded
from numerics.experiment.losses import Loss

ELSE = "use numerics.experiment.driver"


def dense(weights: Weights, leak: float) -> bool:
    """Whether a network gains by it: a full recurrence alone, no leak."""
    return weights.w is not None and weights.u is None and leak == 1.0


@dataclass(frozen=True)
class DenseEpisodes:
    """Episodes as joint states; they lie in the workspace of the loop that ran them, until it runs again.

    :param states: s_t = (h_t, x_t) of every step, (steps, batch, N + n)
    :param z: read-out weights, (N, p)
    """

    states: np.ndarray
    z: np.ndarray

    @property
    def h(self) -> np.ndarray:
        """Neuron states, (steps, batch, N)."""
        return self.states[:, :, : len(self.z)]

    @property
    def x(self) -> np.ndarray:
        """Plant states, (steps, batch, n)."""
        return self.states[:, :, len(self.z) :]

    @property
    def batch(self) -> int:
        """Number of episodes."""
        return self.states.shape[1]

    @cached_property
    def u(self) -> np.ndarray:
        """Controls, (steps, batch, p)."""
        return _product(self.h, self.z)


class DenseLoop:
    """Workspace for a batch of episodes of one network, forward and back.

    It steps plant and neurons by one matrix, so it refuses an environment with clamp, process noise or delay, and a
    leak of nonlinear neurons; :mod:`numerics.experiment.driver` has them all.

    :param plant: the plant; None in open loop
    :param neurons: number N of neurons
    :param batch: number of episodes
    :param steps: number of states s_0, s_1, … of an episode
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``
    :param leak: γ
    :raises InputError: if no memory holds them, or neurons are nonlinear and have a leak
    """

    def __init__(
        self, plant: Plant | None, neurons: int, batch: int, steps: int, activation: str, leak: float = 1.0
    ) -> None:
        fits("horizon x batch x neurons", steps, batch, neurons)
        linear = leak == 1.0 or activation == "linear"
        require(linear, f"leak must be 1 for {activation} neurons in a dense loop; found {leak:g}; {ELSE}")
        self.plant, self.neurons, self.activation, self.leak = plant, neurons, activation, leak
        width = neurons + (plant.shape[0] if plant else 0)
        self.states, self.slopes = np.zeros((steps, batch, width)), np.zeros((steps, batch, width))
        self._spare, self._rates = np.zeros((batch, width)), np.zeros((batch, neurons))
        self._joint = np.zeros((0, 0))  # P of the run that filled the states

    def run(self, weights: Weights, environment: Environment) -> DenseEpisodes:
        """The episodes."""
        state, N, given, linear = self.states, self.neurons, _given(environment), self.activation == "linear"
        self._joint = self._joint_of(weights)
        write, rest = np.ascontiguousarray(self._joint.T), environment.first == 1
        state[0, :, :N] = 0.0
        environment.start(state[:, :, N:])
        if given is not None:
            self._drive(weights, given, environment.first)
        for t in range(1, len(state)):
            source, matrix = (state[0, :, N:], write[N:]) if t == 1 and rest else (state[t - 1], write)  # h_0 = 0
            if given is None:
                np.dot(source, matrix, out=state[t])
            elif source.shape[1]:
                state[t] += np.dot(source, matrix, out=self._spare)
            if not linear:
                activate(self.activation, state[t, :, :N])
        return DenseEpisodes(state, weights.z)

    def _drive(self, weights: Weights, given: np.ndarray, first: int) -> None:
        """Write γ M e_t to the neurons of every step, and 0 to the plant's states after the first."""
        state, N, end = self.states, self.neurons, first + len(given)
        _product(given, self.leak * weights.m.T, out=state[first:end, :, :N])
        state[1:, :, N:] = 0.0
        state[end:] = 0.0

    def gradients(self, weights: Weights, environment: Environment, loss: Loss) -> Gradients:
        """Gradients of a loss by every weight matrix along the episodes that were run last."""
        episodes = DenseEpisodes(self.states, weights.z)
        slope_x, slope_u = loss.slopes(episodes)
        self._backward(weights, slope_x, slope_u, environment.first)
        found, given = self._by_blocks(weights), _given(environment)
        if given is not None:
            late = environment.first
            found["m"] += self.leak * _sum_of_products(self.slopes[late : late + len(given), :, : self.neurons], given)
        if slope_u is not None:
            found["z"] += _sum_of_products(episodes.h, slope_u)
        return found

    def loss_and_gradient(self, weights: Weights, environment: Environment, loss: Loss) -> tuple[float, Gradients]:
        """The loss of a batch and its gradient by every weight matrix."""
        value = loss.value(self.run(weights, environment))
        return value, self.gradients(weights, environment, loss)

    def _joint_of(self, weights: Weights) -> np.ndarray:
        """P in the order (h, x)."""
        leak, alone = self.leak, agent_step(weights, self.leak)
        if self.plant is None:
            return alone
        A, B, C = self.plant.A, self.plant.B, self.plant.C
        feedback, read = B @ weights.z.T, leak * weights.m @ C
        return np.block([[alone + read @ feedback, read @ A], [feedback, A]])

    def _backward(self, weights: Weights, slope_x: np.ndarray, slope_u: np.ndarray | None, first: int) -> None:
        """Leave in ``slopes`` the slopes by what was written to s_t, for t ≥ first; earlier states are given."""
        slope, N, joint = self.slopes, self.neurons, self._joint
        if slope_u is None:
            slope[-1, :, :N] = 0.0
        else:
            _product(slope_u, weights.z.T, out=slope[:, :, :N])
        slope[-1, :, N:] = slope_x[-1]
        linear = self.activation == "linear"
        for t in range(len(slope) - 1, first - 1, -1):
            if not linear:
                slope[t, :, :N] *= slope_at(self.activation, self.states[t, :, :N], self._rates)
            if t == first:
                break
            if slope_u is None:
                np.dot(slope[t], joint, out=slope[t - 1])
                slope[t - 1, :, N:] += slope_x[t - 1]
            else:
                slope[t - 1, :, N:] = slope_x[t - 1]
                slope[t - 1] += np.dot(slope[t], joint, out=self._spare)

    def _by_blocks(self, weights: Weights) -> Gradients:
        """From ∂L/∂P = Σ_t e_t s_{t-1}ᵀ to the blocks of P that hold the weights."""
        N, leak = self.neurons, self.leak
        total = _sum_of_products(self.slopes[1:], self.states[:-1])
        recurrent = leak * total[:N, :N]
        found = {"m": np.zeros(weights.m.shape), "z": np.zeros(weights.z.shape)}
        if self.plant is not None:
            A, B, C = self.plant.A, self.plant.B, self.plant.C
            found["m"] = leak * total[:N, N:] @ (C @ A).T + recurrent @ (weights.z @ (C @ B).T)
            found["z"] = total[N:, :N].T @ B + recurrent.T @ (weights.m @ (C @ B))
        if weights.u is not None and weights.v is not None:
            found |= {"u": recurrent @ weights.v, "v": recurrent.T @ weights.u}
        return found if weights.w is None else found | {"w": recurrent}


def _given(environment: Environment) -> np.ndarray | None:
    """What is added to the observations from the first one that is read on, (readings, batch, q).

    :raises InputError: if the environment does more to the loop than that
    """
    if isinstance(environment, Recorded):
        return environment.y
    more = {"clamp": environment.clamp < np.inf, "process": environment.process is not None, "delay": environment.delay}
    for name, found in more.items():
        require(not found, f"environment must have no {name} in a dense loop; found one; {ELSE}")
    return environment.added


def _sum_of_products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Σ over steps and batch of left ⊗ right."""
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


def _product(left: np.ndarray, right: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """left @ right for all steps at once, (steps, batch, columns)."""
    flat, shape = left.reshape(-1, left.shape[-1]), (*left.shape[:-1], right.shape[-1])
    if out is None:
        return np.dot(flat, right).reshape(shape)
    if out.flags.c_contiguous:
        np.dot(flat, right, out=out.reshape(-1, shape[-1]))
    else:
        out[...] = np.dot(flat, right).reshape(shape)
    return out
