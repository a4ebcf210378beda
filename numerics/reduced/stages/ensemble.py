"""Many seeds of the rank-one protocol by the exact map, as one call."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from numerics.common.errors import require
from numerics.common.spectrum import by_modulus
from numerics.reduced.descent import descend_gram
from numerics.reduced.iterate import Descent
from numerics.reduced.moments import moment_factor
from numerics.reduced.spectra import reduced_eigenvalues
from numerics.reduced.stages.detection import Stages, detect
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop

LOOP, SPACE = ReducedLoop(), WeightSpace()


@dataclass(frozen=True)
class Ensemble:
    """Runs of the same protocol from many seeds.

    :param seeds: the seeds
    :param settings: the protocol
    :param descent: the exact runs, arrays (epochs, runs, …)
    """

    seeds: tuple[int, ...]
    settings: Settings
    descent: Descent

    @cached_property
    def overlaps(self) -> np.ndarray:
        """Overlaps before each update, (epochs, runs, 4)."""
        return self.descent.overlaps(SPACE)

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of P_eff, dominant first, (epochs, runs, 4)."""
        return by_modulus(reduced_eigenvalues(LOOP, self.overlaps))

    @cached_property
    def stages(self) -> list[Stages]:
        """The stages of every run."""
        return [detect(self.eigenvalues[:, run], self.settings.horizon) for run in range(len(self.seeds))]


def ensemble(
    seeds: Sequence[int],
    epochs: int = 1000,
    batch: int = 100,
    neurons: int = 100,
    backend: str = "auto",
    **settings: Any,
) -> Ensemble:
    """Run the protocol for many seeds by the exact map.

    :param seeds: the seeds
    :param epochs: number of updates
    :param batch: episodes per update
    :param neurons: number N of neurons
    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    :param settings: fields of :class:`numerics.replay.settings.Settings` that differ from the defaults
    :raises InputError: if there is no seed or an option is bad
    """
    require(len(seeds) > 0, "seeds must name at least one seed; found none")
    replays = [rank_one_replay(seed, epochs, batch, neurons, **settings) for seed in seeds]
    grams = np.stack([replay.weights.gram for replay in replays])
    factors = np.stack([moment_factor(replay.x0) for replay in replays], axis=1)
    protocol = replays[0].settings
    return Ensemble(tuple(seeds), protocol, descend_gram(LOOP, SPACE, grams, factors, protocol, backend=backend))
