"""What the command shows: tables on stdout, complaints on stderr."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from derivations.check import Check
    from derivations.studies.limit import Row
    from numerics.replay.results import Run

HEADS = ("verdict", "difference", "tolerance", "theory", "simulation", "theory s", "simul. s")
WIDTHS = ((130, 7), (105, 5), (0, 3))
"""From so many columns of the terminal on, so many of the heads; the report has them all."""


def complain(message: str) -> None:
    """One line on stderr.

    :param message: what is wrong and what to do
    """
    line = " ".join(message.split())
    print(f"closedloop: {line}", file=sys.stderr)


def table(lines: Sequence["Check"], folder: Path) -> None:
    """The checks as a table, and where the report is.

    :param lines: the checks
    :param folder: the report's folder
    """
    console = Console(width=None if sys.stdout.isatty() else 150)
    wide = next(count for width, count in WIDTHS if console.width >= width)
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("claim", overflow="fold")
    for name in HEADS[:wide]:
        grid.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        cells = (
            "pass" if line.passed else "FAIL",
            f"{line.difference:.1e}",
            f"{line.tolerance:.0e}",
            f"{line.theory:.8g}",
            f"{line.simulation:.8g}",
            f"{line.theory_seconds:.3g}",
            f"{line.simulation_seconds:.3g}",
        )
        grid.add_row(line.claim, *cells[:wide])
    console.print(grid)
    failed = sum(not line.passed for line in lines)
    print(f"{len(lines) - failed} of {len(lines)} claims hold; report in {folder}/")


def point(values: dict) -> str:
    """The quantities at one point of the overlaps, as text.

    :param values: the result of :func:`numerics.reduced.evaluate.evaluate`
    """
    side = "on the boundary" if values["stability"] == "boundary" else values["stability"]
    roots = ", ".join(f"{re:.6g}{im:+.6g}i" if im else f"{re:.6g}" for re, im in values["eigenvalues"])
    lines = [
        f"overlaps        {', '.join(f'{v:g}' for v in values['overlaps'])}   (σ_zm, σ_zu, σ_vm, σ_vu)",
        f"cubic           {', '.join(f'{v:.8g}' for v in values['characteristic_polynomial'])}",
        f"eigenvalues     {roots}",
        f"spectral radius {values['spectral_radius']:.8g}   ({side}: 1 - ρ = {values['margin']:.8g})",
        f"gains           k_1 = {values['gains'][0]:.8g}, k_2 = {values['gains'][1]:.8g}",
    ]
    for name in ("L_2", "L_T", "L_inf", "surrogate"):
        value = "overflow" if values[name] is None else f"{values[name]:.8g}"
        slope = ", ".join("undefined" if g is None else f"{g:.6g}" for g in values["gradients"][name])
        lines.append(f"{name:<15} {value}   gradient ({slope})")
    return "\n".join([*lines, *(f"note: {note}" for note in values["notes"])])


def limit(run: "Run", row: "Row | None") -> str:
    """A prediction from the limit of many neurons, as text.

    :param run: the run in the limit
    :param row: networks beside it
    """
    facts, epoch = run.config, run.stabilisation()
    when = f"stable from epoch {epoch}" if epoch is not None else f"not stable for good within {len(run.loss)} epochs"
    ends = f"loss {run.loss[0]:.6g} -> {run.loss[-1]:.6g}" if run.loss.size else "no finite loss"
    lines = [
        f"limit of many neurons, g = {facts['strength']:g}, N = {facts['neurons']}, words of length {facts['words']}",
        f"  {run.status}, {when}, {ends}",
        f"  longer words would change the loss by {facts['error_estimate']:.1e} (relative, largest, estimated)",
    ]
    if row is not None and row.found:
        low, high = row.spread
        stable = f"{len(row.found)} of {row.networks} stable"
        lines.append(f"  networks: {stable}, median epoch {row.median:g}, {low:g} to {high:g} (10 to 90 %)")
    elif row is not None:
        lines.append(f"  networks: none of {row.networks} stable")
    return "\n".join(lines)
