"""Gradient descent of a small linear network: what the word space makes of the training of N neurons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, prod, sqrt

import numpy as np

from numerics.common.weights import Weights
from numerics.reduced.words.rollout import Rollout
from numerics.replay.settings import CLIP_EPSILON, Training


@dataclass(frozen=True)
class SmallDescent:
    """What a descent gives, before each update.

    :param loss: loss, (epochs,)
    :param gradient_norm: norm of the trained weights' gradient before clipping, (epochs,)
    :param weights: the small network after as many updates as have finite weights
    :param updates: their number
    :param seen: what was looked at before each update
    """

    loss: np.ndarray
    gradient_norm: np.ndarray
    weights: Weights
    updates: int
    seen: list


def descend_small(
    rollout: Rollout,
    weights: Weights,
    settings: Training,
    look: Callable[[Weights], object] = lambda weights: None,
    progress: Callable[[int, int], None] | None = None,
) -> SmallDescent:
    """Gradient descent, with or without momentum, until the end or the first value that is not finite.

    v ← μ v + c ∂L, X ← X - η v with the clipping factor c = min(1, c_max/(‖∂L‖ + 1e-6)); μ = 0 without momentum.

    :param weights: the small network at the start
    :param look: what to look at before each update
    :param progress: called with (epochs done, epochs in all)
    """
    epochs, names = rollout.task.epochs, tuple(settings.train)
    losses: list[float] = []
    norms: list[float] = []
    seen: list = []
    place = _places(weights, names)
    velocity = np.zeros(sum(weights.arrays()[name].size for name in names))

    def done(updates: int) -> SmallDescent:
        return SmallDescent(np.array(losses), np.array(norms), weights, updates, seen)

    for epoch in range(epochs):
        loss, gradients = rollout.loss_and_gradient(weights, epoch)
        norm, velocity, moved = _moved(_flat(weights.arrays(), names), velocity, _flat(gradients, names), settings)
        if not (isfinite(loss) and isfinite(norm)):
            return done(epoch)
        losses.append(loss)
        norms.append(norm)
        seen.append(look(weights))
        if not np.isfinite(moved).all():
            return done(epoch)
        weights = weights.updated({name: moved[own].reshape(shape) for name, (own, shape) in place.items()})
        if progress:
            progress(epoch + 1, epochs)
    return done(epochs)


def _flat(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """The trained matrices in one vector."""
    return np.concatenate([arrays[name].ravel() for name in names])


def _places(weights: Weights, names: tuple[str, ...]) -> dict[str, tuple[slice, tuple[int, ...]]]:
    """Where each trained matrix stands in that vector, and its shape."""
    shapes = [weights.arrays()[name].shape for name in names]
    ends = np.cumsum([prod(shape) for shape in shapes]).tolist()
    owned = [slice(end - prod(shape), end) for end, shape in zip(ends, shapes, strict=True)]
    return dict(zip(names, zip(owned, shapes, strict=True), strict=True))


def _moved(
    weights: np.ndarray, velocity: np.ndarray, slope: np.ndarray, settings: Training
) -> tuple[float, np.ndarray, np.ndarray]:
    """Norm of the gradient; velocity and weights after one step, finite or not."""
    decay = settings.momentum if settings.optimizer == "momentum" else 0.0
    with np.errstate(all="ignore"):
        norm = sqrt(np.vdot(slope, slope))
        velocity = decay * velocity + min(1.0, settings.clip / (norm + CLIP_EPSILON)) * slope
        return norm, velocity, weights - settings.learning_rate * velocity
