"""Claims about stage 3, decided on runs: λ_3, the optimum, control costs, and the four-overlap descent."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check, share, within
from derivations.evidence.pairs import Pair
from derivations.evidence.refinement import PENALTIES
from derivations.evidence.stages import LATER
from numerics.gains import closed_form, observer_root
from numerics.replay import Settings
from numerics.stages.ensemble import Ensemble
from numerics.stages.optimum import GOLDEN, gap, lqr_gain, optimum
from numerics.stages.refinement import Refinement
from theory.optimum import at, infinite_horizon_loss
from theory.optimum import optimum as exact_optimum

EARLY, LATE = 200, 100
"""First and last epochs of stage 3 in which the four-overlap descent is looked at."""


def third_root(ensemble: Ensemble) -> list[Check]:
    """λ_3 grows in stage 3.

    :param ensemble: exact runs
    """
    runs, later, grows, total = ensemble, LATER, 0, 0
    for i, s in enumerate(runs.stages):
        second = s.ends[1]
        if s.found and second + later < runs.overlaps.shape[0]:
            roots = observer_root(runs.overlaps[[second, second + later], i])
            grows, total = grows + int(roots[1] > roots[0]), total + 1
    return [share(f"stage 3: λ_3 is larger {later} epochs after stabilisation", grows, total)]


def best_agent() -> list[Check]:
    """The optimum is the certified one and, whatever the control cost, full-state LQR behind an observer root φ⁻²."""
    exact = float(at(infinite_horizon_loss(), exact_optimum())) * (4 / 3) * 0.5 / 50
    best = {penalty: optimum(Settings(control_penalty=penalty)) for penalty in PENALTIES}
    lqr = {penalty: lqr_gain(0.5, penalty)[0] for penalty in best}
    roots = np.array([float(observer_root(found.overlaps)) for found in best.values()])
    worst = max(best, key=lambda penalty: np.abs(best[penalty].gains - lqr[penalty]).max())
    costs = ", ".join(f"{penalty:g}" for penalty in best)
    claim = "optimum: (19 + 7√5)/2 scaled, against the minimum at T = 50"
    free = optimum(Settings()).loss
    return [
        Check(claim, exact, free, abs(free / exact - 1), 1e-9),
        Check(
            f"optimum with β = {costs}: gain k_2 against full-state LQR's (worst)",
            lqr[worst][1],
            best[worst].gains[1],
            float(np.abs(best[worst].gains - lqr[worst]).max()),
            1e-6,
        ),
        Check(
            f"optimum with β = {costs}: observer root φ⁻² (worst)",
            GOLDEN**-2,
            float(roots[np.argmax(np.abs(roots - GOLDEN**-2))]),
            float(np.abs(roots - GOLDEN**-2).max()),
            1e-5,
        ),
    ]


def control_costs(refinements: dict[float, list[Refinement]]) -> list[Check]:
    """Stage 3 with control cost: gains approach LQR's, and the four-overlap descent is off early, right late.

    :param refinements: stage 3 of several runs, by control cost
    """
    lines = []
    for penalty, stages in refinements.items():
        early, late = np.max([naive_error(stage) for stage in stages], axis=0)
        first, last = max((distances(stage) for stage in stages), key=lambda pair: pair[1] / pair[0])
        name = f"stage 3, β = {penalty:g}, worst of {len(stages)} seeds:"
        lines += [
            within(f"{name} the naive descent's loss is off in the first {EARLY} epochs", 0.0, float(early), 0.1, 0.75),
            within(f"{name} and in the last {LATE}", 0.0, float(late), 0.0, 0.02),
            Check(f"{name} distance of the gains from LQR's at both ends of stage 3", first, last, last / first, 0.5),
        ]
    return lines


def naive_error(stage: Refinement) -> tuple[float, float]:
    """Largest relative error of the four-overlap descent's loss, early and late.

    :param stage: stage 3 both ways
    """
    error = np.abs(stage.naive_loss / stage.theory.loss - 1)
    return float(error[:EARLY].max()), float(error[-LATE:].max())


def distances(stage: Refinement) -> tuple[float, float]:
    """Distance of the gains from those of full-state LQR, at the first and the last epoch.

    :param stage: stage 3
    """
    lqr = lqr_gain(0.5, stage.penalty)[0]
    points = stage.theory.overlaps[[0, -1]]
    first, last = (closed_form(point, float(observer_root(point))) for point in points)
    return float(np.linalg.norm(first - lqr)), float(np.linalg.norm(last - lqr))


def above_the_optimum(first_pairs: Sequence[Pair]) -> list[Check]:
    """Both sides' distance above the optimum: equal, whatever it is.

    :param first_pairs: runs, trained directly and descended exactly
    """
    lines = []
    for pair in first_pairs:
        exact, measured = (np.nan if value is None else value for value in (gap(pair.theory), gap(pair.simulation)))
        claim = f"seed {pair.seed}: relative distance above the optimum after {pair.replay.epochs} epochs"
        lines.append(Check(claim, exact, measured, abs(exact - measured), 1e-8))
    return lines


CLAIMS = (third_root, best_agent, control_costs, above_the_optimum)
