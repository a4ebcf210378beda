"""Stage 1: learning on the σ_zm axis from ten initial values, and the loss there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from derivations.evidence.pairs import timed
from derivations.progress import Progress
from numerics.common.plants import double_integrator
from numerics.common.weights import at_overlaps
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.simulate import rollout
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.stages.axis import exact_loss, geometric, minimiser, valley_law, valleys
from numerics.replay.closed_loop import Replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings
from theory.double_integrator.stages import envelope_minimiser
from theory.double_integrator.valleys import first_valleys

HORIZON, EPOCHS = 50, 60
STARTS = tuple(np.linspace(-0.2, 0.2, 10).tolist())
HORIZONS = (10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class AxisLearning:
    """Learning from networks on the axis, σ_zm over epochs, (starts, epochs).

    :param paths: by the exact map
    :param direct: of 100 neurons
    :param difference: largest difference of any overlap
    :param seconds: wall time of both
    """

    paths: np.ndarray
    direct: np.ndarray
    difference: float
    seconds: float


def axis_learning(progress: Progress | None) -> AxisLearning:
    """Ten networks on the σ_zm axis between -0.2 and 0.2, 60 epochs, trained directly and descended exactly."""
    return learn(np.random.default_rng(0), 0, progress=progress)


def learn(
    rng: np.random.Generator,
    seed: int,
    starts: Sequence[float] = STARTS,
    epochs: int = EPOCHS,
    progress: Progress | None = None,
) -> AxisLearning:
    """Train networks that start on the axis, both ways.

    :param rng: draws networks and initial states
    :param seed: what the runs are labelled with
    :param starts: values of σ_zm
    """

    def both(start: float) -> tuple[Run, Run]:
        weights = at_overlaps(rng, (start, 0, 0, 0))
        replay = Replay(weights, rng.uniform(-2, 2, (epochs, 100, 2)), Settings(horizon=HORIZON), seed=seed)
        return descend(replay), train(replay, {"overlaps": OBSERVERS["overlaps"]})

    found, times = [], []
    for index, start in enumerate(starts):
        runs, seconds = timed(both, start)
        found.append([run.overlaps for run in runs])
        times.append(seconds)
        if progress:
            progress(f"learning from {len(starts)} initial values", index + 1, len(starts))
    paths, direct = np.array(found).swapaxes(0, 1)
    return AxisLearning(paths[..., 0], direct[..., 0], float(np.abs(paths - direct).max()), sum(times))


def simulated_axis_loss(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The loss of networks of 100 neurons at σ_zm with the other overlaps zero, from Σ_0 = I.

    :param points: values of σ_zm
    :param rng: draws the networks
    """
    start = np.sqrt(2) * np.eye(2)
    episodes = [rollout(double_integrator(), at_overlaps(rng, (p, 0, 0, 0)), start, HORIZON) for p in points]
    return np.array([np.mean(np.sum(e.x**2, axis=2)) for e in episodes])


def figure(
    seed: int = 0,
    progress: Progress | None = None,
    starts: Sequence[float] = STARTS,
    epochs: int = EPOCHS,
    horizons: Sequence[int] = HORIZONS,
) -> dict[str, np.ndarray]:
    """The numbers of figure 3.

    :param seed: draws networks and initial states
    :param starts: values of σ_zm at which learning begins
    :param horizons: episode lengths whose valleys on the axis are shown
    """
    rng = np.random.default_rng(seed)
    axis = np.linspace(-0.2, 0.1, 301)
    axis = axis[np.abs(axis) > 1e-9]
    points = np.concatenate([np.linspace(-0.2, -0.01, 12), np.linspace(0.01, 0.1, 6)])
    learned = learn(rng, seed, starts, epochs, progress)
    bottoms = [valleys(T).bottoms * T for T in horizons]
    return {
        "axis": axis,
        "exact": exact_loss(axis, HORIZON),
        "geometric": geometric(axis, HORIZON),
        "points": points,
        "simulated": simulated_axis_loss(points, rng),
        "horizons": np.array(horizons),
        "minimisers": np.array([minimiser(T) for T in horizons]),
        "law": np.array([valley_law(T) for T in horizons]),
        "first": np.array([found[0] for found in bottoms]),
        "outermost": np.array([found[-1] for found in bottoms]),
        "limits": np.array([-float(limit) for limit in (*first_valleys(), envelope_minimiser())]),
        "valleys": valleys(HORIZON).bottoms,
        "paths": learned.paths,
        "direct": learned.direct,
        "difference": np.array(learned.difference),
    }
