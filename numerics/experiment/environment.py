"""What the neurons act on: a plant in closed loop, or recorded inputs, which controls do not change. The experiment.

An environment gives the observation of every step from the control of the step before, and passes slopes back. At
step t plant states and their slopes are (steps + 1, batch, n), of every step; the control u_{t-1} is (batch, p), the
observation y_t and its slope (batch, q).
"""

from dataclasses import dataclass

import numpy as np

from numerics.common.plants import Plant


@dataclass(frozen=True)
class ClosedLoop:
    """A plant, started from given states.

    x_t = A x_{t-1} + B u_{t-1} + w_{t-1}, y_t = C x_{t-d} + e_t for t ≥ d and e_t before. By default the neurons first
    read y_1: h_0 = 0 has read nothing. With ``first`` = 0 they read y_0 before they first act.

    :param plant: the plant
    :param x0: initial states, (batch, n)
    :param clamp: largest modulus of a plant state, applied after every step; infinite for none
    :param added: e, added to every observation that is read (references, sensory noise), (readings, batch, q)
    :param process: w_0, w_1, …, added to the states, (steps, batch, n)
    :param delay: number d of steps by which observations are late
    :param first: step of the first observation that is read, 0 or 1
    """

    plant: Plant
    x0: np.ndarray
    clamp: float = np.inf
    added: np.ndarray | None = None
    process: np.ndarray | None = None
    delay: int = 0
    first: int = 1

    def start(self, x: np.ndarray) -> None:
        """Write x_0.

        :param x: plant states of every step, (steps + 1, batch, n)
        """
        x[0] = self.x0

    def move(self, t: int, x: np.ndarray, u: np.ndarray) -> None:
        """Write x_t, moved by u_{t-1}."""
        np.dot(x[t - 1], self.plant.A.T, out=x[t])
        x[t] += u @ self.plant.B.T
        if self.process is not None:
            x[t] += self.process[t - 1]
        if self.clamp < np.inf:
            np.clip(x[t], -self.clamp, self.clamp, out=x[t])

    def observe(self, t: int, x: np.ndarray, out: np.ndarray) -> None:
        """Write y_t."""
        out[...] = x[t - self.delay] @ self.plant.C.T if t >= self.delay else 0.0
        if self.added is not None:
            out += self.added[t - self.first]

    def unobserve(self, t: int, slope_x: np.ndarray, slope_y: np.ndarray) -> None:
        """Add to ``slope_x`` what y_t hands on.

        :param slope_x: ∂L/∂x of every step, (steps + 1, batch, n)
        """
        if t >= self.delay:
            slope_x[t - self.delay] += slope_y @ self.plant.C

    def unmove(self, t: int, x: np.ndarray, slope_x: np.ndarray) -> np.ndarray:
        """∂L/∂u_{t-1}, (batch, p), once ∂L/∂x_t is complete; what x_{t-1} receives is added to ``slope_x``.

        The slope through a clamped state is 0.

        :param slope_x: ∂L/∂x of every step, (steps + 1, batch, n)
        """
        if self.clamp < np.inf:
            slope_x[t] *= np.abs(x[t]) < self.clamp
        slope_x[t - 1] += slope_x[t] @ self.plant.A
        return slope_x[t] @ self.plant.B


@dataclass(frozen=True)
class Recorded:
    """Inputs that do not depend on what the neurons do.

    :param y: inputs y_1 … y_K, (K, batch, q)
    """

    y: np.ndarray
    first = 1

    def start(self, x: np.ndarray) -> None:
        """There is no plant state to write."""

    def move(self, t: int, x: np.ndarray, u: np.ndarray) -> None:
        """Nothing moves."""

    def observe(self, t: int, x: np.ndarray, out: np.ndarray) -> None:
        """Write y_t."""
        out[...] = self.y[t - 1]

    def unobserve(self, t: int, slope_x: np.ndarray, slope_y: np.ndarray) -> None:
        """There is no plant state that y_t depends on."""

    def unmove(self, t: int, x: np.ndarray, slope_x: np.ndarray) -> float:
        """∂L/∂u_{t-1} through the environment: 0."""
        return 0.0


Environment = ClosedLoop | Recorded
