"""The command ``closedloop track``: a long run that can be stopped and resumed."""

import hashlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from derivations.progress import named
from derivations.wording import counted
from numerics.common.errors import InputError, require
from numerics.common.weights import Weights
from numerics.experiment.checkpoint import load_state, run_so_far, save_state
from numerics.experiment.fit import TrainState
from numerics.experiment.tracking.open_loop import train_tracking_open_loop
from numerics.experiment.tracking.staircase import acquisition, ascending, idle_losses
from numerics.experiment.tracking.train import train_tracking
from numerics.replay.results import COMPLETED, Run, stopped
from numerics.replay.tracking import TrackingReplay

INTERVAL = 60.0
"""Seconds from one writing of a run to the next: what a power cut may cost."""


ORDERS = {True: "low frequencies first", False: "not in the order of frequencies", None: "order undecided as yet"}


def halted(run: Run) -> bool:
    """Whether a run was stopped before its end and can be resumed."""
    return run.status == stopped(run.loss.size)


@contextmanager
def _requests() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed or the end requested; a second Ctrl-C interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = False

    def ask(number, frame) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check_replaced(out: Path, epochs: int) -> None:
    """Refuse to put a run in the place of a longer one.

    :param epochs: number of epochs to be made
    :raises InputError: if a longer tracking run is there
    """
    if not out.is_file():
        return
    try:
        there = Run.load(out)
    except InputError:
        return
    longer = "frequency_loss" in there.history and there.loss.size > epochs
    found = f"--out must not hold a longer run; found {counted(there.loss.size, 'epoch')} in {out}"
    require(not longer, f"{found}; remove it, name another, or ask for more --epochs with --resume")


def track(
    replay: TrackingReplay,
    out: Path,
    teacher: Weights | None,
    every: int,
    resume: bool,
    report: Callable[[str, int, int], None],
    interval: float = INTERVAL,
) -> Run:
    """Make a run, write it every minute and at its end, and where it is interrupted.

    :param replay: the run to be made
    :param teacher: the teacher of an open-loop run, or None for closed loop
    :param every: epochs from one look at spectra and loss per frequency to the next
    :param resume: whether to go on with the run in ``out``
    :param report: called with what is done, epochs done and epochs in all
    :param interval: seconds from one writing to the next
    """
    config = {**replay.config(), **_identity(teacher), "every": every}
    state = load_state(out, replay, config) if resume else TrainState.start(replay.weights, replay.settings)
    last = time.monotonic()
    with _requests() as asked:

        def halt(now: TrainState) -> bool:
            nonlocal last
            if time.monotonic() - last > interval:
                save_state(out, run_so_far(now, config), now, replay)
                last = time.monotonic()
            return asked()

        train = train_tracking if teacher is None else partial(train_tracking_open_loop, teacher=teacher)
        run = train(replay, every=every, progress=named(report, "training"), state=state, halt=halt)
        run = Run(run.kind, run.status, run.history, run.weights, config)
        if run.status == COMPLETED or halted(run):
            save_state(out, run, state, replay)
        else:
            run.save(out)
    return run


def _identity(teacher: Weights | None) -> dict:
    if teacher is None:
        return {}
    sha = hashlib.sha256()
    for name, array in sorted(teacher.arrays().items()):
        sha.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return {"task": "tracking_open_loop", "teacher": sha.hexdigest()}


def summary(replay: TrackingReplay, run: Run, out: Path) -> str:
    """The end of a run in a few lines: status, loss, and when each frequency was acquired.

    :param replay: the run that was made
    :param run: its result
    """
    loss = f"loss {run.loss[0]:.6g} -> {run.loss[-1]:.6g}" if run.loss.size else "no finite loss"
    lines = [f"{out}: {run.status}, {counted(run.loss.size, 'epoch')}, {loss}"]
    if run.loss.size:
        task = replay.task
        found = acquisition(run.history["frequency_loss"], idle_losses(task))
        words = [
            f"{f:g} Hz {'not acquired' if epoch is None else f'from epoch {epoch}'}"
            for f, epoch in sorted(zip(task.frequencies.tolist(), found, strict=True))
        ]
        lines.append(f"{', '.join(words)}: {ORDERS[ascending(found, task.frequencies)]}")
    return "\n".join(lines)
