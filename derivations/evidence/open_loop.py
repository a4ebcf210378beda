"""Rank-one networks in open loop, each taught by its own closed-loop run."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from derivations.evidence.pairs import timed
from derivations.progress import Progress, each
from numerics.common.spike import Spike, spike
from numerics.experiment.observe import ALL_OBSERVERS
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.open_loop.predicted_spike import predicted_spike
from numerics.reduced.population import population_loss
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.results import Run

EPOCHS = 500


@dataclass(frozen=True)
class OpenPair:
    """One seed in open loop, both ways, taught by the seed's own closed-loop run.

    :param closed: the closed-loop run by the exact map
    :param replay: what both open-loop runs are a function of
    :param simulation: direct training of N neurons
    :param theory: the exact map
    :param simulation_seconds: wall time of direct training
    :param theory_seconds: wall time of the exact map
    """

    seed: int
    closed: Run
    replay: OpenLoopReplay
    simulation: Run
    theory: Run
    simulation_seconds: float
    theory_seconds: float

    @cached_property
    def spikes(self) -> tuple[Spike, Spike]:
        """Measured on N neurons, and predicted from the initial Gram matrix and the teacher."""
        return spike(self.simulation.history["test_loss"]), predicted_spike(self.replay)

    @cached_property
    def closed_rise(self) -> float:
        """Largest rise of the population loss in closed loop."""
        return spike(population_loss(self.closed.overlaps, self.replay.settings)[0]).rise


def taught_by(seed: int, epochs: int = EPOCHS, closed: Run | None = None) -> OpenLoopReplay:
    """The open-loop run of the rank-one protocol.

    :param epochs: number of updates in open loop
    :param closed: the run that teaches; by default the network teaches itself
    """
    replay = rank_one_replay(seed, epochs)
    return open_loop_replay(replay, closed.weights if closed else replay.weights)


def opened(seeds: Sequence[int], progress: Progress | None, epochs: int = EPOCHS) -> list[OpenPair]:
    """The rank-one protocol in open loop, 500 epochs, trained directly and descended exactly, taught by its closed-loop run.

    :param epochs: number of updates in open loop
    """
    pairs = []
    for seed in each(seeds, "training in open loop", progress):
        closed = descend(rank_one_replay(seed))
        replay = taught_by(seed, epochs, closed)
        observers = {name: ALL_OBSERVERS[name] for name in ("overlaps", "gains")}
        simulation, slow = timed(train_open_loop, replay, observers)
        theory, fast = timed(descend_open_loop, replay)
        pairs.append(OpenPair(seed, closed, replay, simulation, theory, slow, fast))
    return pairs
