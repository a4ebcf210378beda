"""Stage 1 in numbers: the loss on the σ_zm axis, its valleys and its minimiser for any horizon."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq

from numerics.common.errors import require, whole
from numerics.reduced.codegen import vectorise
from numerics.reduced.doubling import horizon_loss
from theory.core.loop import ReducedLoop
from theory.double_integrator.stages import axis_loss, envelope_minimiser, geometric_loss
from theory.double_integrator.valleys import least, nearest_valley, valley, valley_index
from theory.symbols import horizon as T
from theory.symbols import sigma_zm

FARTHEST, NEAREST, PER_TURN, HALVINGS = 10.0, 0.1, 60, 50
"""Range of -T σ_zm in which valleys are sought, grid points in a turn of the oscillation, halvings of a grid step."""
SINGULAR = 1e-3
"""Distance from the removable singularity at σ_zm = 4 below which the closed form loses digits."""


@cache
def _functions() -> tuple[Callable, Callable]:
    exact = vectorise([axis_loss()], [sigma_zm, T], "axis loss")
    geometric = vectorise([geometric_loss()], [sigma_zm, T], "geometric loss")
    return exact, geometric


@cache
def _slope() -> Callable:
    return vectorise([axis_loss().diff(sigma_zm)], [sigma_zm, T], "slope of the axis loss")


@cache
def _law() -> tuple[Callable, Callable]:
    at_least = nearest_valley().subs(least, envelope_minimiser()).evalf(20)
    nearest = vectorise([at_least], [T], "nearest valley")
    return nearest, vectorise([valley()], [T, valley_index], "valley")


def exact_loss(points: np.ndarray, horizon: int) -> np.ndarray:
    """L_T at σ_zm with the other overlaps zero; time average, Q = I, Σ_0 = I.

    :param points: values of σ_zm, none of them 0
    """
    points = np.asarray(points, dtype=np.float64)
    require(bool(np.all(points != 0)), "sigma_zm must not be 0, where the closed form has a removable singularity")
    with np.errstate(all="ignore"):
        values = np.array(_functions()[0](points.astype(complex), horizon)[..., 0].real)
    cancelling = (np.abs(points) * horizon**2 < 1) | (np.abs(points - 4) < SINGULAR)
    values[cancelling] = [_doubled(point, horizon)[0] for point in points[cancelling]]
    return values


def _doubled(point: float, horizon: int) -> tuple[float, float]:
    """The same by doubling, which does not cancel, and its slope by σ_zm."""
    loss, slope = horizon_loss(ReducedLoop(), (point, 0.0, 0.0, 0.0), horizon, np.eye(2))
    return loss / horizon, slope[0] / horizon


def geometric(points: np.ndarray, horizon: int) -> np.ndarray:
    """The geometric-sum estimate ½ (1 - r^{T+1})/(1 - r), r = |1 + √σ_zm|².

    :param points: values of σ_zm, none of them 0
    """
    points = np.asarray(points, dtype=np.float64)
    growth = np.where(points < 0, 1 - points, (1 + np.sqrt(np.abs(points))) ** 2)
    return _functions()[1](1 - growth, horizon)[..., 0]


@dataclass(frozen=True)
class Valleys:
    """The valleys of the loss on the negative axis.

    :param bottoms: σ_zm of the local minima, from the right to the left
    :param ridges: σ_zm of the local maxima between them
    """

    bottoms: np.ndarray
    ridges: np.ndarray

    def downhill(self, start: np.ndarray | float) -> np.ndarray:
        """Index of the valley to which the loss falls from a place on the axis, 0 being the first from the right.

        :param start: values of σ_zm
        """
        return np.searchsorted(-self.ridges, -np.asarray(start))


def valleys(horizon: int) -> Valleys:
    """Every valley of the exact loss with -T σ_zm between 0.1 and 10, by sign changes of the slope.

    :param horizon: episode length T, at least 3
    """
    horizon = whole("horizon", horizon, 3)
    count = max(1000, int(PER_TURN * np.sqrt(horizon * FARTHEST) / np.pi))
    grid = -(np.linspace(np.sqrt(NEAREST), np.sqrt(FARTHEST), count) ** 2) / horizon

    def rising(points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.array(_slope()(points.astype(complex), horizon)[..., 0].real) > 0

    at = np.flatnonzero(np.diff(rising(grid)))
    right, left = grid[at], grid[at + 1]
    before = rising(right)
    for _ in range(HALVINGS):
        middle = (right + left) / 2
        same = rising(middle) == before
        right, left = np.where(same, middle, right), np.where(same, left, middle)
    return Valleys(right[::2], right[1::2])


def valley_law(horizon: int, index: int | None = None) -> float:
    """T σ_zm of a valley by the asymptotic law, -(π/2 + 2πk)²/(4T).

    :param index: k; by default, of the two valleys beside the lower envelope's minimum, that of lower exact loss
    """
    nearest, at = _law()
    if index is not None:
        return float(at(float(horizon), float(index))[0])
    below = max(0, int(np.floor(nearest(float(horizon))[0])))
    beside = [float(at(float(horizon), float(k))[0]) for k in (below, below + 1)]
    return min(beside, key=lambda scaled: float(exact_loss(np.array(scaled / horizon), horizon)))


def minimiser(horizon: int) -> float:
    """T σ* with σ* the global minimum of the loss on the negative axis, by a fine grid and the zero of the slope.

    :param horizon: episode length T, at least 3
    """
    horizon = whole("horizon", horizon, 3)
    spacing = 2 * np.pi * np.sqrt(1.6 / horizon) / 200
    grid = np.arange(-4.0, -0.2, min(spacing, 1e-3))
    values = exact_loss(grid / horizon, horizon)
    best = int(np.clip(np.argmin(values), 1, grid.size - 2))
    bounds = (grid[best - 1], grid[best + 1])
    return float(brentq(lambda s: _doubled(s / horizon, horizon)[1], *bounds, xtol=1e-14))
