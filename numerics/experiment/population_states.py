"""Initial states that stand for the whole distribution of x_0, uniform on [-a, a]ⁿ: the closed-loop population loss."""

from collections.abc import Callable
from itertools import product

import numpy as np

from numerics.common.plants import Plant
from numerics.common.weights import Weights
from numerics.experiment.simulate import episode_losses, rollout
from numerics.experiment.trajectory import Trajectory
from numerics.replay.open_loop import HALF_WIDTH
from numerics.replay.settings import Settings

NODES = 16
"""Gauss-Legendre nodes per axis for a nonlinear network. They give the loss of a loop that settles to rounding, of a
strongly unstable one, as at the spike of open-loop learning, to two per cent or so: saturation makes it rough."""


def population_states(n: int, half_width: float, linear: bool) -> tuple[np.ndarray, np.ndarray]:
    """States (count, n) and weights (count,) with Σ w f(x) ≈ E f(x_0) for the squares that a loss is made of.

    A linear loop needs the second moment (a²/3) I only: n states, and the mean is exact. A nonlinear one gets the
    Gauss-Legendre grid of 16ⁿ; one of every pair ±x is left out, because the loop is odd.

    :param linear: whether the network is linear
    """
    if linear:
        return half_width * np.sqrt(n / 3) * np.eye(n), np.full(n, 1 / n)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    states = half_width * np.array(list(product(nodes, repeat=n)))
    half = states[:, 0] > 0
    return states[half], 2 * np.array([np.prod(w) for w in product(weights / 2, repeat=n)])[half]


class ClosedLoopTest:
    """The closed-loop population loss of networks over the distribution of x_0, by direct simulation.

    :param plant: the plant
    :param weights: a network of the sizes to be tested
    :param settings: horizon, leak, activation and loss
    :param half_width: a
    """

    def __init__(self, plant: Plant, weights: Weights, settings: Settings, half_width: float = HALF_WIDTH) -> None:
        self.plant, self.settings = plant, settings
        self.states, self.shares = population_states(plant.shape[0], half_width, settings.activation == "linear")
        self.episodes = Trajectory.allocate(plant.shape[0], weights, len(self.states), settings.horizon)

    def loss(self, weights: Weights) -> float:
        """The loss; infinite if the episodes overflow. They stay in ``episodes`` until the next call."""
        settings = self.settings
        with np.errstate(all="ignore"):
            leak, activation = settings.leak, settings.activation
            rollout(self.plant, weights, self.states, settings.horizon, leak, activation, self.episodes)
            losses = episode_losses(self.episodes, settings.state_weight, settings.control_penalty)
            found = settings.scale * float(self.shares @ losses)
        return found if np.isfinite(found) else np.inf


def population_observer(half_width: float = HALF_WIDTH) -> Callable[[Plant, Weights, Trajectory, Settings], float]:
    """An observer of the closed-loop population loss of one run, without the noise of the run's own batches.

    :param half_width: a, x_0 uniform on [-a, a]ⁿ
    """
    trials: list[ClosedLoopTest] = []

    def observe(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> float:
        if not trials:
            trials.append(ClosedLoopTest(plant, weights, settings, half_width))
        return trials[0].loss(weights)

    return observe
