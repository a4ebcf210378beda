"""Claims about the series in κ hold on runs, and fail if what they claim is broken."""

import numpy as np
import pytest

from derivations.checks import series as series_checks
from numerics.reduced.stages import convergence


def test_perturbation_tells_a_series_that_does_not_improve(runs, monkeypatch, outcome):
    assert all(outcome(series_checks.perturbation(runs)).values())
    monkeypatch.setattr(
        series_checks, "errors", lambda path: {order: np.full((len(path), 3), 0.1) for order in series_checks.ORDERS}
    )
    assert not any(outcome(series_checks.perturbation(runs)).values())


def test_convergence_holds(runs, outcome):
    assert all(outcome(series_checks.convergence(runs)).values())


@pytest.mark.parametrize("factor", [0.85, 1.2])
def test_another_radius_is_told(runs, monkeypatch, factor, line):
    real = series_checks.convergence_ratio
    for module in (series_checks, convergence):
        monkeypatch.setattr(module, "convergence_ratio", lambda path: factor * real(path))
    checks = series_checks.convergence(runs)
    assert not line(checks, "errors' ratio per order").passed
    assert not line(checks, "until errors grow").passed


def test_a_small_radius_is_told(runs, monkeypatch, line):
    real = series_checks.convergence_ratio
    for module in (series_checks, convergence):
        monkeypatch.setattr(module, "convergence_ratio", lambda path: 2 * real(path))
    checks = series_checks.convergence(runs)
    assert not line(checks, "all of stage 2").passed
    assert not line(checks, "1/2 to first order").passed


def test_another_series_is_told(runs, monkeypatch, line):
    """Every term of order k off by 1.1^k: the errors no longer fall as the radius says."""
    real = convergence.truncation_errors

    def bent(path, order):
        return real(path, order) * (1.1 ** np.arange(order + 1))[:, None, None]

    monkeypatch.setattr(convergence, "truncation_errors", bent)
    checks = series_checks.convergence(runs)
    assert not line(checks, "errors' ratio per order").passed
    assert not line(checks, "until errors grow").passed


def test_a_series_that_never_breaks_is_told(runs, monkeypatch, line):
    monkeypatch.setattr(series_checks, "breaking", lambda path: np.nan)
    assert not line(series_checks.convergence(runs), "until errors grow").passed
