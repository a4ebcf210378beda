"""Networks of erf neurons: how near they are to the limit of many neurons, and how they learn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from derivations.evidence.pairs import timed
from derivations.studies.closure import COVARIANCE, closure_error, nonlinear_episode
from numerics.common.plants import double_integrator
from numerics.common.weights import correlated_weights
from numerics.experiment.simulate import rollout
from numerics.experiment.train import loss_and_gradient
from numerics.reduced.nonlinear import gaussian_gradient, gaussian_loop_for, gaussian_space, trajectory, visible
from numerics.replay.closed_loop import Replay
from theory.nonlinear.gaussian import GaussianLoop

SIZES = (100, 1000, 10000, 30000)
SEEDS = 16


@dataclass(frozen=True)
class ErfNeurons:
    """What was measured on erf neurons, each with its wall time in seconds.

    :param rate: exponent in N of the trajectory's error
    :param rate_seconds: its time
    :param product: G S, of N = 30000 neurons
    :param direct: Xᵀ ∂L/∂X of the same
    :param share: ‖X S‖/‖∂L/∂X‖
    :param product_seconds: their time
    :param closure: largest error of the Gaussian closure over 300 epochs, N = 1000
    :param linear: the same of the map of linear neurons
    :param closure_seconds: their time
    """

    rate: float
    rate_seconds: float
    product: np.ndarray
    direct: np.ndarray
    share: float
    product_seconds: float
    closure: float
    linear: float
    closure_seconds: float


def erf_neurons() -> ErfNeurons:
    """Networks of erf neurons: 16 of each size from N = 100 to 30000, and one of N = 1000 that learns for 300 epochs."""
    rate, slow = timed(error_rate)
    (product, direct, share), seconds = timed(projected_gradient, nonlinear_episode(0, 30000, 0.3))
    (closure, linear), learning = timed(closure_error, nonlinear_episode(0, 1000, 0.1, epochs=300))
    return ErfNeurons(rate, slow, product, direct, share, seconds, closure, linear, learning)


def trajectory_error(seed: int, neurons: int, x0: np.ndarray, horizon: int = 20) -> float:
    """Root mean square of x/√N, simulated with N neurons, less the limit N → ∞ at the same Σ.

    :param seed: seed of the weights
    :param x0: initial states in units of √N, (batch, 2)
    """
    weights = correlated_weights(np.random.default_rng(seed), COVARIANCE, neurons)
    unit, replay = np.sqrt(neurons), nonlinear_episode(0, 1, 1.0)
    direct = rollout(double_integrator(), weights, unit * x0, horizon, activation="erf").x / unit
    limit = trajectory(GaussianLoop(), visible(gaussian_space(replay), COVARIANCE), x0, horizon, (1.0,))[0]
    return float(np.sqrt(np.mean((direct - limit) ** 2)))


def error_rate(sizes: Sequence[int] = SIZES, seeds: int = SEEDS) -> float:
    """Slope of the logarithm of the root-mean-square trajectory error in log N.

    :param sizes: numbers of neurons
    :param seeds: networks of each size
    """
    x0 = np.random.default_rng(0).uniform(-1.0, 1.0, (8, 2))
    errors = [np.sqrt(np.mean([trajectory_error(seed, n, x0) ** 2 for seed in range(seeds)])) for n in sizes]
    return float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])


def projected_gradient(replay: Replay) -> tuple[np.ndarray, np.ndarray, float]:
    """G S, Xᵀ ∂L/∂X of the network, and ‖X S‖/‖∂L/∂X‖, the part of the gradient that is linear in the weights.

    :param replay: a run of erf neurons; its first batch counts
    """
    loop, parameters = gaussian_loop_for(replay)
    weights, settings, x0 = replay.weights, replay.settings, replay.x0[0]
    slopes = loss_and_gradient(replay.plant, weights, x0, settings)[1]
    direct = np.hstack([slopes[name] for name in "mzuv"])
    S = gaussian_gradient(loop, gaussian_space(replay), weights.gram, x0, settings, parameters)[1]
    share = float(np.linalg.norm(weights.stack @ S) / np.linalg.norm(direct))
    return weights.gram @ S, weights.stack.T @ direct, share
