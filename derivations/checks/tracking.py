"""The claims about tracking, each decided on fresh runs of the paper's protocol."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from derivations.check import Check, share, within
from derivations.evidence.pairs import timed
from derivations.evidence.tracking import TrackingSeed
from numerics.experiment.tracking.loop import Tracker, backpropagate, track, tracking_loss
from numerics.experiment.tracking.measures import agent_poles, frequency_losses, projected_losses
from numerics.experiment.tracking.staircase import ascending, competition
from numerics.reduced.tracking.episodes import episode_losses
from numerics.reduced.tracking.stationary import joint_radius, stationary_losses

SEEDS = 10
SHARE = 0.8
"""Fraction of seeds that must show what is claimed of most."""
NEARER, READ = 0.5, 0.3
"""Bounds on how far poles stay, over their first distance, and on what they read of a reference that is tracked."""
PERIOD = 100
"""Steps after which the paper's four sinusoids repeat together."""


def equivalence(tracked: Sequence[TrackingSeed]) -> list[Check]:
    """Eight equivalent episodes against the whole batch: loss, and gradients by all weights."""
    gaps, slopes, seconds = [], [], np.zeros(2)
    for found in tracked:
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


def by_frequency(tracked: Sequence[TrackingSeed]) -> list[Check]:
    """Loss of every frequency over an episode: E(λ) around a circle against N neurons stepped, before and after training."""
    gaps, seconds = [], np.zeros(2)
    for found in tracked:
        for weights in (found.replay.weights, found.run.weights):
            arguments = found.replay.task, weights, found.replay.settings.leak
            theory, fast = timed(episode_losses, *arguments)
            measured, slow = timed(frequency_losses, *arguments)
            gaps.append(np.abs(theory / measured - 1).max())
            seconds += fast, slow
    claim = (
        f"loss of every frequency, {len(tracked)} seeds, before and after training, relative (last of the last shown)"
    )
    ends = float(theory[-1]), float(measured[-1])
    return [Check(claim, ends[0], ends[1], float(max(gaps)), 1e-10, float(seconds[0]), float(seconds[1]))]


def stationary(tracked: Sequence[TrackingSeed]) -> list[Check]:
    """Loss of every frequency in the steady state, for the seeds whose trained joint system is stable."""
    gaps, shown = [], (np.nan, np.nan)
    for found in tracked:
        task, leak = found.replay.task, found.replay.settings.leak
        radius = joint_radius(task, found.run.weights, leak)
        if not radius < 1 - 1e-4:
            continue
        burn = int(np.ceil(30 / -np.log(radius) / PERIOD)) * PERIOD
        longer = replace(task, duration=(burn + PERIOD) * task.dt, clamp=np.inf)
        references = longer.references(found.replay.phases(0)[:4])
        episodes = track(longer, found.run.weights, references, leak)
        measured = projected_losses(longer, episodes.x[1:, :, :2] - references, PERIOD)
        theory = stationary_losses(task, found.run.weights, leak)
        gaps.append(np.abs(measured / theory - 1).max())
        shown = float(theory[0]), float(measured[0])
    claim = f"stationary loss of every frequency, relative; {len(gaps)} of {len(tracked)} trained loops are stable"
    return [Check(claim, shown[0], shown[1], float(max(gaps, default=np.nan)), 1e-6)]


def order(tracked: Sequence[TrackingSeed]) -> list[Check]:
    """Low frequencies are acquired first; an acquired one suffers while the next is learned."""
    frequencies, epochs = tracked[0].replay.task.frequencies, tracked[0].replay.epochs
    rising = float(np.mean([ascending(s.acquired, frequencies) is True for s in tracked]))
    ranks = np.argsort(frequencies)
    rises = [
        c.rise
        for s in tracked
        for c in competition(s.run.history["frequency_loss"], s.idle, s.acquired)
        if (c.suffered, c.learned) == (ranks[-2], ranks[-1])
    ]
    rise = float(np.median(rises)) if rises else np.nan
    claim = f"all frequencies acquired within {epochs} epochs, low ones first: share of seeds (at least {SHARE:g})"
    hurt = f"{frequencies[ranks[-2]]:g} Hz while {frequencies[ranks[-1]]:g} Hz is learned: loss over its usual, median; at least 1.1"
    return [
        Check(claim, 1.0, rising, 1 - rising, 1 - SHARE + 1e-12),
        Check(hurt, 1.1, rise, max(0.0, 1.1 - rise), 0.0),
    ]


def amplitudes(proportional: Sequence[TrackingSeed], quadratic: Sequence[TrackingSeed]) -> list[Check]:
    """The order of learning where amplitudes grow with the frequency: the slopes at rest do not decide it.

    :param proportional: runs with amplitudes in proportion to f, at which the slopes at rest are equal
    :param quadratic: runs with amplitudes in proportion to f²
    """
    orders = [[ascending(s.acquired, s.replay.task.frequencies) for s in runs] for runs in (proportional, quadratic)]
    low_first, other = orders[0].count(True), orders[1].count(False)
    claim = "amplitudes in proportion to f, slopes at rest equal: all frequencies acquired, low ones first"
    return [
        share(claim, low_first, len(proportional)),
        share("amplitudes in proportion to f²: a higher frequency acquired before a lower one", other, len(quadratic)),
    ]


def plain_descent(plain: Sequence[TrackingSeed]) -> list[Check]:
    """Without Adam, each axis learns its lower frequency.

    :param plain: runs by plain gradient descent from W = 0
    """
    epochs = plain[0].replay.epochs
    found = 0
    for run in plain:
        low_x, high_x, low_y, high_y = run.acquired
        lower = low_x is not None and low_y is not None and low_x < low_y
        found += lower and high_x is None and high_y is None
    claim = f"plain gradient descent: 0.1 Hz acquired, then 0.2 Hz, neither 0.3 nor 0.4 Hz within {epochs} epochs"
    return [share(claim, found, len(plain))]


def poles(tracked: Sequence[TrackingSeed]) -> list[Check]:
    """Learning moves poles of the agent towards e^{iω}, and they are no internal models: they do not read the error."""
    closer, responses = [], []
    for s in tracked:
        task, leak = s.replay.task, s.replay.settings.leak
        before, after = (
            np.abs(agent_poles(task, w, leak)[0] - task.advances) for w in (s.replay.weights, s.run.weights)
        )
        learned = np.array([epoch is not None for epoch in s.acquired])
        closer += (after / before)[learned & (task.frequencies > task.frequencies.min())].tolist()
        responses += agent_poles(task, s.run.weights, leak)[1][learned].tolist()
    approach = "agent's pole nearest to exp(iω), acquired frequencies but the lowest: distance over that at the start"
    response = "what these poles read of a reference that is tracked, over what they read of its position; 0 for an internal model"
    return [
        within(f"{approach}: largest", NEARER, max(closer, default=np.nan), 0.0, NEARER),
        within(f"{response}: least", 0.0, min(responses, default=np.nan), READ, np.inf),
    ]


CLAIMS = (equivalence, by_frequency, stationary, order, amplitudes, plain_descent, poles)
"""The checks of ``closedloop validate --tracking``."""
