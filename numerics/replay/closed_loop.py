"""A run to be made: initial weights, one batch of initial states per update, and the training settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from numerics.common.errors import choice, fits, real, require, whole
from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import Weights, full_weights, gaussian_weights, rank_one_weights
from numerics.replay.settings import Settings, check_fit, run_config


@dataclass(frozen=True)
class Replay:
    """Everything that a run is a function of.

    :param weights: initial weights
    :param x0: initial plant states, (epochs, batch, n); epoch e is update e
    :param settings: how to train
    :param plant: the plant; the double integrator by default
    :param seed: seed that drew weights and initial states, for the record
    :raises InputError: if shapes do not fit each other or a trained array is missing
    """

    weights: Weights
    x0: np.ndarray
    settings: Settings = field(default_factory=Settings)
    plant: Plant = field(default_factory=double_integrator)
    seed: int | None = None

    def __post_init__(self) -> None:
        what = f"plant must be a numerics.common.plants.Plant; found {type(self.plant).__name__}"
        require(isinstance(self.plant, Plant), f"{what}; convert it with numerics.interop.state_space.plant_from")
        n, _, _ = self.plant.shape
        x0 = real("x0", self.x0)
        require(x0.ndim == 3, f"x0 must have the axes (epochs, batch, n); found shape {x0.shape}")
        require(min(x0.shape) > 0, f"x0 must hold at least one epoch and one state; found shape {x0.shape}")
        require(x0.shape[2] == n, f"x0 must have n = {n} entries per state, as the plant; found {x0.shape[2]}")
        require(bool(np.isfinite(x0).all()), "x0 must be finite; found NaN or infinite entries")
        object.__setattr__(self, "x0", x0)
        check_fit(self.weights, self.plant, self.settings.train)

    @property
    def epochs(self) -> int:
        """Number of updates."""
        return self.x0.shape[0]

    @property
    def per_epoch(self) -> tuple[np.ndarray, ...]:
        """The arrays that hold one batch an update."""
        return (self.x0,)

    def config(self) -> dict:
        """The settings and sizes as plain values."""
        common = run_config(self.weights, self.plant, self.settings, self.seed)
        return {**common, "epochs": self.epochs, "batch": self.x0.shape[1], "task": "closed_loop"}


DISTRIBUTIONS: dict[str, Callable[..., Weights]] = {"uniform": rank_one_weights, "gaussian": gaussian_weights}
POPULATION = np.sqrt(8 / 3) * np.eye(2)
"""Two states whose second moment is that of the uniform distribution on [-2, 2]², (4/3) I."""


def rank_one_replay(
    seed: int,
    epochs: int = 1000,
    batch: int = 100,
    neurons: int = 100,
    distribution: str = "uniform",
    noise: bool = True,
    **settings: Any,
) -> Replay:
    """A run of the paper's rank-one protocol: x_0 uniform on [-2, 2]², fresh at each update.

    :param seed: seed of the generator that draws weights, then initial states
    :param epochs: number of updates
    :param batch: episodes per update
    :param neurons: number N of neurons
    :param distribution: initial distribution, ``"uniform"`` (m, z uniform; u, v normal) or ``"gaussian"`` (all normal)
    :param noise: whether batches are drawn; otherwise two states with the exact second moment, the population loss
    :param settings: fields of :class:`Settings` that differ from the defaults
    :raises InputError: if a size or word is bad
    """
    seed = whole("seed", seed, 0)
    rng = np.random.default_rng(seed)
    epochs, batch, neurons = whole("epochs", epochs, 1), whole("batch", batch, 1), whole("neurons", neurons, 1)
    distribution = choice("distribution", distribution, tuple(DISTRIBUTIONS))
    fits("epochs x batch x n", epochs, batch, 2)
    fits("neurons x widths of m, z, u, v", neurons, 4)
    weights = DISTRIBUTIONS[distribution](rng, neurons)
    x0 = rng.uniform(-2.0, 2.0, (epochs, batch, 2)) if noise else np.repeat(POPULATION[None], epochs, axis=0)
    return Replay(weights, x0, Settings(**settings), seed=seed)


def full_replay(seed: int, epochs: int = 1001, batch: int = 100, neurons: int = 100, **settings: Any) -> Replay:
    """A run of the paper's full protocol: every weight trained, tanh, x_0 uniform on [-1, 1]², loss summed over time.

    :param seed: seed of the generator that draws weights, then initial states
    :param epochs: number of updates
    :param batch: episodes per update
    :param neurons: number N of neurons
    :param settings: fields of :class:`Settings` that differ from those of the protocol
    """
    seed = whole("seed", seed, 0)
    rng = np.random.default_rng(seed)
    epochs, batch, neurons = whole("epochs", epochs, 1), whole("batch", batch, 1), whole("neurons", neurons, 1)
    fits("epochs x batch x n", epochs, batch, 2)
    fits("neurons x neurons", neurons, neurons)
    weights = full_weights(rng, neurons)
    x0 = rng.uniform(-1.0, 1.0, (epochs, batch, 2))
    protocol = {"activation": "tanh", "time_average": False, "train": ("m", "z", "w"), **settings}
    return Replay(weights, x0, Settings(**protocol), seed=seed)
