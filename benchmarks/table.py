"""Tables as aligned text and as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("numpy", "numba", "torch", "sympy", "scipy")
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows of measurements.

    :param title: what was measured
    :param columns: names of the columns, with units
    :param rows: one cell a column; None is shown as a dash
    :param notes: what a reader must know to judge the numbers
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The table in columns; the first to the left, the others to the right."""
        cells = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [_line(row, widths) for row in cells]
        rule = "-" * len(lines[0])
        return "\n".join([self.title, rule, lines[0], rule, *lines[1:], rule, *self.notes])

    def record(self) -> dict:
        """The table as plain values for JSON."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if not isinstance(cell, float):
        return str(cell)
    if cell != 0 and abs(cell) < 1e-3:
        return f"{cell:.1e}"
    digits = next(d for limit, d in ((1, 4), (10, 3), (100, 2), (1000, 1), (float("inf"), 0)) if abs(cell) < limit)
    return f"{cell:.{digits}f}"


def environment() -> dict[str, str]:
    """Cores, Python and the versions of the packages that the timings depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = {"cores": str(cores), "machine": platform.machine(), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found["OpenBLAS kernels"] = os.environ.get("OPENBLAS_CORETYPE", "of the CPU")
    return found
