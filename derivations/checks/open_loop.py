"""The claims about open against closed loop, each decided on fresh runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from derivations.check import Check, medians
from derivations.checks.evidence import Pair, timed
from derivations.progress import Progress
from numerics.descent import descend
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.open_loop import OpenLoopReplay, open_loop_replay, train_open_loop
from numerics.experiment.spike import THRESHOLD, Spike, spike
from numerics.open_loop.descent import descend_open_loop
from numerics.open_loop.predicted_spike import predicted_spike
from numerics.population import population_loss
from numerics.replay import rank_one_replay
from numerics.results import Run

EPOCHS = 500
SEEDS = 20
SHORT = 200
"""Epochs of the main job's open-loop runs: past the spike."""
SHARE = 0.95
"""Fraction of seeds that must show what is claimed of all."""


@dataclass(frozen=True)
class OpenPair:
    """One seed in open loop, both ways, taught by the seed's own closed-loop run.

    :param seed: the seed
    :param closed: the closed-loop run by the exact map
    :param replay: what both open-loop runs are a function of
    :param simulation: direct training of N neurons
    :param theory: the exact map
    :param simulation_seconds: wall time of direct training
    :param theory_seconds: wall time of the exact map
    """

    seed: int
    closed: Run
    replay: OpenLoopReplay
    simulation: Run
    theory: Run
    simulation_seconds: float
    theory_seconds: float

    @cached_property
    def spikes(self) -> tuple[Spike, Spike]:
        """Measured on N neurons, and predicted from the initial Gram matrix and the teacher."""
        return spike(self.simulation.history["test_loss"]), predicted_spike(self.replay)

    @cached_property
    def closed_rise(self) -> float:
        """Largest rise of the population loss in closed loop."""
        return spike(population_loss(self.closed.overlaps, self.replay.settings)[0]).rise


def gather(seeds: Sequence[int], progress: Progress | None = None) -> list[OpenPair]:
    """Run the rank-one protocol in open loop for every seed, directly and exactly.

    :param seeds: the seeds
    :param progress: called with (what, done, in all)
    """
    pairs = []
    for seed in seeds:
        closed = descend(rank_one_replay(seed))
        replay = open_loop_replay(rank_one_replay(seed, EPOCHS), closed.weights)
        if progress:
            progress("training in open loop", seed, len(seeds))
        simulation, slow = timed(train_open_loop, replay, {"overlaps": OBSERVERS["overlaps"]})
        theory, fast = timed(descend_open_loop, replay)
        pairs.append(OpenPair(seed, closed, replay, simulation, theory, slow, fast))
    return pairs


def agreement(pairs: Sequence[Pair]) -> list[Check]:
    """A validation's networks once more in open loop, taught by what they became in closed loop.

    :param pairs: closed-loop runs, directly and exactly
    """
    gaps, tests, seconds = [], [], np.zeros(2)
    for pair in pairs:
        if not pair.simulation.completed:
            return [Check("open loop: a finite closed-loop run to teach", 1.0, np.nan, np.nan, 0.0)]
        replay = open_loop_replay(pair.replay, pair.simulation.weights)
        opened = replace(replay, y=replay.y[:SHORT])
        simulation, slow = timed(train_open_loop, opened, {"overlaps": OBSERVERS["overlaps"]})
        theory, fast = timed(descend_open_loop, opened)
        gaps.append(np.abs(theory.overlaps - simulation.overlaps).max())
        tests.append(np.abs(theory.history["test_loss"] / simulation.history["test_loss"] - 1).max())
        seconds += fast, slow
    claim = (
        f"open loop, {len(theory.loss)} epochs: overlaps, largest difference of {len(pairs)} seeds (last σ_zm shown)"
    )
    ends = [float(run.overlaps[-1, 0]) for run in (theory, simulation)]
    top = [float(run.history["test_loss"].max()) for run in (theory, simulation)]
    worst = "open loop: closed-loop test loss, relative (largest of the last seed shown)"
    return [
        Check(claim, ends[0], ends[1], float(max(gaps)), 1e-8, float(seconds[0]), float(seconds[1])),
        Check(worst, top[0], top[1], float(max(tests)), 1e-8),
    ]


def exact_map(pairs: Sequence[OpenPair]) -> list[Check]:
    """Exact descent against direct training: overlaps, closed-loop test loss with its spike, final weights.

    :param pairs: the runs
    """
    seconds = sum(p.theory_seconds for p in pairs), sum(p.simulation_seconds for p in pairs)
    what = f"{len(pairs)} seeds, {EPOCHS} epochs"
    overlaps = max(np.abs(p.theory.overlaps - p.simulation.overlaps).max() for p in pairs)
    first = pairs[0]
    tests = [p.theory.history["test_loss"] / p.simulation.history["test_loss"] - 1 for p in pairs]
    last = [np.abs(p.theory.weights.stack - p.simulation.weights.stack).max() for p in pairs]
    top, measured = (float(run.history["test_loss"].max()) for run in (first.theory, first.simulation))
    return [
        Check(
            f"open-loop overlaps over learning, largest difference ({what}; last σ_zm of seed {first.seed} shown)",
            first.theory.overlaps[-1, 0],
            first.simulation.overlaps[-1, 0],
            float(overlaps),
            1e-8,
            *seconds,
        ),
        Check(
            "closed-loop test loss of every epoch, largest relative difference (largest of the first seed shown)",
            top,
            measured,
            float(np.abs(tests).max()),
            1e-8,
        ),
        Check(
            "final weights, largest difference (norm of z shown)",
            float(np.linalg.norm(first.theory.weights.z)),
            float(np.linalg.norm(first.simulation.weights.z)),
            float(np.max(last)),
            1e-8,
        ),
    ]


def spikes(pairs: Sequence[OpenPair]) -> list[Check]:
    """A spike in open loop and none in closed loop; epoch and height as predicted.

    :param pairs: the runs
    """
    measured, predicted = zip(*(p.spikes for p in pairs), strict=True)
    share = float(np.mean([s.found for s in measured]))
    expected = float(np.mean([s.found for s in predicted]))
    calm = float(np.mean([p.closed_rise < THRESHOLD for p in pairs]))
    epochs, early = (np.array([s.epoch for s in group]) for group in (predicted, measured))
    heights, tall = (np.log10([s.height for s in group]) for group in (predicted, measured))
    claim = "open loop: share of seeds whose test loss rises tenfold or more"
    return [
        Check(claim, expected, share, 1 - share, 1 - SHARE),
        Check("closed loop: share of seeds whose loss never does", 1.0, calm, 1 - calm, 1 - SHARE),
        medians(
            "epoch of the spike, median; difference: largest of all seeds, in epochs",
            epochs,
            early,
            5,
        ),
        medians(
            "log10 of its height, median; difference: largest of all seeds",
            heights,
            tall,
            0.1,
        ),
    ]


def kinds(pairs: Sequence[OpenPair]) -> list[Check]:
    """Which instability the spike is: a growing oscillation, or a real root beyond 1 from positive static feedback.

    :param pairs: the runs
    """
    at = [pair.spikes[0].epoch for pair in pairs]
    points = np.array([pair.simulation.overlaps[epoch] for pair, epoch in zip(pairs, at, strict=True)])
    zm, kappa, vu = points[:, 0], points[:, 1] * points[:, 2], points[:, 3]
    dominant = np.array([pair.theory.history["eigenvalues"][epoch, 0] for pair, epoch in zip(pairs, at, strict=True)])
    real = np.abs(dominant.imag) < 1e-9
    static = zm + kappa / (1 - vu)
    swinging = int(np.flatnonzero(~real)[0]) if (~real).any() else 0
    first_order = 1 - zm - 2 * kappa
    excess = np.abs(dominant) ** 2 - 1
    gap = np.abs((first_order - 1) / excess - 1)[~real]
    beyond = real & (dominant.real > 1)
    wrong = float(np.mean(beyond != (static > 0)))
    return [
        Check(
            f"the spike is a real root beyond 1 where K(1) > 0 and nowhere else: share of seeds ({beyond.sum()} of "
            f"{real.size} such, the others oscillate)",
            1.0,
            1 - wrong,
            wrong,
            0.0,
        ),
        Check(
            f"|λ_1|² - 1 at an oscillating spike: |σ_zm| - 2κ, to first order, beside the spectrum (seed "
            f"{pairs[swinging].seed}); difference: relative, largest of such seeds",
            float(first_order[swinging] - 1),
            float(excess[swinging]),
            float(gap.max()) if gap.size else np.nan,
            0.25,
        ),
    ]


CLAIMS = (exact_map, spikes, kinds)
"""The checks of ``closedloop validate --open-loop``."""
