"""The claims about open against closed loop, each decided on fresh runs."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check, medians
from derivations.evidence.open_loop import OpenPair
from derivations.evidence.pairs import Pair, Taught
from numerics.common.spike import THRESHOLD
from numerics.reduced.open_loop.predicted_spike import edge_slope

SEEDS = 20
SHARE = 0.95
"""Fraction of seeds that must show what is claimed of all."""
BESIDE = 3
"""Epochs on either side of a spike over which the slope of the path is taken."""


def agreement(pairs: Sequence[Pair], taught: Sequence[Taught]) -> list[Check]:
    """A validation's networks once more in open loop, taught by what they became in closed loop.

    :param pairs: closed-loop runs, directly and exactly
    :param taught: the same networks in open loop
    """
    if len(taught) < len(pairs):
        return [Check("open loop: a finite closed-loop run to teach", 1.0, np.nan, np.nan, 0.0)]
    gaps = [np.abs(t.theory.overlaps - t.simulation.overlaps).max() for t in taught]
    tests = [np.abs(t.theory.history["test_loss"] / t.simulation.history["test_loss"] - 1).max() for t in taught]
    seconds = sum(t.theory_seconds for t in taught), sum(t.simulation_seconds for t in taught)
    last = taught[-1].theory, taught[-1].simulation
    claim = (
        f"open loop, {len(last[0].loss)} epochs: overlaps, largest difference of {len(pairs)} seeds (last σ_zm shown)"
    )
    ends = [float(run.overlaps[-1, 0]) for run in last]
    top = [float(run.history["test_loss"].max()) for run in last]
    worst = "open loop: closed-loop test loss, relative (largest of the last seed shown)"
    return [
        Check(claim, ends[0], ends[1], float(max(gaps)), 1e-8, *seconds),
        Check(worst, top[0], top[1], float(max(tests)), 1e-8),
    ]


def exact_map(opened: Sequence[OpenPair]) -> list[Check]:
    """Exact descent against direct training: overlaps, closed-loop test loss with its spike, final weights."""
    seconds = sum(p.theory_seconds for p in opened), sum(p.simulation_seconds for p in opened)
    what = f"{len(opened)} seeds, {len(opened[0].theory.loss)} epochs"
    overlaps = max(np.abs(p.theory.overlaps - p.simulation.overlaps).max() for p in opened)
    first = opened[0]
    tests = [p.theory.history["test_loss"] / p.simulation.history["test_loss"] - 1 for p in opened]
    last = [np.abs(p.theory.weights.stack - p.simulation.weights.stack).max() for p in opened]
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


def spikes(opened: Sequence[OpenPair]) -> list[Check]:
    """A spike in open loop and none in closed loop; epoch and height as predicted."""
    measured, predicted = zip(*(p.spikes for p in opened), strict=True)
    share = float(np.mean([s.found for s in measured]))
    expected = float(np.mean([s.found for s in predicted]))
    calm = float(np.mean([p.closed_rise < THRESHOLD for p in opened]))
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


def kinds(opened: Sequence[OpenPair]) -> list[Check]:
    """Which instability the spike is: a growing oscillation, or a real root beyond 1 from positive static feedback."""
    at = [pair.spikes[0].epoch for pair in opened]
    points = np.array([pair.simulation.overlaps[epoch] for pair, epoch in zip(opened, at, strict=True)])
    zm, kappa, vu = points[:, 0], points[:, 1] * points[:, 2], points[:, 3]
    dominant = np.array([pair.theory.history["eigenvalues"][epoch, 0] for pair, epoch in zip(opened, at, strict=True)])
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
            f"{opened[swinging].seed}); difference: relative, largest of such seeds",
            float(first_order[swinging] - 1),
            float(excess[swinging]),
            float(gap.max()) if gap.size else np.nan,
            0.25,
        ),
    ]


def tangent(opened: Sequence[OpenPair]) -> list[Check]:
    """At an oscillating spike the path of (|σ_zm|, κ) is about parallel to the edge of stability κ_1(σ_zm) beside it."""
    found, edge = [], []
    for pair in opened:
        at, path = pair.spikes[0].epoch, pair.simulation.overlaps
        oscillates = abs(pair.theory.history["eigenvalues"][at, 0].imag) > 1e-9
        if oscillates and BESIDE <= at < len(path) - BESIDE:
            before, after = path[at - BESIDE], path[at + BESIDE]
            found.append((after[1] * after[2] - before[1] * before[2]) / (before[0] - after[0]))
            edge.append(edge_slope(float(path[at, 0])))
    gap = float(np.median(np.abs(np.subtract(found, edge)))) if found else np.nan
    claim = (
        f"slope of the path at an oscillating spike, dκ/d|σ_zm| over {2 * BESIDE} epochs, beside that of κ_1 (to first order "
        f"it is 1/2): medians of {len(found)} seeds; difference: median"
    )
    theory, measured = (float(np.median(values)) if values else np.nan for values in (edge, found))
    return [Check(claim, theory, measured, gap, 0.15)]


CLAIMS = (exact_map, spikes, kinds, tangent)
"""The checks of ``closedloop validate --open-loop``."""
