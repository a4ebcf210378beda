"""The claims about tracking, each decided on fresh runs of the paper's protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from derivations.check import Check
from derivations.checks.evidence import timed
from derivations.figures.figure6 import theory_losses, tones_of
from derivations.progress import Progress, named
from numerics.experiment.tracking.loop import Tracker, backpropagate, track, tracking_loss
from numerics.experiment.tracking.measures import frequency_losses, projected_losses
from numerics.experiment.tracking.replay import TrackingReplay, tracking_replay
from numerics.experiment.tracking.staircase import acquisition, ascending, competition, idle_losses
from numerics.experiment.tracking.train import train_tracking
from numerics.results import Run
from numerics.tracking.transfer import planar_tracker, stationary_losses

EPOCHS, EVERY = 5000, 10
SEEDS = 10
SHARE = 0.8
"""Fraction of seeds that must show what is claimed of most."""
PERIOD = 100
"""Steps after which the paper's four sinusoids repeat together."""


@dataclass(frozen=True)
class TrackingSeed:
    """One run of the tracking protocol.

    :param seed: the seed
    :param replay: what the run is a function of
    :param run: the run
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


def gather(seeds: Sequence[int], progress: Progress | None = None) -> list[TrackingSeed]:
    """Train the protocol for every seed.

    :param seeds: the seeds
    :param progress: called with (what, done, in all)
    """
    found = []
    for seed in seeds:
        replay, what = tracking_replay(seed, EPOCHS), f"tracking, seed {seed}"
        report = named(progress, what)
        found.append(TrackingSeed(seed, replay, train_tracking(replay, EVERY, report)))
    return found


def equivalence(seeds: Sequence[TrackingSeed]) -> list[Check]:
    """Eight equivalent episodes against the whole batch: loss, and gradients by all weights.

    :param seeds: the runs
    """
    gaps, slopes, seconds = [], [], np.zeros(2)
    for found in seeds:
        task, leak = replace(found.replay.task, clamp=np.inf), found.replay.settings.leak
        phases = found.replay.phases(0)
        for weights in (found.replay.weights, found.run.weights):
            (loss, gradients), fast = timed(Tracker(task, leak).loss_and_gradient, weights, phases)
            references = task.references(phases)
            episodes, slow = timed(track, task, weights, references, leak)
            whole = tracking_loss(task, episodes, references)
            direct, back = timed(backpropagate, task, weights, episodes, references, leak, "linear")
            gaps.append(abs(loss / whole - 1))
            slopes += [np.abs(gradients[n] - direct[n]).max() / np.abs(direct[n]).max() for n in gradients]
            seconds += fast, slow + back
    times = float(seconds[0]), float(seconds[1])
    return [
        Check(
            "eight equivalent episodes give the batch's loss, relative", float(loss), whole, max(gaps), 1e-10, *times
        ),
        Check("and its gradients, relative to the largest entry", 0.0, max(slopes), float(max(slopes)), 1e-10),
    ]


def by_frequency(seeds: Sequence[TrackingSeed]) -> list[Check]:
    """Loss of every frequency over an episode: theory against N neurons, before and after training.

    :param seeds: the runs
    """
    gaps, seconds = [], np.zeros(2)
    for found in seeds:
        for weights in (found.replay.weights, found.run.weights):
            arguments = found.replay.task, weights, found.replay.settings.leak
            theory, fast = timed(theory_losses, *arguments)
            measured, slow = timed(frequency_losses, *arguments)
            gaps.append(np.abs(theory / measured - 1).max())
            seconds += fast, slow
    claim = f"loss of every frequency, {len(seeds)} seeds, before and after training, relative (last of the last shown)"
    ends = float(theory[-1]), float(measured[-1])
    return [Check(claim, ends[0], ends[1], float(max(gaps)), 1e-10, float(seconds[0]), float(seconds[1]))]


def stationary(seeds: Sequence[TrackingSeed]) -> list[Check]:
    """Loss of every frequency in the steady state, for the seeds whose trained joint system is stable.

    :param seeds: the runs
    """
    gaps, shown = [], (np.nan, np.nan)
    for found in seeds:
        task, leak = found.replay.task, found.replay.settings.leak
        system = planar_tracker(found.run.weights, task.dt, leak)
        if not system.spectral_radius < 1 - 1e-4:
            continue
        burn = int(np.ceil(30 / -np.log(system.spectral_radius) / PERIOD)) * PERIOD
        longer = replace(task, duration=(burn + PERIOD) * task.dt, clamp=np.inf)
        references = longer.references(found.replay.phases(0)[:4])
        episodes = track(longer, found.run.weights, references, leak)
        measured = projected_losses(longer, episodes.x[1:, :, :2] - references, PERIOD)
        theory = stationary_losses(system, tones_of(task))
        gaps.append(np.abs(measured / theory - 1).max())
        shown = float(theory[0]), float(measured[0])
    claim = f"stationary loss of every frequency, relative; {len(gaps)} of {len(seeds)} trained loops are stable"
    return [Check(claim, shown[0], shown[1], float(max(gaps, default=np.nan)), 1e-6)]


def order(seeds: Sequence[TrackingSeed]) -> list[Check]:
    """Low frequencies are acquired first; an acquired one suffers while the next is learned.

    :param seeds: the runs
    """
    frequencies = seeds[0].replay.task.frequencies
    rising = float(np.mean([ascending(s.acquired, frequencies) is True for s in seeds]))
    ranks = np.argsort(frequencies)
    rises = [
        c.rise
        for s in seeds
        for c in competition(s.run.history["frequency_loss"], s.idle, s.acquired)
        if (c.suffered, c.learned) == (ranks[-2], ranks[-1])
    ]
    rise = float(np.median(rises)) if rises else np.nan
    claim = f"all frequencies acquired within {EPOCHS} epochs, low ones first: share of seeds (at least {SHARE:g})"
    hurt = f"{frequencies[ranks[-2]]:g} Hz while {frequencies[ranks[-1]]:g} Hz is learned: loss over its usual, median; at least 1.1"
    return [
        Check(claim, 1.0, rising, 1 - rising, 1 - SHARE + 1e-12),
        Check(hurt, 1.1, rise, max(0.0, 1.1 - rise), 0.0),
    ]


CLAIMS = (equivalence, by_frequency, stationary, order)
"""The checks of ``closedloop validate --tracking``."""
