"""Full linear networks: the small network of their words beside direct training of every weight."""

from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.protocol import backends
from benchmarks.table import Cell, Table
from benchmarks.timing import Call, Timing, in_turns, seconds
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import Replay, full_replay

EPOCHS, TRAINED = 1000, 50  # epochs of the small network, and epochs of direct training that are timed and scaled
LIMIT = 1e-9
TARGET = 100.0
DIRECT = "direct training, numpy"
WORDS = {"numba": "small network, numba", "python": "small network, numpy"}


def without_recurrence(epochs: int) -> Replay:
    """The full protocol with linear neurons and W_0 = 0.

    :param epochs: number of updates
    """
    replay = full_replay(0, epochs, activation="linear")
    return replace(replay, weights=replay.weights.updated({"w": np.zeros_like(replay.weights.w)}))


def full_linear() -> Table:
    """Time both, in turns, and check that they are the same computation.

    :raises SystemExit: if they are not
    """
    replay = without_recurrence(EPOCHS)
    first = replace(replay, x0=replay.x0[:TRAINED])
    compiling = seconds(partial(descend, first, backends()[-1]))
    small = {WORDS[backend]: partial(descend, replay, backend) for backend in backends()}
    calls: dict[str, Call] = {**small, DIRECT: partial(train, first, {})}
    timings = in_turns(calls)
    timings[DIRECT] = timings[DIRECT].scaled(EPOCHS / TRAINED)
    gap = float(np.abs(descend(first, backends()[-1]).loss / train(first, {}).loss - 1).max())
    if not gap <= LIMIT:
        raise SystemExit(f"the small network must learn as the full one does; losses differ by {gap:.1e}")
    return Table(
        f"7. {EPOCHS} epochs of full linear networks at W_0 = 0 (N = 100, T = 50, batch 100, SGD 0.01, clip 1)",
        ["method", "seconds", "fastest", "slowest", "times faster", "target", "result"],
        [_row(name, timing, timings[DIRECT]) for name, timing in timings.items()],
        [
            f"direct training: {TRAINED} epochs timed and scaled, loss and gradient norm alone; "
            "small network: all epochs, with the joint spectrum of each",
            f"before the first epoch: compilation and {TRAINED} epochs {compiling:.2f} s; in no row",
            f"same losses over {TRAINED} epochs within {gap:.1e} relative (limit {LIMIT:.0e})",
        ],
    )


def _row(name: str, timing: Timing, direct: Timing) -> list[Cell]:
    ratio = None if name == DIRECT else direct.median / timing.median
    judged = name == WORDS["numba"] and ratio is not None
    result = ("met" if ratio >= TARGET else "NOT MET") if judged else None
    return [name, timing.median, timing.low, timing.high, ratio, f">= {TARGET:g}x" if judged else None, result]
