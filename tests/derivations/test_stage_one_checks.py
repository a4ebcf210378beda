"""Claims about stage 1 hold on runs, and fail if what they claim is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.check import share, within
from derivations.checks import stage_one as stage_one_checks
from derivations.evidence.axis import AxisLearning
from numerics.reduced.stages.axis import valleys
from numerics.reduced.stages.detection import Stages


def test_share_counts_what_is_missing():
    assert share("x", 9, 10, 0.1).passed
    assert not share("x", 8, 10, 0.1).passed
    assert not share("x", 9, 10).passed
    assert not share("x", 0, 0).passed


@pytest.mark.parametrize(("found", "passed"), [(0.1, True), (0.2, True), (0.09, False), (0.21, False), (np.nan, False)])
def test_within_bounds(found, passed):
    assert within("x", 0.0, found, 0.1, 0.2).passed is passed


# the axis


def driven_to(end, difference=0.0):
    """Learning from three networks on the axis in which σ_zm starts at 0.1 and ends at a value."""
    path = np.full((3, 40), end)
    path[:, 0] = 0.1
    return AxisLearning(path, path, difference, 0.0)


def test_axis_claims_hold_where_learning_rests_in_the_first_valley(outcome):
    assert all(outcome(stage_one_checks.axis(driven_to(-0.022))).values())


def test_another_valley_than_the_first_is_told(line):
    """The global minimum, from the right."""
    checks = stage_one_checks.axis(driven_to(-0.0417))
    assert not line(checks, "downhill of the start").passed
    assert line(checks, "driven").passed


@pytest.mark.parametrize("end", [0.05, -0.15])
def test_starts_driven_elsewhere_are_told(line, end):
    assert not line(stage_one_checks.axis(driven_to(end)), "driven").passed


def test_paths_and_roots_that_differ_are_told(monkeypatch, line):
    real = stage_one_checks.leading_eigenvalues
    monkeypatch.setattr(stage_one_checks, "leading_eigenvalues", lambda *args: 1.001 * real(*args))
    checks = stage_one_checks.axis(driven_to(-0.05, 1e-3))
    assert not line(checks, "direct training").passed
    shown = line(checks, "quadratic")
    assert not shown.passed
    assert shown.simulation == pytest.approx(1.001 * shown.theory)


# valleys for long episodes


def test_laws_for_long_episodes_hold(outcome):
    assert all(outcome(stage_one_checks.long_episodes()).values())


def test_neighbouring_valleys_are_told(monkeypatch, line):
    real, found = stage_one_checks.valley_law, valleys(10**6)
    monkeypatch.setattr(stage_one_checks, "minimiser", lambda horizon: -1.5969514)
    monkeypatch.setattr(stage_one_checks, "valley_law", lambda horizon: real(horizon) + 0.008)
    monkeypatch.setattr(
        stage_one_checks,
        "valleys",
        lambda horizon: replace(found, bottoms=found.bottoms[1:-1], ridges=found.ridges[1:-1]),
    )
    checks = stage_one_checks.long_episodes()
    assert not line(checks, "deepest valley").passed
    assert not line(checks, "from the right").passed
    assert not line(checks, "from the left").passed


# the first valley


def test_plateaus_rest_in_the_valley_downhill_of_the_start(runs, outcome, line):
    checks = stage_one_checks.first_valley(runs)
    assert all(outcome(checks).values())
    assert "(8 at -0.0217, 1 at -0.0417): 9 of 9 runs" in line(checks, "plateaus with 20 epochs").claim


def test_plateaus_in_the_global_minimum_from_the_right_are_told(runs, other, line):
    moved = runs.overlaps.copy()
    moved[1:, :, 0] -= 0.02
    checks = stage_one_checks.first_valley(other(runs, overlaps=moved))
    assert not line(checks, "plateaus with 20 epochs").passed
    assert not line(checks, "K(1)").passed
    assert not line(checks, "of valley 1").passed


def test_plateaus_beside_their_valley_are_told(runs, other, line):
    moved = runs.overlaps.copy()
    moved[1:, :, 0] += 0.004
    checks = stage_one_checks.first_valley(other(runs, overlaps=moved))
    assert line(checks, "plateaus with 20 epochs").passed
    assert not line(checks, "of valley 1").passed


def test_starts_of_another_law_are_told(runs, other, line):
    moved = runs.overlaps.copy()
    moved[0, :, 0] = -0.05
    assert not line(stage_one_checks.first_valley(other(runs, overlaps=moved)), "fraction of networks").passed


def test_runs_without_a_plateau_are_told(runs, other, line):
    changed = other(runs, stages=[Stages(None, None) for _ in runs.stages])
    checks = stage_one_checks.first_valley(changed)
    assert not line(checks, "plateaus with 20 epochs").passed
    assert not line(checks, "K(1)").passed


# the end of stage 1


def test_claims_about_the_end_hold(runs, outcome):
    for claims in (stage_one_checks.fall, stage_one_checks.instability):
        assert all(outcome(claims(runs)).values())


def test_stages_not_found_are_told(runs, other, line):
    changed = other(runs, stages=[Stages(None, 5), *runs.stages[1:]])
    assert not line(stage_one_checks.fall(changed), "both ends").passed


def test_an_end_before_the_fall_is_over_is_told(runs, other, line):
    changed = other(runs, stages=[replace(s, first=0) for s in runs.stages])
    assert not line(stage_one_checks.fall(changed), "within a factor 2.5").passed


def test_an_end_after_the_fall_is_told_where_nothing_falls(runs, other, line):
    flat = np.repeat(runs.overlaps[100:101], len(runs.overlaps), axis=0)
    changed = other(runs, overlaps=flat, stages=[Stages(3, 50) for _ in runs.stages])
    assert not line(stage_one_checks.fall(changed), "smallest factor").passed


def test_a_stable_or_real_end_is_told(runs, other, line):
    changed = other(runs, stages=[Stages(s.second + 5, s.second + 5) for s in runs.stages])
    checks = stage_one_checks.instability(changed)
    assert not line(checks, "complex pair").passed
    assert not line(checks, "growing amplitude").passed
    real = np.array([0.02, 0.0, 0.0, 0.0])
    changed = other(runs, overlaps=np.broadcast_to(real, runs.overlaps.shape), eigenvalues=runs.eigenvalues.real + 0j)
    assert not any(check.passed for check in stage_one_checks.instability(changed))


@pytest.mark.parametrize(("turn", "word"), [(np.exp(0.002j), "period 2π"), (np.exp(0.001), "growth per period")])
def test_another_eigenvalue_is_told(runs, other, line, turn, word):
    """A turn by 2 % of the angle, or a modulus off by a thousandth."""
    changed = other(runs, eigenvalues=runs.eigenvalues * turn)
    assert not line(stage_one_checks.instability(changed), word).passed


def test_neurons_at_other_overlaps_are_told(runs, other, line):
    moved = runs.overlaps + np.array([-0.002, 0, 0, 0])
    changed = other(runs, overlaps=moved)
    checks = stage_one_checks.instability(changed)
    assert not line(checks, "period 2π").passed
    assert not line(checks, "growth per period").passed
