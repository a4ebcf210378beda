"""Rank-one networks trained directly and descended exactly, in closed loop and once more in open loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from derivations.progress import Progress, each
from numerics.common.plants import Plant
from numerics.common.weights import gaussian_weights
from numerics.experiment.observe import ALL_OBSERVERS, OBSERVERS
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings

FEW = 3
"""How many of many seeds are trained directly too."""
SHORT = 200
"""Epochs of the networks that are trained once more in open loop: past the spike."""


@dataclass(frozen=True)
class Pair:
    """One seed, both ways.

    :param replay: what both runs are a function of
    :param simulation: the direct run of N neurons
    :param theory: the exact run of the Gram matrix
    :param simulation_seconds: wall time of the direct run
    :param theory_seconds: wall time of the exact run
    """

    seed: int
    replay: Replay
    simulation: Run
    theory: Run
    simulation_seconds: float
    theory_seconds: float


def timed(function: Callable, *arguments, **options):
    """The result of a call and its wall time in seconds.

    :param function: what to call
    :param arguments: positional arguments
    :param options: keyword arguments
    """
    start = perf_counter()
    result = function(*arguments, **options)
    return result, perf_counter() - start


def pairs(seeds: Sequence[int], protocol: dict, progress: Progress | None) -> list[Pair]:
    """Runs of the rank-one protocol, trained directly and descended exactly, one a seed.

    :param protocol: arguments of :func:`numerics.replay.closed_loop.rank_one_replay`
    """
    found = []
    for seed in seeds:
        replay = rank_one_replay(seed, **protocol)

        def report(
            done: int, total: int, what: str = f"training {replay.weights.neurons} neurons, seed {seed}"
        ) -> None:
            if progress:
                progress(what, done, total)

        simulation, slow = timed(train, replay, ALL_OBSERVERS, report)
        theory, fast = timed(descend, replay)
        found.append(Pair(seed, replay, simulation, theory, slow, fast))
    return found


def first_pairs(seeds: Sequence[int], protocol: dict, progress: Progress | None) -> list[Pair]:
    """Runs of the rank-one protocol, trained directly and descended exactly: the first three seeds.

    :param protocol: arguments of :func:`numerics.replay.closed_loop.rank_one_replay`
    """
    return pairs(seeds[:FEW], protocol, progress)


def general_pair(seed: int = 7) -> Pair:
    """A run of a random plant with two controls, rank two and leak, trained directly and descended exactly.

    :param seed: draws plant, weights and initial states
    """
    rng = np.random.default_rng(seed)
    plant = Plant(rng.normal(size=(3, 3)) / 2, rng.normal(size=(3, 2)), rng.normal(size=(1, 3)))
    weights = gaussian_weights(rng, 60, p=2, q=1, rank=2)
    settings = Settings(horizon=25, learning_rate=0.02, leak=0.7, control_penalty=0.1, train=("m", "z", "u", "v"))
    replay = Replay(weights, rng.normal(size=(100, 10, 3)), settings, plant)
    theory, fast = timed(descend, replay)
    simulation, slow = timed(train, replay, {})
    return Pair(seed, replay, simulation, theory, slow, fast)


@dataclass(frozen=True)
class Taught:
    """One network once more in open loop, both ways.

    :param simulation: direct training
    :param theory: the exact map
    :param simulation_seconds: wall time of direct training
    :param theory_seconds: wall time of the exact map
    """

    simulation: Run
    theory: Run
    simulation_seconds: float
    theory_seconds: float


def taught(pairs: Sequence[Pair], progress: Progress | None) -> list[Taught]:
    """The networks of these runs once more in open loop, 200 epochs, taught by what they became in closed loop.

    A run that did not complete has nothing to teach and is left out.

    :param pairs: closed-loop runs
    """
    found = []
    for pair in each(pairs, "training in open loop", progress):
        if pair.simulation.completed:
            replay = open_loop_replay(pair.replay, pair.simulation.weights)
            opened = replace(replay, y=replay.y[:SHORT])
            simulation, slow = timed(train_open_loop, opened, {"overlaps": OBSERVERS["overlaps"]})
            theory, fast = timed(descend_open_loop, opened)
            found.append(Taught(simulation, theory, slow, fast))
    return found
