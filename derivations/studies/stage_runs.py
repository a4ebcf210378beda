"""The runs on which claims about the stages are decided: many seeds of the rank-one protocol by the exact map."""

from functools import cache

from numerics.stages.ensemble import Ensemble, ensemble

RUNS = 50
LATER = 100
"""Epochs after stabilisation at which the third stage is looked at."""


@cache
def runs() -> Ensemble:
    """The runs, made once."""
    return ensemble(range(RUNS))
