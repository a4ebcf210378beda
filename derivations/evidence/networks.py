"""The networks on which spectrum, losses and gradients are compared."""

from collections.abc import Sequence

import numpy as np

from derivations.evidence.pairs import Pair
from numerics.common.weights import Weights, at_overlaps

SAMPLES = 20


def networks(pairs: Sequence[Pair]) -> list[Weights]:
    """Initial and final networks of the runs, and 20 random ones near overlaps that the runs pass through."""
    rng = np.random.default_rng(2026)
    found = [weights for pair in pairs for weights in (pair.replay.weights, pair.simulation.weights)]
    for index in range(SAMPLES):
        path = pairs[index % len(pairs)].theory.overlaps
        point = path[int(rng.integers(len(path)))] + rng.normal(0, 0.05, 4)
        found.append(at_overlaps(rng, point, pairs[0].replay.weights.neurons))
    return found
