"""The networks that claims are tried on."""

from collections.abc import Sequence

import numpy as np

from derivations.checks.evidence import Pair
from numerics.weights import Weights, at_overlaps

SAMPLES = 20


def sample_networks(pairs: Sequence[Pair]) -> list[Weights]:
    """Initial and final networks of the runs, and random networks at overlaps the runs pass through.

    :param pairs: the runs
    """
    rng = np.random.default_rng(2026)
    networks = [weights for pair in pairs for weights in (pair.replay.weights, pair.simulation.weights)]
    for index in range(SAMPLES):
        path = pairs[index % len(pairs)].theory.overlaps
        point = path[int(rng.integers(len(path)))] + rng.normal(0, 0.05, 4)
        networks.append(at_overlaps(rng, point, pairs[0].replay.weights.neurons))
    return networks


def flat(weights: Weights) -> np.ndarray:
    """The overlaps of a network in the theory's order.

    :param weights: the network
    """
    return np.concatenate([block.ravel() for block in weights.overlaps().values()])
