"""Where the stages end, over many seeds, for rank-one and for full networks."""

import numpy as np

from derivations.progress import Progress, named
from derivations.wording import counted
from numerics.common.errors import choice
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.train import train
from numerics.reduced.stages.detection import Stages, bootstrap, of_run
from numerics.reduced.stages.ensemble import ensemble
from numerics.replay.closed_loop import full_replay

NETWORKS = ("rank-one", "full")


def full_stages(seeds: int, epochs: int, progress: Progress | None = None) -> list[Stages]:
    """The stages of full tanh networks trained directly."""
    observers, whole = {"eigenvalues": OBSERVERS["eigenvalues"]}, seeds * epochs
    found = []
    for seed in range(seeds):
        told = named(progress, "training full networks, epochs", seed * epochs, whole)
        found.append(of_run(train(full_replay(seed, epochs), observers, told)))
    return found


def measure(seeds: int, network: str, epochs: int, progress: Progress | None = None) -> str:
    """A table of the ends of the stages.

    :param network: ``"rank-one"`` or ``"full"``
    :raises InputError: if the network is unknown
    """
    choice("--network", network, NETWORKS)
    stages = full_stages(seeds, epochs, progress) if network == "full" else ensemble(range(seeds), epochs).stages
    found = [s.ends for s in stages if s.found]
    lines = [
        f"{network} network, {counted(seeds, 'seed')}, {counted(epochs, 'epoch')}: both ends found in {len(found)} of {seeds}"
    ]
    rng = np.random.default_rng(0)
    columns: dict[str, list[int]] = {
        "end of stage 1": [first for first, _ in found],
        "stabilisation, end of stage 2": [second for _, second in found],
        "length of stage 2": [second - first for first, second in found],
    }
    for name, values in columns.items():
        if values:
            lines.append(f"{name:32} {bootstrap(values, rng).told('epochs')}")
    return "\n".join(lines)
