"""Claims about full networks and the theory of their words."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.stats import ks_2samp

from derivations.check import Check, share
from derivations.evidence.full_theory import LARGE, SMALL, SmallPair
from derivations.evidence.random_overlaps import Distributions
from derivations.studies.limit import Row, SpikeRow
from numerics.reduced.words.limit import limit_run

SEEDS = 6
EXACT = 1e-9
LEVEL = 0.01
"""Level of the test that two samples are of one distribution."""
APART = 0.1
"""Largest relative distance of a predicted epoch from the networks' median."""
SATURATED = 10
"""Epochs by which stabilisation may be later for 16 times as many neurons, where it saturates."""


def _loss_gap(pair: SmallPair) -> float:
    """Largest relative difference of the losses; infinite if the runs end differently."""
    if pair.theory.status != pair.simulation.status:
        return np.inf
    return float(np.abs(pair.theory.loss / pair.simulation.loss - 1).max())


def _excess(value: float) -> float:
    """How far a value is above zero; NaN, which fails, if it is unknown."""
    return float(np.maximum(0.0, value))


def exact(exact_pairs: Sequence[SmallPair]) -> list[Check]:
    """Without initial recurrence the small network learns as the N neurons do.

    :param exact_pairs: runs of N neurons and of the small networks
    """
    lines = []
    for what in dict.fromkeys(pair.what for pair in exact_pairs):
        own = [pair for pair in exact_pairs if pair.what == what]
        small, large = own[0].theory.config["dimension"], own[0].simulation.weights.neurons
        claim = f"{what}: {small} neurons learn exactly as {large}, W_0 = 0, {len(own)} seeds (relative loss)"
        ends = float(own[-1].theory.loss[-1]), float(own[-1].simulation.loss[-1])
        fast, slow = (sum(pair.seconds[k] for pair in own) for k in (0, 1))
        lines.append(Check(claim, *ends, max(map(_loss_gap, own)), EXACT, fast, slow))
    return lines


def truncated(truncations: dict[float, list[SmallPair]]) -> list[Check]:
    """Truncated words err by no more than they estimate, and less the longer they are.

    :param truncations: runs by words of growing length for each g
    """
    lines = []
    for strength, pairs in truncations.items():
        errors = [_loss_gap(pair) for pair in pairs]
        for pair, error in list(zip(pairs, errors, strict=True))[1:]:
            estimate, words = pair.theory.config["error_estimate"], pair.theory.config["words"]
            claim = f"g = {strength:g}, words of length {words}: relative error of the loss, at most as estimated"
            lines.append(Check(claim, estimate, error, _excess(error - estimate), EXACT, *pair.seconds))
        falling = sum(b < a for a, b in pairwise(errors))
        lines.append(share(f"g = {strength:g}: a longer word errs less", falling, len(errors) - 1))
    return lines


def limit(limit_rows: Sequence[Row]) -> list[Check]:
    """The limit of many neurons predicts when networks stabilise.

    :param limit_rows: predictions and networks
    """
    lines = []
    for row in limit_rows:
        predicted = np.nan if row.predicted is None else float(row.predicted)
        claim = f"limit, g = {row.strength:g}, N = {row.neurons}: epoch of stabilisation, median of {row.networks} networks (relative)"
        lines.append(Check(claim, predicted, row.median, abs(predicted / row.median - 1), APART))
    return lines


def open_loop(limit_spikes: Sequence[SpikeRow]) -> list[Check]:
    """The limit predicts when the test loss of open-loop students spikes, and how high.

    :param limit_spikes: predictions and networks
    """
    lines = []
    for row in limit_spikes:
        told = f"g = {row.strength:g}, N = {row.neurons}, open loop with a costly teacher, median of {len(row.found)} networks"
        epoch, rise = (float(np.median([getattr(s, name) for s in row.found])) for name in ("epoch", "rise"))
        apart = abs(row.predicted.epoch / epoch - 1)
        higher = abs(np.log10(row.predicted.rise / rise))
        lines += [
            Check(f"limit, {told}: epoch of the spike (relative)", row.predicted.epoch, epoch, apart, APART / 2),
            Check(f"limit, {told}: log10 of its rise", np.log10(row.predicted.rise), np.log10(rise), higher, 0.2),
        ]
    return lines


def bulk(plateaus: dict[float, dict[int, int | None]]) -> list[Check]:
    """Without a random recurrence stabilisation is later for more neurons, about as log N; with one it saturates.

    :param plateaus: epochs of stabilisation in the limit by g and N
    """
    free, bound = (np.array([plateaus[g][n] for n in SMALL], dtype=float) for g in (0.0, 0.1))
    steps = np.diff(free)
    claim = f"g = 0: stabilisation is later by a near constant delay, N = {SMALL[0]} to {SMALL[-1]}: least over largest delay for four times N, at least 0.6"
    with np.errstate(invalid="ignore"):
        ratio = float(steps.min() / steps.max())
    late = float(plateaus[0.1][LARGE] or np.nan) - bound[2]
    saturates = f"g = 0.1: stabilisation of N = {LARGE} later than of {SMALL[2]} by at most {SATURATED} epochs"
    return [
        Check(claim, 0.6, ratio, _excess(0.6 - ratio), 0.0),
        Check(saturates, SATURATED, late, _excess(late - SATURATED), 0.0),
    ]


def tanh(tanh_stabilisations: Sequence[int]) -> list[Check]:
    """The limit of linear neurons predicts when the paper's tanh networks stabilise.

    :param tanh_stabilisations: epochs of networks
    """
    predicted, found = float(limit_run(0.1, 100).stabilisation() or np.nan), float(np.median(tanh_stabilisations))
    claim = f"limit of linear neurons: epoch of stabilisation of tanh networks, median of {len(tanh_stabilisations)} seeds (relative)"
    return [Check(claim, predicted, found, abs(predicted / found - 1), APART)]


def rank_one(random_overlaps: Sequence[Distributions]) -> list[Check]:
    """Rank-one networks stabilise when Gram matrices with random overlaps do.

    :param random_overlaps: epochs of stabilisation of both
    """
    lines = []
    for both in random_overlaps:
        distance = float(ks_2samp(both.limit, both.networks).statistic)
        n, m = len(both.limit), len(both.networks)
        critical = float(np.sqrt(-np.log(LEVEL / 2) / 2 * (n + m) / (n * m)))
        claim = f"rank one, N = {both.neurons}: {n} Gram matrices of the limit stabilise as {m} networks (median; Kolmogorov-Smirnov distance)"
        lines.append(Check(claim, float(np.median(both.limit)), float(np.median(both.networks)), distance, critical))
    return lines


CLAIMS = (exact, truncated, limit, open_loop, rank_one, bulk, tanh)
