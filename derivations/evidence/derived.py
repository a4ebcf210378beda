"""The derivations themselves."""

from dataclasses import dataclass

from derivations import catalogue
from derivations.evidence.pairs import timed
from derivations.progress import Progress
from derivations.result import Result


@dataclass(frozen=True)
class Derived:
    """The catalogue, derived.

    :param results: every result
    :param seconds: how long that took
    """

    results: list[Result]
    seconds: float


def derived(progress: Progress | None) -> Derived:
    """Every result of the catalogue, derived afresh."""
    return Derived(*timed(catalogue.results, progress=progress))
