"""Gradient descent on weight matrices: SGD and Adam, clipping, and the loop over epochs. The experiment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from numerics.experiment.neurons import Gradients
from numerics.replay import CLIP_EPSILON, Training
from numerics.results import COMPLETED, diverged, stopped
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


@dataclass
class Standing:
    """Where a run stands after so many updates: all that the next update depends on, and the history so far.

    :param weights: current weights
    :param optimizer: the optimizer with its moments
    :param history: lists over epochs by name, before each update
    :param epoch: number of updates made
    """

    weights: Weights
    optimizer: Sgd | Adam
    history: dict[str, list]
    epoch: int = 0

    @classmethod
    def start(cls, weights: Weights, settings: Training) -> "Standing":
        """Before the first update.

        :param weights: initial weights
        :param settings: optimizer and learning rate
        """
        return cls(weights, OPTIMIZERS[settings.optimizer](settings.learning_rate), {})


def fit(
    weights: Weights,
    settings: Training,
    epochs: int,
    differentiate: Callable[[int, Weights], tuple[float, Gradients]],
    observers: Mapping[str, Callable[[Weights], object]],
    progress: Callable[[int, int], None] | None = None,
    standing: Standing | None = None,
    halt: Callable[[Standing], bool] | None = None,
) -> tuple[str, dict[str, np.ndarray], Weights]:
    """One update an epoch until the end or the first loss, gradient or weight that is not finite.

    Gives the status, the history over epochs before each update, and the last finite weights. A run that is halted
    and resumed from where it stood goes on bit for bit as if it had not been.

    :param weights: initial weights
    :param settings: optimizer, learning rate, clipping and trained arrays
    :param epochs: number of updates
    :param differentiate: loss and gradients of an epoch at given weights
    :param observers: what else to keep of an epoch, by name; those that give None are left out
    :param progress: called with (epochs done, epochs in all)
    :param standing: where to go on from; its weights then replace ``weights``
    :param halt: called after every update; the run stops where it gives true
    """
    run = standing or Standing.start(weights, settings)
    for name in ("loss", "gradient_norm", *observers):
        run.history.setdefault(name, [])
    while run.epoch < epochs:
        if not _update(run, settings, differentiate, observers):
            return diverged(run.epoch), arrays(run.history), run.weights
        run.epoch += 1
        if progress:
            progress(run.epoch, epochs)
        if halt and halt(run) and run.epoch < epochs:
            return stopped(run.epoch), arrays(run.history), run.weights
    return COMPLETED, arrays(run.history), run.weights


def _update(
    run: Standing,
    settings: Training,
    differentiate: Callable[[int, Weights], tuple[float, Gradients]],
    observers: Mapping[str, Callable[[Weights], object]],
) -> bool:
    """Make one update; whether loss, gradient and weights are finite."""
    with np.errstate(all="ignore"):
        loss, gradients = differentiate(run.epoch, run.weights)
        trained = {name: gradients[name] for name in settings.train}
        norm = global_norm(trained)
    if not (np.isfinite(loss) and np.isfinite(norm)):
        return False
    seen = {name: observe(run.weights) for name, observe in observers.items()}
    for name, value in {"loss": loss, "gradient_norm": norm, **seen}.items():
        run.history[name].append(value)
    moved = _moved(run.weights, run.optimizer, clipped(trained, norm, settings.clip))
    if not all(np.isfinite(array).all() for array in moved.values()):
        return False
    run.weights = run.weights.updated(moved)
    return True


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
    if "overlaps" in found:
        found["overlaps"] = found["overlaps"].reshape(-1, 4)  # also of a run without a finite epoch
    if "eigenvalues" in found:
        leading = found["eigenvalues"]
        found["spectral_radius"] = np.abs(leading[:, 0]) if leading.size else np.zeros(0)
    return found
