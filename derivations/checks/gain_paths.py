"""Claims about learning as a path in the plane of effective gains (k_1, k_2), the gains by regression of u on x."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check, nothing
from derivations.evidence.gain_paths import EVERY, FullGains, GainPaths
from derivations.studies.spectrum import onset
from numerics.reduced.open_loop.gain_paths import path_distance, population_gains
from numerics.reduced.open_loop.gain_plane import OSCILLATING, UNSTABLE, region
from numerics.reduced.stages.optimum import lqr_gain, optimum
from numerics.replay.settings import Settings

APART, TOGETHER = 0.1, 0.02
"""Distances over the length of the LQR gain: paths of two ways to learn at least, ends and repeated runs at most."""
LAST = 100
"""Epochs at the end in which the dominant eigenvalue of a full network is looked at."""


def _scale() -> tuple[np.ndarray, float]:
    """The gain of full-state LQR without control cost, and its length."""
    gain = lqr_gain(0.5, 0.0)[0]
    return gain, float(np.linalg.norm(gain))


def two_paths(gain_paths: Sequence[GainPaths]) -> list[Check]:
    """Closed and open loop take different paths in the plane of gains, and end together.

    :param gain_paths: gains along learning, one network a seed
    """
    length, count = _scale()[1], len(gain_paths)
    gaps = [float(np.abs(p.opened - p.measured).max()) for p in gain_paths]
    apart = min(path_distance(p.closed, p.opened) for p in gain_paths) / length
    again = max(path_distance(p.closed, p.again) for p in gain_paths) / length
    ends = max(float(np.linalg.norm(p.closed[-1] - p.opened[-1])) for p in gain_paths) / length
    last = gain_paths[0]
    paths = "paths of the gains (k_1, k_2), distance over |K_LQR|"
    return [
        Check(
            "gains along open loop: exact map against regression on 100 neurons, largest difference (last k_2 shown)",
            float(last.opened[-1, 1]),
            float(last.measured[-1, 1]),
            max(gaps),
            1e-6,
        ),
        Check(
            f"{paths}, closed against open loop: smallest of {count} seeds; at least",
            APART,
            apart,
            max(0.0, APART - apart),
            0,
        ),
        nothing(f"{paths}, two closed-loop runs with different batches: largest of {count} seeds", again, TOGETHER),
        nothing(
            f"closed and open loop end together: distance of the last gains over |K_LQR|, largest of {count} seeds",
            ends,
            TOGETHER,
        ),
    ]


def nonlinear_networks(full_gains: Sequence[FullGains]) -> list[Check]:
    """Full tanh networks end near the best time-invariant linear agent in the plane, where it is stable but oscillates.

    :param full_gains: gains along learning, one network a seed
    """
    real = np.concatenate([np.abs(found.dominant[-LAST // EVERY :].imag) < 1e-9 for found in full_gains])
    share = float(real.mean())
    claim = f"full tanh: dominant joint eigenvalue real in the last {LAST} epochs: share of checkpoints"
    what = "full tanh, gains by regression"
    ends = np.array([found.gains[-1] for found in full_gains])
    return [_entries(what, full_gains), *_ends(what, ends), Check(claim, 1.0, share, 1 - share, 0.1)]


def _entries(what: str, full_gains: Sequence[FullGains]) -> Check:
    """Networks enter the stable region of the plane when their joint radius falls below 1."""
    entered = np.array([_entered(found) for found in full_gains])
    late = float(np.abs(entered[:, 1] - entered[:, 0]).max())
    joint, plane = (float(np.median(column)) for column in entered.T)
    claim = f"{what}: epoch from which they are stable in the plane, against joint radius < 1, medians (worst)"
    return Check(claim, joint, plane, late, 2 * EVERY)


def _ends(what: str, ends: np.ndarray) -> list[Check]:
    """The last gains are near those of the best linear agent and of LQR, and where the plane oscillates."""
    (lqr, length), best = _scale(), _best()
    near, off = (float(np.linalg.norm(ends - gains, axis=1).max()) / length for gains in (best, lqr))
    swings = float(np.mean([region(end) == OSCILLATING for end in (*ends, best)]))
    return [
        nothing(
            f"{what}: last ones from those of the best time-invariant linear agent, over |K_LQR|, largest", near, 0.1
        ),
        nothing(f"{what}: last ones from full-state LQR's, over |K_LQR|, largest", off, 0.25),
        Check(
            f"{what}: the last ones, and those of the best time-invariant linear agent, are stable with a complex pair, k_2² < 4k_1: share",
            1.0,
            swings,
            1 - swings,
            0,
        ),
    ]


def _best() -> np.ndarray:
    """Regressed gains of the best time-invariant linear agent without control cost."""
    settings = Settings()
    return population_gains(optimum(settings).overlaps, settings.horizon)


def _entered(found: FullGains) -> tuple[float, float]:
    """Epochs from which the joint radius stays below 1, and the gains in the stable region."""
    looks = np.arange(0, len(found.gains), EVERY)
    stable = region(found.gains) != UNSTABLE
    return onset(looks, np.abs(found.dominant) < 1), onset(np.arange(len(stable)), stable)
