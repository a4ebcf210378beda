"""Gradient descent of a small linear network: what the word space makes of the training of N neurons."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.common.weights import Gradients, Weights
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
    epochs = rollout.task.epochs
    losses: list[float] = []
    norms: list[float] = []
    seen: list = []
    velocity: Gradients = {name: np.zeros_like(weights.arrays()[name]) for name in settings.train}

    def done(updates: int) -> SmallDescent:
        return SmallDescent(np.array(losses), np.array(norms), weights, updates, seen)

    for epoch in range(epochs):
        loss, gradients = rollout.loss_and_gradient(weights, epoch)
        with np.errstate(all="ignore"):
            norm = float(np.sqrt(sum(np.vdot(gradients[name], gradients[name]) for name in settings.train)))
        if not (np.isfinite(loss) and np.isfinite(norm)):
            return done(epoch)
        losses.append(loss)
        norms.append(norm)
        seen.append(look(weights))
        velocity, moved = _moved(weights, velocity, gradients, norm, settings)
        if not all(np.isfinite(array).all() for array in moved.values()):
            return done(epoch)
        weights = weights.updated(moved)
        if progress:
            progress(epoch + 1, epochs)
    return done(epochs)


def _moved(
    weights: Weights, velocity: Gradients, gradients: Gradients, norm: float, settings: Training
) -> tuple[Gradients, dict[str, np.ndarray]]:
    """Velocities and trained matrices after one step, finite or not."""
    decay = settings.momentum if settings.optimizer == "momentum" else 0.0
    factor = min(1.0, settings.clip / (norm + CLIP_EPSILON))
    with np.errstate(all="ignore"):
        velocity = {name: decay * v + factor * gradients[name] for name, v in velocity.items()}
        arrays = weights.arrays()
        return velocity, {name: arrays[name] - settings.learning_rate * v for name, v in velocity.items()}
