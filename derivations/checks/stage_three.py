"""Claims about stage 3, decided on runs: λ_3, the optimum, control costs, and the four-overlap descent."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check, share, within
from derivations.evidence.pairs import Pair
from derivations.evidence.refinement import PENALTIES
from derivations.evidence.stages import LATER
from numerics.reduced.gains import closed_form, observer_root
from numerics.reduced.stages.ensemble import Ensemble
from numerics.reduced.stages.optimum import GOLDEN, gap, lqr_gain, optimum
from numerics.reduced.stages.refinement import Refinement
from numerics.replay.settings import Settings, paper_penalty
from theory.double_integrator.optimum import at, infinite_horizon_loss
from theory.double_integrator.optimum import optimum as exact_optimum

EARLY, LATE = 200, 100
"""First and last epochs of stage 3 that are looked at."""
HORIZON = 5e-5
"""How far the best agent of T = 50 may lie from that of T → ∞: four times T ρ^{2T}, for β = 5, where ρ = 0.86."""
FAR, NEAR = 0.1, 0.03
"""Least and largest distance of the loss above the optimum, relative, without and with a control cost of the paper."""


def third_root(ensemble: Ensemble) -> list[Check]:
    """λ_3 grows in stage 3."""
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
    free = optimum(Settings()).loss
    claim = "optimum: (19 + 7√5)/2 scaled, against the minimum at T = 50"
    lines = [Check(claim, exact, free, abs(free / exact - 1), 1e-9)]
    for beta in PENALTIES:
        cost = paper_penalty(beta)
        best, lqr = optimum(Settings(control_penalty=cost)), lqr_gain(0.5, cost)[0]
        root = float(observer_root(best.overlaps))
        name = f"optimum with {priced(beta)}:"
        lines += [
            Check(
                f"{name} gain k_2 against full-state LQR's, and k_1",
                lqr[1],
                best.gains[1],
                float(np.abs(best.gains - lqr).max()),
                HORIZON,
            ),
            Check(f"{name} observer root φ⁻²", GOLDEN**-2, root, abs(root - GOLDEN**-2), HORIZON),
            alone(name, beta, float(best.overlaps[3])),
            oscillation(name, beta, best.gains),
        ]
    return lines


def alone(name: str, beta: float, recurrence: float) -> Check:
    """The best agent's recurrence is unstable alone without control cost, |σ_vu| > 1, and stable with one of the paper.

    :param name: start of the claim
    :param recurrence: σ_vu of the best agent
    """
    word, low, high = ("stable", -1.0, 1.0) if beta else ("unstable", -2.0, -1.0)
    return within(f"{name} σ_vu, {word} alone,", 1 - np.sqrt(5), recurrence, low, high)


def oscillation(name: str, beta: float, gains: np.ndarray) -> Check:
    """The loop of the best agent does not oscillate without control cost, k_2² > 4 k_1; with one of the paper it does.

    :param name: start of the claim
    :param gains: k_1, k_2 of the best agent
    """
    word, low, high = ("a complex pair", 0.0, 1.0) if beta else ("no complex pair", 1.0, 2.0)
    return within(f"{name} k_2²/(4 k_1), {word},", 1.0, float(gains[1] ** 2 / (4 * gains[0])), low, high)


def priced(beta: float) -> str:
    """A control cost of the paper, and what it is in the loss of a run."""
    return f"β = {beta:g} (control_penalty {paper_penalty(beta):g})"


def control_costs(refinements: dict[float, list[Refinement]]) -> list[Check]:
    """Stage 3 with control cost: gains approach LQR's, and the four-overlap descent is off early, right late.

    :param refinements: stage 3 of several runs, by control cost of the paper
    """
    lines = []
    for beta, stages in refinements.items():
        early, late = np.max([naive_error(stage) for stage in stages], axis=0)
        first, last = max((distances(stage) for stage in stages), key=lambda pair: pair[1] / pair[0])
        name = f"stage 3, {priced(beta)}, worst of {len(stages)} seeds:"
        lines += [
            within(f"{name} the naive descent's loss is off in the first {EARLY} epochs", 0.0, float(early), 0.1, 0.75),
            within(f"{name} and in the last {LATE}", 0.0, float(late), 0.0, 0.025),
            Check(f"{name} distance of the gains from LQR's at both ends of stage 3", first, last, last / first, 0.35),
        ]
    return lines


def arrival(refinements: dict[float, list[Refinement]]) -> list[Check]:
    """Whether learning reaches the optimum within the protocol's epochs: with a cost of the paper, up to a zigzag.

    :param refinements: stage 3 of several runs, by control cost of the paper
    """
    lines = []
    for beta, stages in refinements.items():
        above = np.array([gap(stage.theory) for stage in stages])
        turns = np.array([reversals(stage) for stage in stages])
        name = f"stage 3, {priced(beta)}, worst of {len(stages)} seeds:"
        claim = f"{name} loss above the optimum after the last epoch, relative,"
        lines += [
            within(claim, 0.0, float(above.max()), 0.0, NEAR)
            if beta
            else within(claim, 0.0, float(above.min()), FAR, 1.0),
            Check(
                f"{name} steps that reverse the one before, last {LATE}",
                float(beta > 0),
                float(turns[np.argmax(np.abs(turns - (beta > 0)))]),
                float(np.abs(turns - (beta > 0)).max()),
                0.1,
            ),
        ]
    return lines


def reversals(stage: Refinement) -> float:
    """Share of the last steps of the overlaps whose scalar product with the step before is negative.

    :param stage: stage 3
    """
    steps = np.diff(stage.theory.overlaps[-LATE - 2 :], axis=0)
    return float(np.mean(np.sum(steps[1:] * steps[:-1], axis=1) < 0))


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


CLAIMS = (third_root, best_agent, control_costs, arrival, above_the_optimum)
