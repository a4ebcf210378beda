"""Erf neurons that learn: the Gaussian closure of learning and the map of linear neurons against direct training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from derivations.progress import Progress
from derivations.wording import counted
from numerics.common.weights import correlated_weights
from numerics.experiment.observe import Observer
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.nonlinear import descend_gaussian
from numerics.replay.closed_loop import Replay
from numerics.replay.settings import Settings

STRENGTHS = (0.03, 0.1, 0.3, 1.0)
NEURONS = 1000
COVARIANCE = np.array([[1.0, -0.6, 0.1, 0.5], [-0.6, 2.0, 1.0, 0.2], [0.1, 1.0, 1.5, -0.2], [0.5, 0.2, -0.2, 1.0]])
"""Σ of m, z, u, v: a stable loop in stage 3, with every visible overlap present."""

GRAM: dict[str, Observer] = {"gram": lambda plant, weights, episodes, settings: weights.gram}


def nonlinear_episode(seed: int, neurons: int, strength: float, epochs: int = 1, **settings) -> Replay:
    """Erf neurons with correlated Gaussian weights and x_0 uniform on ±2 strength √N; the loss is that of x/(strength √N).

    :param seed: seed of weights and initial states
    :param strength: initial states in units of 2 √N, so that Δ is of order strength² at the first steps
    :param settings: fields of :class:`numerics.replay.settings.Settings` that differ from the defaults
    """
    rng, unit = np.random.default_rng(seed), strength * np.sqrt(neurons)
    weights = correlated_weights(rng, COVARIANCE, neurons)
    x0 = unit * rng.uniform(-2.0, 2.0, (epochs, 20, 2))
    options = {"horizon": 20, "activation": "erf", "state_weight": 0.5 / unit**2, **settings}
    return Replay(weights, x0, Settings(**options), seed=seed)


def invariants(gram: np.ndarray) -> np.ndarray:
    """σ_zm, σ_vu and κ = σ_zu σ_vm along a run, (epochs, 3).

    :param gram: G along the run, (epochs, 4, 4)
    """
    return np.stack([gram[:, 1, 0], gram[:, 3, 2], gram[:, 1, 2] * gram[:, 3, 0]], axis=1)


def unpacked(gram: np.ndarray) -> np.ndarray:
    """G along a run from its upper triangles, (epochs, 4, 4).

    :param gram: upper triangles by row, (epochs, 10)
    """
    full = np.zeros((len(gram), 4, 4))
    rows, columns = np.triu_indices(4)
    full[:, rows, columns] = full[:, columns, rows] = gram
    return full


def closure_error(replay: Replay) -> tuple[float, float]:
    """Largest error of σ_zm, σ_vu, κ over learning: of the Gaussian closure, and of the map for linear neurons.

    :param replay: a run of erf neurons
    """
    direct = invariants(train(replay, GRAM).history["gram"])
    linear = replace(replay, settings=replace(replay.settings, activation="linear"))
    found = [invariants(unpacked(run.history["gram"])) for run in (descend_gaussian(replay), descend(linear))]
    return tuple(float(np.abs(path - direct).max()) for path in found)  # type: ignore[return-value]


def report(
    seeds: Sequence[int], epochs: int, strengths: Sequence[float] = STRENGTHS, progress: Progress | None = None
) -> str:
    """A table of both errors over the strength of the initial states, means over networks.

    :param seeds: one network each
    :param strengths: initial states in units of 2 √N
    """
    lines = [
        f"{counted(len(seeds), 'network')} of {NEURONS} erf neurons, {counted(epochs, 'epoch')}, T = 20, x_0 uniform on ±2 s √N"
    ]
    lines.append("largest error of σ_zm, σ_vu and κ over learning, mean over networks")
    lines.append(f"{'s':>6}{'Gaussian closure':>20}{'map of the linear network':>28}")
    for index, strength in enumerate(strengths):
        errors: list[tuple[float, float]] = []
        for seed in seeds:
            if progress:
                progress("training erf neurons", index * len(seeds) + len(errors), len(strengths) * len(seeds))
            errors.append(closure_error(nonlinear_episode(seed, NEURONS, strength, epochs=epochs)))
        closure, linear = np.mean(errors, axis=0)
        lines.append(f"{strength:>6g}{closure:>20.2g}{linear:>28.2g}")
    return "\n".join(lines)
