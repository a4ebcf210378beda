"""Gradient descent in the four overlaps with the identity metric, as in arXiv 2505.13567 for stage 3.

It ignores how the weights' norms and invisible overlaps set the speed of each overlap; it is here to be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from numerics.reduced.kernels import loss_kernel
from numerics.replay.results import COMPLETED, diverged
from numerics.replay.settings import CLIP_EPSILON, Settings
from theory.core.loop import ReducedLoop


@dataclass(frozen=True)
class OverlapDescent:
    """A descent in the four overlaps; as an array, its :attr:`points`.

    :param status: ``"completed"`` or ``"diverged at epoch k"``, as for :class:`numerics.replay.results.Run`
    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu before each step, (epochs, 4); after a divergence they end with the last
        epoch of finite loss and gradient
    :param loss: loss before each step, (epochs,)
    :param final: overlaps after the last step, (4,); the last finite ones after a divergence
    """

    status: str
    overlaps: np.ndarray
    loss: np.ndarray
    final: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """The overlaps before each step and after the last, (epochs + 1, 4)."""
        return np.vstack([self.overlaps, self.final])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.points, dtype=dtype)


def descend_overlaps(
    objective: Callable[[int, np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    epochs: int,
    rate: float,
    clip: float,
) -> OverlapDescent:
    """σ ← σ - η c ∇L(σ), c = min(1, clip/‖∇L‖), until a loss, gradient or step is not finite.

    :param objective: called with (epoch, overlaps), gives loss and gradient (4,)
    :param start: σ_zm, σ_zu, σ_vm, σ_vu
    :param epochs: number of steps
    :param clip: largest gradient norm that passes unscaled; infinite for none
    """
    point, status = np.asarray(start, dtype=np.float64), COMPLETED
    path, losses = [], []
    for epoch in range(epochs):
        with np.errstate(all="ignore"):
            loss, slope = objective(epoch, point)
            norm = float(np.linalg.norm(slope))
            following = point - rate * min(1.0, clip / (norm + CLIP_EPSILON)) * slope
        if np.isfinite(loss) and np.isfinite(norm):
            path.append(point)
            losses.append(loss)
        if len(path) == epoch or not np.isfinite(following).all():
            status = diverged(epoch)
            break
        point = following
    return OverlapDescent(status, np.array(path).reshape(-1, 4), np.array(losses), point)


def naive_descent(start: np.ndarray, factors: np.ndarray, settings: Settings) -> OverlapDescent:
    """Descent of the horizon loss in the four overlaps.

    :param start: σ_zm, σ_zu, σ_vm, σ_vu
    :param factors: F with F Fᵀ = Σ_0 of every epoch, (epochs, 2, 2)
    """
    kernel = loss_kernel(ReducedLoop(), settings.control_penalty != 0).function
    weights = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    rows = factors.reshape(len(factors), -1).tolist()

    def objective(epoch: int, point: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = kernel(tuple(point.tolist()), (), rows[epoch], *weights, settings.horizon)
        return loss, np.array(slope)

    return descend_overlaps(objective, start, len(rows), settings.learning_rate, settings.clip)
