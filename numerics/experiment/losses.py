"""Losses of a batch of episodes, and their slopes by plant states and controls. The experiment.

Every loss is a mean over the batch. ``value`` gives it, ``slopes`` gives ∂L/∂x of every step, (steps, batch, n), and
∂L/∂u of every step, (steps, batch, p), or None where it does not depend on the controls themselves.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Slopes = tuple[np.ndarray, np.ndarray | None]


class Episodes(Protocol):
    """What a loss needs of a batch of episodes."""

    @property
    def x(self) -> np.ndarray:
        """Plant states, (steps, batch, n)."""

    @property
    def u(self) -> np.ndarray:
        """Controls, (steps, batch, p)."""

    @property
    def batch(self) -> int:
        """Number of episodes."""


@dataclass(frozen=True)
class QuadraticCost:
    """s Σ_t (state_weight |x_t|² + control_penalty |u_t|²).

    :param state_weight: weight of |x|²
    :param control_penalty: weight of |u|²
    :param scale: the factor s
    """

    state_weight: float
    control_penalty: float
    scale: float

    def value(self, episodes: Episodes) -> float:
        """The loss."""
        total = self.state_weight * np.vdot(episodes.x, episodes.x)
        if self.control_penalty:
            total += self.control_penalty * np.sum(episodes.u**2)
        return float(self.scale * total / episodes.batch)

    def slopes(self, episodes: Episodes) -> Slopes:
        """Slopes by states and controls."""
        unit = 2.0 * self.scale / episodes.batch
        by_control = (unit * self.control_penalty) * episodes.u if self.control_penalty else None
        return (unit * self.state_weight) * episodes.x, by_control


@dataclass(frozen=True)
class Imitation:
    """The mean over k = 1 … K of |u_k - u*_k|².

    :param target: the teacher's outputs u*_1 … u*_K, (K, batch, p)
    """

    target: np.ndarray

    def value(self, episodes: Episodes) -> float:
        """The loss."""
        error = episodes.u[1:] - self.target
        return float(np.vdot(error, error) / (error.shape[0] * error.shape[1]))

    def slopes(self, episodes: Episodes) -> Slopes:
        """Slopes by states, of which there are none, and controls."""
        slope = np.zeros(episodes.u.shape)
        count = self.target.shape[0] * self.target.shape[1]
        slope[1:] = (2.0 / count) * (episodes.u[1:] - self.target)
        return np.zeros_like(episodes.x), slope


@dataclass(frozen=True)
class TrackingError:
    """dt times the mean over steps of |position_{t+1} - r_t|², summed over the axes.

    The first states of the plant are positions, one an axis; r_t is read with x_t and compared with x_{t+1}.

    :param dt: time of a step
    :param references: r_0 … r_{T-1}, (T, batch, axes)
    """

    dt: float
    references: np.ndarray

    def _errors(self, episodes: Episodes) -> np.ndarray:
        return episodes.x[1:, :, : self.references.shape[2]] - self.references

    def value(self, episodes: Episodes) -> float:
        """The loss."""
        errors = self._errors(episodes)
        return float(self.dt * np.vdot(errors, errors) / (errors.shape[0] * errors.shape[1]))

    def slopes(self, episodes: Episodes) -> Slopes:
        """Slopes by states; controls cost nothing."""
        errors, slope = self._errors(episodes), np.zeros_like(episodes.x)
        slope[1:, :, : errors.shape[2]] = (2 * self.dt / (errors.shape[0] * errors.shape[1])) * errors
        return slope, None


Loss = QuadraticCost | Imitation | TrackingError
