"""Stationary tracking of sinusoids by N neurons: the loss of each frequency and its gradient, by linear solves.

The agent reads y_t = C x_t + D r_t, h_t = F h_{t-1} + γ M y_t with F = (1-γ) I + γ W, u_t = Zᵀ h_t, x_{t+1} = A x_t +
B u_t, and the loss is dt E |C_o x_{t+1} - r_t|². Under the reference a e^{iωt} on one axis, with λ = e^{iω},

    K = λ γ Zᵀ (λ - F)⁻¹ M,  x = (λ - A - B K C)⁻¹ B K D a,  y = C x + D a,  h = λ γ (λ - F)⁻¹ M y,  e = λ C_o x - a.

Phases are uniform and independent, so frequencies do not interfere: the loss is Σ_f (dt/2) |e_f|². With β =
[λ C_o (λ - A - B K C)⁻¹ B]* e, what the error asks of the control, dL = dt Re β* dK y, hence

    ∂L/∂Z = dt Re h β*,  ∂L/∂W = dt Re conj(ψ) hᵀ,  ∂L/∂M = dt Re conj(ψ) λ yᵀ,  ψ = γ (λ - F)⁻* Z β,
    ∂L/∂g_j = dt Re conj(β) λ^{-j} yᵀ  for the Markov parameters g_j of K = Σ_j g_j λ^{-j}.

A stationary state exists only for a stable joint system; :mod:`numerics.tracking.transients` has the finite episode.
Source: derived in :mod:`theory.tracking`; the task is that of Ger & Barak, arXiv 2505.13567, Sec. 5.
"""

from dataclasses import dataclass

import numpy as np

from numerics.errors import InputError, matrix, number, real, require, whole
from numerics.experiment.neurons import Gradients
from numerics.experiment.simulate import joint_matrix
from numerics.plants import Plant
from numerics.weights import Weights


@dataclass(frozen=True)
class Tones:
    """The sinusoids of the references; the defaults are the paper's. Entries of the three tuples belong together.

    :param frequencies: in Hz
    :param axes: the axis of each, from 0
    :param amplitudes: in units of position
    :param dt: time of a step, in seconds
    :raises InputError: if the lengths differ or a value is out of range
    """

    frequencies: tuple[float, ...] = (0.1, 0.3, 0.2, 0.4)
    axes: tuple[int, ...] = (0, 0, 1, 1)
    amplitudes: tuple[float, ...] = (2.31,) * 4
    dt: float = 0.1

    def __post_init__(self) -> None:
        number("dt", self.dt, 0, np.inf, open_low=True)
        for name in ("axes", "amplitudes"):
            found, expected = len(getattr(self, name)), len(self.frequencies)
            require(found == expected, f"{name} must have an entry for each of {expected} frequencies; found {found}")
        for frequency in self.frequencies:
            number("frequencies", frequency, 0, 0.5 / self.dt, open_low=True)
        for axis in self.axes:
            whole("axes", axis, 0)

    @property
    def advances(self) -> np.ndarray:
        """λ = e^{iω}, ω = 2π f dt, (F,)."""
        return np.exp(2j * np.pi * self.dt * np.array(self.frequencies))

    def phasors(self, outputs: int) -> np.ndarray:
        """The amplitude of each sinusoid on its axis, (F, outputs).

        :param outputs: number of axes
        """
        top = max(self.axes, default=0)
        require(top < outputs, f"axes must be below the number of tracked outputs, {outputs}; found {top}")
        units = np.zeros((len(self.axes), outputs))
        units[np.arange(len(self.axes)), list(self.axes)] = self.amplitudes
        return units


@dataclass(frozen=True)
class TrackingSystem:
    """Plant, task and agent.

    :param plant: the plant; its C is what the agent reads of the states, (q, n)
    :param feed: D, what the agent reads of the references, (q, s)
    :param tracked: C_o, the states that follow the references, (s, n)
    :param weights: the agent's weights
    :param leak: γ
    :raises InputError: if the shapes do not fit
    """

    plant: Plant
    feed: np.ndarray
    tracked: np.ndarray
    weights: Weights
    leak: float = 0.1

    def __post_init__(self) -> None:
        (n, p, q), outputs = self.plant.shape, len(self.tracked)
        number("leak", self.leak, 0, np.inf, open_low=True)
        shapes = {"feed": (q, outputs), "tracked": (outputs, n)}
        for name, expected in shapes.items():
            found = matrix(name, getattr(self, name))
            require(found.shape == expected, f"{name} must fit the plant; expected {expected}, found {found.shape}")
            object.__setattr__(self, name, found)
        for name, width in (("m", q), ("z", p)):
            found = getattr(self.weights, name).shape[1]
            require(found == width, f"{name} must have {width} columns to fit the plant; found {found}")

    @property
    def step(self) -> np.ndarray:
        """F = (1-γ) I + γ W, (N, N)."""
        return (1 - self.leak) * np.eye(self.weights.neurons) + self.leak * self.weights.recurrence

    @property
    def spectral_radius(self) -> float:
        """Largest modulus of an eigenvalue of the joint matrix of plant and agent; references do not enter."""
        return float(np.abs(np.linalg.eigvals(joint_matrix(self.plant, self.weights, self.leak))).max())


@dataclass(frozen=True)
class Phasors:
    """Stationary state under one sinusoid.

    :param advance: λ
    :param error: e, (s,)
    :param reading: y, (q,)
    :param neurons: h, (N,)
    :param demand: β, (p,)
    :param adjoint: ψ, (N,)
    """

    advance: complex
    error: np.ndarray
    reading: np.ndarray
    neurons: np.ndarray
    demand: np.ndarray
    adjoint: np.ndarray


def planar_tracker(weights: Weights, dt: float = 0.1, leak: float = 0.1) -> TrackingSystem:
    """Two double integrators, states (p_x, p_y, v_x, v_y), and an agent that reads both positions and references.

    :param weights: the agent's weights, m (N, 4) and z (N, 2)
    :param dt: time of a step
    :param leak: γ
    """
    one, none = np.eye(2), np.zeros((2, 2))
    positions = np.hstack([one, none])
    plant = Plant(
        np.block([[one, dt * one], [none, one]]), np.vstack([none, dt * one]), np.vstack([positions, 0 * positions])
    )
    return TrackingSystem(plant, np.vstack([none, one]), positions, weights, leak)


def transfer(tracker: TrackingSystem, advance: complex) -> tuple[np.ndarray, np.ndarray]:
    """The agent K(λ), (p, q), and T(λ) from reference to tracked output, (s, s).

    :param tracker: plant, task and agent
    :param advance: λ, no eigenvalue of F nor of the joint system
    :raises InputError: if λ is exactly an eigenvalue of F
    """
    A, B, C = tracker.plant.A, tracker.plant.B, tracker.plant.C
    K = tracker.weights.z.T @ _heard(tracker, advance)
    closed = advance * np.eye(len(A)) - A - B @ K @ C
    return K, tracker.tracked @ np.linalg.solve(closed, B @ K @ tracker.feed)


def _heard(tracker: TrackingSystem, advance: complex) -> np.ndarray:
    """λ γ (λ - F)⁻¹ M, from inputs to neurons, (N, q)."""
    size = tracker.weights.neurons
    try:
        return advance * tracker.leak * np.linalg.solve(advance * np.eye(size) - tracker.step, tracker.weights.m)
    except np.linalg.LinAlgError:
        what = "weights must have no pole exactly at a frequency; found one, an exact internal model"
        raise InputError(f"{what}; its error is zero there; move the frequency or the pole a little") from None


def phasors(tracker: TrackingSystem, tones: Tones) -> list[Phasors]:
    """The stationary state under each sinusoid alone.

    :param tracker: plant, task and agent
    :param tones: the sinusoids
    :raises InputError: if the joint system is not stable, so that transients do not die out, or the agent has a pole
        exactly at a frequency
    """
    radius = tracker.spectral_radius
    require(
        radius < 1,
        f"weights must give a stable joint system to have a stationary state; found spectral radius {radius:.6g}; "
        "use the losses of a finite episode",
    )
    amplitudes = tones.phasors(len(tracker.tracked))
    return [_stationary(tracker, advance, a) for advance, a in zip(tones.advances, amplitudes, strict=True)]


def _stationary(tracker: TrackingSystem, advance: complex, amplitude: np.ndarray) -> Phasors:
    A, B, C = tracker.plant.A, tracker.plant.B, tracker.plant.C
    z, size = tracker.weights.z, tracker.weights.neurons
    heard = _heard(tracker, advance)
    K = z.T @ heard
    closed = np.linalg.solve(advance * np.eye(len(A)) - A - B @ K @ C, B)
    x = closed @ (K @ (tracker.feed @ amplitude))
    reading = C @ x + tracker.feed @ amplitude
    error = advance * (tracker.tracked @ x) - amplitude
    demand = (advance * tracker.tracked @ closed).conj().T @ error
    resolvent = (advance * np.eye(size) - tracker.step).conj().T
    adjoint = tracker.leak * np.linalg.solve(resolvent, z @ demand)
    return Phasors(advance, error, reading, heard @ reading, demand, adjoint)


def stationary_losses(tracker: TrackingSystem, tones: Tones) -> np.ndarray:
    """(dt/2) |e_f|² of every sinusoid, (F,); their sum is the stationary loss.

    :param tracker: plant, task and agent
    :param tones: the sinusoids
    :raises InputError: if the joint system is not stable
    """
    return np.array([tones.dt / 2 * np.vdot(s.error, s.error).real for s in phasors(tracker, tones)])


def stationary_gradients(tracker: TrackingSystem, tones: Tones) -> Gradients:
    """Gradients of every sinusoid's stationary loss by the weights, each (F, *shape of the weights).

    Of a low-rank recurrence, by u and v; of a full one, by w.

    :param tracker: plant, task and agent
    :param tones: the sinusoids
    :raises InputError: if the joint system is not stable
    """
    states = phasors(tracker, tones)
    found = {
        "m": np.stack([np.outer(s.adjoint.conj(), s.advance * s.reading).real for s in states]),
        "z": np.stack([np.outer(s.neurons, s.demand.conj()).real for s in states]),
    }
    recurrent = np.stack([np.outer(s.adjoint.conj(), s.neurons).real for s in states])
    return {name: tones.dt * slope for name, slope in (found | split(tracker.weights, recurrent)).items()}


def split(weights: Weights, recurrent: np.ndarray) -> Gradients:
    """The gradient by the whole recurrence as gradients by the arrays that make it.

    :param weights: the agent's weights
    :param recurrent: gradients by W + U Vᵀ, (..., N, N)
    """
    found = {} if weights.w is None else {"w": recurrent}
    if weights.u is None or weights.v is None:
        return found
    return found | {"u": recurrent @ weights.v, "v": np.swapaxes(recurrent, -1, -2) @ weights.u}


def markov_gradients(tracker: TrackingSystem, tones: Tones, lags: int) -> np.ndarray:
    """Gradients of every sinusoid's stationary loss by the Markov parameters g_0 …, (F, lags, p, q).

    :param tracker: plant, task and agent
    :param tones: the sinusoids
    :param lags: number of Markov parameters
    :raises InputError: if the joint system is not stable
    """
    delays = np.arange(whole("lags", lags, 1))
    slopes = [
        (s.advance ** -delays[:, None, None] * np.outer(s.demand.conj(), s.reading)).real
        for s in phasors(tracker, tones)
    ]
    return tones.dt * np.stack(slopes)


def needed_control(tracker: TrackingSystem, advance: complex, axis: int) -> np.ndarray:
    """The agent's gains at λ that track a sinusoid perfectly beside its feedback: the control per reference, (p,).

    With perfect tracking, λ C_o x = r, the states obey x = (λ - A)⁻¹ B u, so u = [λ C_o (λ - A)⁻¹ B]⁻¹ r.

    :param tracker: plant, task and agent; the agent does not enter
    :param advance: λ, no eigenvalue of A
    :param axis: the axis of the reference
    """
    A, B = tracker.plant.A, tracker.plant.B
    gain = advance * tracker.tracked @ np.linalg.solve(advance * np.eye(len(A)) - A, B)
    return np.linalg.solve(gain, real("unit", np.eye(len(gain))[axis]))
