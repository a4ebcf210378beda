"""Stage 3: learning on from stabilisation for several control costs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from derivations.evidence.pairs import FEW
from derivations.progress import Progress, each
from numerics.common.errors import require
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.gains import closed_form, observer_root
from numerics.reduced.population import population_loss
from numerics.reduced.stages.detection import of_run
from numerics.reduced.stages.ensemble import Ensemble
from numerics.reduced.stages.optimum import lqr_gain, observed_feedback, optimum
from numerics.reduced.stages.refinement import Refinement, refine
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings, paper_penalty

PENALTIES = (0.0, 0.5, 2.0, 5.0)
"""The control costs β of the paper; :func:`numerics.replay.settings.paper_penalty` says what they are in the loss of a run."""

COSTS = np.logspace(-4, 1, 101)
"""Control costs β for which the best agent is shown."""


def refinements(
    ensemble: Ensemble, progress: Progress | None, penalties: Sequence[float] = PENALTIES
) -> dict[float, list[Refinement]]:
    """Stage 3 of the first three of the exact runs, for four control costs, also by the descent of the four overlaps alone.

    :param penalties: the control costs β of the paper
    """
    found: dict[float, list[Refinement]] = {penalty: [] for penalty in penalties}
    for penalty in each(penalties, "stage 3 for several control costs", progress):
        for seed, stages in list(zip(ensemble.seeds, ensemble.stages, strict=True))[:FEW]:
            replay = rank_one_replay(seed)
            cost = paper_penalty(penalty, replay.settings.horizon)
            found[penalty].append(refine(replay, stages.ends[1], cost))
    return found


def directly(replay: Replay) -> Run:
    """The neurons of a run trained directly, their overlaps recorded.

    :param replay: the run
    """
    return train(replay, {"overlaps": OBSERVERS["overlaps"]})


def figure(
    seed: int = 1,
    progress: Progress | None = None,
    replay: Replay | None = None,
    penalties: Sequence[float] = PENALTIES,
) -> dict[str, np.ndarray]:
    """The numbers of figure 5.

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
        stage = refine(shown, second or 0, paper_penalty(penalty, shown.settings.horizon), directly)
        gaps.append(np.abs(stage.theory.overlaps - stage.simulation.overlaps).max())  # type: ignore[union-attr]
        data |= {f"{name}_{penalty:g}": values for name, values in numbers(stage, shown.settings).items()}
        if progress:
            progress(f"figure 5: stage 3 for {len(penalties)} control costs", index + 1, len(penalties))
    return data | best_agents(shown.settings) | {"difference": np.max(gaps)}


def numbers(stage: Refinement, settings: Settings) -> dict[str, np.ndarray]:
    """Loss, its distance above the optimum, λ_3 and gains over stage 3, and where they should end.

    :param stage: stage 3, trained directly too
    :param settings: those of the run before stage 3
    """
    theory, paid = stage.theory, replace(settings, control_penalty=stage.penalty)
    roots, best = observer_root(theory.overlaps), optimum(paid).loss
    return {
        "loss": theory.loss,
        "direct": stage.simulation.loss,  # type: ignore[union-attr]
        "naive": stage.naive_loss,
        "above": population_loss(theory.overlaps, paid)[0] / best - 1,
        "root": roots,
        "gains": np.array([closed_form(*pair) for pair in zip(theory.overlaps, roots, strict=True)]),
        "best": np.array(best),
        "lqr": lqr_gain(settings.state_weight, stage.penalty)[0],
    }


def best_agents(settings: Settings) -> dict[str, np.ndarray]:
    """Gains and σ_vu of the best time-invariant agent of a long horizon over the paper's control costs β.

    :param settings: horizon and weight of the state
    """
    costs = [paper_penalty(beta, settings.horizon) for beta in COSTS]
    gains = np.array([lqr_gain(settings.state_weight, cost)[0] for cost in costs])
    recurrences = np.array([observed_feedback(gain)[2] for gain in gains])
    return {"costs": COSTS, "best_gains": gains, "best_recurrence": recurrences}
