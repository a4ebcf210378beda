"""When tracking acquires each frequency: predictions from the initial weights, made before the runs, and the runs.

``python -m derivations.studies.acquisition FILE`` predicts a run, writes the prediction to FILE, then makes the run and
writes what was measured beside it, one after another. A file that exists is continued: its predictions stay as they
are. At the end the table is printed.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np

from derivations.evidence.tracking import followed, growing
from derivations.progress import Progress
from numerics.common.files import write_text
from numerics.experiment.tracking.staircase import acquisition, idle_losses
from numerics.reduced.tracking.clock import law
from numerics.reduced.tracking.forecast import OPENING, forecast
from numerics.replay.tracking import TrackingReplay, tracking_replay
from numerics.replay.tracking_task import TrackingTask

EVERY = 5
HIT = 1.3
"""A predicted epoch within this factor of the measured one is a hit."""
Epochs = list[int | None]
Told = dict[str, Epochs]
"""Epochs of acquisition, frequencies ascending, by who tells them."""
PLAIN = {"optimizer": "sgd", "learning_rate": 0.02, "clip": 1.0}
HEAVY = PLAIN | {"optimizer": "momentum", "learning_rate": 0.002}
OTHER = TrackingTask(frequencies_x=(0.15, 0.25), frequencies_y=(0.1, 0.35))
ONE_AXIS = TrackingTask(amplitude=(2.31, 2.31, 2.31, 1e-3), frequencies_x=(0.1, 0.2, 0.3), frequencies_y=(0.4,))


@dataclass(frozen=True)
class Condition:
    """A kind of run.

    :param name: what it is, in words
    :param seeds: the seeds
    :param epochs: number of updates
    :param task: the task
    :param strength: g
    :param settings: fields of the training that differ from the protocol
    """

    name: str
    seeds: tuple[int, ...]
    epochs: int
    task: TrackingTask = field(default_factory=TrackingTask)
    strength: float = 0.2
    settings: dict = field(default_factory=dict)

    def replay(self, seed: int) -> TrackingReplay:
        """A run of this kind.

        :param seed: the seed
        """
        return tracking_replay(seed, self.epochs, strength=self.strength, task=self.task, **self.settings)


CONDITIONS = (
    Condition("protocol", (11, 12, 13), 5000),
    Condition("amplitudes in proportion to f", (3,), 3000, growing(1)),
    Condition("amplitudes in proportion to f²", (3,), 2000, growing(2)),
    Condition("0.1, 0.15, 0.25, 0.35 Hz", (2,), 2000, OTHER),
    Condition("one axis: 0.1, 0.2, 0.3 Hz", (2,), 2000, ONE_AXIS),
    Condition("g = 0.05", (2,), 2000, strength=0.05),
    Condition("g = 0.5", (2,), 2000, strength=0.5),
    Condition("gradient descent, W_0 = 0", (2,), 2000, strength=0.0, settings=PLAIN),
    Condition("momentum 0.9, W_0 = 0", (2,), 2000, strength=0.0, settings=HEAVY),
    Condition("gradient descent, g = 0.2", (2,), 2000, settings=PLAIN),
    Condition("protocol, seen before", tuple(range(11)), 5000),
)


def _ascending(task: TrackingTask, epochs: Sequence) -> list:
    return [epochs[index] for index in np.argsort(task.frequencies)]


def predict(condition: Condition, seed: int) -> Told:
    """Acquisition epochs before the run, frequencies ascending.

    ``opening``: by the word space from the initial weights and the run's first 30 batches; ``alone``: from the initial
    weights with other batches; ``law``: in closed form, with the second moments that the first 30 batches leave.

    :param condition: the kind of run
    :param seed: the seed
    """
    replay = condition.replay(seed)
    task, settings, idle = replay.task, replay.settings, idle_losses(condition.task)
    opening = np.stack([replay.phases(epoch) for epoch in range(OPENING)])
    told = forecast(replay.weights, task, settings, condition.epochs, opening=opening)
    adam = settings.optimizer == "adam"
    alone = forecast(replay.weights, task, settings, condition.epochs, seed=seed + 10**6) if adam else told
    closed = law(task, replay.weights, settings, told.scale)
    epochs = [round(float(epoch)) if epoch < condition.epochs else None for epoch in closed]
    found = {"opening": acquisition(told.losses, idle), "alone": acquisition(alone.losses, idle), "law": epochs}
    return {kind: _ascending(task, values) for kind, values in found.items()}


def measure(condition: Condition, seed: int, progress: Progress | None = None) -> Told:
    """Acquisition epochs of the run, ``measured``, frequencies ascending.

    :param condition: the kind of run
    :param seed: the seed
    :param progress: called with (what, done, in all)
    """
    return {"measured": _ascending(condition.task, followed(condition.replay(seed), EVERY, progress).acquired)}


def verdict(predicted: Sequence[int | None], measured: Sequence[int | None]) -> tuple[int, int]:
    """Hits, and how many frequencies count: those that were predicted or seen within the run. One of both is a miss.

    :param predicted: predicted epochs
    :param measured: measured epochs
    """
    pairs = [pair for pair in zip(predicted, measured, strict=True) if pair != (None, None)]
    return sum(ratio <= HIT and 1 / ratio <= HIT for ratio in factors(predicted, measured)), len(pairs)


def factors(predicted: Sequence[int | None], measured: Sequence[int | None]) -> list[float]:
    """Predicted over measured epoch where both are there.

    :param predicted: predicted epochs
    :param measured: measured epochs
    """
    return [p / m for p, m in zip(predicted, measured, strict=True) if p is not None and m is not None]


def table(found: Sequence[dict]) -> str:
    """One line a run, then hits and factors over all of a condition.

    :param found: records with ``condition``, ``seed``, the predictions and, once run, ``measured``
    """
    heads = " | ".join(f"{kind} | hits" for kind in _KINDS)
    lines = [f"| condition | seed | measured | {heads} |", "|---" * (3 + 2 * len(_KINDS)) + "|"]
    done = [r for r in found if "measured" in r]
    for r in done:
        cells = [f"{_told(r[kind])} | {'{} of {}'.format(*verdict(r[kind], r['measured']))}" for kind in _KINDS]
        lines.append(f"| {r['condition']} | {r['seed']} | {_told(r['measured'])} | {' | '.join(cells)} |")
    for kind in _KINDS:
        lines += ["", f"{kind}: predicted over measured epoch, median and range; hits within a factor {HIT:g}"]
        for name in dict.fromkeys(r["condition"] for r in done):
            lines.append(_summary(name, [(r[kind], r["measured"]) for r in done if r["condition"] == name]))
    return "\n".join(lines)


_KINDS = ("opening", "alone", "law")


def _summary(name: str, pairs: Sequence[tuple[Epochs, Epochs]]) -> str:
    ratios = [ratio for pair in pairs for ratio in factors(*pair)]
    hits, count = (sum(column) for column in zip(*(verdict(*pair) for pair in pairs), strict=True))
    spread = f"{np.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}; " if ratios else ""
    return f"{name}: {spread}hits {hits} of {count}"


def _told(epochs: Sequence[int | None]) -> str:
    return ", ".join("-" if epoch is None else str(epoch) for epoch in epochs)


def _main(path: Path, conditions: Sequence[Condition] = CONDITIONS) -> None:
    found = json.loads(path.read_text()) if path.exists() else []
    known = {(record["condition"], record["seed"]): record for record in found}
    rounds = zip_longest(*([(condition, seed) for seed in condition.seeds] for condition in conditions))
    jobs = [job for a_round in rounds for job in a_round if job]
    for condition, seed in jobs:
        record = known.setdefault((condition.name, seed), {"condition": condition.name, "seed": seed})
        for make, last in ((predict, "law"), (measure, "measured")):
            if last not in record:
                record |= make(condition, seed)
            write_text(path, json.dumps(list(known.values())))
    print(table(list(known.values())))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
