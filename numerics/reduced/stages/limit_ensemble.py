"""Rank-one learning from the limit of many neurons: a Gram matrix with random overlaps in place of a network.

m and z are uniform on ±1/√N, u and v normal with variance 1/N, so that their squared lengths tend to 1/3, 1/3, 1, 1 and
the six overlaps to independent normal numbers of variance |a|² |b|²/N: all that the population loss leaves to chance.
"""

import numpy as np

from numerics.common.errors import whole
from numerics.reduced.descent import descend_gram
from numerics.reduced.moments import moment_factor
from numerics.reduced.stages.ensemble import LOOP, SPACE, Ensemble
from numerics.replay.closed_loop import POPULATION
from numerics.replay.settings import Settings

LENGTHS = np.array([1 / 3, 1 / 3, 1.0, 1.0])
"""Squared lengths of m, z, u, v in the limit."""


def limit_grams(seed: int, runs: int, neurons: int = 100) -> np.ndarray:
    """Gram matrices of [m z u v] in the limit, overlaps drawn, (runs, 4, 4).

    :param seed: seed of the overlaps
    :param runs: how many
    :param neurons: N, which enters through the size of the overlaps alone
    """
    runs, neurons = whole("runs", runs, 1), whole("neurons", neurons, 1)
    drawn = np.random.default_rng(whole("seed", seed, 0)).normal(size=(runs, 4, 4))
    upper = np.triu(drawn, 1) * np.sqrt(np.outer(LENGTHS, LENGTHS) / neurons)
    return upper + np.swapaxes(upper, 1, 2) + np.diag(LENGTHS)


def limit_ensemble(seed: int, runs: int, neurons: int = 100, epochs: int = 1000) -> Ensemble:
    """Runs of the rank-one protocol on the population loss, from Gram matrices of the limit.

    :param seed: seed of the overlaps
    :param runs: how many
    :param neurons: N
    :param epochs: number of updates
    """
    grams, settings = limit_grams(seed, runs, neurons), Settings()
    factors = np.repeat(moment_factor(POPULATION)[None], whole("epochs", epochs, 1), axis=0)
    return Ensemble(tuple(range(runs)), settings, descend_gram(LOOP, SPACE, grams, factors, settings))
