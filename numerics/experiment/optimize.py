"""Gradient descent on weight matrices: SGD, Adam, clipping. The experiment."""

from dataclasses import dataclass, field

import numpy as np

from numerics.common.weights import Gradients
from numerics.replay.settings import CLIP_EPSILON


def global_norm(gradients: Gradients) -> float:
    """Euclidean norm of all gradients together."""
    return float(np.sqrt(sum(np.vdot(g, g) for g in gradients.values())))


@dataclass
class Sgd:
    """Plain gradient descent.

    :param rate: learning rate η
    """

    rate: float

    def step(self, name: str, gradient: np.ndarray) -> np.ndarray:
        """The change of a weight matrix."""
        return -self.rate * gradient


@dataclass
class Adam:
    """Adam with bias correction (Kingma & Ba 2015), β = (0.9, 0.999), ε = 1e-8.

    :param rate: learning rate η
    :param moments: of every matrix its count, running mean and running mean square
    """

    rate: float
    moments: dict[str, tuple[int, np.ndarray, np.ndarray]] = field(default_factory=dict)

    def step(self, name: str, gradient: np.ndarray) -> np.ndarray:
        """The change of a weight matrix; updates its running moments."""
        count, mean, square = self.moments.get(name, (0, np.zeros_like(gradient), np.zeros_like(gradient)))
        count, mean, square = count + 1, 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        self.moments[name] = (count, mean, square)
        corrected = np.sqrt(square / (1 - 0.999**count)) + 1e-8
        return -self.rate * (mean / (1 - 0.9**count)) / corrected


OPTIMIZERS: dict[str, type[Sgd] | type[Adam]] = {"sgd": Sgd, "adam": Adam}


def clipped(gradients: Gradients, norm: float, limit: float) -> Gradients:
    """Gradients scaled by min(1, c_max/(norm + 1e-6))."""
    factor = min(1.0, limit / (norm + CLIP_EPSILON))
    return {name: factor * gradient for name, gradient in gradients.items()}
