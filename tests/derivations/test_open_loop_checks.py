"""The claims about open against closed loop hold on fresh runs, and fail where they are made false."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import open_loop as open_loop_checks
from derivations.checks.open_loop import CLAIMS, exact_map, kinds, spikes, tangent
from derivations.evidence.open_loop import opened
from numerics.common.spike import Spike


@pytest.fixture(scope="module")
def pairs():
    return opened(range(3), None, epochs=220)


def failed(lines):
    return [line.claim for line in lines if not line.passed]


def test_claims_hold(pairs):
    assert failed([line for claim in CLAIMS for line in claim(pairs)]) == []


def test_a_wrong_map_is_told(pairs):
    theory = replace(
        pairs[0].theory, history={**pairs[0].theory.history, "overlaps": pairs[0].theory.overlaps * 1.000001}
    )
    assert len(failed(exact_map([replace(pairs[0], theory=theory)]))) == 1


def test_a_wrong_prediction_is_told(pairs):
    found = replace(pairs[1])
    found.__dict__["spikes"] = (pairs[1].spikes[0], Spike(130, 1e7, 1e5))
    assert len(failed(spikes([found]))) == 2


def test_a_run_without_a_spike_is_told(pairs):
    calm = replace(pairs[0].simulation, history={**pairs[0].simulation.history, "test_loss": np.linspace(9, 1, 220)})
    assert any("tenfold" in claim for claim in failed(spikes([replace(pairs[0], simulation=calm)])))


def test_the_kind_of_a_spike_is_told(pairs):
    """Seed 2 is the one with a real root; a conjugate pair in its place contradicts K(1) > 0."""
    history = {**pairs[2].theory.history}
    assert (np.abs(history["eigenvalues"][pairs[2].spikes[0].epoch, 0].imag)) < 1e-9
    history["eigenvalues"] = history["eigenvalues"] + 0.1j
    wrong = replace(pairs[2], theory=replace(pairs[2].theory, history=history))
    assert any("where K(1) > 0 and nowhere else" in claim for claim in failed(kinds([wrong])))


def test_the_first_order_slope_at_the_spike_is_told(monkeypatch, pairs):
    assert failed(tangent(pairs)) == []
    monkeypatch.setattr(open_loop_checks, "edge_slope", lambda zm: 0.5)
    assert failed(tangent(pairs)) != []


def test_a_path_without_an_oscillating_spike_decides_nothing(pairs):
    assert failed(tangent(pairs[2:])) != []
