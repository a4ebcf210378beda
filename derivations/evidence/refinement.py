"""Stage 3: learning on from stabilisation for several control costs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from derivations.evidence.pairs import FEW
from derivations.progress import Progress
from numerics.descent import descend
from numerics.errors import require
from numerics.gains import closed_form, observer_root
from numerics.replay import Replay, paper_penalty, rank_one_replay
from numerics.stages.detection import of_run
from numerics.stages.ensemble import Ensemble
from numerics.stages.optimum import lqr_gain, optimum
from numerics.stages.refinement import Refinement, refine

PENALTIES = (0.0, 0.5, 2.0, 5.0)
"""The control costs β of the paper; :func:`numerics.replay.paper_penalty` says what they are in the loss of a run."""


def refinements(
    ensemble: Ensemble, progress: Progress | None, penalties: Sequence[float] = PENALTIES
) -> dict[float, list[Refinement]]:
    """Stage 3 of the first three of the exact runs, for four control costs, also by the descent of the four overlaps alone.

    :param ensemble: exact runs
    :param progress: called with (what, done, in all)
    :param penalties: the control costs β of the paper
    """
    found: dict[float, list[Refinement]] = {penalty: [] for penalty in penalties}
    for index, penalty in enumerate(penalties):
        if progress:
            progress("stage 3 for several control costs", index, len(penalties))
        for seed, stages in list(zip(ensemble.seeds, ensemble.stages, strict=True))[:FEW]:
            replay = rank_one_replay(seed)
            cost = paper_penalty(penalty, replay.settings.horizon)
            found[penalty].append(refine(replay, stages.ends[1], cost, direct=False))
    return found


def figure(
    seed: int = 1,
    progress: Progress | None = None,
    replay: Replay | None = None,
    penalties: Sequence[float] = PENALTIES,
) -> dict[str, np.ndarray]:
    """The numbers of figure 5.

    :param seed: seed of the run
    :param progress: called with (what, done, in all)
    :param replay: the run; by default that of the protocol
    :param penalties: the control costs β of the paper
    :raises InputError: if the run does not stabilise
    """
    shown = replay or rank_one_replay(seed)
    second = of_run(descend(shown)).second
    expected = f"seed must give a run that stabilises within {shown.epochs} epochs"
    require(second is not None, f"{expected}; found {seed}; try another")
    data: dict[str, np.ndarray] = {"stabilisation": np.array(second), "penalties": np.array(penalties)}
    gaps = []
    for index, penalty in enumerate(penalties):
        cost = paper_penalty(penalty, shown.settings.horizon)
        stage = refine(shown, second or 0, cost)
        theory, simulation, name = stage.theory, stage.simulation, f"{penalty:g}"
        roots = observer_root(theory.overlaps)
        gaps.append(np.abs(theory.overlaps - simulation.overlaps).max())  # type: ignore[union-attr]
        data |= {
            f"loss_{name}": theory.loss,
            f"direct_{name}": simulation.loss,  # type: ignore[union-attr]
            f"naive_{name}": stage.naive_loss,
            f"root_{name}": roots,
            f"gains_{name}": np.array([closed_form(*pair) for pair in zip(theory.overlaps, roots, strict=True)]),
            f"best_{name}": np.array(optimum(replace(shown.settings, control_penalty=cost)).loss),
            f"lqr_{name}": lqr_gain(0.5, cost)[0],
        }
        if progress:
            progress(f"figure 5: stage 3 for {len(penalties)} control costs", index + 1, len(penalties))
    return data | {"difference": np.max(gaps)}
