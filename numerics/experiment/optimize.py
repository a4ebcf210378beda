"""Gradient descent on weight matrices: SGD, Adam, clipping. The experiment."""

from dataclasses import dataclass, field

import numpy as np

from numerics.common.weights import Gradients
from numerics.replay.settings import CLIP_EPSILON, Training


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

    def state(self) -> dict[str, np.ndarray]:
        """What the next step depends on: nothing."""
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state.

        :param state: what :meth:`state` gave
        """


@dataclass
class Momentum:
    """Heavy-ball descent, v ← μ v + c ∂L, X ← X - η v (Polyak 1964).

    :param rate: learning rate η
    :param decay: μ
    :param velocity: v of every matrix
    """

    rate: float
    decay: float
    velocity: dict[str, np.ndarray] = field(default_factory=dict)

    def step(self, name: str, gradient: np.ndarray) -> np.ndarray:
        """The change of a weight matrix; updates its velocity.

        :param name: the matrix
        :param gradient: its gradient, after clipping
        """
        self.velocity[name] = self.decay * self.velocity.get(name, np.zeros_like(gradient)) + gradient
        return -self.rate * self.velocity[name]

    def state(self) -> dict[str, np.ndarray]:
        """What the next step depends on, by name."""
        return {f"velocity_{name}": value for name, value in self.velocity.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state.

        :param state: what :meth:`state` gave
        """
        self.velocity = _named(state, "velocity_")


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

    def state(self) -> dict[str, np.ndarray]:
        """What the next step depends on, by name."""
        found: dict[str, np.ndarray] = {}
        for name, (count, mean, square) in self.moments.items():
            found |= {f"count_{name}": np.array(count), f"mean_{name}": mean, f"square_{name}": square}
        return found

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state.

        :param state: what :meth:`state` gave
        """
        counts, means, squares = (_named(state, stem) for stem in ("count_", "mean_", "square_"))
        self.moments = {name: (int(count), means[name], squares[name]) for name, count in counts.items()}


Optimizer = Sgd | Momentum | Adam


def _named(state: dict[str, np.ndarray], stem: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(stem): value for name, value in state.items() if name.startswith(stem)}


def optimizer(settings: Training) -> Optimizer:
    """The optimizer of a run, before its first step.

    :param settings: its name, learning rate and momentum
    """
    if settings.optimizer == "momentum":
        return Momentum(settings.learning_rate, settings.momentum)
    return {"sgd": Sgd, "adam": Adam}[settings.optimizer](settings.learning_rate)


def clipped(gradients: Gradients, norm: float, limit: float) -> Gradients:
    """Gradients scaled by min(1, c_max/(norm + 1e-6))."""
    factor = min(1.0, limit / (norm + CLIP_EPSILON))
    return {name: factor * gradient for name, gradient in gradients.items()}
