"""Learning of full linear networks predicted from the limit of many neurons, beside networks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from derivations.progress import Progress, each
from numerics.common.spike import Spike, spike
from numerics.common.weights import full_weights
from numerics.experiment.open_loop import open_loop_replay
from numerics.reduced.descent import descend
from numerics.reduced.iterate import resolve_backend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.words.limit import limit_run
from numerics.reduced.words.limit_open_loop import limit_open_loop
from numerics.reduced.words.rollout import STEP
from numerics.replay.closed_loop import Replay, full_replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings

STRENGTHS = (0.0, 0.1, 0.3, 0.5)
SIZES = (50, 100, 400, 1600)
NETWORKS = 20
EPOCHS = 300
WORDS = 3
PENALTY, TAUGHT = 5.0, 600
"""Control cost and updates of open-loop teachers; without a cost they would be unstable alone."""


@dataclass(frozen=True)
class Row:
    """The prediction for one g and N, and networks.

    :param strength: g
    :param predicted: epoch of stabilisation in the limit, None if it is not reached
    :param found: that of every network that stabilises
    :param networks: number of networks
    :param estimate: largest estimate of a network's relative error of the loss
    """

    strength: float
    neurons: int
    predicted: int | None
    found: tuple[int, ...]
    networks: int
    estimate: float

    @property
    def median(self) -> float:
        """Median of the networks."""
        return float(np.median(self.found)) if self.found else np.nan

    @property
    def spread(self) -> tuple[float, float]:
        """From the tenth to the ninetieth of a hundred networks."""
        if not self.found:
            return np.nan, np.nan
        low, high = np.quantile(self.found, (0.1, 0.9))
        return float(low), float(high)


def network_replay(seed: int, strength: float, neurons: int, epochs: int = EPOCHS, batch: int = 100) -> Replay:
    """A run of the full protocol with linear neurons and any g.

    :param strength: g
    :param batch: episodes per update
    """
    replay = full_replay(seed, epochs, batch, neurons, activation="linear")
    return replace(replay, weights=full_weights(np.random.default_rng(seed), neurons, strength))


def row(
    strength: float,
    neurons: int,
    seeds: Sequence[int],
    words: int = WORDS,
    epochs: int = EPOCHS,
    backend: str = "auto",
) -> Row:
    """One g and N: the limit, and networks on their own words.

    :param strength: g
    :param seeds: seeds of the networks
    :param words: length of the longest words, in the limit and in the networks
    :param backend: of the networks
    """
    length = words if strength else 0
    predicted = limit_run(strength, neurons, length, epochs).stabilisation()
    runs = [descend(network_replay(seed, strength, neurons, epochs), backend, length) for seed in seeds]
    found = tuple(epoch for run in runs if (epoch := run.stabilisation()) is not None)
    estimate = max((run.config["error_estimate"] for run in runs), default=0.0)
    return Row(strength, neurons, predicted, found, len(runs), estimate)


def table(
    strengths: Sequence[float] = STRENGTHS,
    sizes: Sequence[int] = SIZES,
    networks: int = NETWORKS,
    progress: Progress | None = None,
) -> list[Row]:
    """Every g and N.

    :param strengths: values of g
    :param sizes: values of N
    :param networks: networks a row
    """
    wanted = [(g, n) for g in strengths for n in sizes]
    tasks = each(wanted, lambda pair: f"full networks, g = {pair[0]:g}, N = {pair[1]}", progress)
    steps = len(wanted) * networks * EPOCHS * Settings().horizon
    backend = resolve_backend("auto", steps * STEP)
    return [row(g, n, range(networks), backend=backend) for g, n in tasks]


def report(rows: Sequence[Row]) -> str:
    """The table as text."""
    head = "| g | N | predicted | networks: median (10 to 90 %) | of |\n|---|---|---|---|---|"
    lines = []
    for line in rows:
        low, high = line.spread
        told = "none" if line.predicted is None else line.predicted
        stable = f"{len(line.found)}/{line.networks}"
        lines.append(
            f"| {line.strength:g} | {line.neurons} | {told} | {line.median:g} ({low:g} to {high:g}) | {stable} |"
        )
    return "\n".join([head, *lines])


@dataclass(frozen=True)
class SpikeRow:
    """The spike of open-loop learning in the limit, and in networks.

    :param strength: g
    :param neurons: N
    :param predicted: the limit's
    :param found: the networks'
    """

    strength: float
    neurons: int
    predicted: Spike
    found: tuple[Spike, ...]


def spikes(strength: float, neurons: int, seeds: Sequence[int], words: int = 1, epochs: int = 300) -> SpikeRow:
    """Open-loop learning of full linear networks, each taught by its own closed-loop run with a control cost.

    :param strength: g
    :param neurons: N
    :param seeds: seeds of the networks
    :param words: length of the longest words, in the limit and in the networks
    :param epochs: number of updates of the students
    """
    limit = limit_open_loop(strength, neurons, words, epochs, PENALTY, taught_for=TAUGHT)
    found = []
    for seed in seeds:
        closed = network_replay(seed, strength, neurons, TAUGHT)
        costly = replace(closed, settings=replace(closed.settings, control_penalty=PENALTY))
        teacher = descend(costly, words=words).weights
        student = open_loop_replay(replace(closed, x0=closed.x0[:epochs]), teacher, half_width=1.0)
        found.append(spike(descend_open_loop(student, words=words).history["test_loss"]))
    return SpikeRow(strength, neurons, spike(limit.history["test_loss"]), tuple(found))


def contents(run: Run, row: Row | None) -> dict:
    """A prediction as plain values.

    :param run: the run in the limit
    :param row: networks beside it
    """
    found = {
        "strength": run.config["strength"],
        "neurons": run.config["neurons"],
        "words": run.config["words"],
        "error_estimate": estimate if np.isfinite(estimate := run.config["error_estimate"]) else None,
        "status": run.status,
        "stabilisation": run.stabilisation(),
        "loss": run.loss.tolist(),
        "spectral_radius": run.spectral_radius.tolist(),
    }
    if row is not None:
        found["networks"] = {"median": row.median if row.found else None, "stabilisation": list(row.found)}
    return found
