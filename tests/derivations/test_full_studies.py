"""Full tanh networks: what the joint spectrum predicts, and the spike of open-loop learning."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import full as full_checks
from derivations.evidence.full import linear_networks
from derivations.studies import spectrum as spectrum_study
from derivations.studies import spike as spike_study
from derivations.studies.spectrum import Watch, onset, score
from derivations.studies.spike import Spike


def outcome(checks):
    return {check.claim: check.passed for check in checks}


@pytest.fixture(scope="module")
def watched():
    with np.errstate(all="raise", under="ignore"):
        return spectrum_study.watches([0, 1], epochs=131, every=5)


def test_joint_radius_predicts_what_the_loop_does(watched):
    checks = spectrum_study.checks(watched)
    assert all(outcome(checks).values())
    assert len(checks) == 7
    assert all(90 <= onset(run.epochs, run.joint < 1) <= 120 for run in watched)


def test_small_states_do_exactly_what_the_spectrum_says(watched):
    for run in watched:
        far = np.abs(run.joint - 1) > 1e-4
        assert np.array_equal(run.small[far] < 1, run.joint[far] < 1)


def test_spectra_exchanged_fail_the_claims(watched):
    exchanged = [replace(run, joint=run.alone, alone=run.joint) for run in watched]
    assert not any(outcome(spectrum_study.checks(exchanged)).values())


def test_a_radius_off_by_a_hundredth_fails_the_claims(watched):
    off = [replace(run, joint=run.joint - 0.01) for run in watched]
    assert not all(outcome(spectrum_study.checks(off)).values())


def test_report_names_both_predictors(watched):
    text = spectrum_study.report(watched)
    assert "joint radius < 1" in text
    assert "joint radius within 0.005 of 1: right at" in text
    assert "passes 1 upwards for good in 0 of 2 runs" in text


def test_score_of_one_who_always_says_stable_is_chance():
    found = np.array([True, True, True, False])
    always = score(np.ones(4, dtype=bool), found)
    assert (always.accuracy, always.balanced) == (0.75, 0.5)
    assert score(found, found).balanced == 1
    assert score(~found, found).balanced == 0


def test_onset_is_for_good():
    epochs = np.array([0, 2, 4, 6])
    assert onset(epochs, np.array([False, True, False, True])) == 6
    assert onset(epochs, np.array([True] * 4)) == 0
    assert np.isnan(onset(epochs, np.array([True, True, True, False])))


def test_delay_of_a_run_that_never_settles_fails():
    epochs = np.array([0, 2])
    run = Watch(epochs, np.array([1.1, 0.9]), np.array([0.1, 0.1]), *(np.array([2.0, 2.0]),) * 2, *(epochs,) * 4)
    assert not all(outcome(spectrum_study.checks([run])).values())


# the spike


@pytest.fixture(scope="module")
def found():
    with np.errstate(all="raise", under="ignore"):
        return [s for seed in (0, 1) for s in spike_study.spikes(seed, 180, 180, (2.0,), batch=20)]


def test_open_loop_spikes_and_closed_loop_does_not(found):
    assert all(outcome(spike_study.checks(found)).values())
    assert all(s.closed_rise < 2 < 10 < s.rise for s in found)
    assert all(s.imitation[1] < s.imitation[0] for s in found)


def test_a_flat_test_loss_is_no_spike(found):
    flat = [replace(s, rise=1.5) for s in found]
    assert not any(outcome(spike_study.checks(flat)).values())
    assert "over twofold in 0" in spike_study.report(flat)


def test_both_heights_of_a_spike_are_told(found):
    """Where the spike is the largest loss, the rise is its height over epoch 0 divided by how far the loss had fallen."""
    for s in found:
        assert s.lowest <= s.test[0] <= s.largest
        if s.largest == pytest.approx(s.rise * s.lowest, rel=1e-12):
            assert s.rise == pytest.approx(s.over_first / s.fallen, rel=1e-12)
    one = replace(found[0], rise=40.0, largest=80.0, lowest=2.0, test=(8.0, 1.0))
    text = spike_study.report([one])
    assert "rise, over the lowest loss so far: median 40, mean 40, 40 to 40" in text
    assert "largest loss over that at epoch 0: median 10, mean 10, 10 to 10" in text
    assert "lowest loss before the spike over that at epoch 0: median 0.25" in text


def test_one_missing_seed_in_two_fails(found):
    checks = spike_study.checks([found[0], replace(found[1], rise=9.0)])
    assert not checks[0].passed


def test_rises_that_cannot_be_compared_fail(found):
    lost = [replace(s, rise=np.inf, closed_rise=np.inf) for s in found]
    with np.errstate(invalid="ignore"):
        assert not spike_study.checks(lost)[1].passed


def test_variances_are_judged_apart(found):
    other = [replace(s, variance=1.0, rise=1.0) for s in found]
    assert [check.passed for check in spike_study.checks([*found, *other])] == [True, True, False, False]
    assert isinstance(found[0], Spike)


# claims on the seeds of a validation


@pytest.fixture(scope="module")
def linear():
    with np.errstate(all="raise", under="ignore"):
        return linear_networks([0])


def test_markov_parameters_give_the_episodes(linear):
    checks = full_checks.markov(linear)
    assert all(outcome(checks).values())
    assert len(outcome(checks)) == 2
    assert all(check.claim.startswith("2 full linear networks") for check in checks)


def test_one_bad_network_among_many_fails(linear):
    right, copy = linear[0].networks
    bad = replace(linear[0], networks=(right, replace(copy, z=copy.z * 1.001)))
    assert not any(outcome(full_checks.markov([*linear, bad])).values())


def test_a_response_off_by_a_millionth_fails(linear, monkeypatch):
    right = full_checks.impulse_response
    monkeypatch.setattr(full_checks, "impulse_response", lambda *arguments: right(*arguments) * (1 + 1e-6))
    assert not any(outcome(full_checks.markov(linear)).values())


def test_claims_are_those_of_the_studies(watched, found):
    assert full_checks.spectrum(watched) == spectrum_study.checks(watched)
    assert full_checks.spikes(found) == spike_study.checks(found)


# twenty seeds


@pytest.mark.slow
def test_twenty_runs_settle_when_the_joint_radius_says_so():
    runs = spectrum_study.watches(range(20), every=5)
    assert all(outcome(spectrum_study.checks(runs)).values())
    crossing = [onset(run.epochs, run.alone >= 1) for run in runs]
    assert all(np.isfinite(crossing))  # the neurons alone lose their rest long after the loop has found it
    assert all(run.joint[-1] < 0.8 for run in runs)
    golden = (1 + np.sqrt(5)) / 2  # the agent is of order one, and near the best: -φ, 2φ, 1 - √5
    agents = np.array([run.agent[-1] for run in runs])
    np.testing.assert_allclose(agents, np.tile([-golden, 2 * golden, 1 - np.sqrt(5)], (20, 1)), rtol=0.12)
    assert all(run.second[-1] < 2e-3 for run in runs)


@pytest.mark.slow
def test_twenty_students_spike():
    found = spike_study.many(range(20))
    assert all(outcome(spike_study.checks(found)).values())
