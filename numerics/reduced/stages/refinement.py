"""Stage 3: learning continued from stabilisation, with any control cost, three ways."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.common.errors import require
from numerics.reduced.descent import descend
from numerics.reduced.moments import moment_factor
from numerics.reduced.stages.naive import OverlapDescent, naive_descent
from numerics.replay.closed_loop import Replay
from numerics.replay.results import Run


@dataclass(frozen=True)
class Refinement:
    """Stage 3 for one control cost.

    :param penalty: control_penalty of the loss, the weight of the squared control
    :param theory: the exact map
    :param simulation: direct training, or None if it was not asked for
    :param naive: the four-overlap descent
    """

    penalty: float
    theory: Run
    simulation: Run | None
    naive: OverlapDescent

    @property
    def naive_overlaps(self) -> np.ndarray:
        """Overlaps of the four-overlap descent, (epochs, 4)."""
        return self.naive.overlaps

    @property
    def naive_loss(self) -> np.ndarray:
        """Loss of the four-overlap descent, (epochs,)."""
        return self.naive.loss


def continued(replay: Replay, epoch: int, **changes: Any) -> Replay:
    """The same run from a later epoch on, with some settings changed.

    :param replay: the run, linear and low-rank
    :param epoch: first epoch of the continuation
    :param changes: fields of :class:`numerics.replay.settings.Settings`
    """
    head = replay.weights
    if epoch:
        run = descend(replace(replay, x0=replay.x0[:epoch]))
        require(run.completed, f"epoch must come before the run diverges; found {epoch}, but it {run.status}")
        head = run.weights
    return replace(replay, weights=head, x0=replay.x0[epoch:], settings=replace(replay.settings, **changes))


def refine(
    replay: Replay, stabilisation: int, penalty: float, train: Callable[[Replay], Run] | None = None
) -> Refinement:
    """Train on from stabilisation with a control cost.

    :param stabilisation: epoch at which stage 3 begins
    :param penalty: control_penalty of the loss; :func:`numerics.replay.settings.paper_penalty` of the paper's β
    :param train: trains the neurons of a run, if they are to be trained too
    :raises InputError: if the network has a leak, or the run diverges before stage 3
    """
    require(replay.settings.leak == 1.0, f"leak must be 1 for stage 3; found {replay.settings.leak:g}")
    later = continued(replay, stabilisation, control_penalty=penalty)
    theory = descend(later)
    simulation = train(later) if train else None
    naive = naive_descent(theory.overlaps[0], moment_factor(later.x0), later.settings)
    return Refinement(penalty, theory, simulation, naive)
