"""Many seeds of the rank-one protocol by the exact map, and a few trained with another optimizer."""

from collections.abc import Sequence

from derivations.evidence.pairs import FEW
from derivations.progress import Progress, each
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.train import train
from numerics.reduced.stages.ensemble import Ensemble
from numerics.reduced.stages.ensemble import ensemble as exact_runs
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.results import Run

RUNS = 50
"""Number of seeds unless told otherwise."""
LATER = 100
"""Epochs after stabilisation at which the third stage is looked at."""
OPTIMIZERS = {"sgd": 0.01, "adam": 0.001}
"""Learning rates."""


def ensemble(seeds: Sequence[int], progress: Progress | None) -> Ensemble:
    """Runs of the rank-one protocol by the exact map, one a seed."""
    if progress:
        progress(f"descending exactly, {len(seeds)} seeds", 0, 0)
    return exact_runs(seeds)


def optimizers(seeds: Sequence[int], progress: Progress | None) -> dict[str, list[Run]]:
    """Networks trained directly with SGD and with Adam, 250 epochs: the first three seeds."""
    found: dict[str, list[Run]] = {name: [] for name in OPTIMIZERS}
    for seed in each(seeds[:FEW], "training with SGD and Adam", progress):
        for name, rate in OPTIMIZERS.items():
            replay = rank_one_replay(seed, epochs=250, optimizer=name, learning_rate=rate)
            found[name].append(train(replay, {key: OBSERVERS[key] for key in ("overlaps", "eigenvalues")}))
    return found
