"""The neurons alone: one step forward, and the adjoint of that step. Shared by closed and open loop.

h⁺ = (1-γ) h + γ φ(W h + U b + M y), with b = Vᵀh and outputs Zᵀh; any of W and U Vᵀ may be absent.
"""

from dataclasses import dataclass, field

import numpy as np

from numerics.activations import activate, slope_at
from numerics.weights import Weights

Gradients = dict[str, np.ndarray]


def factors(weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """The columns that write to the neurons, [M U], and those that read from them, [Z V].

    :param weights: the agent's weights
    """
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
        """[Zᵀh, Vᵀh], (batch, p + r).

        :param h: neuron states, (batch, N)
        :param out: where to write them
        """
        return np.dot(h, self.right, out=out)

    def advance(self, h: np.ndarray, drive: np.ndarray, out: np.ndarray) -> np.ndarray:
        """The next neuron states, (batch, N).

        :param h: neuron states, (batch, N)
        :param drive: [y, Vᵀh], (batch, q + r)
        :param out: where to write them
        """
        np.dot(drive, self.write, out=out)
        if self.weights.w is not None:
            out += h @ self.weights.w.T
        activate(self.activation, out)
        if self.leak != 1.0:
            out *= self.leak
            out += (1.0 - self.leak) * h
        return out


class NeuronAdjoint:
    """Back-propagation through the neurons, step by step from the last, summing the weights' gradients.

    With g_t = ∂L/∂h_t and the preactivation's e_t = γ φ'·g_{t+1}: :meth:`to_drive` gives [M U]ᵀ e_t, and
    :meth:`to_state` moves on to g_t = (1-γ) g_{t+1} + Z ∂L/∂u_t + V Uᵀ e_t + Wᵀ e_t.

    :param neurons: the network
    :param h: neuron states of every step, (steps, batch, N)
    :param drive: [y, Vᵀh] that moved h to the next step, (steps - 1, batch, q + r)
    :param slope_u: ∂L/∂u of the last step, (batch, p)
    """

    def __init__(self, neurons: Neurons, h: np.ndarray, drive: np.ndarray, slope_u: np.ndarray | float) -> None:
        self.neurons, self.h, self.drive = neurons, h, drive
        weights, size = neurons.weights, neurons.weights.neurons
        batch, reads = h.shape[1], neurons.right.shape[1]
        self._outputs = weights.z.shape[1]
        self._right = np.ascontiguousarray(neurons.right.T)
        self._error, self._slope = np.zeros((2, batch, size))
        self._back = np.zeros((batch, reads))
        self._back[:, : self._outputs] = slope_u
        self._written = np.zeros((neurons.left.shape[1], size))
        self._read = np.dot(self._back.T, h[-1])
        self._recurrent = np.zeros((size, size)) if weights.w is not None else None
        np.dot(self._back, self._right, out=self._slope)

    def to_drive(self, t: int) -> np.ndarray:
        """∂L/∂[y, b] of the step from t to t+1, (batch, q + r).

        :param t: the step
        """
        self._local = self._through_activation(t)
        self._written += np.dot(self.drive[t].T, self._local)
        return np.dot(self._local, self.neurons.left)

    def to_state(self, t: int, slope_u: np.ndarray | float, slope_b: np.ndarray) -> None:
        """Move on to ∂L/∂h_t.

        :param t: the step
        :param slope_u: ∂L/∂u_t, (batch, p)
        :param slope_b: ∂L/∂b_t, (batch, r)
        """
        self._back[:, : self._outputs] = slope_u
        self._back[:, self._outputs :] = slope_b
        self._read += np.dot(self._back.T, self.h[t])
        rest = self._other_paths(t)
        np.dot(self._back, self._right, out=self._slope)
        if rest is not None:
            self._slope += rest

    def gradients(self) -> Gradients:
        """The gradient by every weight matrix."""
        weights = self.neurons.weights
        p, q = weights.z.shape[1], weights.m.shape[1]
        found = {"m": self._written[:q].T, "z": self._read[:p].T}
        if weights.u is not None:
            found |= {"u": self._written[q:].T, "v": self._read[p:].T}
        return found if self._recurrent is None else found | {"w": self._recurrent}

    def _other_paths(self, t: int) -> np.ndarray | None:
        """What reaches ∂L/∂h_t through the full recurrence and the leak, if there are any."""
        rest = None
        if self._recurrent is not None:
            self._recurrent += np.dot(self._local.T, self.h[t])
            rest = np.dot(self._local, self.neurons.weights.w)  # type: ignore[arg-type]
        if self.neurons.leak != 1.0:
            kept = (1.0 - self.neurons.leak) * self._slope
            rest = kept if rest is None else rest + kept
        return rest

    def _through_activation(self, t: int) -> np.ndarray:
        """γ φ'(preactivation of step t) · ∂L/∂h_{t+1}."""
        leak, out = self.neurons.leak, self._error
        if self.neurons.activation == "linear":
            return self._slope if leak == 1.0 else np.multiply(self._slope, leak, out=out)
        rate = self.h[t + 1]
        if leak != 1.0:
            rate = (rate - (1.0 - leak) * self.h[t]) / leak
        slope_at(self.neurons.activation, rate, out)
        out *= self._slope
        out *= leak
        return out
