"""Every claim about the stages holds on runs, and fails if what it claims is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations import figure4, stage_checks
from numerics import saddle
from numerics.axis import minimiser
from numerics.competition import Competition
from numerics.ensemble import ensemble
from numerics.flow import unpack
from numerics.population import population_loss
from numerics.stages import Stages
from numerics.zigzag import Zigzag

RUNS = 12


@pytest.fixture(scope="module")
def runs():
    found = ensemble(range(RUNS), epochs=600)
    assert len(found.stages) == RUNS
    return found


@pytest.fixture(autouse=True)
def _few(monkeypatch, runs):
    monkeypatch.setattr(stage_checks, "RUNS", RUNS)
    monkeypatch.setattr(figure4, "RUNS", RUNS)
    monkeypatch.setattr(stage_checks, "_runs", lambda: runs)


def outcome(checks):
    return {check.claim: check.passed for check in checks}


def line(checks, word):
    """The one check whose claim contains a word."""
    (found,) = [check for check in checks if word in check.claim]
    return found


def altered(runs, loss):
    """The same runs with other losses."""
    return replace(runs, descent=replace(runs.descent, loss=loss))


def test_share_counts_what_is_missing():
    assert stage_checks.share("x", 9, 10, 0.1).passed
    assert not stage_checks.share("x", 8, 10, 0.1).passed
    assert not stage_checks.share("x", 9, 10).passed


@pytest.mark.parametrize("claims", [stage_checks.stage_ends, stage_checks.opposing_gradients])
def test_claims_hold(claims):
    assert all(outcome(claims([])).values())


def test_stages_not_found_are_told(monkeypatch, runs):
    stages = [Stages(None, 5), *runs.stages[1:]]
    monkeypatch.setattr(stage_checks, "_runs", lambda: _With(runs, stages))
    assert not line(stage_checks.stage_ends([]), "both ends").passed


class _With:
    """Runs with other stages."""

    def __init__(self, runs, stages):
        self.stages, self.overlaps, self.eigenvalues, self.descent = (
            stages,
            runs.overlaps,
            runs.eigenvalues,
            runs.descent,
        )


def test_a_plateau_that_falls_is_told(monkeypatch, runs):
    loss = runs.descent.loss.copy()
    for i, s in enumerate(runs.stages):
        loss[(s.first + s.second) // 2 :, i] /= 100
    monkeypatch.setattr(stage_checks, "_runs", lambda: altered(runs, loss))
    assert not line(stage_checks.stage_ends([]), "within a factor 5").passed


def test_a_plateau_that_rises_is_told(monkeypatch, runs):
    loss = runs.descent.loss.copy()
    for i, s in enumerate(runs.stages):
        loss[s.first + (s.second - s.first) // 2 : s.second, i] *= 100
    monkeypatch.setattr(stage_checks, "_runs", lambda: altered(runs, loss))
    assert not line(stage_checks.stage_ends([]), "within a factor 5").passed


def test_a_loss_that_stays_is_told(monkeypatch, runs):
    monkeypatch.setattr(stage_checks, "_runs", lambda: altered(runs, np.full_like(runs.descent.loss, 30.0)))
    assert not line(stage_checks.stage_ends([]), "tenfold").passed


def test_gradients_that_agree_are_told(monkeypatch):
    real = stage_checks.competition

    def mirrored(*arguments):
        found = real(*arguments)
        return Competition(-found.cosine, -found.learned_cosine, found.short_norm, found.long_norm)

    monkeypatch.setattr(stage_checks, "competition", mirrored)
    assert not any(outcome(stage_checks.opposing_gradients([])).values())


def test_an_angle_that_is_not_a_number_is_told(monkeypatch):
    real, calls = stage_checks.competition, []

    def broken(*arguments):
        found, factor = real(*arguments), np.nan if calls else 1.0
        calls.append(factor)
        return replace(found, cosine=factor * found.cosine)

    monkeypatch.setattr(stage_checks, "competition", broken)
    assert not any(outcome(stage_checks.opposing_gradients([])).values())


def test_oscillatory_end_of_stage_one_is_not_true_by_definition(monkeypatch, runs):
    """Were the ends detected otherwise, the claim could fail: a real or contracting eigenvalue there is told."""
    at = [min(s.second + 5, 599) for s in runs.stages]
    stages = [Stages(first, first) for first in at]
    monkeypatch.setattr(stage_checks, "_runs", lambda: _With(runs, stages))
    assert not line(stage_checks.stage_ends([]), "oscillatory").passed


@pytest.fixture(scope="module")
def lengths():
    """Measured and predicted plateaus of the runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure4, "RUNS", RUNS)
        return figure4.plateau_lengths()


def test_plateau_law_holds_with_the_run_s_own_slope(monkeypatch, lengths):
    monkeypatch.setattr(figure4, "plateau_lengths", lambda: lengths)
    checks = stage_checks.plateau_law([])
    assert line(checks, "its own").passed
    assert line(checks, "median").passed


def test_lengths_of_other_runs_are_told(monkeypatch, lengths):
    shifted = {**lengths, "plateau_measured": np.roll(lengths["plateau_measured"], 1)}
    monkeypatch.setattr(figure4, "plateau_lengths", lambda: shifted)
    checks = stage_checks.plateau_law([])
    assert not line(checks, "its own").passed
    assert not line(checks, "others").passed


def _wrong_plateau(read, critical=0.5, sign=1):
    """The saddle law with another norm, critical κ or direction."""

    def made(overlaps, gram, norms, first, second, settings):
        span = slice(min(first + saddle.SETTLED, second - 1), second)
        right = REAL(overlaps, gram, norms, first, second, settings)
        G, (zm, zu, vm, _) = unpack(gram[span.start], 4), overlaps[span.start]
        readers, write = read(G), np.sqrt(G[0, 0])
        zm, vu = np.abs(overlaps[span, 0]).max(), overlaps[second - 1, 3]
        start = abs(zu / readers + sign * vm / write) / 2
        speed = readers * write
        edge = np.sqrt(zm * critical * (1 + zm / 4 - 1.5 * vu) / speed)
        return replace(right, start=start, critical=edge, speed=speed)

    return made


REAL = saddle.plateau
BOTH = {"read": lambda G: np.sqrt(G[1, 1] + G[2, 2])}
WRONG = {
    "decaying direction": {**BOTH, "sign": -1},
    "without z": {"read": lambda G: np.sqrt(G[2, 2])},
    "without u": {"read": lambda G: np.sqrt(G[1, 1])},
    "critical kappa |sigma|": {**BOTH, "critical": 1.0},
}


def test_the_law_rebuilt_is_the_law(monkeypatch, lengths):
    monkeypatch.setattr(figure4, "plateau", _wrong_plateau(**BOTH))
    np.testing.assert_allclose(figure4.plateau_lengths()["plateau_own"], lengths["plateau_own"], rtol=1e-12)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_saddle_law_is_told(monkeypatch, name):
    monkeypatch.setattr(figure4, "plateau", _wrong_plateau(**WRONG[name]))
    checks = stage_checks.plateau_law([])
    assert not (line(checks, "its own").passed and line(checks, "median").passed)


def test_episode_length_holds_and_tells_the_opposite(monkeypatch):
    assert all(outcome(stage_checks.episode_length([])).values())
    paths = figure4.horizon_paths(1)
    monkeypatch.setattr(figure4, "horizon_paths", lambda seed: {name: -path for name, path in paths.items()})
    assert not any(outcome(stage_checks.episode_length([])).values())


def test_adam_that_zigzags_as_much_is_told(monkeypatch):
    class Run:
        overlaps = np.zeros((3, 4))

    monkeypatch.setattr(stage_checks, "train", lambda *arguments: Run())
    monkeypatch.setattr(stage_checks, "of_run", lambda run: Stages(0, 3))
    monkeypatch.setattr(stage_checks, "zigzag", lambda path: Zigzag(0.7, 2.0, 0.1))
    assert not any(outcome(stage_checks.adam([])).values())


def test_turning_points_hold_and_tell_another_alpha(monkeypatch):
    assert all(outcome(stage_checks.turning_points([])).values())
    real = stage_checks.turning_alpha
    monkeypatch.setattr(stage_checks, "turning_alpha", lambda point, horizon: 1.02 * real(point, horizon))
    assert not any(outcome(stage_checks.turning_points([])).values())


@pytest.fixture(scope="module")
def deepest():
    """T σ* at T = 10⁶."""
    return minimiser(10**6)


@pytest.fixture
def _searched_once(monkeypatch, deepest):
    monkeypatch.setattr(stage_checks, "minimiser", lambda horizon: deepest)


@pytest.mark.usefixtures("_searched_once")
def test_valley_and_axis_claims_tell_the_neighbouring_valley(monkeypatch):
    data = {"paths": np.full((3, 4), -0.05), "difference": 0.0}
    monkeypatch.setattr(stage_checks.figure3, "compute", lambda: data)
    assert all(outcome(stage_checks.stage_one([])).values())
    spacing = 2 * np.pi * np.sqrt(1.6 / 10**6)
    real = stage_checks.valley_law
    monkeypatch.setattr(stage_checks, "valley_law", lambda horizon: real(horizon) + spacing)
    assert not line(stage_checks.stage_one([]), "deepest valley").passed


@pytest.mark.usefixtures("_searched_once")
@pytest.mark.parametrize("end", [0.05, -0.15])
def test_starts_driven_elsewhere_are_told(monkeypatch, end):
    data = {"paths": np.full((3, 4), end), "difference": 0.0}
    monkeypatch.setattr(stage_checks.figure3, "compute", lambda: data)
    assert not line(stage_checks.stage_one([]), "driven").passed


def test_third_stage_holds_and_tells_wrong_optima(monkeypatch):
    assert all(outcome(stage_checks.stage_three([])).values())
    real = stage_checks.optimum
    monkeypatch.setattr(stage_checks, "optimum", lambda s: _off(real(s)))
    checks = stage_checks.stage_three([])
    assert not line(checks, "scaled").passed
    assert not line(checks, "LQR").passed


def _off(found):
    """An optimum displaced by a thousandth."""
    loss = population_loss(found.overlaps * 1.001, stage_checks.Settings())[0]
    return replace(found, loss=float(loss), gains=found.gains * 1.001)


def test_a_third_root_that_shrinks_is_told(monkeypatch):
    real = stage_checks.figure5.third_root
    monkeypatch.setattr(stage_checks.figure5, "third_root", lambda path: -real(path))
    assert not line(stage_checks.stage_three([]), "λ_3").passed


def test_control_costs_tell_gains_that_do_not_approach(monkeypatch):
    monkeypatch.setattr(stage_checks.figure5, "PENALTIES", (0.5,))
    monkeypatch.setattr(stage_checks, "closed_form", lambda point: np.array([1.0, 1.0]))
    assert not line(stage_checks.control_costs([]), "distance").passed


def test_perturbation_tells_a_series_that_does_not_improve(monkeypatch):
    assert all(outcome(stage_checks.perturbation([])).values())
    monkeypatch.setattr(
        stage_checks, "errors", lambda path: {order: np.full((len(path), 3), 0.1) for order in stage_checks.ORDERS}
    )
    assert not any(outcome(stage_checks.perturbation([])).values())
