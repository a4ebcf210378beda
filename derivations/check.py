"""A claim decided by comparison."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Check:
    """One line of the report.

    :param claim: what is claimed
    :param theory: the theory's value
    :param simulation: the experiment's value
    :param difference: how far they are apart, in the measure the claim names
    :param tolerance: largest difference that passes
    :param theory_seconds: time the theory took
    :param simulation_seconds: time the experiment took
    :param evidence: the kinds of evidence that it rests on
    """

    claim: str
    theory: float
    simulation: float
    difference: float
    tolerance: float
    theory_seconds: float = 0.0
    simulation_seconds: float = 0.0
    evidence: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance; not if it is NaN."""
        return bool(self.difference <= self.tolerance)


def share(claim: str, found: int, total: int, missing_allowed: float = 0.0) -> Check:
    """A claim that should hold for every run: expected and found fraction.

    :param found: number of runs in which it holds
    :param total: number of runs
    :param missing_allowed: fraction in which it may fail
    """
    if total == 0:
        return Check(f"{claim}: no runs", 1.0, np.nan, np.nan, missing_allowed)
    return Check(f"{claim}: {found} of {total} runs", 1.0, found / total, 1 - found / total, missing_allowed)


def nothing(claim: str, found: float, tolerance: float, theory_seconds: float = 0.0, seconds: float = 0.0) -> Check:
    """A claim that a number, zero or more, is 0.

    :param found: the number
    :param tolerance: largest value that passes
    :param theory_seconds: time the theory took
    :param seconds: time the experiment took
    """
    return Check(claim, 0.0, found, found, tolerance, theory_seconds, seconds)


def within(claim: str, expected: float, found: float, low: float, high: float) -> Check:
    """A claim that a number lies within bounds, the distance outside them being the difference.

    :param expected: what it is compared with
    :param found: the number
    :param low: lower bound
    :param high: upper bound
    """
    outside = float(np.maximum(np.maximum(low - found, found - high), 0.0))
    return Check(f"{claim} within [{low:g}, {high:g}]", expected, found, outside, 0.0)


def medians(claim: str, theory: np.ndarray, simulation: np.ndarray, tolerance: float, relative: bool = False) -> Check:
    """A claim about every run: medians over the runs are shown, the largest difference decides.

    :param theory: the theory's values, one a run
    :param simulation: the experiment's, one a run
    :param tolerance: largest difference that passes
    :param relative: whether differences are relative to the theory
    """
    gaps = np.abs(simulation / theory - 1) if relative else np.abs(simulation - theory)
    return Check(claim, float(np.median(theory)), float(np.median(simulation)), float(gaps.max()), tolerance)
