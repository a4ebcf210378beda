"""A dozen runs in the place of the fifty on which claims about the stages are decided."""

from dataclasses import replace

import numpy as np
import pytest

from derivations import stage_runs
from numerics.ensemble import ensemble

FEW = 12


@pytest.fixture(scope="session")
def runs():
    """A dozen runs of the protocol."""
    with np.errstate(under="ignore"):
        found = ensemble(range(FEW), epochs=600)
    assert len(found.stages) == FEW
    return found


@pytest.fixture
def few(monkeypatch, runs):
    """Claims are decided on a dozen runs; the fixture replaces them: few(other runs)."""

    def use(other):
        monkeypatch.setattr(stage_runs, "runs", lambda: other)

    use(runs)
    return use


@pytest.fixture(scope="session")
def outcome():
    """Verdicts by claim."""
    return lambda checks: {check.claim: check.passed for check in checks}


@pytest.fixture(scope="session")
def line():
    """The one check whose claim contains a word."""

    def find(checks, word):
        (found,) = [check for check in checks if word in check.claim]
        return found

    return find


class Other:
    """Runs with other overlaps, eigenvalues, losses or stages."""

    def __init__(self, runs, loss=None, **changes):
        for name in ("stages", "overlaps", "eigenvalues", "descent", "settings"):
            setattr(self, name, changes.get(name, getattr(runs, name)))
        if loss is not None:
            self.descent = replace(runs.descent, loss=loss)


@pytest.fixture(scope="session")
def other():
    """Make runs that differ from given ones: other(runs, stages=…)."""
    return Other
