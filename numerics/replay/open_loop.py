"""An open-loop run to be made: a student, its teacher, and what the student reads."""

from dataclasses import dataclass, field

import numpy as np

from numerics.common.errors import FINITE, number, real, require
from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import Weights
from numerics.replay.settings import Settings, check_fit, run_config

HALF_WIDTH = 2.0
"""a of the rank-one protocol; the full protocol has 1."""
PAPER_VARIANCE = 2.0
"""Variance of y in arXiv 2505.13567: both plant states are standard normal and y = C A x is their sum."""


@dataclass(frozen=True)
class OpenLoopReplay:
    """Everything that an open-loop run is a function of.

    The student reads y_1 … y_K from h_0 = 0; its loss is the mean over k = 1 … K and the batch of |u_k - u*_k|².
    Before each update it is tested in closed loop: ``test_loss``, the population loss for x_0 uniform on [-a, a]ⁿ.

    :param weights: initial weights of the student
    :param teacher: weights of the teacher; same plant, activation and leak
    :param y: inputs, (epochs, K, batch, q); without the last axis q = 1
    :param settings: how to train; horizon, costs and time average are those of the closed-loop test
    :param plant: the plant of the test; the double integrator by default
    :param seed: seed that drew weights and inputs, for the record
    :param half_width: a of the test
    :raises InputError: if shapes do not fit each other or a trained array is missing
    """

    weights: Weights
    teacher: Weights
    y: np.ndarray
    settings: Settings = field(default_factory=Settings)
    plant: Plant = field(default_factory=double_integrator)
    seed: int | None = None
    half_width: float = HALF_WIDTH

    def __post_init__(self) -> None:
        y = real("y", self.y)
        y = y[..., None] if y.ndim == 3 else y
        _, _, q = self.plant.shape
        require(y.ndim == 4, f"y must have the axes (epochs, K, batch) or (epochs, K, batch, q); found {y.shape}")
        require(min(y.shape) > 0, f"y must hold at least one epoch and one input; found shape {y.shape}")
        require(y.shape[3] == q, f"y must have q = {q} entries per input, as the plant; found {y.shape[3]}")
        require(bool(np.isfinite(y).all()), "y must be finite; found NaN or infinite entries")
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "half_width", number("half_width", self.half_width, 0, FINITE))
        check_fit(self.weights, self.plant, self.settings.train)
        check_fit(self.teacher, self.plant, (), "teacher_")

    @property
    def epochs(self) -> int:
        """Number of updates."""
        return self.y.shape[0]

    @property
    def length(self) -> int:
        """Number K of inputs of a sequence."""
        return self.y.shape[1]

    @property
    def per_epoch(self) -> tuple[np.ndarray, ...]:
        """The arrays that hold one batch an update."""
        return (self.y,)

    def config(self) -> dict:
        """The settings and sizes as plain values."""
        common = run_config(self.weights, self.plant, self.settings, self.seed)
        sizes = {"epochs": self.epochs, "length": self.length, "batch": self.y.shape[2]}
        return {**common, **sizes, "task": "open_loop", "half_width": self.half_width}
