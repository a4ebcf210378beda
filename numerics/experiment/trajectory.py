"""The record of a batch of episodes: plant states, neuron states, what was read from them and what moved them."""

from dataclasses import dataclass

import numpy as np

from numerics.common.errors import fits
from numerics.common.weights import Weights


@dataclass(frozen=True)
class Trajectory:
    """A batch of episodes of T steps.

    :param x: plant states x_0, x_1, …, (T, batch, n), or one more where the plant takes a last step; n = 0 where there
        is no plant
    :param h: neuron states h_0 … h_{T-1}, (T, batch, N)
    :param read: [Zᵀh, Vᵀh] of every step, (T, batch, p + r)
    :param drive: [y_t, Vᵀh_{t-1}] that moved h_{t-1} to h_t, for t = 1 … T - 1, (T - 1, batch, q + r)
    :param slope: workspace for ∂L/∂h of every step, (T, batch, N); left as it is by a rollout
    :param p: number of controls
    """

    x: np.ndarray
    h: np.ndarray
    read: np.ndarray
    drive: np.ndarray
    slope: np.ndarray
    p: int

    @classmethod
    def allocate(cls, n: int, weights: Weights, batch: int, horizon: int, extra: int = 0) -> "Trajectory":
        """Memory for a batch of episodes; a training loop fills the same memory at every update.

        :param horizon: number T of steps
        :param extra: 1 where the plant takes a last step
        :raises InputError: if no memory holds them
        """
        p, q, r = weights.z.shape[1], weights.m.shape[1], weights.rank
        fits("horizon x batch x neurons", horizon, batch, weights.neurons)
        h, slope = (np.zeros((horizon, batch, weights.neurons)) for _ in range(2))
        read, drive = np.zeros((horizon, batch, p + r)), np.zeros((horizon - 1, batch, q + r))
        return cls(np.zeros((horizon + extra, batch, n)), h, read, drive, slope, p)

    @property
    def batch(self) -> int:
        """Number of episodes."""
        return self.h.shape[1]

    @property
    def u(self) -> np.ndarray:
        """Controls u_0 … u_{T-1}, (T, batch, p); u_0 = 0."""
        return self.read[:, :, : self.p]
