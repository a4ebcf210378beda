"""The same network, the same initial weights, two ways of training: closed loop beside open loop."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from derivations.progress import Progress, named
from numerics.common.errors import InputError, require
from numerics.common.files import read_arrays
from numerics.common.plants import double_integrator
from numerics.common.spike import Spike, spike
from numerics.common.weights import Weights
from numerics.experiment.observe import ALL_OBSERVERS, Every, Observer
from numerics.experiment.open_loop import open_loop_replay, train_open_loop
from numerics.experiment.population_states import population_observer
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.open_loop.predicted_spike import predicted_spike
from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import PAPER_VARIANCE, OpenLoopReplay
from numerics.replay.results import COMPLETED, Run

HALF_WIDTHS = {"rank-one": 2.0, "full": 1.0}
"""a of the distribution of x_0, uniform on [-a, a]², in the two protocols."""

SPARSE = 5
"""Epochs between spectra of a network that has no exact map."""


@dataclass(frozen=True)
class Comparison:
    """One network, both ways; every history is taken before the updates.

    :param closed: closed-loop run, with the population loss as ``test_loss``
    :param opened: open-loop run, with the same closed-loop ``test_loss``
    :param replay: what the open-loop run is a function of
    :param exact: both runs by the exact map; None if they do not close on the overlaps
    :param predicted: the open-loop spike by theory, from the initial Gram matrix and the teacher; None likewise, and
        for inputs that are not white
    """

    closed: Run
    opened: Run
    replay: OpenLoopReplay
    exact: tuple[Run, Run] | None
    predicted: Spike | None

    @property
    def spikes(self) -> tuple[Spike, Spike]:
        """Largest rise of the closed-loop test loss, in closed and in open loop."""
        return spike(self.closed.history["test_loss"]), spike(self.opened.history["test_loss"])

    @property
    def stabilisations(self) -> tuple[int | None, int | None]:
        """Epochs from which the joint system stays stable, in closed and in open loop."""
        closed, opened = self.exact or (self.closed, self.opened)
        return closed.stabilisation(), opened.stabilisation()

    @property
    def difference(self) -> float | None:
        """Largest difference of the exact map's overlaps to those of direct training, both runs, over learning.

        Of networks other than rank one, of the final weights.
        """
        if self.exact is None:
            return None
        pairs = list(zip(self.exact, (self.closed, self.opened), strict=True))
        gaps = [theory.weights.stack - run.weights.stack for theory, run in pairs]
        if self.rank_one:
            shared = [min(len(theory.loss), len(run.loss)) for theory, run in pairs]
            gaps = [a.overlaps[:k] - b.overlaps[:k] for (a, b), k in zip(pairs, shared, strict=True)]
        return max((float(np.abs(gap).max()) for gap in gaps if gap.size), default=0.0)

    @property
    def rank_one(self) -> bool:
        """Whether the network has four overlaps."""
        return "overlaps" in self.closed.history

    @property
    def double_integrator(self) -> bool:
        """Whether the plant is the default one, of whose gains the theory speaks in closed form."""
        plant, default = self.replay.plant, double_integrator()
        return plant.shape == default.shape and plant.values == default.values


def check_teacher(path: Path | None, replays: Sequence[Replay]) -> None:
    """Whether a teacher that is a run's result had the students' activation and leak; both are shared.

    :param path: the teacher's file, if there is one
    :param replays: the students' runs
    :raises InputError: if it had others
    """
    arrays = {} if path is None else read_arrays(path)
    if "config" not in arrays:
        return
    config = json.loads(str(arrays["config"]))
    for replay, name in product(replays, ("activation", "leak")):
        own, found = getattr(replay.settings, name), config.get(name, getattr(replay.settings, name))
        require(own == found, f"--teacher must share the student's {name}, {own}; found {found} in {path}")


def compare(
    replay: Replay,
    teacher: Weights | None = None,
    inputs: str = "white",
    variance: float = PAPER_VARIANCE,
    half_width: float = HALF_WIDTHS["rank-one"],
    progress: Progress | None = None,
) -> Comparison:
    """Train a network in closed loop, then the same initial network in open loop.

    :param replay: the closed-loop run
    :param teacher: weights of the open-loop teacher; those at the end of the closed-loop run by default
    :param inputs: ``"white"`` or ``"teacher"``
    :param variance: variance of white inputs
    :param half_width: a of the closed-loop test, x_0 uniform on [-a, a]ⁿ
    :raises InputError: if the closed-loop run is to be the teacher and diverges
    """
    exact, kind = _exact(descend, replay), "low-rank" if replay.weights.w is None else "full"
    own = {"test_loss": population_observer(half_width), **_observers(exact)}
    closed = train(replay, own, named(progress, f"{kind} network, closed loop"))
    usable = teacher is not None or closed.completed
    require(
        usable,
        f"closed-loop run must complete to be the teacher; found {closed.status}; lower learning_rate, set clip, or give a teacher",
    )
    opened = open_loop_replay(replay, teacher or closed.weights, inputs, variance, half_width=half_width)
    run = train_open_loop(opened, _observers(exact), named(progress, f"{kind} network, open loop"))
    if exact is None:
        return Comparison(closed, run, opened, None, None)
    predicted = predicted_spike(opened, variance) if inputs == "white" else None
    return Comparison(closed, run, opened, (exact, descend_open_loop(opened)), predicted)


def _observers(exact: Run | None) -> dict[str, Observer]:
    """What both runs record; the spectrum only where the exact map does not give it."""
    spectrum = {} if exact else {"eigenvalues": Every(ALL_OBSERVERS["eigenvalues"], SPARSE)}
    return {"overlaps": ALL_OBSERVERS["overlaps"], "gains": ALL_OBSERVERS["gains"], **spectrum}


def _exact(job: Callable[[Replay], Run], replay: Replay) -> Run | None:
    """The run by the exact map, or None if it does not close on the overlaps."""
    try:
        return job(replay)
    except InputError:
        return None


def summary(comparison: Comparison) -> dict:
    """What both ways led to, as plain values."""
    found: dict = {}
    for name, run, peak, stable in zip(
        ("closed", "open"),
        (comparison.closed, comparison.opened),
        comparison.spikes,
        comparison.stabilisations,
        strict=True,
    ):
        tests = run.history["test_loss"]
        found[name] = {
            "status": run.status,
            "stabilisation": stable if run.completed else None,
            "test_loss_initial": float(tests[0]),
            "test_loss_final": float(tests[-1]),
            "spike": peak.found,
            "rise": peak.rise,
            "rise_epoch": peak.epoch,
            "still_rising": run.completed and peak.epoch == len(tests) - 1,
            "gains": run.history["gains"][-1].ravel().tolist(),
        }
    predicted = comparison.predicted
    if predicted:
        found["open"] |= {"predicted_rise": predicted.rise, "predicted_rise_epoch": predicted.epoch}
    drawn = {"half_width": comparison.replay.half_width, "seed": comparison.replay.seed}
    return {**found, **drawn, "difference_exact_direct": comparison.difference}


ROWS = (
    ("stable from epoch", "stabilisation"),
    ("test loss, first epoch", "test_loss_initial"),
    ("test loss, last epoch", "test_loss_final"),
    ("largest rise of the test loss", "rise"),
    ("  at epoch", "rise_epoch"),
    ("  predicted", "predicted_rise"),
    ("  predicted epoch", "predicted_rise_epoch"),
)


def _risen(way: dict) -> dict:
    """The same without rises of a loss that never rose."""
    pairs = (("rise", "rise_epoch"), ("predicted_rise", "predicted_rise_epoch"))
    flat = {name for pair in pairs for name in pair if way.get(pair[0]) == 1}
    return {name: None if name in flat else value for name, value in way.items()}


def table(found: dict) -> str:
    """A summary as text: one row a quantity, one column a way of training.

    :param found: the result of :func:`summary`
    """

    def shown(value) -> str:
        return "-" if value is None else f"{value:.4g}"

    found = {**found, "closed": _risen(found["closed"]), "open": _risen(found["open"])}

    lines = [
        f"{'seed ' + str(found['seed']) if found['seed'] is not None else '':32}{'closed loop':>14}{'open loop':>14}"
    ]
    lines += [
        f"{label:32}{shown(found['closed'].get(key)):>14}{shown(found['open'].get(key)):>14}" for label, key in ROWS
    ]
    for index, name in enumerate(("k_1", "k_2")):
        values = [
            shown(found[way]["gains"][index]) if len(found[way]["gains"]) == 2 else "-" for way in ("closed", "open")
        ]
        lines.append(f"{'regressed gain ' + name + ', last epoch':32}{values[0]:>14}{values[1]:>14}")
    for way in ("closed", "open"):
        if found[way]["status"] != COMPLETED:
            lines.append(f"{way} loop: {found[way]['status']}; its numbers are those up to there")
        if found[way]["still_rising"]:
            lines.append(f"{way} loop: the test loss still rises at the last epoch; take more --epochs")
    if None in (found["closed"]["rise"], found["open"]["rise"]):
        lines.append("largest rise -: the test loss is never above an earlier one")
    lines.append(f"test loss: mean over x_0 uniform on ±{found['half_width']:g}")
    if found["difference_exact_direct"] is not None:
        lines.append(f"exact map and direct training differ by {found['difference_exact_direct']:.1e}")
    return "\n".join(lines)
