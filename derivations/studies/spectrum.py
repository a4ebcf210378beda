"""Which spectrum tells whether a loop is stable: that of the joint system or that of the network alone?

Full tanh networks are trained in closed loop; at checkpoints the loop is simulated for a long time, and what it does is
compared with what the spectral radius of the joint matrix at rest, and that of W, say it should do. For states so small
that tanh is linear the joint matrix must be right; the question is open for states of the training's own size. The best
agent for the double integrator is itself unstable, σ_vu = 1 - √5, so late in learning the radius of W must fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from derivations.check import Check, nothing
from derivations.progress import Progress, each
from derivations.wording import counted
from numerics.common.markov import impulse_response, strengths, visible_overlaps
from numerics.common.weights import Weights
from numerics.experiment.behaviour import Snapshots, growth, growth_alone
from numerics.experiment.observe import leading_eigenvalues, recurrent_radius
from numerics.experiment.train import train
from numerics.replay.closed_loop import Replay, full_replay
from theory.double_integrator.optimum import optimum
from theory.symbols import kappa, sigma_vu, sigma_zm

SMALL = 1e-6
"""Size of the initial states for which tanh is linear."""
STATES = 10
"""Initial states of the run's first batch that are simulated."""
WIDE = 10
"""How many times wider than in training the widest initial states are."""
NEAR = 0.005
"""How near to 1 the joint radius is where telling is hard."""
LAGS = 8
"""Markov parameters from which the agent is read off."""
PERSISTS = 0.5
"""Growth above which the activity of the neurons alone does not die out."""


@dataclass(frozen=True)
class Watch:
    """One run at its checkpoints; every array is (checkpoints,).

    :param joint: spectral radius of the joint matrix at rest
    :param alone: spectral radius of W
    :param small: largest growth of small states in closed loop
    :param training: largest growth of states of the training's own x_0
    :param wide: fraction of states ten times as wide that decay
    :param silence: growth of the neurons' activity without plant and input
    :param agent: σ_zm, κ, σ_vu of the rank-one network with the same first lags, of the neurons at rest, (checkpoints, 3)
    :param second: second over first singular value of the Hankel matrix of the first lags
    """

    epochs: np.ndarray
    joint: np.ndarray
    alone: np.ndarray
    small: np.ndarray
    training: np.ndarray
    wide: np.ndarray
    silence: np.ndarray
    agent: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class Score:
    """How well a predictor of stability does.

    :param accuracy: fraction of checkpoints predicted
    :param balanced: mean of the fractions predicted of the stable ones and of the unstable ones; 0.5 is chance
    """

    accuracy: float
    balanced: float


def _look(replay: Replay, weights: Weights) -> tuple[float | np.ndarray, ...]:
    """Everything that is measured at a checkpoint, in the order of :class:`Watch`."""
    responses = impulse_response(weights, LAGS, replay.settings.leak)
    values = strengths(responses)
    settings, own = replay.settings, replay.x0[0, :STATES]
    small = SMALL * np.eye(replay.plant.shape[0])
    grown = growth(replay.plant, weights, np.vstack([small, own, WIDE * own]), settings)
    first, second, third = np.split(grown, [len(small), len(small) + len(own)])
    return (
        float(np.abs(leading_eigenvalues(replay.plant, weights, settings.leak)[0])),
        recurrent_radius(weights, settings.leak),
        float(first.max()),
        float(second.max()),
        float(np.mean(third < 1)),
        growth_alone(weights, settings, 1.0),
        visible_overlaps(responses),
        float(values[1] / values[0]),
    )


def watch(replay: Replay, every: int) -> Watch:
    """Train a network and look at it every few epochs.

    :param replay: the run
    :param every: epochs between checkpoints
    """
    kept = Snapshots(every)
    train(replay, {"checkpoints": kept})
    rows = [_look(replay, weights) for weights in kept.weights]
    return Watch(np.array(kept.epochs), *(np.array(column) for column in zip(*rows, strict=True)))


def watches(seeds: Sequence[int], epochs: int = 1001, every: int = 2, progress: Progress | None = None) -> list[Watch]:
    """The protocol of the full network for several seeds.

    :param every: epochs between checkpoints
    """
    return [watch(full_replay(seed, epochs), every) for seed in each(seeds, "watching full networks", progress)]


def score(predicted: np.ndarray, found: np.ndarray) -> Score:
    """Compare predicted with found stability.

    :param predicted: whether every checkpoint is predicted to be stable
    :param found: whether it is
    """
    right = predicted == found
    kinds = [right[found == kind].mean() for kind in (True, False) if np.any(found == kind)]
    return Score(float(right.mean()), float(np.mean(kinds)))


def onset(epochs: np.ndarray, stable: np.ndarray) -> float:
    """First checkpoint from which a run is stable for good; not a number if it never is.

    :param epochs: the epochs of the checkpoints
    :param stable: whether the run is stable there
    """
    unstable = np.flatnonzero(~stable)
    first = 0 if unstable.size == 0 else int(unstable[-1]) + 1
    return float(epochs[first]) if first < len(epochs) else np.nan


def pooled(runs: Sequence[Watch], name: str) -> np.ndarray:
    """A measure at the checkpoints of all runs.

    :param name: a field of :class:`Watch`
    """
    return np.concatenate([getattr(run, name) for run in runs])


def delays(runs: Sequence[Watch], behaviour: str) -> np.ndarray:
    """Epochs from the joint radius falling below 1 for good to the loop settling for good, one per run.

    :param behaviour: ``"small"`` or ``"training"``
    """
    return np.array([onset(run.epochs, getattr(run, behaviour) < 1) - onset(run.epochs, run.joint < 1) for run in runs])


def checks(runs: Sequence[Watch]) -> list[Check]:
    """The claim that the joint spectrum, not that of the network alone, predicts stabilisation."""
    joint, alone = pooled(runs, "joint") < 1, pooled(runs, "alone") < 1
    every = float(runs[0].epochs[1] - runs[0].epochs[0])
    lines = []
    for name, start in (("small", "small x_0"), ("training", "the training's x_0")):
        settles = pooled(runs, name) < 1
        good, bad = score(joint, settles), score(alone, settles)
        late = float(np.max(np.abs(delays(runs, name))))
        lines += [
            Check(
                f"full tanh, {start}: joint radius < 1 tells what settles", 1.0, good.balanced, 1 - good.balanced, 0.02
            ),
            Check(
                f"full tanh, {start}: radius of W < 1 does no better than chance",
                0.5,
                bad.balanced,
                float(np.maximum(0.0, bad.balanced - 0.5)),
                0.02,
            ),
            nothing(f"full tanh, {start}: epochs from joint radius < 1 to settling, largest", late, 2 * every),
        ]
    unstable = pooled(runs, "alone")[~joint]
    before = float(unstable.max()) if unstable.size else np.nan
    return [
        *lines,
        nothing("full tanh: radius of W while the loop is unstable, largest", before, 0.5),
    ]


def report(runs: Sequence[Watch]) -> str:
    """The measurements as text."""
    count = sum(len(run.epochs) for run in runs)
    head = f"full tanh networks, {counted(len(runs), 'seed')}, {counted(count, 'checkpoint')}"
    settling = [line for name in ("small", "training") for line in _settling(runs, name)]
    return "\n".join([head, *settling, *_crossings(runs), *_last(runs)])


def _settling(runs: Sequence[Watch], name: str) -> list[str]:
    """How well the spectra tell from which initial states the loop settles."""
    joint, alone = pooled(runs, "joint") < 1, pooled(runs, "alone") < 1
    settles, late = pooled(runs, name) < 1, delays(runs, name)
    lines = [f"{name} x_0: {settles.mean():.3f} of checkpoints settle"]
    for label, predicted in (("joint radius < 1", joint), ("radius of W < 1", alone)):
        s = score(predicted, settles)
        lines.append(f"  {label:18} accuracy {s.accuracy:.4f}, balanced {s.balanced:.4f}")
    near = np.abs(pooled(runs, "joint") - 1) < NEAR
    right = int(np.sum((joint == settles)[near]))
    epochs = f"median {np.median(late):g}, {late.min():g} to {late.max():g}"
    return [
        *lines,
        f"  joint radius within {NEAR} of 1: right at {right} of {near.sum()} checkpoints",
        f"  epochs from joint radius < 1 to settling: {epochs}",
    ]


def _crossings(runs: Sequence[Watch]) -> list[str]:
    """When the radii of the joint system and of W pass 1, and whether the neurons alone stay active."""
    settled = np.array([onset(run.epochs, run.joint < 1) for run in runs])
    crossing = np.array([onset(run.epochs, run.alone >= 1) for run in runs])
    crossed = np.isfinite(crossing)
    persists, alone = pooled(runs, "silence") > PERSISTS, pooled(runs, "alone") < 1
    stable = f"median {np.nanmedian(settled):g}" if np.isfinite(settled).any() else "never"
    upwards = f", median epoch {np.nanmedian(crossing):g}" if crossed.any() else ""
    return [
        f"epoch of joint radius < 1: {stable}",
        f"radius of W passes 1 upwards for good in {crossed.sum()} of {len(runs)} runs{upwards}",
        f"neurons alone stay active at {persists.mean():.3f} of checkpoints; radius of W >= 1 at {(~alone).mean():.3f}",
    ]


def _last(runs: Sequence[Watch]) -> list[str]:
    """The spectra and the agents at the last checkpoint."""
    joint, alone, wide = np.array([(run.joint[-1], run.alone[-1], run.wide[-1]) for run in runs]).T
    agent = np.median([run.agent[-1] for run in runs], axis=0)
    best = [float(optimum()[letter]) for letter in (sigma_zm, kappa, sigma_vu)]
    found, expected = (", ".join(f"{value:.3f}" for value in values) for values in (agent, best))
    return [
        f"last checkpoint: joint radius {joint.min():.2f} to {joint.max():.2f}, of W {alone.min():.2f} to {alone.max():.2f}",
        f"agent (σ_zm, κ, σ_vu), median: {found}; the linear optimum for long episodes: {expected}",
        f"second over first Hankel singular value, largest: {max(run.second[-1] for run in runs):.1e}",
        f"x_0 {WIDE} times as wide settles at the end in {wide.mean():.2f} of cases",
    ]
