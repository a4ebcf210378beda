"""The report of a validation, in Markdown and as JSON, and the LaTeX of every expression."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from derivations.check import Check
from derivations.documents.latex import as_latex
from derivations.result import Result
from numerics.common.files import write_text
from numerics.replay.results import versions

TEXTS = ("report.md", "report.json", "expressions.tex")


@dataclass(frozen=True)
class Report:
    """What was decided, and on what.

    :param lines: the checks
    :param config: the protocol of the first seed
    :param evidence: what each kind of evidence is, by its name
    """

    lines: tuple[Check, ...]
    seeds: Sequence[int]
    config: dict
    evidence: dict[str, str]

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(line.passed for line in self.lines)


def markdown(report: Report) -> str:
    """The report in Markdown."""
    config = ", ".join(f"{name} = {value}" for name, value in report.config.items() if name != "seed")
    rows = [
        f"| {c.claim} | {c.theory:.10g} | {c.simulation:.10g} | {c.difference:.2e} | {c.tolerance:.0e} "
        f"| {c.theory_seconds:.3g} | {c.simulation_seconds:.3g} | {'pass' if c.passed else 'FAIL'} "
        f"| {', '.join(c.evidence) or '-'} |"
        for c in report.lines
    ]
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    kinds = [f"- `{name}`: {meaning}" for name, meaning in report.evidence.items()]
    head = [
        "# Theory against simulation",
        "",
        f"Seeds {', '.join(map(str, report.seeds))}; {config}.",
        "",
        "| claim | theory | simulation | difference | tolerance | theory s | simulation s | verdict | rests on |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, "", "The claims rest on:", "", *kinds, "", f"Versions: {used}.", ""])


def as_json(report: Report) -> str:
    """The report as JSON."""

    def number(value: object) -> object:
        value = value.item() if isinstance(value, np.generic) else value
        return None if isinstance(value, float) and not np.isfinite(value) else value

    checks = [{**{k: number(v) for k, v in asdict(c).items()}, "passed": c.passed} for c in report.lines]
    content = {
        "passed": report.passed,
        "seeds": list(report.seeds),
        "config": {name: number(value) for name, value in report.config.items()},
        "versions": versions(),
        "evidence": report.evidence,
        "checks": checks,
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str)


def write_texts(folder: Path, report: Report, results: Sequence[Result]) -> None:
    """Report in Markdown and JSON, and LaTeX of every expression.

    :param folder: an existing folder
    :param results: the catalogue
    """
    texts = (markdown(report), as_json(report), as_latex(results, standalone=True))
    for name, text in zip(TEXTS, texts, strict=True):
        write_text(folder / name, text)
