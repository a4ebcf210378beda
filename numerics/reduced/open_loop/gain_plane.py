"""The plane of effective gains (k_1, k_2) of the double integrator: stability, complex pairs, and the loss on it."""

from collections.abc import Callable
from functools import cache

import numpy as np

from numerics.common.errors import require
from numerics.reduced.codegen import vectorise
from numerics.replay.open_loop import HALF_WIDTH
from numerics.replay.settings import Settings
from theory.double_integrator.gain import gain_stability, oscillation_discriminant
from theory.symbols import k_1, k_2

UNSTABLE, STABLE, OSCILLATING = 0, 1, 2
"""Kinds of gains; a stable plant whose eigenvalues are real may have a negative one, whose mode alternates in sign."""


@cache
def _conditions() -> Callable:
    return vectorise([*gain_stability(), oscillation_discriminant()], [k_1, k_2], "gain conditions")


def region(gains: np.ndarray) -> np.ndarray:
    """0 where A - B K is unstable, 1 where it is stable, 2 where it is stable with a complex pair; exact conditions.

    :param gains: (k_1, k_2) on the last axis
    """
    *stable, discriminant = np.moveaxis(_conditions()(*np.moveaxis(np.asarray(gains, dtype=np.float64), -1, 0)), -1, 0)
    inside = np.all([condition > 0 for condition in stable], axis=0)
    return np.where(inside, np.where(discriminant < 0, OSCILLATING, STABLE), UNSTABLE)


def feedback_loss(gains: np.ndarray, settings: Settings, half_width: float = HALF_WIDTH) -> np.ndarray:
    """Population loss of the feedback u_t = -K x_t, t ≥ 1, u_0 = 0, on the double integrator; infinite if it overflows.

    The first step is free, as it is for an agent with h_0 = 0, so the loss is comparable to that of a network.

    :param gains: (k_1, k_2) on the last axis
    :param half_width: a, x_0 uniform on [-a, a]²
    """
    gains = np.asarray(gains, dtype=np.float64)
    require(gains.shape[-1] == 2, f"gains must end in an axis of two, k_1 and k_2; found shape {gains.shape}")
    first, second = gains[..., 0], gains[..., 1]
    total = np.zeros(gains.shape[:-1])
    with np.errstate(all="ignore"):
        for position, velocity in ((1.0, 0.0), (0.0, 1.0)):
            x, v, u = np.full(total.shape, position), np.full(total.shape, velocity), np.zeros(total.shape)
            for _ in range(settings.horizon):
                total += settings.state_weight * (x**2 + v**2) + settings.control_penalty * u**2
                x, v = x + v, v + u
                u = -first * x - second * v
    loss = settings.scale * half_width**2 / 3 * total
    return np.where(np.isfinite(loss), loss, np.inf)
