"""A tracking run to be made: initial weights, the phases of one batch of episodes per update, and how to train."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from numerics.common.errors import fits, real, require, whole
from numerics.common.weights import Weights, tracking_weights
from numerics.replay.settings import Training, check_fit, run_config
from numerics.replay.tracking_task import TrackingTask


@dataclass(frozen=True, kw_only=True)
class TrackingTraining(Training):
    """How weights are moved; all by keyword. The defaults are the tracking protocol of arXiv 2505.13567.

    :param learning_rate: step η of the optimizer
    :param clip: largest global gradient norm that passes unscaled; infinite for none
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``, erf(√π s/2)
    :param optimizer: ``"sgd"``, ``"momentum"`` (v ← μ v + c ∂L, X ← X - η v) or ``"adam"`` (β = 0.9, 0.999; ε = 1e-8)
    :param momentum: μ in [0, 1), read by that optimizer alone
    :param leak: γ = dt/τ in (0, 1]; in the protocol τ = 1 s
    :param train: names of the trained arrays; with none the weights stay as they are
    :raises InputError: if a value is out of range or a word unknown
    """

    learning_rate: float = 1e-3
    clip: float = np.inf
    optimizer: str = "adam"
    leak: float = 0.1
    train: tuple[str, ...] = ("w", "z")


@dataclass(frozen=True)
class TrackingReplay:
    """Everything that a tracking run is a function of.

    :param weights: initial weights
    :param phases_x: phases of the x axis, (epochs, batch, frequencies); epoch e is update e
    :param phases_y: phases of the y axis, (epochs, batch, frequencies)
    :param settings: how to train
    :param task: the task
    :param seed: seed that drew weights and phases, for the record
    :raises InputError: if shapes do not fit each other or a trained array is missing
    """

    weights: Weights
    phases_x: np.ndarray
    phases_y: np.ndarray
    settings: TrackingTraining = field(default_factory=TrackingTraining)
    task: TrackingTask = field(default_factory=TrackingTask)
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, count in (("x", len(self.task.frequencies_x)), ("y", len(self.task.frequencies_y))):
            phases = _phases(f"phases_{name}", getattr(self, f"phases_{name}"), count, name)
            object.__setattr__(self, f"phases_{name}", phases)
        same = self.phases_x.shape[:2] == self.phases_y.shape[:2]
        found = f"{self.phases_x.shape[:2]} and {self.phases_y.shape[:2]}"
        require(same, f"phases_x and phases_y must have the same epochs and batch; found {found}")
        check_fit(self.weights, self.task.plant, self.settings.train)

    @property
    def epochs(self) -> int:
        """Number of updates."""
        return self.phases_x.shape[0]

    @property
    def batch(self) -> int:
        """Episodes per update."""
        return self.phases_x.shape[1]

    def phases(self, epoch: int) -> np.ndarray:
        """The phases of an update, x first, (batch, F).

        :param epoch: index of the update
        """
        return np.hstack([self.phases_x[epoch], self.phases_y[epoch]])

    @property
    def per_epoch(self) -> tuple[np.ndarray, ...]:
        """The arrays that hold one batch an update."""
        return (self.phases_x, self.phases_y)

    def config(self) -> dict:
        """The settings and sizes as plain values."""
        common = run_config(self.weights, self.task.plant, self.settings, self.seed)
        return {**common, **asdict(self.task), "epochs": self.epochs, "batch": self.batch, "task": "tracking"}


def _phases(name: str, value: object, count: int, axis: str) -> np.ndarray:
    phases = real(name, value)
    require(phases.ndim == 3, f"{name} must have the axes (epochs, batch, frequencies); found shape {phases.shape}")
    require(min(phases.shape) > 0, f"{name} must hold at least one epoch and one episode; found shape {phases.shape}")
    fit = phases.shape[2] == count
    require(fit, f"{name} must have a column for each of the {count} frequencies_{axis}; found {phases.shape[2]}")
    require(bool(np.isfinite(phases).all()), f"{name} must be finite; found NaN or infinite entries")
    return phases


def tracking_replay(
    seed: int,
    epochs: int = 5000,
    batch: int = 100,
    neurons: int = 100,
    strength: float = 0.2,
    task: TrackingTask | None = None,
    **settings: Any,
) -> TrackingReplay:
    """A run of the paper's tracking protocol: phases uniform on [0, 2π), fresh at each update.

    A longer run of the same seed begins with the shorter one.

    :param seed: seed of the generator that draws weights, then phases
    :param epochs: number of updates
    :param batch: episodes per update
    :param neurons: number N of neurons
    :param strength: g; W is normal with std g/√N
    :param task: the task; the paper's by default
    :param settings: fields of :class:`TrackingTraining` that differ from the defaults
    :raises InputError: if a size or word is bad
    """
    task = task or TrackingTask()
    rng = np.random.default_rng(whole("seed", seed, 0))
    epochs, batch, neurons = whole("epochs", epochs, 1), whole("batch", batch, 1), whole("neurons", neurons, 1)
    fits("epochs x batch x frequencies", epochs, batch, task.frequencies.size)
    fits("neurons x neurons", neurons, neurons)
    weights = tracking_weights(rng, neurons, strength, task.plant.shape[2])
    phases = rng.uniform(0.0, 2 * np.pi, (epochs, batch, task.frequencies.size))
    split = len(task.frequencies_x)
    return TrackingReplay(
        weights, phases[..., :split], phases[..., split:], TrackingTraining(**settings), task, whole("seed", seed, 0)
    )
