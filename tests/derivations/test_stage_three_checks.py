"""Claims about stage 3 hold on runs, and fail if what they claim is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import stage_three as stage_three_checks
from numerics.population import population_loss

pytestmark = pytest.mark.usefixtures("few")
NAIVE, LAST, GAINS = "is off in the first", "and in the last", "distance of the gains"


def test_third_root_grows_and_one_that_shrinks_is_told(monkeypatch, outcome):
    assert all(outcome(stage_three_checks.third_root([])).values())
    real = stage_three_checks.observer_root
    monkeypatch.setattr(stage_three_checks, "observer_root", lambda path: -real(path))
    assert not any(outcome(stage_three_checks.third_root([])).values())


def test_best_agent_holds_and_tells_wrong_optima(monkeypatch, outcome):
    assert all(outcome(stage_three_checks.best_agent([])).values())
    real = stage_three_checks.optimum
    monkeypatch.setattr(stage_three_checks, "optimum", lambda settings: displaced(real(settings)))
    assert not any(outcome(stage_three_checks.best_agent([])).values())


def displaced(found):
    """An optimum displaced by a thousandth."""
    overlaps = found.overlaps * 1.001
    loss = population_loss(overlaps, stage_three_checks.Settings())[0]
    return replace(found, overlaps=overlaps, loss=float(loss), gains=found.gains * 1.001)


@pytest.fixture
def _one_cost(monkeypatch):
    monkeypatch.setattr(stage_three_checks.figure5, "PENALTIES", (0.5,))
    monkeypatch.setattr(stage_three_checks, "SEEDS", (1,))


def change(monkeypatch, change_stage):
    """Let every stage 3 be another."""
    real = stage_three_checks.refine
    monkeypatch.setattr(stage_three_checks, "refine", lambda *args, **kwargs: change_stage(real(*args, **kwargs)))


@pytest.mark.usefixtures("_one_cost")
def test_control_costs_hold(outcome):
    assert all(outcome(stage_three_checks.control_costs([])).values())


@pytest.mark.usefixtures("_one_cost")
def test_a_naive_descent_that_is_right_is_told(monkeypatch, line):
    change(monkeypatch, lambda stage: replace(stage, naive=replace(stage.naive, loss=stage.theory.loss)))
    checks = stage_three_checks.control_costs([])
    assert not line(checks, NAIVE).passed
    assert line(checks, LAST).passed


@pytest.mark.usefixtures("_one_cost")
@pytest.mark.parametrize(("part", "word"), [(slice(0, 50), NAIVE), (slice(-50, None), LAST)])
def test_a_naive_descent_that_is_far_off_is_told(monkeypatch, part, word, line):
    def worse(stage):
        loss = stage.naive_loss.copy()
        loss[part] *= 2
        return replace(stage, naive=replace(stage.naive, loss=loss))

    change(monkeypatch, worse)
    assert not line(stage_three_checks.control_costs([]), word).passed


@pytest.mark.usefixtures("_one_cost")
def test_gains_that_do_not_approach_are_told(monkeypatch, line):
    monkeypatch.setattr(stage_three_checks, "closed_form", lambda point, root: np.array([1.0, 1.0]))
    assert not line(stage_three_checks.control_costs([]), GAINS).passed
