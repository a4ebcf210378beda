"""Checks of the nonlinear reduction against erf neurons: its error falls as N^{-1/2}, its closure of learning does not."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check
from derivations.checks.evidence import Pair, timed
from derivations.studies.closure import COVARIANCE, closure_error, nonlinear_episode
from numerics.experiment.simulate import rollout
from numerics.experiment.train import loss_and_gradient
from numerics.nonlinear import (
    gaussian_gradient,
    gaussian_loop_for,
    gaussian_space,
    trajectory,
    visible,
)
from numerics.plants import double_integrator
from numerics.replay import Replay
from numerics.weights import correlated_law
from theory.nonlinear import GaussianLoop

SIZES = (100, 1000, 10000, 30000)
SEEDS = 16


def trajectory_error(seed: int, neurons: int, x0: np.ndarray, horizon: int = 20) -> float:
    """Root mean square of x/√N, simulated with N neurons, less the limit N → ∞ at the same Σ.

    :param seed: seed of the weights
    :param neurons: number N of neurons
    :param x0: initial states in units of √N, (batch, 2)
    :param horizon: episode length T
    """
    weights = correlated_law(np.random.default_rng(seed), COVARIANCE, neurons)
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


def law_drift(product: np.ndarray) -> float:
    """-½ d/dt (‖z‖² + ‖v‖² - ‖m‖² - ‖u‖²) if all weights are trained; zero for linear neurons.

    :param product: Xᵀ ∂L/∂X, (4, 4)
    """
    m, z, u, v = np.diag(product)
    return float(z + v - m - u)


def nonlinear(pairs: Sequence[Pair]) -> list[Check]:
    """The nonlinear reduction: rate in N, projected gradient, and the closure of learning with its measured error.

    :param pairs: the runs, which this check does not need
    """
    rate, slow = timed(error_rate)
    (theory, direct, share), seconds = timed(projected_gradient, nonlinear_episode(0, 30000, 0.3))
    gap = float(np.linalg.norm(theory - direct) / np.linalg.norm(direct))
    norms = float(np.linalg.norm(theory)), float(np.linalg.norm(direct))
    drifts = law_drift(theory), law_drift(direct)
    (closure, linear), learning = timed(closure_error, nonlinear_episode(0, 1000, 0.1, epochs=300))
    return [
        Check("erf neurons: exponent in N of the trajectory's error", -0.5, rate, abs(rate + 0.5), 0.1, 0.0, slow),
        Check(
            f"erf neurons, N = 30000: XᵀdL/dX against G S (relative; ‖X S‖ is {share:.2f} of the gradient)",
            *norms,
            gap,
            0.05,
            0.0,
            seconds,
        ),
        Check(
            "erf neurons, N = 30000: drift of the law ‖z‖² + ‖v‖² - ‖m‖² - ‖u‖² of linear neurons (relative)",
            *drifts,
            abs(drifts[1] / drifts[0] - 1),
            0.05,
            0.0,
            seconds,
        ),
        Check(
            f"erf neurons, N = 1000, 300 epochs: Gaussian closure (linear map off by {linear:.2f})",
            0.0,
            closure,
            closure,
            0.05,
            0.0,
            learning,
        ),
    ]
