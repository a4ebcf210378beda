"""Whether a loop is stable, judged by what it does in a long simulation: the experiment.

No spectrum enters here, so that what a spectrum predicts can be put to the test.
"""

from dataclasses import dataclass, field

import numpy as np

from numerics.common.errors import require, whole
from numerics.common.plants import Plant
from numerics.common.weights import Weights
from numerics.experiment.simulate import rollout
from numerics.experiment.student import respond
from numerics.experiment.trajectory import Trajectory
from numerics.replay.settings import Settings

STEPS = 1000
"""Length of a long simulation, 20 episodes of the protocol."""


@dataclass(frozen=True)
class Snapshots:
    """An observer that keeps the weights of a run at every k-th epoch and adds nothing to its history.

    :param every: k
    :param weights: the weights before the update of each of these epochs
    :raises InputError: if k < 1
    """

    every: int = 1
    weights: list[Weights] = field(default_factory=list)

    def __post_init__(self) -> None:
        whole("every", self.every, 1)

    @property
    def epochs(self) -> list[int]:
        """The epochs kept so far."""
        return [self.every * k for k in range(len(self.weights))]

    def __call__(self, plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> None:
        self.weights.append(weights)


def _halves(path: np.ndarray) -> np.ndarray:
    """Root mean square of the later half over that of the earlier half, infinite if the path overflows."""
    with np.errstate(all="ignore"):
        peak = np.max(np.abs(path), axis=(0, 2), keepdims=True)
        size = np.sum((path / np.where(peak > 0, peak, 1.0)) ** 2, axis=2)
        half = len(size) // 2
        ratio = np.sqrt(np.sum(size[half : 2 * half], axis=0) / np.sum(size[:half], axis=0))
    return np.where(np.isfinite(path).all(axis=(0, 2)), ratio, np.inf)


def growth(plant: Plant, weights: Weights, x0: np.ndarray, settings: Settings, steps: int = STEPS) -> np.ndarray:
    """How much the plant's state grows in closed loop, (batch,): below 1 it decays, above 1 it grows.

    The root mean square of |x_t| over the later half of the steps, over that of the earlier half; infinite where the
    simulation overflows.

    :param x0: initial plant states other than zero, (batch, n)
    :param steps: number of steps simulated, at least 2
    :raises InputError: if an initial state is zero or there are too few steps
    """
    steps = whole("steps", steps, 2)
    require(bool(np.any(x0, axis=1).all()), "x0 must hold states other than zero; found a zero state")
    with np.errstate(all="ignore"):
        return _halves(rollout(plant, weights, x0, steps, settings.leak, settings.activation).x)


def growth_alone(weights: Weights, settings: Settings, size: float, steps: int = STEPS) -> float:
    """The same for the neurons cut off from the plant: |h_k| after one input y_1, growth of the largest.

    :param size: the input of every observation in turn
    :param steps: number of steps simulated, at least 2
    :raises InputError: if there are too few steps
    """
    q = weights.m.shape[1]
    y = np.zeros((whole("steps", steps, 2), q, q))
    y[0] = size * np.eye(q)
    with np.errstate(all="ignore"):
        return float(np.max(_halves(respond(weights, y, settings.leak, settings.activation).h[1:])))
