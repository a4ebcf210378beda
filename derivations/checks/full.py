"""Claims about full networks, on the seeds of a validation."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from derivations.check import Check
from derivations.evidence.full import LinearNetworks
from derivations.evidence.pairs import timed
from derivations.studies import spectrum as spectrum_study
from derivations.studies import spike as spike_study
from numerics.common.markov import impulse_response, markov_rollout
from numerics.common.plants import double_integrator
from numerics.experiment.simulate import rollout
from numerics.replay.settings import Settings

LEAKS = (1.0, 0.5)


def markov(linear_networks: Sequence[LinearNetworks]) -> list[Check]:
    """A full linear network and its copy in another basis move as their Markov parameters say, with leak and without.

    :param linear_networks: trained networks and their copies
    """
    lines = []
    for leak in LEAKS:
        told = [line for networks in linear_networks for line in _episodes(networks, leak)]
        worst = max(told, key=lambda line: np.nan_to_num(line.difference, nan=np.inf))
        seconds = (sum(line.theory_seconds for line in told), sum(line.simulation_seconds for line in told))
        claim = f"{len(told)} full linear networks, leak {leak:g}: Markov parameters give the episodes (relative)"
        lines.append(replace(worst, claim=claim, theory_seconds=seconds[0], simulation_seconds=seconds[1]))
    return lines


def _episodes(both: LinearNetworks, leak: float) -> list[Check]:
    """Two networks against the rollout of the first one's Markov parameters."""
    plant, horizon, states = double_integrator(), Settings().horizon, both.states
    responses, fast = timed(impulse_response, both.networks[0], horizon, leak)
    x, u = markov_rollout(plant, responses, states, horizon)
    lines = []
    for weights in both.networks:
        episodes, slow = timed(rollout, plant, weights, states, horizon, leak)
        gap = max(float(np.abs(a - b).max()) for a, b in ((x, episodes.x), (u, episodes.u)))
        values = float(x[-1, 0, 0]), float(episodes.x[-1, 0, 0])
        lines.append(Check("", *values, gap / float(np.abs(episodes.x).max()), 1e-12, fast, slow))
    return lines


def spectrum(watched: Sequence[spectrum_study.Watch]) -> list[Check]:
    """The joint spectrum, not that of W, predicts when a full tanh network stabilises.

    :param watched: networks at their checkpoints
    """
    return spectrum_study.checks(watched)


def spikes(students: Sequence[spike_study.Spike]) -> list[Check]:
    """The closed-loop test loss of full tanh networks spikes in open-loop learning.

    :param students: networks taught in open loop
    """
    return spike_study.checks(students)


CLAIMS = (markov, spectrum, spikes)
"""All claims about full networks."""
