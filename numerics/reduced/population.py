"""The population loss of a linear loop from its overlaps: x_0 uniform on [-a, a]ⁿ, second moment (a²/3) I."""

import numpy as np

from numerics.common.errors import require
from numerics.common.plants import Plant, double_integrator
from numerics.reduced.descent import loop_for
from numerics.reduced.kernels import loss_kernel
from numerics.replay.open_loop import HALF_WIDTH
from numerics.replay.settings import Settings

FACTOR = HALF_WIDTH / np.sqrt(3) * np.eye(2)
"""F with F Fᵀ = Σ_0 of the rank-one protocol, (4/3) I."""


def population_loss(
    overlaps: np.ndarray,
    settings: Settings,
    plant: Plant | None = None,
    rank: int = 1,
    half_width: float = HALF_WIDTH,
) -> tuple[np.ndarray, np.ndarray]:
    """The loss without batch noise and its gradient by the overlaps, broadcast.

    :param overlaps: all overlaps on the last axis, for rank one σ_zm, σ_zu, σ_vm, σ_vu, (..., 4)
    :param plant: the plant; the double integrator by default
    :raises InputError: if the network is not linear
    """
    linear = settings.activation == "linear"
    require(linear, f"activation must be linear for the population loss; found {settings.activation}")
    loop, parameters = loop_for(plant or double_integrator(), rank, settings.leak)
    point = np.asarray(overlaps, dtype=np.float64)
    columns = tuple(np.moveaxis(point, -1, 0)) if point.ndim > 1 else tuple(point.tolist())
    kernel = loss_kernel(loop, settings.control_penalty != 0).function
    weights = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    factor = half_width / np.sqrt(3) * np.eye(loop.plant.n)
    with np.errstate(all="ignore"):
        loss, slope = kernel(columns, parameters, tuple(factor.ravel().tolist()), *weights, settings.horizon)
    return np.asarray(loss), np.stack(np.broadcast_arrays(*slope), axis=-1)
