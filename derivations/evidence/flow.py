"""Gradient flow beside descent with ever smaller learning rates, from a network in stage 3."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from derivations.evidence.pairs import Pair, timed
from numerics.common.weights import at_overlaps
from numerics.reduced.descent import descend_gram, loop_for
from numerics.reduced.flow import integrate
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace

REFINED = (-0.6, 1.0, 0.5, -0.2)
"""Overlaps of a stable network in stage 3, where the flow starts."""
DURATION = 0.32
RATES = (0.004, 0.002, 0.001)


@dataclass(frozen=True)
class FlowRuns:
    """The flow, and descent beside it.

    :param rates: learning rates η of the descents
    :param errors: largest difference of G at the end of each to the flow's
    :param drift: largest change of a conserved quantity along the flow
    :param seconds: wall time of the flow
    """

    rates: tuple[float, ...]
    errors: tuple[float, ...]
    drift: float
    seconds: float


def flow(pairs: Sequence[Pair]) -> FlowRuns:
    """Gradient flow from a network in stage 3, and descent with three learning rates.

    :param pairs: the runs, whose plant, settings and number of neurons count
    """
    replay, space = pairs[0].replay, WeightSpace()
    loop, parameters = loop_for(replay.plant, 1, replay.settings.leak)
    factor = np.sqrt(4 / 3) * np.eye(2)
    start = at_overlaps(np.random.default_rng(3), REFINED, replay.weights.neurons).gram
    arguments = loop, space, start, factor, replay.settings, DURATION, parameters
    solution, seconds = timed(integrate, *arguments, tolerance=1e-11)
    errors = []
    for rate in RATES:
        settings = Settings(**{**vars(replay.settings), "learning_rate": rate})
        epochs = round(DURATION / rate) + 1
        path = descend_gram(loop, space, start, np.repeat(factor[None], epochs, 0), settings, parameters)
        errors.append(float(np.abs(path.gram[-1] - solution.at(np.array(DURATION))).max()))
    return FlowRuns(RATES, tuple(errors), float(solution.drift.max()), seconds)
