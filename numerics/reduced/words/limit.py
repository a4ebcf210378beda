"""A full network in the limit of many neurons: two trees of neurons, which predict learning without a network.

The words of a Gaussian W_0 become a tree for each column of m and z (``derive word-gram-limit``): W_0 = g J on
2^{K+1} - 1 orthonormal directions, of which the root carries the column, of squared length 1/N.
"""

import numpy as np

from numerics.common.errors import FINITE, number, whole
from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import Weights
from numerics.reduced.words.descent import SmallDescent, descend_small
from numerics.reduced.words.rollout import Rollout
from numerics.reduced.words.runs import Descents, Progress, chosen, histories, status_of
from numerics.reduced.words.space import WordSpace
from numerics.reduced.words.tasks import Task, closed_loop
from numerics.replay.results import Run
from numerics.replay.settings import Settings
from theory.full_network.pairings import tree

LONGEST = 5
"""Length of the longest words of a limit network, 63 directions a column."""


def limit_network(strength: float, neurons: int, words: int, plant: Plant | None = None) -> Weights:
    """The network of the words of length up to K in the limit, with |m|² = |z|² = 1/N for every column.

    :param strength: g, of W_0 with entries of standard deviation g/√N
    :param neurons: N, which enters through the lengths of m and z alone
    :param words: K
    :param plant: the plant, for the numbers of inputs and outputs; the double integrator by default
    """
    _, p, q = (plant or double_integrator()).shape
    one = strength * np.array(tree(words), dtype=float)
    size = len(one)
    roots = np.zeros(((p + q) * size, p + q))
    roots[np.arange(p + q) * size, np.arange(p + q)] = 1 / np.sqrt(neurons)
    return Weights(roots[:, :q], roots[:, q:], w=np.kron(np.eye(p + q), one))


def limit_run(
    strength: float = 0.1,
    neurons: int = 100,
    words: int | None = 3,
    epochs: int = 300,
    plant: Plant | None = None,
    half_width: float = 1.0,
    progress: Progress | None = None,
    **settings,
) -> Run:
    """Learning of a full linear network in the limit, on the population loss of the full protocol.

    The run's ``config`` says ``words`` and ``error_estimate``, as that of
    :func:`numerics.reduced.words.runs.descend_words` does.

    :param strength: g
    :param neurons: N
    :param words: K, at most 5; None for the shortest whose estimated relative error of the loss is below 1e-3
    :param epochs: number of updates
    :param plant: the plant; the double integrator by default
    :param half_width: a, x_0 uniform on [-a, a]ⁿ
    :param progress: called with (what, epochs done, epochs in all)
    :param settings: fields of :class:`numerics.replay.settings.Settings` that differ from those of the protocol
    :raises InputError: if a value is out of range
    """
    plant = plant or double_integrator()
    strength, neurons = number("strength", strength, 0, FINITE), whole("neurons", neurons, 1)
    epochs, half_width = whole("epochs", epochs, 1), number("half_width", half_width, 0, FINITE)
    words = None if words is None else whole("words", words, 0, LONGEST)
    how = Settings(**{"time_average": False, "train": ("m", "z", "w"), **settings})
    factor = half_width / np.sqrt(3) * np.eye(plant.shape[0])
    task = closed_loop(plant, how, np.repeat(factor[None], epochs, axis=0))
    space, outcome, estimate = chosen(_descents(task, how, strength, neurons, progress), words)
    facts = {"strength": strength, "neurons": neurons, "words": space.words, "error_estimate": estimate}
    matrices = {name: getattr(plant, name).tolist() for name in "ABC"}
    config = {**facts, **matrices, "epochs": epochs, "task": "limit"}
    history = histories(outcome, plant, how.leak, np.zeros(0))
    return Run("theory", status_of(outcome, epochs), history, outcome.weights, config)


def _descents(task: Task, settings: Settings, strength: float, neurons: int, progress: Progress | None) -> Descents:
    """The limit networks of words of length 0, 1, …, and how to make the run of each."""
    for length in range(1 if strength == 0 else LONGEST + 2):
        small = limit_network(strength, neurons, length, task.plant)

        def run(small: Weights = small, length: int = length) -> SmallDescent:
            report = (lambda done, total: progress(f"words of length {length}", done, total)) if progress else None
            return descend_small(Rollout(task, small.neurons), small, settings, lambda w: w, report)

        yield WordSpace(np.zeros((neurons, small.neurons)), length, strength == 0), run
