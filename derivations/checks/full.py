"""Claims about full networks, on the seeds of a validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from derivations.check import Check
from derivations.checks.evidence import Pair, timed
from derivations.progress import Progress
from derivations.studies import spectrum as spectrum_study
from derivations.studies import spike as spike_study
from numerics.experiment.markov import impulse_response, markov_rollout
from numerics.experiment.simulate import rollout
from numerics.experiment.train import train
from numerics.plants import double_integrator
from numerics.replay import Replay, Settings, full_replay
from numerics.weights import Weights

EPOCHS, EVERY = 131, 5
"""Updates and epochs between checkpoints where stabilisation, near epoch 105, is looked at."""
LEAKS = (1.0, 0.5)


@dataclass(frozen=True)
class FullSeed:
    """A seed of the full protocol; its runs are made by the checks.

    :param seed: the seed
    """

    seed: int

    @property
    def replay(self) -> Replay:
        """The closed-loop run of the protocol."""
        return full_replay(self.seed)


def gather(seeds: Sequence[int], progress: Progress | None = None) -> list[FullSeed]:
    """The seeds on which the claims are decided.

    :param seeds: the seeds
    :param progress: not needed, nothing is run yet
    """
    return [FullSeed(seed) for seed in seeds]


def _in_another_basis(rng: np.random.Generator, weights: Weights) -> Weights:
    """W → S W S⁻¹, M → S M, Z → S⁻ᵀ Z for a random S near the identity."""
    size = weights.neurons
    S = np.eye(size) + rng.normal(0.0, 0.3 / np.sqrt(size), (size, size))
    back = np.linalg.inv(S)
    return Weights(S @ weights.m, back.T @ weights.z, w=S @ weights.recurrence @ back)


def markov(pairs: Sequence[FullSeed] | Sequence[Pair]) -> list[Check]:
    """A full linear network and its copy in another basis move as their Markov parameters say, with leak and without.

    :param pairs: the runs, for the seeds
    """
    lines = []
    trained = [_trained(pair.seed) for pair in pairs]
    for leak in LEAKS:
        told = [line for networks, states in trained for line in _episodes(networks, states, leak)]
        worst = max(told, key=lambda line: np.nan_to_num(line.difference, nan=np.inf))
        seconds = (sum(line.theory_seconds for line in told), sum(line.simulation_seconds for line in told))
        claim = f"{len(told)} full linear networks, leak {leak:g}: Markov parameters give the episodes (relative)"
        lines.append(replace(worst, claim=claim, theory_seconds=seconds[0], simulation_seconds=seconds[1]))
    return lines


def _trained(seed: int) -> tuple[tuple[Weights, Weights], np.ndarray]:
    """A trained linear network and its copy in another basis; initial states."""
    replay = full_replay(seed, 50, batch=20, activation="linear")
    weights = train(replay, {}).weights
    return (weights, _in_another_basis(np.random.default_rng(seed), weights)), replay.x0[0]


def _episodes(networks: tuple[Weights, Weights], states: np.ndarray, leak: float) -> list[Check]:
    """Two networks against the rollout of the first one's Markov parameters."""
    plant, horizon = double_integrator(), Settings().horizon
    responses, fast = timed(impulse_response, networks[0], horizon, leak)
    x, u = markov_rollout(plant, responses, states, horizon)
    lines = []
    for weights in networks:
        episodes, slow = timed(rollout, plant, weights, states, horizon, leak)
        gap = max(float(np.abs(a - b).max()) for a, b in ((x, episodes.x), (u, episodes.u)))
        values = float(x[-1, 0, 0]), float(episodes.x[-1, 0, 0])
        lines.append(Check("", *values, gap / float(np.abs(episodes.x).max()), 1e-12, fast, slow))
    return lines


def spectrum(pairs: Sequence[FullSeed]) -> list[Check]:
    """The joint spectrum, not that of W, predicts when a full tanh network stabilises.

    :param pairs: the runs, for the seeds
    """
    return spectrum_study.checks(spectrum_study.watches([pair.seed for pair in pairs], EPOCHS, EVERY))


def spikes(pairs: Sequence[FullSeed]) -> list[Check]:
    """The closed-loop test loss of full tanh networks spikes in open-loop learning.

    :param pairs: the runs, for the seeds
    """
    return spike_study.checks(spike_study.many([pair.seed for pair in pairs]))


CLAIMS: tuple[Callable[[Sequence[FullSeed]], list[Check]], ...] = (markov, spectrum, spikes)
"""All claims about full networks."""
