"""Full networks trained directly, on the words of their initial weights, and in the limit of many neurons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from derivations.evidence.pairs import timed
from derivations.progress import Progress, each
from derivations.studies.limit import SIZES, STRENGTHS, Row, SpikeRow, network_replay, spikes, table
from numerics.common.plants import Plant
from numerics.common.weights import Weights
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.tracking.train import train_tracking
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.words.limit import limit_run
from numerics.replay.closed_loop import Replay, full_replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings
from numerics.replay.tracking import tracking_replay

EPOCHS = 300
LENGTHS = range(5)
BULKS = (0.1, 0.3)
SMALL, LARGE = (25, 100, 400, 1600), 6400


@dataclass(frozen=True)
class SmallPair:
    """A run of N neurons and of the small network that should learn as they do.

    :param what: the task, in words
    :param theory: the small network's run
    :param simulation: direct training
    :param seconds: time of each
    """

    what: str
    theory: Run
    simulation: Run
    seconds: tuple[float, float]


def exact_pairs(seeds: Sequence[int], progress: Progress | None) -> list[SmallPair]:
    """Full linear networks without initial recurrence, 300 epochs, trained directly and by the small network of their words."""
    tasks = each(seeds, "full linear networks and their words", progress)
    return [_pair(*task) for seed in tasks for task in _tasks(seed)]


def _tasks(seed: int) -> list[tuple[str, object, Callable, Callable]]:
    """Runs of a seed: in words, the replay, its training, its reduction."""
    closed = _silent(full_replay(seed, EPOCHS, activation="linear"))
    heavy = replace(closed, settings=replace(closed.settings, optimizer="momentum", learning_rate=0.002))
    opened = open_loop_replay(closed, full_replay(seed + 1, 1).weights)
    tracked = _silent(tracking_replay(seed, 100, optimizer="sgd", learning_rate=0.02, clip=1.0))
    return [
        ("closed loop", closed, train, descend),
        ("closed loop with momentum", heavy, train, descend),
        ("a random plant, two inputs, two outputs, leak", _other(seed), train, descend),
        ("open loop", opened, train_open_loop, descend_open_loop),
        ("tracking", tracked, train_tracking, descend),
    ]


def _silent(replay):
    """The same run without initial recurrence."""
    return replace(replay, weights=replay.weights.updated({"w": np.zeros_like(replay.weights.w)}))


def _other(seed: int, neurons: int = 100) -> Replay:
    """A random plant with three states, without initial recurrence."""
    rng = np.random.default_rng([seed, 14])
    plant = Plant(rng.normal(0, 0.5, (3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    m, z = rng.normal(0, 0.3 / np.sqrt(neurons), (2, neurons, 2))
    settings = Settings(20, train=("m", "z", "w"), leak=0.4, control_penalty=0.1)
    return Replay(Weights(m, z, w=np.zeros((neurons, neurons))), rng.normal(size=(EPOCHS, 30, 3)), settings, plant)


def _pair(what: str, replay, direct: Callable, reduced: Callable) -> SmallPair:
    theory, fast = timed(reduced, replay)
    simulation, slow = timed(direct, replay)
    return SmallPair(what, theory, simulation, (fast, slow))


def truncations() -> dict[float, list[SmallPair]]:
    """One full linear network for each of two g, 300 epochs, trained directly and by words of length 0 to 4."""
    found = {}
    for strength in BULKS:
        replay = network_replay(0, strength, 100, EPOCHS)
        simulation, slow = timed(train, replay, {})
        runs = [timed(descend, replay, words=length) for length in LENGTHS]
        found[strength] = [SmallPair(f"g = {strength:g}", run, simulation, (fast, slow)) for run, fast in runs]
    return found


def limit_rows(seeds: Sequence[int], progress: Progress | None) -> list[Row]:
    """Full linear networks for four g and three N, learning on their words, beside the limit of many neurons."""
    return table(STRENGTHS, SIZES[:3], len(seeds), progress)


def limit_spikes(seeds: Sequence[int]) -> list[SpikeRow]:
    """Full linear networks in open loop, taught by their own closed-loop runs with a control cost, beside the limit."""
    return [spikes(0.1, 100, seeds), spikes(0.0, 100, seeds)]


def plateaus() -> dict[float, dict[int, int | None]]:
    """Epochs of stabilisation in the limit of many neurons, for g = 0 and 0.1 and N from 25 to 6400."""
    return {g: {n: limit_run(g, n, 3 if g else 0, 400).stabilisation() for n in (*SMALL, LARGE)} for g in (0.0, 0.1)}


def tanh_stabilisations(seeds: Sequence[int], progress: Progress | None) -> list[int]:
    """Epochs at which full tanh networks of the paper's protocol stabilise, trained directly."""
    runs = (train(full_replay(seed, 160)) for seed in each(seeds, "full tanh networks", progress))
    return [160 if epoch is None else epoch for epoch in (run.stabilisation() for run in runs)]
