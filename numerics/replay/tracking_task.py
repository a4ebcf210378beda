"""Planar tracking of sums of sinusoids: the task of arXiv 2505.13567, figure 6, for the neurons and for the theory.

Two decoupled double integrators, x = (p_x, p_y, v_x, v_y): p⁺ = p + dt v, v⁺ = v + dt u, every state then clamped to
±clamp. References r_a(t) = ramp(t) Σ_f amplitude_f cos(2π f t + phase_f) on each axis a, at t = 0, dt, 2 dt, ….

Where the paper is silent these are ours: the ramp is min(1, t/ramp), hence r(0) = 0; the clamp acts on positions and
velocities alike, after each step; its derivative is 0 where it acts; the plant and the neurons start from zero.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from numerics.common.errors import FINITE, choice, fits, number, require, whole
from numerics.common.plants import Plant
from numerics.replay.settings import LONGEST

AXES = ("x", "y")
SIGNALS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "position": ((1, 0, 0),),
    "reference": ((0, 0, 1),),
    "velocity": ((0, 1, 0),),
    "error": ((1, 0, -1),),
}
"""What the agent may read of each axis: weights of position, velocity and reference."""


@dataclass(frozen=True)
class TrackingTask:
    """The plant, the references and what the agent reads; the defaults are the paper's.

    The agent reads y_t = C x_t + D r_t. Frequencies, amplitudes and phases are listed x first.

    :param dt: time of a step, in seconds
    :param duration: length of an episode in seconds, a whole number T of steps
    :param ramp: seconds over which the references grow linearly from 0; 0 for none
    :param amplitude: of every sinusoid, or one for each frequency
    :param frequencies_x: frequencies of the x axis, Hz, at most 1/(2 dt)
    :param frequencies_y: frequencies of the y axis, Hz
    :param clamp: largest modulus of a plant state; infinite for none
    :param inputs: signals that the agent reads, of both axes each: words of :data:`SIGNALS`
    :raises InputError: if a value is out of range or a word unknown
    """

    dt: float = 0.1
    duration: float = 30.0
    ramp: float = 1.0
    amplitude: float | tuple[float, ...] = 2.31
    frequencies_x: tuple[float, ...] = (0.1, 0.3)
    frequencies_y: tuple[float, ...] = (0.2, 0.4)
    clamp: float = 10.0
    inputs: tuple[str, ...] = ("position", "reference")

    def __post_init__(self) -> None:
        dt = number("dt", self.dt, 0, FINITE, open_low=True)
        duration = number("duration", self.duration, 0, FINITE, open_low=True)
        steps = duration / dt
        even = abs(steps - round(steps)) <= 1e-9 * steps and round(steps) > 0
        require(even, f"duration must be a whole number of steps dt = {dt:g}; found {duration:g}")
        whole("duration / dt", round(steps), 1, LONGEST)
        checked: dict[str, object] = {
            "dt": dt,
            "duration": duration,
            "ramp": number("ramp", self.ramp, 0, FINITE),
            "frequencies_x": _frequencies("frequencies_x", self.frequencies_x, dt),
            "frequencies_y": _frequencies("frequencies_y", self.frequencies_y, dt),
            "clamp": number("clamp", self.clamp, 0, np.inf, open_low=True),
            "inputs": tuple(choice("inputs", word, tuple(SIGNALS)) for word in self.inputs),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "amplitude", self._checked_amplitude())
        require(len(self.inputs) > 0, "inputs must name at least one signal; found none")

    def _checked_amplitude(self) -> float | tuple[float, ...]:
        given = np.atleast_1d(np.asarray(self.amplitude, dtype=object)).ravel()
        count = len(self.frequencies)
        require(
            given.size in (1, count), f"amplitude must be one number or one for each of {count}; found {given.size}"
        )
        values = tuple(number("amplitude", value, 0, 1e150) for value in given)
        return values[0] if len(values) == 1 else values

    @property
    def horizon(self) -> int:
        """Number T of steps of an episode."""
        return round(self.duration / self.dt)

    @property
    def frequencies(self) -> np.ndarray:
        """All frequencies in Hz, x first, (F,)."""
        return np.array(self.frequencies_x + self.frequencies_y)

    @property
    def axes(self) -> np.ndarray:
        """The axis of every frequency, 0 or 1, (F,)."""
        return np.repeat([0, 1], [len(self.frequencies_x), len(self.frequencies_y)])

    @property
    def advances(self) -> np.ndarray:
        """λ = e^{iω} of every frequency, ω = 2π f dt: where a pole that generates it would lie, (F,)."""
        return np.exp(2j * np.pi * self.dt * self.frequencies)

    @property
    def phasors(self) -> np.ndarray:
        """The amplitude of every sinusoid on its axis, (F, 2)."""
        sizes = np.broadcast_to(self.amplitude, self.frequencies.shape)
        return sizes[:, None] * np.eye(2)[self.axes]

    @property
    def plant(self) -> Plant:
        """Both double integrators with the output matrix C of what the agent reads; states (p_x, p_y, v_x, v_y)."""
        one, none = np.eye(2), np.zeros((2, 2))
        A, B = np.block([[one, self.dt * one], [none, one]]), np.vstack([none, self.dt * one])
        rows = [weights[:2] for word in self.inputs for weights in SIGNALS[word]]
        return Plant(A, B, np.vstack([np.hstack([p * one, v * one]) for p, v in rows]))

    @property
    def feedthrough(self) -> np.ndarray:
        """D, the feedthrough of the references to what the agent reads, (q, 2)."""
        return np.vstack([weights[2] * np.eye(2) for word in self.inputs for weights in SIGNALS[word]])

    @property
    def envelopes(self) -> np.ndarray:
        """ramp(t) amplitude_f of every step and frequency, (T, F)."""
        t = self.dt * np.arange(self.horizon)
        ramp = np.minimum(1.0, t / self.ramp) if self.ramp else np.ones_like(t)
        return ramp[:, None] * np.broadcast_to(self.amplitude, self.frequencies.shape)

    def angles(self) -> np.ndarray:
        """2π f t of every step and frequency, (T, F)."""
        return 2 * np.pi * self.dt * np.arange(self.horizon)[:, None] * self.frequencies

    def references(self, phases: np.ndarray) -> np.ndarray:
        """The references r_0 … r_{T-1} of a batch, (T, batch, 2).

        :param phases: phases of every episode, (batch, F)
        """
        fits("steps x batch x frequencies", self.horizon, *phases.shape)
        waves = self.envelopes[:, None, :] * np.cos(self.angles()[:, None, :] + phases)
        return np.stack([waves[:, :, self.axes == axis].sum(axis=2) for axis in (0, 1)], axis=2)

    def basis(self) -> np.ndarray:
        """The 2F unit references, (T, 2F, 2): the ramped cosine, then the ramped sine of each frequency in turn."""
        angles, envelopes = self.angles(), self.envelopes
        waves = np.stack([envelopes * np.cos(angles), envelopes * np.sin(angles)], axis=2)
        units = np.zeros((self.horizon, self.frequencies.size, 2, 2))
        index = np.arange(self.frequencies.size)
        units[:, index, :, self.axes] = np.moveaxis(waves, 1, 0)
        return units.reshape(self.horizon, -1, 2)


def coefficients(phases: np.ndarray) -> np.ndarray:
    """Coefficients of episodes in the basis, cos(2π f t + φ) = cos φ cos 2π f t - sin φ sin 2π f t, (batch, 2F).

    :param phases: phases of every episode, (batch, F)
    """
    return np.stack([np.cos(phases), -np.sin(phases)], axis=2).reshape(len(phases), -1)


def _frequencies(name: str, given: ArrayLike, dt: float) -> tuple[float, ...]:
    values = tuple(number(name, value, 0, 0.5 / dt, open_low=True) for value in np.ravel(np.asarray(given)).tolist())
    require(len(values) > 0, f"{name} must hold at least one frequency; found none")
    require(len(set(values)) == len(values), f"{name} must be distinct; found {', '.join(map(str, values))}")
    return values
