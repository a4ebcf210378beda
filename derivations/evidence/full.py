"""Full networks, every weight trained: linear ones with copies in another basis, and tanh networks in both loops."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from derivations.progress import Progress
from derivations.studies import spectrum, spike
from numerics.common.weights import Weights
from numerics.experiment.train import train
from numerics.replay.closed_loop import full_replay

EPOCHS, EVERY = 131, 5
"""Updates and epochs between checkpoints where stabilisation, near epoch 105, is looked at."""


@dataclass(frozen=True)
class LinearNetworks:
    """A trained full linear network and its copy in another basis.

    :param networks: both
    :param states: initial states to compare them from
    """

    networks: tuple[Weights, Weights]
    states: np.ndarray


def in_another_basis(rng: np.random.Generator, weights: Weights) -> Weights:
    """W → S W S⁻¹, M → S M, Z → S⁻ᵀ Z for a random S near the identity.

    :param rng: draws S
    :param weights: a full network
    """
    size = weights.neurons
    S = np.eye(size) + rng.normal(0.0, 0.3 / np.sqrt(size), (size, size))
    back = np.linalg.inv(S)
    return Weights(S @ weights.m, back.T @ weights.z, w=S @ weights.recurrence @ back)


def linear_networks(seeds: Sequence[int]) -> list[LinearNetworks]:
    """Full linear networks trained for 50 epochs, one a seed, and their copies in another basis."""
    found = []
    for seed in seeds:
        replay = full_replay(seed, 50, batch=20, activation="linear")
        weights = train(replay, {}).weights
        pair = weights, in_another_basis(np.random.default_rng(seed), weights)
        found.append(LinearNetworks(pair, replay.x0[0]))
    return found


def watched(seeds: Sequence[int], progress: Progress | None) -> list[spectrum.Watch]:
    """Full tanh networks in closed loop, 131 epochs, watched every fifth: spectra and what the loop does."""
    return spectrum.watches(seeds, EPOCHS, EVERY, progress)


def students(seeds: Sequence[int], progress: Progress | None) -> list[spike.Spike]:
    """Full tanh networks in open loop, 450 epochs, taught by their closed-loop runs of 1001."""
    return spike.many(seeds, progress=progress)
