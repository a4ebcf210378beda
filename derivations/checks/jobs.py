"""The sets of claims that ``closedloop validate`` can decide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from derivations.check import Check
from derivations.checks import evidence, validate
from derivations.checks import full as full_checks
from derivations.checks import open_loop as open_loop_checks
from derivations.checks import tracking as tracking_checks


@dataclass(frozen=True)
class Job:
    """One set of claims and the runs that they are decided on.

    :param seeds: number of seeds unless told otherwise
    :param gather: makes the runs, from seeds, a progress report and the protocol's options
    :param checks: the claims
    :param fixed: whether the protocol's options do not apply
    :param drawn: whether the report has the three figures of a run
    """

    seeds: int
    gather: Callable[..., Sequence]
    checks: tuple[Callable[[Sequence], list[Check]], ...]
    fixed: bool = True
    drawn: bool = False


JOBS = {
    "main": Job(3, evidence.gather, validate.CHECKS, fixed=False, drawn=True),
    "stages": Job(3, evidence.gather, validate.STAGE_CHECKS, drawn=True),
    "open-loop": Job(open_loop_checks.SEEDS, open_loop_checks.gather, open_loop_checks.CLAIMS),
    "full": Job(3, full_checks.gather, full_checks.CLAIMS),
    "tracking": Job(tracking_checks.SEEDS, tracking_checks.gather, tracking_checks.CLAIMS),
}
"""By the option that asks for it."""
