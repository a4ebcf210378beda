"""The runs that a validation rests on: the same protocol trained directly and descended exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from derivations.progress import Progress
from numerics.descent import descend
from numerics.experiment.observe import ALL_OBSERVERS
from numerics.experiment.train import train
from numerics.replay import Replay, rank_one_replay
from numerics.results import Run


@dataclass(frozen=True)
class Pair:
    """One seed, both ways.

    :param seed: the seed
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


def gather(seeds: Sequence[int], progress: Progress | None = None, **protocol) -> list[Pair]:
    """Run the protocol for every seed, directly and exactly.

    :param seeds: the seeds
    :param progress: called with (what, done, in all)
    :param protocol: arguments of :func:`numerics.replay.rank_one_replay`
    """
    pairs = []
    for seed in seeds:
        replay = rank_one_replay(seed, **protocol)

        def report(
            done: int, total: int, what: str = f"training {replay.weights.neurons} neurons, seed {seed}"
        ) -> None:
            if progress:
                progress(what, done, total)

        simulation, slow = timed(train, replay, ALL_OBSERVERS, report)
        theory, fast = timed(descend, replay)
        pairs.append(Pair(seed, replay, simulation, theory, slow, fast))
    return pairs
