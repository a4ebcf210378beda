"""The staircase from the initial weights and the protocol: learning in the small word space, without the run.

Gradient descent closes in the word space, Adam nearly: its second moments are set in the first epochs by the unstable
initial loop, and remembered over 1/(1-β_2) = 1000 epochs. So Adam is followed with all N neurons through a short
opening, on the batches of a run or on others, and from then on by the neurons of the widened word space. There
gradients are those of the population; their entries are spread over the N×N of W to update the moments, and the step
is projected back.

What is left out: the noise of batches after the opening, steps that leave the space, words beyond the length. With
gradient descent from W_0 = 0 the noise of batches alone. Source: derived here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from numerics.common.errors import require, whole
from numerics.common.weights import Gradients, Weights
from numerics.reduced.tracking.small_loop import SmallLoop
from numerics.reduced.tracking.word_space import letters, word_basis
from numerics.reduced.words.space import WordSpace
from numerics.replay.settings import CLIP_EPSILON
from numerics.replay.tracking import TrackingTraining
from numerics.replay.tracking_task import TrackingTask

OPENING = 30
"""Epochs of Adam with all neurons: the initial instability is over after about ten."""
LENGTH = 1
"""Words of W_0 in the small space; at g = 0.2 what longer ones add is small."""
BATCH = 100
"""Episodes a batch, where a state may reach the clamp."""
FIRST, SECOND, TINY = 0.9, 0.999, 1e-8
"""β_1, β_2 and ε of Adam."""


@dataclass(frozen=True)
class Forecast:
    """Learning as predicted.

    :param losses: loss of every frequency before each update, (epochs, F); infinite where it overflows
    :param dimension: number of neurons that stand for the network after the opening
    :param scale: root mean square of √V of W after the opening; NaN without Adam
    """

    losses: np.ndarray
    dimension: int
    scale: float


@dataclass
class _Moments:
    """The optimizer's step in the coordinates of N neurons; the basis may be the whole space.

    :param settings: how weights are moved
    :param epoch: number of updates made
    :param mean: running means of the gradients in N neurons, or the velocity with momentum
    :param square: running mean squares
    """

    settings: TrackingTraining
    epoch: int = 0
    mean: dict[str, np.ndarray] = field(default_factory=dict)
    square: dict[str, np.ndarray] = field(default_factory=dict)

    def moved(self, weights: Weights, gradients: Gradients, basis: np.ndarray | None) -> Weights:
        """The weights after an update.

        :param weights: few neurons or all
        :param gradients: their gradients by ``w`` and ``z``
        :param basis: Q from few neurons to N; none where they are all
        """
        self.epoch += 1
        norm = np.sqrt(sum(float(np.sum(g**2)) for g in gradients.values()))
        factor = min(1.0, self.settings.clip / (norm + CLIP_EPSILON))
        steps = {name: self._step(name, factor * g, basis) for name, g in gradients.items()}
        return weights.updated({name: weights.arrays()[name] + step for name, step in steps.items()})

    def _step(self, name: str, gradient: np.ndarray, basis: np.ndarray | None) -> np.ndarray:
        rate = self.settings.learning_rate
        if self.settings.optimizer == "sgd":
            return -rate * gradient
        if self.settings.optimizer == "momentum":
            self.mean[name] = self.settings.momentum * self.mean.get(name, 0.0) + gradient
            return -rate * self.mean[name]
        if basis is not None:
            gradient = basis @ gradient @ basis.T if name == "w" else basis @ gradient
        mean, square = self.mean.get(name, 0.0), self.square.get(name, 0.0)
        self.mean[name] = mean = FIRST * mean + (1 - FIRST) * gradient
        self.square[name] = square = SECOND * square + (1 - SECOND) * gradient**2
        root = np.sqrt(square / (1 - SECOND**self.epoch)) + TINY
        step = -rate * mean / (1 - FIRST**self.epoch) / root
        if basis is None:
            return step
        return basis.T @ step @ basis if name == "w" else basis.T @ step


def _check(settings: TrackingTraining) -> None:
    known = set(settings.train) == {"w", "z"} and settings.activation == "linear"
    require(known, f"settings must train w and z of linear neurons; found {settings.train}, {settings.activation}")


def forecast(
    weights: Weights,
    task: TrackingTask | None = None,
    settings: TrackingTraining | None = None,
    epochs: int = 5000,
    length: int = LENGTH,
    opening: np.ndarray | None = None,
    seed: int = 0,
) -> Forecast:
    """Predict the loss of every frequency over learning from the initial weights.

    :param weights: initial weights, with a full W
    :param task: the task; the paper's by default
    :param settings: how weights are moved; the protocol by default
    :param epochs: number of updates
    :param length: words of W in the small space
    :param opening: phases of the first batches with Adam, (30, batch, F); drawn if none are given
    :param seed: seed of the phases that are drawn: of the opening, and where a state may reach the clamp
    :raises InputError: if what is trained is not w and z, or the neurons are not linear
    """
    task, settings = task or TrackingTask(), settings or TrackingTraining()
    _check(settings)
    epochs = whole("epochs", epochs, 1)
    loop, moments, rng = SmallLoop(task, settings.leak), _Moments(settings), np.random.default_rng(seed)
    losses, scale, square = list[np.ndarray](), np.nan, None
    one = (BATCH, task.frequencies.size)
    if settings.optimizer == "adam":
        if opening is None:
            opening = rng.uniform(0.0, 2 * np.pi, (OPENING, *one))
        first = opening[: min(OPENING, epochs)]
        weights = _learn(loop, moments, weights, None, len(first), losses, lambda epoch: first[epoch])
        square = moments.square["w"]
        scale = float(np.sqrt(square.mean()))
    basis = word_basis(letters(weights, square), weights.arrays()["w"], length)

    small = WordSpace(basis, length, False).reduce(weights)
    _learn(loop, moments, small, basis, epochs - len(losses), losses, lambda _: rng.uniform(0.0, 2 * np.pi, one))
    unseen = np.full((epochs - len(losses), task.frequencies.size), np.inf)
    return Forecast(np.vstack([*losses, unseen]), basis.shape[1], scale)


def _learn(
    loop: SmallLoop,
    moments: _Moments,
    weights: Weights,
    basis: np.ndarray | None,
    epochs: int,
    losses: list[np.ndarray],
    phases: Callable[[int], np.ndarray],
) -> Weights:
    """Updates, of which the losses are recorded; they end early where a loss overflows.

    Of all neurons the gradients are those of batches; of few, those of the population while no state can reach the
    clamp.
    """
    with np.errstate(all="ignore"):
        for epoch in range(epochs):
            found, gradients, largest = loop.population(weights)
            losses.append(np.where(np.isfinite(found), found, np.inf))
            if basis is None or not largest < loop.task.clamp:
                gradients = loop.batch(weights, phases(epoch))
            if not all(np.isfinite(g).all() for g in gradients.values()):
                break
            weights = moments.moved(weights, gradients, basis)
    return weights
