"""The zigzag from theory alone: a 2-cycle of clipped descent on the σ_zm axis, without a run.

A clipped step on the axis has the length η c_max ‖m‖ whatever the gradient and the batch
(:func:`theory.double_integrator.saddle.clipped_step`), so every pair of points so far apart around a valley of the
loss is a 2-cycle if both are clipped. Of these the one whose ends have equal slopes ∂_zm L is taken. It is the only
attracting one: the ε in the clip, c = c_max/(‖∂L‖ + ε), shortens the step from the end where the gradient is smaller.
With ε = 10⁻⁶ that takes millions of epochs: a run keeps the position at which it enters the valley until κ has grown,
and this cycle stands for all positions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq

from numerics.common.errors import InputError, require
from numerics.reduced.codegen import vectorise
from numerics.reduced.population import population_loss
from numerics.replay.settings import CLIP_EPSILON, Settings
from theory.double_integrator.saddle import SPACE, clipped_step
from theory.symbols import clip, eta

MOST = 1000
"""Steps within which learning must reach a valley."""


@dataclass(frozen=True)
class Cycle:
    """The zigzag around a valley of the loss on the axis.

    :param low: its lower end, σ_zm
    :param high: its upper end, one clipped step above
    :param valley: the minimum of the loss between them
    :param slope: mean of -c L_κ over both ends; positive if more κ lowers the loss
    """

    low: float
    high: float
    valley: float
    slope: float


@cache
def _step_length() -> Callable:
    return vectorise([clipped_step()], [eta, clip, SPACE.gram_symbols()[0, 0]], "clipped step")


def axis_slopes(zm: float, vu: float, settings: Settings, kappa: float = 0.0) -> tuple[float, float]:
    """(∂L/∂σ_zm, ∂L/∂κ) of the population loss at given visible overlaps."""
    slope = population_loss(np.array([zm, kappa, 1.0, vu]), settings)[1]
    return float(slope[0]), float(slope[1])


def clip_of(slope: float, squared: float, settings: Settings) -> float:
    """The factor by which a gradient on the axis is clipped.

    :param squared: ‖m‖²
    """
    return min(1.0, settings.clip / (abs(slope) * np.sqrt(squared) + CLIP_EPSILON))


def arrival(zm: float, squared: float, vu: float, settings: Settings) -> tuple[float, float]:
    """The first two points of descent on the axis between which it turns back, the lower first.

    :param zm: σ_zm at the start
    :param squared: ‖m‖²
    :raises InputError: if it does not turn back
    """
    slope = axis_slopes(zm, vu, settings)[0]
    for _ in range(MOST):
        following = zm - settings.learning_rate * clip_of(slope, squared, settings) * slope * squared
        ahead = axis_slopes(following, vu, settings)[0]
        if ahead * slope < 0:
            return min(zm, following), max(zm, following)
        zm, slope = following, ahead
    raise InputError(f"descent on the axis must turn back within {MOST} steps; found {zm:g} after them")


def cycle(zm: float, squared: float, vu: float, settings: Settings) -> Cycle:
    """The 2-cycle around the valley that learning on the axis reaches first.

    :param zm: σ_zm at the start
    :param squared: ‖m‖²
    :param settings: the protocol, with a clip
    :raises InputError: if there is no clip, descent does not turn back, or a step is longer than the valley is wide
    """
    require(np.isfinite(settings.clip), "clip must be finite for a zigzag of clipped steps; found none")
    step = float(_step_length()(settings.learning_rate, settings.clip, squared)[0])

    def pull(point: float) -> float:
        return axis_slopes(point, vu, settings)[0]

    valley = brentq(pull, *arrival(zm, squared, vu, settings), xtol=1e-13)
    wide = pull(valley - step) < 0 < pull(valley + step)
    require(wide, f"a clipped step must be shorter than the valley is wide; found {step:g} at {valley:g}")
    low = brentq(lambda point: pull(point) + pull(point + step), valley - step, valley, xtol=1e-13)
    ends = [axis_slopes(point, vu, settings) for point in (low, low + step)]
    clipped = [clip_of(slope, squared, settings) * along for slope, along in ends]
    return Cycle(float(low), float(low) + step, float(valley), -float(np.mean(clipped)))
