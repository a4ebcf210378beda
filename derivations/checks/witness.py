"""The same gradient three ways: from the overlaps, and by a complex step through the full joint matrix."""

import numpy as np

from numerics.common.plants import double_integrator
from numerics.common.weights import Weights
from numerics.reduced.descent import loop_for
from numerics.reduced.kernels import loss_kernel
from numerics.reduced.moments import symmetric_root
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace


def flat(weights: Weights) -> np.ndarray:
    """The overlaps of a network in the theory's order."""
    return np.concatenate([block.ravel() for block in weights.overlaps().values()])


def reduced_gradient(weights: Weights, x0: np.ndarray, settings: Settings) -> tuple[float, np.ndarray]:
    """Loss and gradient X S by the weights from the overlaps alone.

    :param x0: initial states
    :param settings: horizon and loss
    """
    plant = double_integrator()
    loop, parameters = loop_for(plant, 1, settings.leak)
    factor = symmetric_root(x0.T @ x0 / len(x0))
    kernel = loss_kernel(loop, settings.control_penalty != 0).function
    state, control = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    loss, slope = kernel(tuple(flat(weights)), parameters, tuple(factor.ravel()), state, control, settings.horizon)
    space = WeightSpace()
    S = np.zeros((4, 4))
    for name, value in zip(("zm", "zu", "vm", "vu"), slope, strict=True):
        i, j = (space.columns(block).start for block in name)
        S[i, j] = S[j, i] = value
    return float(loss), weights.stack @ S


def _direction(weights: Weights, index: int) -> np.ndarray:
    return np.random.default_rng(index).normal(size=weights.stack.shape)


def project(gradient: np.ndarray, weights: Weights, index: int) -> float:
    """The gradient's component along the random direction number ``index``.

    :param gradient: gradient by the stacked weights, (N, 4)
    :param index: number of the direction
    """
    return float(np.vdot(gradient, _direction(weights, index)))


def complex_step(weights: Weights, x0: np.ndarray, settings: Settings, index: int) -> float:
    """Derivative of L_T along a random direction of all weights, by a complex step through powers of P.

    Im L(X + i h D)/h with h = 1e-30 has no cancellation; L is summed over powers of the full joint matrix.

    :param x0: initial states
    :param settings: horizon and loss
    :param index: number of the direction
    """
    plant, step = double_integrator(), 1e-30
    m, z, u, v = (weights.stack + 1j * step * _direction(weights, index)).T[:, :, None]
    A, B, C = plant.A, plant.B, plant.C
    feedback = B @ z.T
    joint = np.block([[A.astype(complex), feedback], [m @ C @ A, u @ v.T + m @ C @ feedback]])
    state = np.vstack([x0.T.astype(complex), np.zeros((len(m), len(x0)))])
    total = 0.0 + 0.0j
    for _ in range(settings.horizon):
        control = z.T @ state[2:]
        total += settings.state_weight * np.sum(state[:2] ** 2) + settings.control_penalty * np.sum(control**2)
        state = joint @ state
    return float((settings.scale * total / len(x0)).imag / step)
