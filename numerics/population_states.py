"""Initial states that stand for the whole law of x_0, uniform on [-a, a]ⁿ: the closed-loop population loss."""

from collections.abc import Callable
from itertools import product

import numpy as np

from numerics.plants import Plant
from numerics.replay import Settings
from numerics.simulate import Trajectory, episode_losses, rollout
from numerics.weights import Weights

HALF_WIDTH = 2.0
"""a of the rank-one protocol; the full protocol has 1."""

NODES = 10
"""Gauss-Legendre nodes per axis for a nonlinear network."""


def population_states(n: int, half_width: float, linear: bool) -> tuple[np.ndarray, np.ndarray]:
    """States (count, n) and weights (count,) with Σ w f(x) = E f(x_0) for the squares that a loss is made of.

    A linear loop needs the second moment (a²/3) I only: n states. A nonlinear one gets the Gauss-Legendre grid; one
    of every pair ±x is left out, because the loop is odd.

    :param n: number of plant states
    :param half_width: a
    :param linear: whether the network is linear
    """
    if linear:
        return half_width * np.sqrt(n / 3) * np.eye(n), np.full(n, 1 / n)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    states = half_width * np.array(list(product(nodes, repeat=n)))
    half = states[:, 0] > 0
    return states[half], 2 * np.array([np.prod(w) for w in product(weights / 2, repeat=n)])[half]


def population_loss_of(episodes: Trajectory, weights: np.ndarray, settings: Settings) -> float:
    """The closed-loop loss of a network over the law of x_0, from its episodes; infinite if they overflow.

    :param episodes: episodes from :func:`population_states`
    :param weights: the states' weights, (count,)
    :param settings: horizon and loss
    """
    with np.errstate(all="ignore"):
        losses = episode_losses(episodes, settings.state_weight, settings.control_penalty)
        loss = settings.scale * float(weights @ losses)
    return loss if np.isfinite(loss) else np.inf


def population_observer(half_width: float) -> Callable[[Plant, Weights, Trajectory, Settings], float]:
    """An observer of the closed-loop population loss, without the noise of a run's own batches.

    :param half_width: a of the law of x_0
    """

    def observe(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> float:
        states, shares = population_states(plant.shape[0], half_width, settings.activation == "linear")
        with np.errstate(all="ignore"):
            own = rollout(plant, weights, states, settings.horizon, settings.leak, settings.activation)
        return population_loss_of(own, shares, settings)

    return observe
