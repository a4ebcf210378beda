"""Plant and agent around each other, in numbers generated from :mod:`theory.tracking.loop`.

The agent enters by its own transfer function K(λ) alone; the error of tracking, its derivative by K and the loss of a
sinusoid are the theory's expressions, evaluated at any λ, on the unit circle or off it.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from sympy import Dummy, ImmutableMatrix

from numerics.reduced.codegen import vectorise
from numerics.replay.tracking_task import TrackingTask
from theory.core.plant import double_integrator
from theory.symbols import dt, lam
from theory.tracking.loop import TrackingLoop, side_by_side
from theory.tracking.sinusoids import sinusoid_loss

AXES = 2

Whole = tuple[tuple[int, ...], ...]


def _letters(rows: int, columns: int = 1) -> ImmutableMatrix:
    return ImmutableMatrix(rows, columns, [Dummy() for _ in range(rows * columns)])


def _whole(matrix: np.ndarray) -> Whole:
    return tuple(tuple(int(entry) for entry in row) for row in matrix)


@cache
def _functions(output: Whole, feedthrough: Whole) -> tuple[Callable, Callable]:
    """E of (λ, dt, K), and ∂(cᵀ E a)/∂K of (λ, dt, K, c, a), entries by row."""
    loop = TrackingLoop(
        side_by_side(double_integrator(dt), AXES), ImmutableMatrix(output), ImmutableMatrix(feedthrough)
    )
    agent, weights, reference = _letters(AXES, len(output)), _letters(AXES), _letters(AXES)
    error, *_ = loop.around_the_plant(agent)
    slope = loop.error_gradient(agent, weights, reference)
    letters = [lam, dt, *agent]
    return vectorise([*error], letters, "error"), vectorise([*slope], [*letters, *weights, *reference], "slope")


@cache
def _loss() -> Callable:
    """(dt/2) Σ_i e_i e_i* of (dt, e, e*)."""
    error, conjugate = _letters(AXES), _letters(AXES)
    return vectorise([sinusoid_loss(error, conjugate, 1)], [dt, *error, *conjugate], "loss")


def _spread(array: np.ndarray) -> list[np.ndarray]:
    return list(np.moveaxis(array, -1, 0))


def error(task: TrackingTask, points: np.ndarray, agent: np.ndarray) -> np.ndarray:
    """E(λ), from the reference r_t to p_{t+1} - r_t, (..., 2, 2).

    :param points: λ, (...)
    :param agent: K(λ), (..., 2, q)
    """
    function, _ = _functions(_whole(task.plant.C), _whole(task.feedthrough))
    found = function(points, task.dt, *_spread(agent.reshape(*agent.shape[:-2], -1)))
    return found.reshape(*found.shape[:-1], AXES, AXES)


def error_gradient(
    task: TrackingTask, points: np.ndarray, agent: np.ndarray, weights: np.ndarray, references: np.ndarray
) -> np.ndarray:
    """∂(cᵀ E a)/∂K at every λ, (..., 2, q).

    :param points: λ, (...)
    :param agent: K(λ), (..., 2, q)
    :param weights: c, (..., 2)
    :param references: a, (..., 2)
    """
    _, function = _functions(_whole(task.plant.C), _whole(task.feedthrough))
    flat = agent.reshape(*agent.shape[:-2], -1)
    found = function(points, task.dt, *_spread(flat), *_spread(weights), *_spread(references))
    return found.reshape(*found.shape[:-1], AXES, -1)


def sinusoid_losses(task: TrackingTask, errors: np.ndarray) -> np.ndarray:
    """(dt/2) |e|² of complex errors, the mean over the phase of what they cost, (...).

    :param errors: e, (..., 2)
    """
    return _loss()(task.dt, *_spread(errors), *_spread(errors.conj()))[..., 0].real
