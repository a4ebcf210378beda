"""Gains along learning: rank-one networks in closed and in open loop, and full tanh networks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from derivations.evidence.open_loop import OpenPair
from derivations.progress import Progress, named
from numerics.experiment.observe import ALL_OBSERVERS, Every, Observer
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.gain_paths import population_gains
from numerics.replay.closed_loop import full_replay, rank_one_replay

OTHER = 1000
"""What is added to a seed to draw other batches."""
EVERY = 5
"""Epochs from one look at the spectrum of a full network to the next."""


@dataclass(frozen=True)
class GainPaths:
    """One rank-one network, (k_1, k_2) before every update, (epochs, 2); by regression over the distribution of x_0.

    :param closed: in closed loop
    :param again: in closed loop with other batches
    :param opened: in open loop, taught by the closed-loop run
    :param measured: the same, regressed on episodes of 100 neurons
    """

    seed: int
    closed: np.ndarray
    again: np.ndarray
    opened: np.ndarray
    measured: np.ndarray


def gain_paths(opened: Sequence[OpenPair]) -> list[GainPaths]:
    """Regressed gains along closed-loop and open-loop learning of the same networks, and in closed loop with other batches.

    :param opened: runs in open loop, with the closed-loop runs that taught them
    """
    found = []
    for pair in opened:
        replay = rank_one_replay(pair.seed)
        again = descend(replace(replay, x0=rank_one_replay(pair.seed + OTHER).x0))
        horizon = replay.settings.horizon
        runs = pair.closed, again, pair.theory
        closed, other, exact = (population_gains(run.overlaps, horizon) for run in runs)
        found.append(GainPaths(pair.seed, closed, other, exact, pair.simulation.history["gains"][:, 0]))
    return found


@dataclass(frozen=True)
class FullGains:
    """One full tanh network in closed loop.

    :param gains: (k_1, k_2) regressed on the episodes of every epoch, (epochs, 2)
    :param dominant: dominant eigenvalue of the joint matrix at rest, every fifth epoch
    """

    seed: int
    gains: np.ndarray
    dominant: np.ndarray


def full_gains(seeds: Sequence[int], progress: Progress | None, epochs: int = 1001) -> list[FullGains]:
    """Full tanh networks in closed loop, 1001 epochs: gains regressed on the episodes of every epoch, and the joint spectrum."""
    found = []
    for seed in seeds:
        spectrum: Observer = Every(ALL_OBSERVERS["eigenvalues"], EVERY)
        observers = {"gains": ALL_OBSERVERS["gains"], "eigenvalues": spectrum}
        run = train(full_replay(seed, epochs), observers, named(progress, f"full tanh network, seed {seed}"))
        found.append(FullGains(seed, run.history["gains"][:, 0], run.history["eigenvalues"][::EVERY, 0]))
    return found
