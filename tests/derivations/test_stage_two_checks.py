"""Claims about stage 2 hold on runs, and fail if what they claim is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import stage_two as stage_two_checks
from derivations.evidence import plateau as plateau_evidence
from numerics.reduced.flow import unpack
from numerics.reduced.stages import cycle, leaving, saddle
from numerics.reduced.stages.competition import Competition
from numerics.reduced.stages.detection import Stages
from numerics.reduced.stages.zigzag import Zigzag


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
    """Lengths of the plateaus of the runs."""
    return plateau_evidence.lengths(runs)


def test_plateau_law_and_prediction_hold(lengths, outcome):
    assert all(outcome(stage_two_checks.plateau_law(lengths)).values())
    assert all(outcome(stage_two_checks.plateau_predicted(lengths)).values())


def test_lengths_of_other_runs_are_told(lengths, line):
    checks = stage_two_checks.plateau_law({**lengths, "measured": np.roll(lengths["measured"], 1)})
    assert not line(checks, "its own").passed
    assert not line(checks, "others").passed
    checks = stage_two_checks.plateau_predicted({**lengths, "whole": np.roll(lengths["whole"], 1)})
    assert not any(check.passed for check in checks if "rank" in check.claim or "tenth" in check.claim)


def test_each_plateau_is_read_from_its_own_run(runs, lengths):
    kept = [i for i, s in enumerate(runs.stages) if s.found and s.ends[1] > s.ends[0] + 5]
    i = kept[3]
    histories = runs.overlaps[:, i], runs.descent.gram[:, i], runs.descent.gradient_norm[:, i]
    found = saddle.plateau(*histories, *runs.stages[i].ends, runs.settings)
    assert (lengths["measured"][3], lengths["own"][3]) == (found.length, found.epochs())
    assert lengths["whole"][3] == np.subtract(*runs.stages[i].ends[::-1])
    assert lengths["predicted"][3] == leaving.leaving(unpack(runs.descent.gram[0, i], 4), runs.settings).epochs()


def _wrong_plateau(read, critical=1.0, sign=1):
    """The saddle law with another norm, critical κ or direction."""

    def made(overlaps, gram, norms, first, second, settings):
        span = slice(min(first + saddle.SETTLED, second - 1), second)
        right = REAL(overlaps, gram, norms, first, second, settings)
        G, (zm, zu, vm, _) = unpack(gram[span.start], 4), overlaps[span.start]
        readers, write = read(G), np.sqrt(G[0, 0])
        zm, vu = np.abs(overlaps[span, 0]).max(), overlaps[second - 1, 3]
        start = abs(zu / readers + sign * vm / write) / 2
        speed = readers * write
        edge = np.sqrt(critical * (1 - vu / 2 - vu * zm - np.sqrt((1 - vu / 2) ** 2 - zm)) / speed)
        return replace(right, start=start, critical=edge, speed=speed)

    return made


REAL = saddle.plateau
BOTH = {"read": lambda G: np.sqrt(G[1, 1] + G[2, 2])}
WRONG = {
    "decaying direction": {**BOTH, "sign": -1},
    "without z": {"read": lambda G: np.sqrt(G[2, 2])},
    "without u": {"read": lambda G: np.sqrt(G[1, 1])},
    "twice the critical kappa": {**BOTH, "critical": 2.0},
}


def test_the_law_rebuilt_is_the_law(monkeypatch, runs, lengths):
    monkeypatch.setattr(plateau_evidence, "plateau", _wrong_plateau(**BOTH))
    np.testing.assert_allclose(plateau_evidence.lengths(runs)["own"], lengths["own"], rtol=1e-12)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_saddle_law_is_told(monkeypatch, runs, name, line):
    monkeypatch.setattr(plateau_evidence, "plateau", _wrong_plateau(**WRONG[name]))
    checks = stage_two_checks.plateau_law(plateau_evidence.lengths(runs))
    assert not (line(checks, "its own").passed and line(checks, "median").passed)


def _one_end(*arguments):
    """The zigzag's slope at its lower end only."""
    found, (_, squared, vu, settings) = cycle.cycle(*arguments), arguments
    pull, along = cycle.axis_slopes(found.low, vu, settings)
    return replace(found, slope=-cycle.clip_of(pull, squared, settings) * along)


WRONG_PREDICTIONS = {
    "no push": ("_push", lambda: lambda *_: np.zeros(2)),
    "decaying direction": ("amplitude", lambda zu, vm, m, pace: saddle.amplitude(zu, -vm, m, pace)),
    "without z": ("speed", lambda m, z, u: saddle.speed(m, 0.0, u)),
    "without u": ("speed", lambda m, z, u: saddle.speed(m, z, 0.0)),
    "a valley that stays": ("exit_kappa", lambda zigzag, vu, _: saddle.critical_kappa(zigzag.low, vu)),
    "one end": ("cycle", _one_end),
    "slope without recurrence": ("cycle", lambda zm, m, vu, s: cycle.cycle(zm, m, 0.0, s)),
    "one valley for all": ("cycle", lambda zm, m, vu, s: cycle.cycle(0.03, m, vu, s)),
    "one slope for all": ("cycle", lambda *a: replace(cycle.cycle(*a), slope=2.2)),
}


@pytest.mark.parametrize("name", WRONG_PREDICTIONS)
def test_a_wrong_prediction_is_told(monkeypatch, runs, lengths, name):
    monkeypatch.setattr(leaving, *WRONG_PREDICTIONS[name])
    grams = unpack(runs.descent.gram[0], 4)
    wrong = np.array([leaving.leaving(gram, runs.settings).epochs() for gram in grams])
    checks = stage_two_checks.plateau_predicted({**lengths, "predicted": wrong})
    assert not all(check.passed for check in checks)


def test_another_learning_rate_is_told(runs, lengths, line):
    """The map without noise is the protocol's own: at another rate it lasts another time."""
    grams = unpack(runs.descent.gram[0], 4)
    slower = plateau_evidence.noiseless(grams, replace(runs.settings, learning_rate=0.008), 600)
    checks = stage_two_checks.plateau_predicted({**lengths, "noiseless": slower})
    assert not line(checks, "tenth").passed


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
