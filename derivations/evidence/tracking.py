"""Runs of the tracking protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from derivations.progress import Progress, named
from numerics.common.weights import Weights
from numerics.experiment.tracking.loop import track
from numerics.experiment.tracking.measures import frequency_losses
from numerics.experiment.tracking.staircase import acquisition, competition, idle_losses
from numerics.experiment.tracking.train import train_tracking
from numerics.reduced.tracking.episodes import episode_losses
from numerics.replay.results import Run
from numerics.replay.tracking import TrackingReplay, tracking_replay
from numerics.replay.tracking_task import TrackingTask

EPOCHS, EVERY = 5000, 10


@dataclass(frozen=True)
class TrackingSeed:
    """One run of the tracking protocol.

    :param replay: what the run is a function of
    """

    seed: int
    replay: TrackingReplay
    run: Run

    @cached_property
    def idle(self) -> np.ndarray:
        """Loss of every frequency with the plant at rest."""
        return idle_losses(self.replay.task)

    @cached_property
    def acquired(self) -> list[int | None]:
        """Epoch of acquisition of every frequency."""
        return acquisition(self.run.history["frequency_loss"], self.idle)


def tracked(seeds: Sequence[int], progress: Progress | None) -> list[TrackingSeed]:
    """Runs of the tracking protocol, 5000 epochs, one a seed."""
    return [followed(tracking_replay(seed, EPOCHS), EVERY, progress) for seed in seeds]


FEW = (0, 1)
"""Seeds of the runs that differ from the protocol."""


def growing(power: float) -> TrackingTask:
    """The task with amplitudes in proportion to a power of the frequency, the largest one the protocol's."""
    task = TrackingTask()
    return replace(task, amplitude=tuple(task.amplitude * (task.frequencies / task.frequencies.max()) ** power))


def proportional(progress: Progress | None) -> list[TrackingSeed]:
    """Tracking with amplitudes in proportion to the frequency, seeds 0 and 1."""
    return [followed(tracking_replay(seed, EPOCHS, task=growing(1)), EVERY, progress) for seed in FEW]


def quadratic(progress: Progress | None) -> list[TrackingSeed]:
    """Tracking with amplitudes in proportion to the square of the frequency, seeds 0 and 1."""
    return [followed(tracking_replay(seed, EPOCHS, task=growing(2)), EVERY, progress) for seed in FEW]


def plain(progress: Progress | None) -> list[TrackingSeed]:
    """Tracking learned by plain gradient descent from W = 0, rate 0.02, clip 1, 6000 epochs, seeds 0 and 1."""
    return [followed(_plain(seed), EVERY, progress) for seed in FEW]


def _plain(seed: int) -> TrackingReplay:
    return tracking_replay(seed, 6000, strength=0.0, optimizer="sgd", learning_rate=0.02, clip=1.0)


def followed(replay: TrackingReplay, every: int, progress: Progress | None = None) -> TrackingSeed:
    """A tracking run and its replay.

    :param replay: what the run is a function of
    :param every: epochs from one look at spectra and loss per frequency to the next
    """
    seed = replay.seed or 0
    return TrackingSeed(seed, replay, train_tracking(replay, every, named(progress, f"tracking, seed {seed}")))


def positions(replay: TrackingReplay, weights: Weights) -> np.ndarray:
    """Reference and position on the x axis of one episode, (T, 2).

    :param replay: the run, for task and phases
    """
    references = replay.task.references(replay.phases(0)[:1])
    episodes = track(replay.task, weights, references, replay.settings.leak, replay.settings.activation)
    return np.stack([references[:, 0, 0], episodes.x[1:, 0, 0]], axis=1)


def figure(
    seed: int = 0, progress: Progress | None = None, replay: TrackingReplay | None = None, every: int = EVERY
) -> dict[str, np.ndarray]:
    """The numbers of figure 6.

    :param seed: seed of the network and of the phases
    :param replay: the run; by default that of the protocol
    :param every: epochs from one look at spectra and loss per frequency to the next
    """
    found = followed(replay or tracking_replay(seed, EPOCHS), every, progress)
    replay, run, idle, acquired = found.replay, found.run, found.idle, found.acquired
    task, leak, losses = replay.task, replay.settings.leak, run.history["frequency_loss"]
    networks = (replay.weights, run.weights)
    gaps = [episode_losses(task, w, leak) / frequency_losses(task, w, leak) - 1 for w in networks]
    rises = [[c.learned, c.suffered, c.start, c.end, c.rise] for c in competition(losses, idle, acquired)]
    return {
        "loss": run.loss,
        "frequency_loss": losses,
        "idle": idle,
        "frequencies": task.frequencies,
        "acquired": np.array([np.nan if epoch is None else epoch for epoch in acquired]),
        "competition": np.array(rises).reshape(-1, 5),
        "joint_near": run.history["joint_near"],
        "agent_near": run.history["agent_near"],
        "points": task.advances,
        "untrained": positions(replay, replay.weights),
        "trained": positions(replay, run.weights),
        "seconds": task.dt * np.arange(task.horizon),
        "difference": np.abs(gaps).max(),
    }
