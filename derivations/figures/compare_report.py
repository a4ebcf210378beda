"""What ``closedloop compare`` writes: the table as JSON, the histories, and a picture."""

import json
from collections.abc import Sequence
from pathlib import Path

from derivations.evidence.comparison import numbers
from derivations.figures.compare_panels import gain_paths, loss_curves, radii
from derivations.figures.gallery import drawing, save_picture
from derivations.studies.compare import Comparison, summary
from numerics.common.files import write_arrays, write_text
from numerics.replay.results import COMPLETED, versions

FILES = ("compare.json", "compare.npz", "compare.png")
"""The files of the report."""

PLANE = ((-0.1, 1.5), (-0.1, 2.2))


def report(folder: Path, comparisons: Sequence[Comparison]) -> list[dict]:
    """Write the report; the histories and the picture are those of the first comparison.

    :param folder: an existing folder
    :param comparisons: one a seed
    """
    rows = [summary(comparison) for comparison in comparisons]
    write_text(folder / FILES[0], json.dumps({"runs": rows, "versions": versions()}, indent=1) + "\n")
    first = comparisons[0]
    data = numbers(first)
    write_arrays(folder / FILES[1], dict(data))
    with drawing() as plt:
        two_dimensional = first.double_integrator
        figure, axes = plt.subplots(1, 3 if two_dimensional else 2, figsize=(7.2, 2.4))
        loss_curves(axes[0], data)
        radii(axes[1], data)
        if two_dimensional:
            gain_paths(axes[2], data, first.replay.settings, PLANE)
            axes[2].set_title("gains by regression" + (", closed form dashed" if first.exact else ""), fontsize=7)
        save_picture(folder / FILES[2], figure)
    return rows


def verdict(rows: Sequence[dict]) -> str:
    """How many runs spike, in one line.

    :param rows: summaries
    """
    count = len(rows)
    opened, closed = (sum(row[way]["spike"] for row in rows) for way in ("open", "closed"))
    ended = sum(row[way]["status"] != COMPLETED for row in rows for way in ("open", "closed"))
    diverged = f" ({ended} of {2 * count} trainings diverged)" if ended else ""
    rising = sum(row[way]["still_rising"] for row in rows for way in ("open", "closed"))
    unsettled = f"; {rising} of {2 * count} trainings ended while it rose" if rising else ""
    told = f"open loop {opened} of {count}, closed loop {closed} of {count}"
    return f"test loss rises tenfold or more: {told}{diverged}{unsettled}"
