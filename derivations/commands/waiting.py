"""What is shown while a command works: a bar on a terminal, lines elsewhere, both on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from derivations.progress import Progress as Report

PATIENCE = 2.0
"""Seconds of work before anything is shown."""
PAUSE = 10.0
"""Seconds between two lines."""


class _Display(Protocol):
    def show(self, what: str, done: int, total: int, left: float | None) -> None: ...

    def close(self) -> None: ...


class _Bar:
    """A bar with the time left, gone at the end."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=console, transient=True)
        self.task = self.bar.add_task("", total=None)

    def show(self, what: str, done: int, total: int, left: float | None) -> None:
        self.bar.start()
        self.bar.update(self.task, description=what, completed=done, total=total or None)

    def close(self) -> None:
        if self.bar.live.is_started:
            self.bar.stop()


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self.last = -float("inf")

    def show(self, what: str, done: int, total: int, left: float | None) -> None:
        if time.monotonic() - self.last > PAUSE:
            self.last = time.monotonic()
            print(f"{what}: {done}/{total}{_left(left)}" if total else f"{what} …", file=sys.stderr)

    def close(self) -> None:
        pass


@contextmanager
def progress() -> Iterator[Report]:
    """What to call with (what, done, in all); shown once work has taken over two seconds.

    What takes long before its next report is shown once the two seconds are over.
    """
    console = Console(stderr=True)
    display: _Display = _Bar(console) if console.is_terminal else _Lines()
    start, begun = time.monotonic(), dict[str, tuple[float, int, int]]()
    latest: tuple[str, int, int, float | None] = ("starting", 0, 0, None)

    def report(what: str, done: int, total: int) -> None:
        nonlocal latest
        now = time.monotonic()
        since, before, last = begun.get(what, (now, done, done))
        if done < last:  # the same work once more, from its start
            since, before = now, done
        begun[what] = since, before, done
        left = (total - done) * (now - since) / (done - before) if done > before else None
        latest = (what, done, total, left)
        if now - start >= PATIENCE:
            display.show(*latest)

    timer = Timer(PATIENCE + 0.5, lambda: display.show(*latest))
    timer.daemon = True
    timer.start()
    try:
        yield report
    finally:
        timer.cancel()
        display.close()


def _left(seconds: float | None) -> str:
    """The time left in words, nothing if it is not known."""
    if seconds is None:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 120 else f", about {seconds / 60:.0f} min left"
