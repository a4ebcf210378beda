"""Claims about stage 2 hold on runs, and fail if what they claim is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import stage_two as stage_two_checks
from derivations.evidence import plateau as plateau_evidence
from numerics.flow import unpack
from numerics.stages import saddle
from numerics.stages.competition import Competition
from numerics.stages.detection import Stages
from numerics.stages.zigzag import Zigzag


@pytest.mark.parametrize("claims", [stage_two_checks.plateau, stage_two_checks.opposing_gradients])
def test_claims_hold(runs, outcome, claims):
    assert all(outcome(claims(runs)).values())


def test_a_plateau_that_falls_is_told(runs, other, line):
    loss = runs.descent.loss.copy()
    for i, s in enumerate(runs.stages):
        loss[(s.first + s.second) // 2 :, i] /= 100
    changed = other(runs, loss=loss)
    assert not line(stage_two_checks.plateau(changed), "within a factor 5").passed


def test_a_plateau_that_rises_is_told(runs, other, line):
    loss = runs.descent.loss.copy()
    for i, s in enumerate(runs.stages):
        loss[s.first + (s.second - s.first) // 2 : s.second, i] *= 100
    changed = other(runs, loss=loss)
    assert not line(stage_two_checks.plateau(changed), "within a factor 5").passed


def test_a_loss_that_stays_is_told(runs, other, line):
    changed = other(runs, loss=np.full_like(runs.descent.loss, 30.0))
    assert not line(stage_two_checks.plateau(changed), "tenfold").passed


def test_gradients_that_agree_are_told(runs, monkeypatch, outcome):
    real = stage_two_checks.competition

    def mirrored(*arguments):
        found = real(*arguments)
        return Competition(-found.cosine, -found.learned_cosine, found.short_norm, found.long_norm)

    monkeypatch.setattr(stage_two_checks, "competition", mirrored)
    assert not any(outcome(stage_two_checks.opposing_gradients(runs)).values())


def test_an_angle_that_is_not_a_number_is_told(runs, monkeypatch, outcome):
    real, calls = stage_two_checks.competition, []

    def broken(*arguments):
        found, factor = real(*arguments), np.nan if calls else 1.0
        calls.append(factor)
        return replace(found, cosine=factor * found.cosine)

    monkeypatch.setattr(stage_two_checks, "competition", broken)
    assert not any(outcome(stage_two_checks.opposing_gradients(runs)).values())


@pytest.fixture(scope="module")
def lengths(runs):
    """Measured and predicted plateaus of the runs."""
    return plateau_evidence.lengths(runs)


def test_plateau_law_holds_with_the_run_s_own_slope(lengths, line):
    checks = stage_two_checks.plateau_law(lengths)
    assert line(checks, "its own").passed
    assert line(checks, "median").passed


def test_lengths_of_other_runs_are_told(lengths, line):
    checks = stage_two_checks.plateau_law({**lengths, "measured": np.roll(lengths["measured"], 1)})
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


def test_the_law_rebuilt_is_the_law(monkeypatch, runs, lengths):
    monkeypatch.setattr(plateau_evidence, "plateau", _wrong_plateau(**BOTH))
    np.testing.assert_allclose(plateau_evidence.lengths(runs)["own"], lengths["own"], rtol=1e-12)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_saddle_law_is_told(monkeypatch, runs, name, line):
    monkeypatch.setattr(plateau_evidence, "plateau", _wrong_plateau(**WRONG[name]))
    checks = stage_two_checks.plateau_law(plateau_evidence.lengths(runs))
    assert not (line(checks, "its own").passed and line(checks, "median").passed)


def test_episode_length_holds_and_tells_the_opposite(outcome):
    paths = plateau_evidence.horizon_paths()
    assert all(outcome(stage_two_checks.episode_length(paths)).values())
    assert not any(outcome(stage_two_checks.episode_length({T: -path for T, path in paths.items()})).values())


def test_adam_that_zigzags_as_much_is_told(monkeypatch, outcome):
    class Run:
        overlaps = np.zeros((3, 4))

    monkeypatch.setattr(stage_two_checks, "of_run", lambda run: Stages(0, 3))
    monkeypatch.setattr(stage_two_checks, "zigzag", lambda path: Zigzag(0.7, 2.0, 0.1))
    assert not any(outcome(stage_two_checks.adam({"sgd": [Run()], "adam": [Run()]})).values())


def test_turning_points_hold_and_tell_another_alpha(monkeypatch, outcome):
    assert all(outcome(stage_two_checks.turning_points()).values())
    real = stage_two_checks.turning_alpha
    monkeypatch.setattr(stage_two_checks, "turning_alpha", lambda point, horizon: 1.02 * real(point, horizon))
    assert not any(outcome(stage_two_checks.turning_points()).values())
