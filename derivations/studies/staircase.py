"""The command ``closedloop staircase``: when tracking runs acquired each frequency, in which order, at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from derivations.wording import counted
from numerics.common.errors import require
from numerics.experiment.tracking.staircase import acquisition, ascending, competition, idle_losses
from numerics.reduced.stages.detection import bootstrap
from numerics.replay.results import Run
from numerics.replay.tracking_task import TrackingTask

DECIDED = {True: "yes", False: "no", None: "undecided"}


@dataclass(frozen=True)
class Staircase:
    """What one run acquired, frequencies ascending.

    :param name: the run
    :param frequencies: in Hz
    :param acquired: epochs, None for a frequency that was not acquired
    :param ascending: whether low frequencies came first, None if the run ended before that was decided
    :param rises: (suffered, learned, rise) in Hz and as a ratio, of :class:`numerics.experiment.tracking.staircase.Interference`
    :param final: last loss of each frequency over that of a plant at rest
    """

    name: str
    frequencies: tuple[float, ...]
    acquired: tuple[int | None, ...]
    ascending: bool | None
    rises: tuple[tuple[float, float, float], ...]
    final: tuple[float, ...]

    def record(self) -> dict:
        """The same as plain values for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def task_of(run: Run) -> TrackingTask:
    """The task that a run's configuration tells.

    :param run: a tracking run
    """
    names = {f.name for f in fields(TrackingTask)}
    given: dict = {name: tuple(v) if isinstance(v, list) else v for name, v in run.config.items() if name in names}
    return TrackingTask(**given)


def read(path: Path) -> Staircase:
    """The staircase of a run's file.

    :param path: a file of ``closedloop track`` or of ``train`` on a tracking replay
    :raises InputError: if it is another file
    """
    run = Run.load(path)
    require("frequency_loss" in run.history, f"{path} must be a tracking run; found one without frequency_loss")
    task, losses = task_of(run), run.history["frequency_loss"]
    require(len(losses) > 0, f"{path} must hold at least one epoch; found none")
    idle, order = idle_losses(task), np.argsort(task.frequencies, kind="stable")
    acquired = acquisition(losses, idle)
    hertz = task.frequencies.tolist()
    rises = tuple((hertz[c.suffered], hertz[c.learned], c.rise) for c in competition(losses, idle, acquired))
    return Staircase(
        str(path),
        tuple(hertz[i] for i in order),
        tuple(acquired[i] for i in order),
        ascending(acquired, task.frequencies),
        rises,
        tuple((losses[-1] / idle)[order].tolist()),
    )


def table(found: Sequence[Staircase]) -> str:
    """One line a run, then medians over runs.

    :param found: runs of the same frequencies
    :raises InputError: if their frequencies differ
    """
    frequencies = found[0].frequencies
    for other in found:
        same = other.frequencies == frequencies
        require(same, f"{other.name} must have the frequencies of {found[0].name}; found others; give alike runs")
    width = max(len(s.name) for s in found)
    heads = "".join(f"{f:>8g} Hz" for f in frequencies)
    lines = ["epoch from which the loss of a frequency stays below half of that of a plant at rest"]
    lines.append(f"{'':{width}}{heads}  low first")
    for s in found:
        cells = "".join(f"{'-' if epoch is None else epoch:>11}" for epoch in s.acquired)
        lines.append(f"{s.name:{width}}{cells}  {DECIDED[s.ascending]}")
    rng = np.random.default_rng(0)
    for index, frequency in enumerate(frequencies):
        epochs = [s.acquired[index] for s in found if s.acquired[index] is not None]
        spread = _spread(epochs, rng)  # type: ignore[arg-type]
        lines.append(f"{frequency:g} Hz: acquired in {len(epochs)} of {len(found)}{spread}")
    undecided = sum(s.ascending is None for s in found)
    open_ = f", {undecided} undecided: too few acquired" if undecided else ""
    lines.append(f"low frequencies first in {sum(s.ascending is True for s in found)} of {len(found)}{open_}")
    return "\n".join([*lines, *_rises(found, rng)])


def _rises(found: Sequence[Staircase], rng: np.random.Generator) -> list[str]:
    pairs = sorted({(learned, suffered) for s in found for suffered, learned, _ in s.rises})
    lines = ["largest loss of an acquired frequency while another is learned, over its usual value before"]
    for learned, suffered in pairs:
        values = [rise for s in found for a, b, rise in s.rises if (a, b) == (suffered, learned)]
        lines.append(
            f"{suffered:g} Hz while {learned:g} Hz is learned: {counted(len(values), 'run')}{_spread(values, rng)}"
        )
    return lines if pairs else []


def _spread(values: Sequence[float], rng: np.random.Generator) -> str:
    if not values:
        return ""
    told = bootstrap(values, rng).told(digits=4)
    return f", {told}" + (f", range {min(values):.4g} to {max(values):.4g}" if len(values) > 1 else "")
