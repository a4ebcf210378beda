"""The sets of claims that ``closedloop validate`` can decide, and how they are decided."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from derivations.check import Check
from derivations.checks import (
    full,
    full_theory,
    gain_paths,
    nonlinear,
    open_loop,
    point,
    run,
    series,
    stage_one,
    stage_three,
    stage_two,
    staircase,
    tracking,
)
from derivations.evidence import open_loop as open_loop_evidence
from derivations.evidence import tracking as tracking_evidence
from derivations.evidence.gathering import REQUEST, Evidence, needs
from derivations.evidence.kinds import KINDS
from derivations.evidence.stages import RUNS
from derivations.progress import Progress
from numerics.replay.closed_loop import full_replay, rank_one_replay
from numerics.replay.tracking import tracking_replay

Claim = Callable[..., list[Check]]
"""Decides one or several lines of the report; its parameters name the evidence that it rests on."""


@dataclass(frozen=True)
class Job:
    """One set of claims.

    :param seeds: number of seeds unless told otherwise
    :param protocol: the run of a seed that the report describes
    :param least: smallest number of seeds that decides the claims
    :param drawn: the evidence whose first run is drawn; none if empty
    :param fixed: whether options of the protocol do not apply
    """

    seeds: int
    claims: tuple[Claim, ...]
    protocol: Callable
    least: int = 1
    drawn: str = ""
    fixed: bool = True

    @property
    def evidence(self) -> tuple[str, ...]:
        """The kinds of evidence on which the claims rest."""
        return tuple(dict.fromkeys(name for claim in self.claims for name in rests_on(claim)))

    def gathering(self, seeds: int, protocol: dict, progress: Progress | None = None) -> Evidence:
        """The evidence of one validation, gathered as it is asked for.

        :param protocol: options of the protocol
        """
        return Evidence(KINDS, seeds=range(seeds), protocol=protocol, progress=progress)

    def decide(self, evidence: Evidence, progress: Progress | None = None) -> list[Check]:
        """Every line of every claim.

        :param evidence: what the claims ask for
        """
        lines: list[Check] = []
        for index, claim in enumerate(self.claims):
            for name in needs(claim):
                evidence[name]
            if progress:
                progress(f"checking {claim.__name__.replace('_', ' ')}", index, len(self.claims))
            lines += [replace(line, evidence=rests_on(claim)) for line in evidence.answer(claim)]
        return lines


def rests_on(claim: Claim) -> tuple[str, ...]:
    """The kinds of evidence that a claim names."""
    return tuple(name for name in needs(claim) if name not in REQUEST)


MAIN: tuple[Claim, ...] = (*point.CLAIMS, *run.CLAIMS, open_loop.agreement, full.markov, *nonlinear.CLAIMS)
"""The theory against the experiment, line by line."""

STAGES: tuple[Claim, ...] = (*stage_one.CLAIMS, *stage_two.CLAIMS, *series.CLAIMS, *stage_three.CLAIMS)
"""The paper's claims about the three stages."""

JOBS = {
    "main": Job(3, MAIN, rank_one_replay, drawn="pairs", fixed=False),
    "stages": Job(RUNS, STAGES, rank_one_replay, least=3, drawn="first_pairs"),
    "open-loop": Job(open_loop.SEEDS, (*open_loop.CLAIMS, gain_paths.two_paths), open_loop_evidence.taught_by),
    "full": Job(3, (*full.CLAIMS, gain_paths.nonlinear_networks), full_replay),
    "full-theory": Job(full_theory.SEEDS, (*full_theory.CLAIMS, *staircase.CLAIMS), full_replay),
    "tracking": Job(tracking.SEEDS, tracking.CLAIMS, lambda seed: tracking_replay(seed, tracking_evidence.EPOCHS)),
}
"""By the option that asks for it."""
