"""Gradient descent in the four overlaps with the identity metric, as in arXiv 2505.13567 for stage 3.

It ignores how the weights' norms and invisible overlaps set the speed of each overlap; it is here to be compared.
"""

import numpy as np

from numerics.kernels import loss_kernel
from numerics.replay import CLIP_EPSILON, Settings
from theory.loop import ReducedLoop


def naive_descent(start: np.ndarray, factors: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """σ ← σ - η c ∂L/∂σ; overlaps (epochs, 4) and losses (epochs,) before each step.

    :param start: σ_zm, σ_zu, σ_vm, σ_vu
    :param factors: F with F Fᵀ = Σ_0 of every epoch, (epochs, 2, 2)
    :param settings: horizon, learning rate, clipping and loss
    """
    kernel = loss_kernel(ReducedLoop(), settings.control_penalty != 0).function
    weights = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    path, losses = np.empty((len(factors), 4)), np.empty(len(factors))
    point = np.asarray(start, dtype=np.float64)
    for epoch, factor in enumerate(factors.reshape(len(factors), -1).tolist()):
        loss, slope = kernel(tuple(point.tolist()), (), factor, *weights, settings.horizon)
        path[epoch], losses[epoch] = point, loss
        slope = np.array(slope)
        factor_of_clip = min(1.0, settings.clip / (float(np.linalg.norm(slope)) + CLIP_EPSILON))
        point = point - settings.learning_rate * factor_of_clip * slope
    return path, losses
