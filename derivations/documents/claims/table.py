"""The claims of the paper as a table, with numbers from reports of ``closedloop validate``.

``python -m derivations.documents.claims.table docs/claims.md REPORT …`` writes it, REPORT the folder of a report.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from derivations.check import Check
from derivations.documents.book import Measured, measured_by, read_report
from derivations.documents.claims.beyond import BEYOND, TRACKING
from derivations.documents.claims.claim import Claim
from derivations.documents.claims.loops import LOOP, WAYS
from derivations.documents.claims.stages import FIRST, SECOND, THIRD
from numerics.files import write_text

GROUPS: dict[str, tuple[Claim, ...]] = {
    "The loop": LOOP,
    "Closed and open loop": WAYS,
    "Stage 1": FIRST,
    "Stage 2": SECOND,
    "Stage 3": THIRD,
    "Tracking": TRACKING,
    "Beyond": BEYOND,
}
"""The claims by subject."""

CLAIMS = tuple(claim for group in GROUPS.values() for claim in group)
"""All claims."""

SUMMARY = "https://en.papernotes.org/NeurIPS2025/others/learning_dynamics_of_rnns_in_closed-loop_environments/"
"""A summary of the paper, whose claims are decided too."""

OPENING = (
    "Every claim of the paper (arXiv 2505.13567), and those that a summary of it adds, with what decides it here: a result of "
    "the catalogue, or a line of ``closedloop validate``, whose numbers are those of a run of it.",
    "Confirmed with a condition: true where the words beside it say. Differs: they say what was found instead. "
    "Open: neither shown nor refuted here. In one-sided lines theory is the bound and simulation the value found, and a "
    "difference of 0 means that it holds; of several lines the one nearest to its tolerance is quoted.",
)
"""Paragraphs with commands between double backquotes."""

CLAIMS_TITLE = "The claims of the paper"

HEADS = ("claim", "where", "verdict", "decided by", "numbers")


def markdown(lines: Sequence[Check] = ()) -> str:
    """The table in Markdown.

    :param lines: the lines of the reports at hand
    """
    parts = [f"# {CLAIMS_TITLE}", ""]
    opening = [paragraph.replace("``", "`") for paragraph in OPENING]
    opening[0] = opening[0].replace("a summary of it", f"[a summary]({SUMMARY}) of it")
    parts += [text for paragraph in opening for text in (paragraph, "")]
    for title, claims in GROUPS.items():
        parts += [f"## {title}", "", f"| {' | '.join(HEADS)} |", "|---|---|---|---|---|"]
        parts += [_row(claim, lines) for claim in claims] + [""]
    return "\n".join(parts)


def _row(claim: Claim, lines: Sequence[Check]) -> str:
    decided = [f"`derive {name}`" for name in claim.results]
    numbers = ["derived" for _ in claim.results]
    for check in claim.checks:
        found = measured_by(check, lines)
        decided.append(f"`{found.command.removeprefix('closedloop ')}`: {_plain(found.words)}")
        numbers.append(_numbers(found) or "-")
    verdict = f"**{claim.verdict}**" + (f": {claim.how}" if claim.how else "")
    cells = (claim.claim, claim.place, verdict, "<br>".join(decided) or "-", "<br>".join(numbers) or "-")
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _numbers(found: Measured) -> str:
    return found.numbers(lambda value, digits: f"{value:.{digits}g}", "**fails**")


def _plain(text: str) -> str:
    """Text in which no bar ends a cell."""
    return text.replace("\\|", "|").replace("|", "\\|")


if __name__ == "__main__":
    target, *folders = sys.argv[1:]
    write_text(Path(target), markdown([line for folder in folders for line in read_report(Path(folder))]))
    print(f"{target}: {len(CLAIMS)} claims")
