"""What is said of a claim of the paper: where it stands, what decides it, the verdict."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What was found of a claim."""

    CONFIRMED = "confirmed"
    CONDITION = "confirmed with a condition"
    DIFFERS = "differs"
    OPEN = "open"
    UNTESTED = "not tested here"


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    :param place: where
    :param verdict: what was found
    :param decided: what decides it: names of results, and lines of ``closedloop validate`` as ``"JOB: words"``
    :param how: the condition, or what was found instead
    """

    claim: str
    place: str
    verdict: Verdict
    decided: tuple[str, ...] = ()
    how: str = ""

    @property
    def results(self) -> tuple[str, ...]:
        """The results among what decides it."""
        return tuple(entry for entry in self.decided if ": " not in entry)

    @property
    def checks(self) -> tuple[str, ...]:
        """The lines of ``validate`` among what decides it."""
        return tuple(entry for entry in self.decided if ": " in entry)
