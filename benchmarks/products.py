"""An update of full tanh training in closed loop beside the time of its own matrix products alone."""

from functools import partial

import numpy as np

from benchmarks.full import EPOCHS, MILLI, ROUNDS
from benchmarks.table import Table
from benchmarks.timing import in_turns
from numerics.common.threads import single_threaded
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.train import train
from numerics.replay.closed_loop import Replay, full_replay

TARGET = 80.0
"""Per cent of an update that its products should take."""


class _Part:
    """The products of a part of a batch: as many, of the same shapes and in as much memory as in the update."""

    def __init__(self, replay: Replay, batch: int) -> None:
        width = replay.weights.neurons + replay.plant.shape[0]
        rng = np.random.default_rng(0)
        self.joint, self.plant = rng.normal(size=(width, width)) / width, replay.plant.shape[0]
        self.states, self.slopes = rng.normal(size=(2, replay.settings.horizon, batch, width))
        self.total = np.empty((width, width))

    def multiply(self) -> tuple[float, dict[str, np.ndarray]]:
        """Forward from h_0 = 0, back to the first step that has read, and the gradient of the joint matrix."""
        states, slopes, joint = self.states, self.slopes, self.joint
        forward = np.ascontiguousarray(joint.T)
        np.dot(states[0, :, -self.plant :], forward[-self.plant :], out=states[1])
        for t in range(2, len(states)):
            np.dot(states[t - 1], forward, out=states[t])
        for t in range(len(slopes) - 1, 1, -1):
            np.dot(slopes[t], joint, out=slopes[t - 1])
        width = len(joint)
        np.dot(slopes[1:].reshape(-1, width).T, states[:-1].reshape(-1, width), out=self.total)
        return 0.0, {}


def _multiply(replay: Replay) -> None:
    """The products of all updates of a run, on the threads of the run."""
    rows = batch_parts(replay.weights, replay.x0.shape[1])
    parts = [_Part(replay, part.stop - part.start) for part in rows]
    with single_threaded(), helpers() as pool, np.errstate(all="ignore"):
        for _ in range(replay.epochs):
            mean_of_parts(lambda i: parts[i].multiply(), rows, pool)


def products() -> Table:
    """Time updates and their products in turns."""
    replay = full_replay(0, epochs=EPOCHS)
    calls = {"update": partial(train, replay, {}), "products": partial(_multiply, replay)}
    times = {name: timing.scaled(MILLI / EPOCHS) for name, timing in in_turns(calls, ROUNDS).items()}
    share = 100 * times["products"].median / times["update"].median
    return Table(
        "5. Milliseconds an update, full tanh training in closed loop, and its matrix products alone",
        ("loop", "update", "products", "share, %", "target", "result"),
        [
            [
                "closed loop",
                times["update"].median,
                times["products"].median,
                share,
                f">= {TARGET:g} %",
                "met" if share >= TARGET else "NOT MET",
            ]
        ],
        ["the same shapes and number of products, on the same threads", f"{EPOCHS} epochs a turn, {ROUNDS} turns"],
    )
