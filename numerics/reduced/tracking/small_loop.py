"""The tracking loop of few neurons stepped over episodes: loss by frequency, and the gradient by W and Z.

With s_t = (h_t, x_{t+1}) a step is one product, s_t = J s_{t-1} + G r_t, the clamp then acting on the plant's part:

    R = [(1-γ) + γ W, γ M C, γ M D],   (J, G) = (R; [0, A, 0] + B Zᵀ R).

From ∂L/∂(J, G) = (E_h; E_x), split like it into neurons and plant, follow ∂L/∂R = E_h + Z Bᵀ E_x, hence ∂L/∂W, and
∂L/∂Z = R E_xᵀ B. Without clamp the 2F unit references stand for all phases: their mean is the population's. A batch of
phases runs where a state of it may reach the clamp. Source: derived here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.common.spectrum import agent_step
from numerics.common.weights import Gradients, Weights
from numerics.replay.tracking_task import TrackingTask, coefficients


@dataclass(frozen=True)
class SmallLoop:
    """A task, seen by agents of few neurons.

    :param task: the task
    :param leak: γ
    """

    task: TrackingTask
    leak: float = 0.1

    @cached_property
    def units(self) -> np.ndarray:
        """The unit references, (T, 2F, 2)."""
        return self.task.basis()

    @cached_property
    def plant(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """A, B, C, D."""
        found = self.task.plant
        return found.A, found.B, found.C, self.task.feedthrough

    def blocks(self, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
        """R, (N, N + n + 2), and (J, G), (N + n, N + n + 2).

        :param weights: the agent's weights
        """
        A, B, C, D = self.plant
        read = np.hstack([agent_step(weights, self.leak), self.leak * weights.m @ np.hstack([C, D])])
        moved = B @ weights.z.T @ read
        N = weights.neurons
        moved[:, N : N + len(A)] += A
        return read, np.vstack([read, moved])

    def run(self, weights: Weights, references: np.ndarray, clamp: float = np.inf) -> np.ndarray:
        """s_{-1} = 0, s_0 … s_{T-1}, (T + 1, episodes, N + n); states beyond the clamp stand at it.

        :param weights: the agent's weights
        :param references: r_0 … r_{T-1}, (T, episodes, 2)
        :param clamp: largest modulus of a plant state; infinite for none
        """
        step, N = self.blocks(weights)[1], weights.neurons
        size, bounded = len(step), bool(np.isfinite(clamp))
        write, states = (
            np.ascontiguousarray(step[:, :size].T),
            np.zeros((len(references) + 1, references.shape[1], size)),
        )
        np.dot(references, step[:, size:].T, out=states[1:])
        spare = np.empty(states.shape[1:])
        for t in range(1, len(states)):
            state = states[t]
            state += np.dot(states[t - 1], write, out=spare)
            if bounded:
                np.clip(state[:, N:], -clamp, clamp, out=state[:, N:])
        return states

    def gradients(
        self, weights: Weights, references: np.ndarray, states: np.ndarray, scale: float, clamp: float = np.inf
    ) -> Gradients:
        """Gradients by ``w`` and ``z`` of scale Σ |p_{t+1} - r_t|², summed over steps and episodes.

        :param weights: the agent's weights
        :param references: the references
        :param states: the states they led to
        :param scale: the scale
        :param clamp: the clamp they were run with; slopes do not pass a state that stands at it
        """
        N, (_, B, _, _) = weights.neurons, self.plant
        read, step = self.blocks(weights)
        size = len(step)
        joint, slopes, spare = (
            np.ascontiguousarray(step[:, :size]),
            np.zeros_like(states[1:]),
            np.empty(states.shape[1:]),
        )
        slopes[:, :, N : N + 2] = 2 * scale * (states[1:, :, N : N + 2] - references)
        free = np.abs(states[1:, :, N:]) < clamp if np.isfinite(clamp) else None
        for t in range(len(slopes) - 1, -1, -1):
            if t + 1 < len(slopes):
                slopes[t] += np.dot(slopes[t + 1], joint, out=spare)
            if free is not None:
                slopes[t, :, N:] *= free[t]
        flat = slopes.reshape(-1, size).T
        total = np.hstack([flat @ states[:-1].reshape(-1, size), flat @ references.reshape(-1, 2)])
        inner = total[:N] + weights.z @ (B.T @ total[N:])
        return {"w": self.leak * inner[:, :N], "z": read @ total[N:].T @ B}

    def population(self, weights: Weights) -> tuple[np.ndarray, Gradients, float]:
        """Loss of every frequency (F,), gradients of their sum, and a bound on the states, all without the clamp.

        The bound is Σ_f of the largest amplitude of a plant state under frequency f, over all phases.

        :param weights: the agent's weights
        """
        task, N = self.task, weights.neurons
        states = self.run(weights, self.units)
        scale = task.dt / (2 * task.horizon)
        squares = scale * np.sum((states[1:, :, N : N + 2] - self.units) ** 2, axis=(0, 2))
        sizes = np.hypot(states[1:, ::2, N:], states[1:, 1::2, N:]).sum(axis=1)
        gradients = self.gradients(weights, self.units, states, scale)
        return squares.reshape(-1, 2).sum(axis=1), gradients, float(sizes.max())

    def batch(self, weights: Weights, phases: np.ndarray) -> Gradients:
        """Gradients of the loss of a batch, clamp included.

        :param weights: the agent's weights
        :param phases: phases of every episode, (batch, F)
        """
        references = np.einsum("kc,tca->tka", coefficients(phases), self.units)
        states = self.run(weights, references, self.task.clamp)
        scale = self.task.dt / (self.task.horizon * len(phases))
        return self.gradients(weights, references, states, scale, self.task.clamp)
