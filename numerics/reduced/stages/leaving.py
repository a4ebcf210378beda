"""The length of the plateau predicted from the initial Gram matrix alone, before any run.

Stage 1 moves σ_zm along the axis into the first valley and pushes σ_zu along
(:func:`theory.double_integrator.saddle.stage_one_push`). There the zigzag is a 2-cycle
(:mod:`numerics.reduced.stages.cycle`), which gives the mean clipped slope. As κ grows the valley moves outwards; the
plateau ends where, at the lower end of a zigzag centred on the valley, κ is the critical one.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from numerics.common.errors import InputError
from numerics.reduced.codegen import vectorise
from numerics.reduced.stages.cycle import Cycle, axis_slopes, cycle
from numerics.reduced.stages.saddle import Leaving, amplitude, critical_kappa, speed
from numerics.replay.settings import Settings
from theory.double_integrator.saddle import SPACE, shift, stage_one_push
from theory.symbols import sigma_zm

GROWTH = 0.002
"""Steps of κ in which the valley is followed."""


@cache
def _push() -> Callable:
    G = SPACE.gram_symbols()
    return vectorise(list(stage_one_push()), [shift, sigma_zm, G[0, 0], G[0, 2]], "stage one push")


def leaving(gram: np.ndarray, settings: Settings) -> Leaving:
    """The saddle law of the plateau that follows a Gram matrix at the start of learning.

    :param gram: initial G of m, z, u, v, (4, 4)
    :param settings: the protocol, with a clip
    :raises InputError: if descent on the axis does not end in a zigzag, or the valley ends before the loop is stable
    """
    (m, zm, mu, vm), (_, z, zu, _), (_, _, u, vu) = gram[0], gram[1], gram[2]
    zigzag = cycle(float(zm), float(m), float(vu), settings)
    further, longer = _push()((zigzag.low + zigzag.high) / 2 - zm, zm, m, mu)
    pace = speed(m, z + longer, u)
    start = amplitude(zu + further, vm, m, pace)
    kappa = exit_kappa(zigzag, float(vu), settings)
    return Leaving(start, float(np.sqrt(kappa / pace)), zigzag.slope, pace, settings.learning_rate)


def exit_kappa(zigzag: Cycle, vu: float, settings: Settings) -> float:
    """κ at which the loop at the lower end of the zigzag is stable, the zigzag being centred on the valley at that κ.

    :param zigzag: the zigzag at κ = 0
    :raises InputError: if the valley ends before
    """
    half, valley, kappa = (zigzag.high - zigzag.low) / 2, zigzag.valley, 0.0

    def beyond(kappa: float, valley: float) -> bool:
        return kappa >= critical_kappa(valley - half, vu)

    def missing(kappa: float) -> float:
        return critical_kappa(moved_valley(valley, kappa, vu, half, settings) - half, vu) - kappa

    while not beyond(kappa + GROWTH, following := moved_valley(valley, kappa + GROWTH, vu, half, settings)):
        kappa, valley = kappa + GROWTH, following
    return float(brentq(missing, kappa, kappa + GROWTH, xtol=1e-7))


def moved_valley(near: float, kappa: float, vu: float, width: float, settings: Settings) -> float:
    """The valley of the loss over σ_zm at some κ, at or below a point, which is the valley at a smaller κ.

    :param near: the point
    :param width: half the length of a step; the valley is looked for from a quarter of it above to 1.25 times it below
    :raises InputError: if there is none
    """

    def pull(point: float) -> float:
        return axis_slopes(point, vu, settings, kappa)[0]

    points = near + width * np.array([0.25, -0.5, -1.25])
    for high, low in pairwise(points):
        if pull(high) > 0 >= pull(low):
            return float(brentq(pull, low, high, xtol=1e-12))
    raise InputError(f"a valley must lie within {1.25 * width:g} below {near:g} at kappa = {kappa:g}; found none")
