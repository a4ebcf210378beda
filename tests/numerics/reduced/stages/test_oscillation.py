"""Period and growth against damped and growing cosines of known frequency."""

import numpy as np
import pytest

from numerics.reduced.stages.oscillation import oscillation

STEPS = np.arange(600)


@pytest.mark.parametrize("angle", [0.05, 0.13, 0.31])
@pytest.mark.parametrize("rate", [-0.004, 0.0, 0.02])
@pytest.mark.parametrize("phase", [0.0, 1.0])
def test_known_oscillations_are_measured(angle, rate, phase):
    found = oscillation(np.exp(rate * STEPS) * np.cos(angle * STEPS + phase))
    period = 2 * np.pi / angle
    assert abs(found.changes - 2 * 600 / period) <= 1
    assert found.period == pytest.approx(period, rel=2e-4)
    assert found.growth == pytest.approx(rate * period, abs=2e-2 * angle)


@pytest.mark.parametrize("position", [1.02**STEPS, np.cos(0.01 * STEPS), np.zeros(600)])
def test_too_few_sign_changes_are_no_oscillation(position):
    found = oscillation(position)
    assert found.changes < 3
    assert np.isnan([found.period, found.growth]).all()
