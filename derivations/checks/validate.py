"""The main job: derive, descend exactly, train directly, compare, and write the report."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from derivations import catalogue
from derivations.check import Check
from derivations.checks import full as full_checks
from derivations.checks import nonlinear as nonlinear_checks
from derivations.checks import open_loop as open_loop_checks
from derivations.checks import point as point_checks
from derivations.checks import run as run_checks
from derivations.checks import series as series_checks
from derivations.checks import stage_one as stage_one_checks
from derivations.checks import stage_three as stage_three_checks
from derivations.checks import stage_two as stage_two_checks
from derivations.checks.evidence import Pair
from derivations.documents.latex import as_latex
from derivations.figures.gallery import drawing, save_picture
from derivations.progress import Progress
from numerics.files import write_text
from numerics.gains import closed_form
from numerics.results import versions
from numerics.spectra import reduced_eigenvalues, track
from theory.loop import ReducedLoop

CHECKS: tuple[Callable[[Sequence[Pair]], list[Check]], ...] = (
    point_checks.identities,
    point_checks.spectrum,
    point_checks.horizon_gradients,
    point_checks.short_and_long,
    run_checks.descents,
    run_checks.general_plant,
    run_checks.flow_and_laws,
    run_checks.gains,
    open_loop_checks.agreement,
    full_checks.markov,
    nonlinear_checks.nonlinear,
)
"""The theory against the experiment, line by line."""

STAGE_CHECKS: tuple[Callable[[Sequence[Pair]], list[Check]], ...] = (
    *stage_one_checks.CLAIMS,
    *stage_two_checks.CLAIMS,
    *series_checks.CLAIMS,
    *stage_three_checks.CLAIMS,
)
"""The paper's claims about the three stages."""

REPORT = ("report.md", "report.json", "expressions.tex", "learning.png", "eigenvalues.png", "gains.png")
"""The files of the report."""


def run_checks_on(pairs: Sequence, progress: Progress | None = None, checks=CHECKS) -> list[Check]:
    """All checks on the runs.

    :param pairs: the runs
    :param progress: called with (what, done, in all)
    :param checks: the checks to make, :data:`CHECKS` or :data:`STAGE_CHECKS`
    """
    lines = []
    for index, check in enumerate(checks):
        if progress:
            progress(f"checking {check.__name__.replace('_', ' ')}", index, len(checks))
        lines += check(pairs)
    return lines


def markdown(lines: Sequence[Check], pairs: Sequence) -> str:
    """The report in Markdown.

    :param lines: the checks
    :param pairs: the runs
    """
    config = ", ".join(f"{name} = {value}" for name, value in pairs[0].replay.config().items() if name != "seed")
    rows = [
        f"| {c.claim} | {c.theory:.10g} | {c.simulation:.10g} | {c.difference:.2e} | {c.tolerance:.0e} "
        f"| {c.theory_seconds:.3g} | {c.simulation_seconds:.3g} | {'pass' if c.passed else 'FAIL'} |"
        for c in lines
    ]
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    head = [
        "# Theory against simulation",
        "",
        f"Seeds {', '.join(str(p.seed) for p in pairs)}; {config}.",
        "",
        "| claim | theory | simulation | difference | tolerance | theory s | simulation s | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, "", f"Versions: {used}.", ""])


def as_json(lines: Sequence[Check], pairs: Sequence) -> str:
    """The report as JSON.

    :param lines: the checks
    :param pairs: the runs
    """

    def number(value: object) -> object:
        value = value.item() if isinstance(value, np.generic) else value
        return None if isinstance(value, float) and not np.isfinite(value) else value

    checks = [{**{k: number(v) for k, v in asdict(c).items()}, "passed": c.passed} for c in lines]
    content = {
        "passed": all(c.passed for c in lines),
        "seeds": [pair.seed for pair in pairs],
        "config": {name: number(value) for name, value in pairs[0].replay.config().items()},
        "versions": versions(),
        "checks": checks,
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str)


def write_texts(folder: Path, lines: Sequence[Check], pairs: Sequence) -> list[Path]:
    """Report in Markdown and JSON, and LaTeX of every expression.

    :param folder: an existing folder
    :param lines: the checks
    :param pairs: the runs
    """
    texts = {
        "report.md": markdown(lines, pairs),
        "report.json": as_json(lines, pairs),
        "expressions.tex": as_latex(catalogue.results(), standalone=True),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def write_report(folder: Path, lines: Sequence[Check], pairs: Sequence[Pair]) -> list[Path]:
    """The texts and three figures.

    :param folder: an existing folder
    :param lines: the checks
    :param pairs: the runs; the first is drawn
    """
    return write_texts(folder, lines, pairs) + figures(folder, pairs[0])


def figures(folder: Path, pair: Pair) -> list[Path]:
    """Loss and overlaps; eigenvalues over learning; the path in the gain plane.

    :param folder: an existing folder
    :param pair: the runs to draw
    """
    from numerics import plots

    simulation, theory = pair.simulation, pair.theory
    paths = []

    def save(name: str, figure) -> None:
        save_picture(folder / name, figure)
        paths.append(folder / name)

    with drawing() as plt:
        figure, axes = plt.subplots(1, 2, figsize=(6.8, 2.4))
        plots.loss_curves(axes[0], simulation, theory)
        plots.overlap_curves(axes[1], simulation, theory)
        save("learning.png", figure)
        figure, ax = plt.subplots(figsize=(3.4, 2.6))
        eigenvalues = track(reduced_eigenvalues(ReducedLoop(), theory.overlaps))
        plots.eigenvalue_paths(ax, eigenvalues, simulation.history["eigenvalues"])
        save("eigenvalues.png", figure)
        figure, ax = plt.subplots(figsize=(3.4, 2.6))
        gains = np.array([closed_form(point) for point in theory.overlaps])
        plots.gain_plane(ax, gains, simulation.history["gains"][:, 0], theory.stabilisation())
        save("gains.png", figure)
    return paths
