"""Training of every weight of a tanh network, in closed and open loop, beside the same loops in PyTorch."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.protocol import INSTALL, checked
from benchmarks.table import Cell, Table
from benchmarks.timing import Timing, in_turns
from numerics.common.weights import full_weights
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.train import train
from numerics.replay.closed_loop import Replay, full_replay
from numerics.replay.open_loop import OpenLoopReplay

EPOCHS, CHECKED, ROUNDS = 50, 20, 7
TARGET = 2.0
MILLI = 1e3
COLUMNS = ("loop", "numpy", "fastest", "slowest", "autograd, 1", "autograd, 2", "times faster", "target", "result")
CLOSED, OPEN = "closed loop", "open loop"
THREADS = "autograd on 1 and on 2 threads, judged by the better; numpy on 2, half of a batch each, one BLAS thread"


def replays(epochs: int) -> tuple[Replay, OpenLoopReplay]:
    """The full protocol in closed loop, and the same student of a teacher drawn as it is, with g = 0.5."""
    closed = full_replay(0, epochs=epochs)
    return closed, open_loop_replay(closed, full_weights(np.random.default_rng(1), strength=0.5))


def full_training() -> Table:
    """Time both loops, and the autograd loops with one and two threads, in turns."""
    found = find_spec("torch") is not None
    notes = _agreement() if found else [INSTALL]
    closed, opened = replays(EPOCHS)
    calls: dict[tuple[str, int], Callable[[], object]] = {
        (CLOSED, 0): partial(train, closed, {}),
        (OPEN, 0): partial(train_open_loop, opened, {}, test=False),
    }
    if found:
        from benchmarks import autograd

        for threads in (1, 2):
            calls[CLOSED, threads] = partial(autograd.train_full, closed, EPOCHS, threads)
            calls[OPEN, threads] = partial(autograd.train_student, opened, EPOCHS, threads)
    times = {name: timing.scaled(MILLI / EPOCHS) for name, timing in in_turns(calls, ROUNDS).items()}
    return Table(
        "4. Milliseconds an update, full tanh training (N = 100, T = 50, batch 100, SGD 0.01, clip 1)",
        COLUMNS,
        [_row(loop, times) for loop in (CLOSED, OPEN)],
        [*notes, THREADS, f"{EPOCHS} epochs a turn, {ROUNDS} turns, after warm-up"],
    )


def _row(loop: str, times: dict[tuple[str, int], Timing]) -> list[Cell]:
    own = times[loop, 0]
    others = [times[loop, threads].median if (loop, threads) in times else None for threads in (1, 2)]
    known = [time for time in others if time is not None]
    ratio = min(known) / own.median if known else None
    result = None if ratio is None else "met" if ratio >= TARGET else "NOT MET"
    return [loop, own.median, own.low, own.high, *others, ratio, f">= {TARGET:g}x", result]


def _agreement() -> list[str]:
    """How far the losses of the autograd loops are apart from ours, one line each.

    :raises SystemExit: if they are not the same computation
    """
    from benchmarks import autograd

    closed, opened = replays(CHECKED)
    own = {CLOSED: train(closed, {}).loss, OPEN: train_open_loop(opened, {}, test=False).loss}
    other = {CLOSED: autograd.train_full(closed, CHECKED), OPEN: autograd.train_student(opened, CHECKED)}
    return [checked(f"autograd, {loop}", other[loop], own[loop]) for loop in own]
