"""Open-loop learning of a full network in the limit of many neurons, taught by its own closed-loop limit."""

import numpy as np

from numerics.common.errors import FINITE, number
from numerics.common.plants import double_integrator
from numerics.reduced.words.limit import limit_network, limit_run
from numerics.reduced.words.runs import descend_words
from numerics.replay.open_loop import PAPER_VARIANCE, OpenLoopReplay
from numerics.replay.results import Run
from numerics.replay.settings import Settings

ALL = 30
"""Length of words at which the small network of the limit is complete."""


def white_sequences(length: int, variance: float, q: int) -> np.ndarray:
    """Inputs with the second moment of white ones in the limit of a large batch, (K, K q, q).

    :param length: number K of inputs
    :param variance: of every input
    :param q: entries of an input
    """
    size = length * q
    return np.sqrt(size * variance) * np.eye(size).reshape(size, length, q).swapaxes(0, 1)


def limit_open_loop(
    strength: float = 0.1,
    neurons: int = 100,
    words: int = 2,
    epochs: int = 300,
    control_penalty: float = 5.0,
    variance: float = PAPER_VARIANCE,
    taught_for: int = 600,
) -> Run:
    """A full linear student in the limit, on white inputs, with its closed-loop test; the double integrator.

    The teacher is the closed-loop run in the limit from the same initial weights. It needs a control cost: without one
    the best agent is unstable alone, and no teacher for white inputs.

    :param strength: g
    :param neurons: N
    :param words: K
    :param epochs: number of updates of the student
    :param control_penalty: that of the teacher's training
    :param variance: of the white inputs
    :param taught_for: number of updates of the teacher
    """
    variance = number("variance", variance, 0, FINITE)
    teacher = limit_run(strength, neurons, words, taught_for, control_penalty=control_penalty).weights
    settings, plant = Settings(time_average=False, train=("m", "z", "w")), double_integrator()
    y = white_sequences(settings.horizon - 1, variance, plant.shape[2])
    repeated = np.broadcast_to(y, (epochs, *y.shape))
    student = limit_network(strength, neurons, words, plant)
    return descend_words(OpenLoopReplay(student, teacher, repeated, settings, plant, half_width=1.0), ALL)
