"""The neurons alone: one step forward, and the adjoint of that step. Shared by closed and open loop.

h⁺ = (1-γ) h + γ φ(W h + U b + M y), with b = Vᵀh and outputs Zᵀh; any of W and U Vᵀ may be absent.
"""

from dataclasses import dataclass, field

import numpy as np

from numerics.common.activations import activate, slope_at
from numerics.common.weights import Gradients, Weights


def factors(weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """The columns that write to the neurons, [M U], and those that read from them, [Z V]."""
    if weights.u is None or weights.v is None:
        return weights.m, weights.z
    return np.hstack([weights.m, weights.u]), np.hstack([weights.z, weights.v])


@dataclass(frozen=True)
class Neurons:
    """N neurons with given weights, ready to be stepped.

    :param weights: the agent's weights
    :param leak: γ
    :param activation: ``"linear"`` or ``"tanh"``
    """

    weights: Weights
    leak: float = 1.0
    activation: str = "linear"
    left: np.ndarray = field(init=False)
    right: np.ndarray = field(init=False)
    write: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        left, right = factors(self.weights)
        for name, value in (("left", left), ("right", right), ("write", np.ascontiguousarray(left.T))):
            object.__setattr__(self, name, value)

    def read(self, h: np.ndarray, out: np.ndarray) -> np.ndarray:
        """[Zᵀh, Vᵀh], (batch, p + r)."""
        return np.dot(h, self.right, out=out)

    def advance(self, h: np.ndarray, drive: np.ndarray, out: np.ndarray) -> np.ndarray:
        """The next neuron states, (batch, N).

        :param drive: [y, Vᵀh], (batch, q + r)
        """
        if self.weights.w is None:
            np.dot(drive, self.write, out=out)
        else:
            np.dot(h, self.weights.w.T, out=out)
            out += np.dot(drive, self.write)
        activate(self.activation, out)
        if self.leak != 1.0:
            out *= self.leak
            out += (1.0 - self.leak) * h
        return out


class NeuronAdjoint:
    """Back-propagation through the neurons, step by step from the last.

    With g_t = ∂L/∂h_t and the preactivation's e_t = γ φ'·g_{t+1}: :meth:`to_drive` gives [M U]ᵀ e_t, and
    :meth:`to_state` moves on to g_t = (1-γ) g_{t+1} + Z ∂L/∂u_t + V Uᵀ e_t + Wᵀ e_t. All e_t are kept, so that
    the gradient of a matrix is one product over all steps.

    :param neurons: the network
    :param h: neuron states of every step, (steps, batch, N)
    :param drive: [y, Vᵀh] that moved h to the next step, (steps - 1, batch, q + r)
    :param slope: workspace for the g_t, as large as h
    :param slope_u: ∂L/∂u of the last step, (batch, p)
    """

    def __init__(
        self, neurons: Neurons, h: np.ndarray, drive: np.ndarray, slope: np.ndarray, slope_u: np.ndarray | float
    ) -> None:
        self.neurons, self.h, self.drive = neurons, h, drive
        steps, batch, _ = h.shape
        self._outputs = neurons.weights.z.shape[1]
        self._right = np.ascontiguousarray(neurons.right.T)
        self._slope = slope  # g_t, turned into e_{t-1} on the way back
        self._back = np.zeros((steps, batch, neurons.right.shape[1]))
        self._back[-1, :, : self._outputs] = slope_u
        np.dot(self._back[-1], self._right, out=self._slope[-1])
        self._kept: np.ndarray | None = None
        self._spare = np.empty_like(h[0])

    def to_drive(self, t: int) -> np.ndarray:
        """∂L/∂[y, b] of the step from t to t+1, (batch, q + r)."""
        self._through_activation(t)
        return np.dot(self._slope[t + 1], self.neurons.left)

    def to_state(self, t: int, slope_u: np.ndarray | float, slope_b: np.ndarray) -> None:
        """Move on to ∂L/∂h_t.

        :param slope_u: ∂L/∂u_t, (batch, p)
        :param slope_b: ∂L/∂b_t, (batch, r)
        """
        back, slope, weights = self._back[t], self._slope[t], self.neurons.weights
        back[:, : self._outputs] = slope_u
        back[:, self._outputs :] = slope_b
        np.dot(back, self._right, out=slope)
        if weights.w is not None:
            slope += np.dot(self._slope[t + 1], weights.w, out=self._spare)
        if self._kept is not None:
            slope += self._kept

    def gradients(self) -> Gradients:
        """The gradient by every weight matrix."""
        weights = self.neurons.weights
        p, q = weights.z.shape[1], weights.m.shape[1]
        error = _flat(self._slope[1:])
        by_input, by_readout = error.T @ _flat(self.drive), _flat(self.h).T @ _flat(self._back)
        found = {"m": by_input[:, :q], "z": by_readout[:, :p]}
        if weights.u is not None:
            found |= {"u": by_input[:, q:], "v": by_readout[:, p:]}
        return found if weights.w is None else found | {"w": error.T @ _flat(self.h[:-1])}

    def _through_activation(self, t: int) -> None:
        """Turn ∂L/∂h_{t+1} into the preactivation's γ φ'·∂L/∂h_{t+1}, and keep the leak's share of it."""
        leak, slope, rate = self.neurons.leak, self._slope[t + 1], self.h[t + 1]
        if leak != 1.0:
            self._kept = (1.0 - leak) * slope
            slope *= leak
        if self.neurons.activation == "linear":
            return
        if leak != 1.0:
            rate = (rate - (1.0 - leak) * self.h[t]) / leak
        slope_at(self.neurons.activation, rate, self._spare)
        slope *= self._spare


def _flat(array: np.ndarray) -> np.ndarray:
    """Steps and batch as one axis."""
    return array.reshape(-1, array.shape[-1])
