"""Claims about stage 3 hold on runs, and fail if what they claim is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import stage_three as stage_three_checks
from derivations.evidence.refinement import refinements
from numerics.reduced.population import population_loss
from numerics.reduced.stages.refinement import refine
from numerics.replay.closed_loop import rank_one_replay

NAIVE, LAST, GAINS = "is off in the first", "and in the last", "distance of the gains"


def test_third_root_grows_and_one_that_shrinks_is_told(runs, monkeypatch, outcome):
    assert all(outcome(stage_three_checks.third_root(runs)).values())
    real = stage_three_checks.observer_root
    monkeypatch.setattr(stage_three_checks, "observer_root", lambda path: -real(path))
    assert not any(outcome(stage_three_checks.third_root(runs)).values())


def test_best_agent_holds_and_tells_wrong_optima(monkeypatch, outcome):
    assert all(outcome(stage_three_checks.best_agent()).values())
    real = stage_three_checks.optimum
    monkeypatch.setattr(stage_three_checks, "optimum", lambda settings: displaced(real(settings)))
    verdicts = outcome(stage_three_checks.best_agent())
    wrong = {claim: passed for claim, passed in verdicts.items() if "alone" not in claim and "pair" not in claim}
    assert len(wrong) == 9
    assert not any(wrong.values())


def test_gains_on_the_other_side_of_oscillation_are_told():
    free, paid = np.array([0.618, 1.618]), np.array([0.107, 0.532])
    for beta, right, other in ((0.0, free, paid), (0.5, paid, free)):
        assert stage_three_checks.oscillation("", beta, right).passed
        assert not stage_three_checks.oscillation("", beta, other).passed


def test_a_recurrence_on_the_other_side_of_the_unit_circle_is_told():
    for beta, right, other in ((0.0, -1.236, -0.15), (0.5, -0.15, -1.236), (0.5, 0.08, 1.236)):
        assert stage_three_checks.alone("", beta, right).passed
        assert not stage_three_checks.alone("", beta, other).passed


def displaced(found):
    """An optimum displaced by a thousandth."""
    overlaps = found.overlaps * 1.001
    loss = population_loss(overlaps, stage_three_checks.Settings())[0]
    return replace(found, overlaps=overlaps, loss=float(loss), gains=found.gains * 1.001)


@pytest.fixture(scope="module")
def refined(runs):
    """Stage 3 of one run with one control cost."""
    second = replace(runs, seeds=runs.seeds[1:2], descent=runs.descent)
    second.__dict__["stages"] = runs.stages[1:2]
    return refinements(second, None, penalties=(0.5,))


def changed(refined, change_stage):
    """Every stage 3 made another."""
    return {penalty: [change_stage(stage) for stage in stages] for penalty, stages in refined.items()}


def test_control_costs_hold(refined, outcome):
    assert all(outcome(stage_three_checks.control_costs(refined)).values())


def test_a_naive_descent_that_is_right_is_told(refined, line):
    right = changed(refined, lambda stage: replace(stage, naive=replace(stage.naive, loss=stage.theory.loss)))
    checks = stage_three_checks.control_costs(right)
    assert not line(checks, NAIVE).passed
    assert line(checks, LAST).passed


@pytest.mark.parametrize(("part", "word"), [(slice(0, 50), NAIVE), (slice(-50, None), LAST)])
def test_a_naive_descent_that_is_far_off_is_told(refined, part, word, line):
    def worse(stage):
        loss = stage.naive_loss.copy()
        loss[part] *= 2
        return replace(stage, naive=replace(stage.naive, loss=loss))

    assert not line(stage_three_checks.control_costs(changed(refined, worse)), word).passed


def test_learning_arrives_up_to_a_zigzag(refined, outcome):
    assert all(outcome(stage_three_checks.arrival(refined)).values())


def test_learning_that_stops_short_or_moves_straight_is_told(refined, line):
    """A tenth more of the loss; and a path whose steps all have one direction."""

    def short(stage):
        final = replace(stage.theory.weights, z=0.8 * stage.theory.weights.z)
        return replace(stage, theory=replace(stage.theory, weights=final))

    def straight(stage):
        run = stage.theory
        path = np.linspace(run.overlaps[0], run.overlaps[-1], len(run.overlaps))
        return replace(stage, theory=replace(run, history={**run.history, "overlaps": path}))

    assert not line(stage_three_checks.arrival(changed(refined, short)), "above the optimum").passed
    assert not line(stage_three_checks.arrival(changed(refined, straight)), "reverse").passed


def test_without_a_cost_learning_is_far_from_the_optimum_and_the_strength_of_the_cost_decides(refined, runs):
    """A penalty T times too weak, or none, leaves the loss further above the optimum than the claim allows."""
    seed = runs.seeds[1]
    for penalty in (0.0, 0.5):
        weak = refine(rank_one_replay(seed), runs.stages[1].ends[1], penalty)
        assert not all(check.passed for check in stage_three_checks.arrival({0.5: [weak]}))
    free = refine(rank_one_replay(seed), runs.stages[1].ends[1], 0.0)
    assert all(check.passed for check in stage_three_checks.arrival({0.0: [free]}))
    assert not any(check.passed for check in stage_three_checks.arrival({0.0: refined[0.5]}))


def test_gains_that_do_not_approach_are_told(refined, monkeypatch, line):
    monkeypatch.setattr(stage_three_checks, "closed_form", lambda point, root: np.array([1.0, 1.0]))
    assert not line(stage_three_checks.control_costs(refined), GAINS).passed
