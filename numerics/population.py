"""The population loss of the rank-one protocol: x_0 uniform on [-2, 2]², second moment (4/3) I."""

import numpy as np

from numerics.errors import require
from numerics.kernels import loss_kernel
from numerics.replay import Settings
from theory.loop import ReducedLoop

FACTOR = np.sqrt(4 / 3) * np.eye(2)
"""F with F Fᵀ = Σ_0 = (4/3) I."""


def population_loss(overlaps: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """The loss without batch noise and its gradient by the overlaps, broadcast.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu on the last axis, (..., 4)
    :param settings: horizon and loss
    :raises InputError: if the network leaks or is not linear
    """
    require(settings.leak == 1.0, f"leak must be 1 for the protocol's population loss; found {settings.leak:g}")
    linear = settings.activation == "linear"
    require(linear, f"activation must be linear for the population loss; found {settings.activation}")
    point = np.asarray(overlaps, dtype=np.float64)
    columns = tuple(np.moveaxis(point, -1, 0)) if point.ndim > 1 else tuple(point.tolist())
    kernel = loss_kernel(ReducedLoop(), settings.control_penalty != 0).function
    weights = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    with np.errstate(all="ignore"):
        loss, slope = kernel(columns, (), tuple(FACTOR.ravel().tolist()), *weights, settings.horizon)
    return np.asarray(loss), np.stack(np.broadcast_arrays(*slope), axis=-1)
