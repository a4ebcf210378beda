"""The claims about the law of the staircase, each decided on fresh runs that were predicted before they were made."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check, within
from derivations.studies.acquisition import HIT, Told, factors, verdict

SHARE = 0.8
"""Fraction of frequencies and seeds that the word space must tell within the factor."""
NEAR = 0.05
"""How far six neurons may be from a hundred in the epochs of gradient descent: the noise of batches is left out."""


def descent(foretold_descent: Sequence[Told]) -> list[Check]:
    """Gradient descent from W = 0: six neurons acquire what a hundred do, when they do.

    :param foretold_descent: runs by gradient descent, and what was predicted
    """
    ratios = [ratio for told in foretold_descent for ratio in factors(told["opening"], told["measured"])]
    alike = all(_which(told["opening"]) == _which(told["measured"]) for told in foretold_descent)
    gap = max((abs(ratio - 1) for ratio in ratios), default=np.nan) if alike else np.inf
    claim = "gradient descent from W = 0: six neurons without batches acquire the same frequencies; epochs, relative"
    return [Check(claim, 0.0, float(gap), float(gap), NEAR)]


def word_space(foretold: Sequence[Told]) -> list[Check]:
    """Adam: the word space and the first 30 batches tell the epochs; the weights alone tell them less well.

    :param foretold: runs of the protocol, and what was predicted
    """
    hits, count = (
        sum(column) for column in zip(*(verdict(t["opening"], t["measured"]) for t in foretold), strict=True)
    )
    claim = f"acquired when the word space tells from the first 30 batches, within a factor {HIT:g}: share (at least {SHARE:g})"
    ratios = [ratio for told in foretold for ratio in factors(told["alone"], told["measured"])]
    alone = "from the initial weights and other batches: predicted over measured epoch, median"
    return [
        Check(claim, 1.0, hits / count, 1 - hits / count, 1 - SHARE + 1e-12),
        within(alone, 1.0, float(np.median(ratios)) if ratios else np.nan, 1 / HIT, HIT),
    ]


def law(foretold: Sequence[Told]) -> list[Check]:
    """The law in closed form, without a fitted constant, against the runs.

    :param foretold: runs of the protocol, and what was predicted
    """
    ratios = [ratio for told in foretold for ratio in factors(told["law"], told["measured"])]
    claim = "law in closed form: predicted over measured epoch, all frequencies and seeds, median"
    return [within(claim, 1.0, float(np.median(ratios)) if ratios else np.nan, 1 / 1.5, 1.5)]


def _which(epochs: Sequence[int | None]) -> list[bool]:
    return [epoch is not None for epoch in epochs]


CLAIMS = (descent, word_space, law)
"""The checks on the law of the staircase."""
