"""Gradient descent on weight matrices: SGD and Adam, clipping, and the loop over epochs. The experiment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from numerics.neurons import Gradients
from numerics.replay import CLIP_EPSILON, Settings
from numerics.results import COMPLETED, diverged
from numerics.weights import Weights


def global_norm(gradients: Gradients) -> float:
    """Euclidean norm of all gradients together.

    :param gradients: gradients by name
    """
    return float(np.sqrt(sum(np.vdot(g, g) for g in gradients.values())))


@dataclass
class Sgd:
    """Plain gradient descent.

    :param rate: learning rate η
    """

    rate: float

    def step(self, name: str, gradient: np.ndarray) -> np.ndarray:
        """The change of a weight matrix.

        :param name: the matrix
        :param gradient: its gradient, after clipping
        """
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
        """The change of a weight matrix; updates its running moments.

        :param name: the matrix
        :param gradient: its gradient, after clipping
        """
        count, mean, square = self.moments.get(name, (0, np.zeros_like(gradient), np.zeros_like(gradient)))
        count, mean, square = count + 1, 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        self.moments[name] = (count, mean, square)
        corrected = np.sqrt(square / (1 - 0.999**count)) + 1e-8
        return -self.rate * (mean / (1 - 0.9**count)) / corrected


OPTIMIZERS: dict[str, type[Sgd] | type[Adam]] = {"sgd": Sgd, "adam": Adam}


def clipped(gradients: Gradients, norm: float, limit: float) -> Gradients:
    """Gradients scaled by min(1, c_max/(norm + 1e-6)).

    :param gradients: gradients by name
    :param norm: their global norm
    :param limit: c_max
    """
    factor = min(1.0, limit / (norm + CLIP_EPSILON))
    return {name: factor * gradient for name, gradient in gradients.items()}


def fit(
    weights: Weights,
    settings: Settings,
    epochs: int,
    differentiate: Callable[[int, Weights], tuple[float, Gradients]],
    observers: Mapping[str, Callable[[Weights], object]],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[str, dict[str, np.ndarray], Weights]:
    """One update an epoch until the end or the first loss, gradient or weight that is not finite.

    Gives the status, the history over epochs before each update, and the last finite weights.

    :param weights: initial weights
    :param settings: optimizer, learning rate, clipping and trained arrays
    :param epochs: number of updates
    :param differentiate: loss and gradients of an epoch at given weights
    :param observers: what else to keep of an epoch, by name; those that give None are left out
    :param progress: called with (epochs done, epochs in all)
    """
    optimizer = OPTIMIZERS[settings.optimizer](settings.learning_rate)
    history: dict[str, list] = {"loss": [], "gradient_norm": [], **{name: [] for name in observers}}
    for epoch in range(epochs):
        with np.errstate(all="ignore"):
            loss, gradients = differentiate(epoch, weights)
            trained = {name: gradients[name] for name in settings.train}
            norm = global_norm(trained)
        if not (np.isfinite(loss) and np.isfinite(norm)):
            return diverged(epoch), arrays(history), weights
        history["loss"].append(loss)
        history["gradient_norm"].append(norm)
        for name, observe in observers.items():
            history[name].append(observe(weights))
        moved = _moved(weights, optimizer, clipped(trained, norm, settings.clip))
        if not all(np.isfinite(array).all() for array in moved.values()):
            return diverged(epoch), arrays(history), weights
        weights = weights.updated(moved)
        if progress:
            progress(epoch + 1, epochs)
    return COMPLETED, arrays(history), weights


def _moved(weights: Weights, optimizer: Sgd | Adam, gradients: Gradients) -> dict[str, np.ndarray]:
    """The trained matrices after one step, finite or not."""
    with np.errstate(all="ignore"):
        return {name: weights.arrays()[name] + optimizer.step(name, g) for name, g in gradients.items()}


def arrays(history: dict[str, list]) -> dict[str, np.ndarray]:
    """Arrays over epochs; the spectral radius is the modulus of the first eigenvalue.

    :param history: lists by name; those that hold None are left out
    """
    present = {name: values for name, values in history.items() if not any(value is None for value in values)}
    found = {name: np.array(values) for name, values in present.items()}
    if "eigenvalues" in found:
        leading = found["eigenvalues"]
        found["spectral_radius"] = np.abs(leading[:, 0]) if leading.size else np.zeros(0)
    return found
