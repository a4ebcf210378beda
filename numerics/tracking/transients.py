"""Tracking over an episode from rest, transients included: the loss of each frequency and its gradient, exactly.

While nothing is clamped the loop is linear in the references, and with uniform independent phases the loss of an
episode is the sum of the losses of its sinusoids. Of each, the complex reference ramp(t) a e^{iωt} is stepped through
plant and neurons, x_0 = 0, h_{-1} = 0, and

    L_f = (dt/2) (1/T) Σ_{t<T} |C_o x_{t+1} - r_t|²,

the mean of the real loss over the phase. The gradient is the adjoint of these steps. It exists for unstable networks
too, as those are at which learning starts. Source: derived here.
"""

from dataclasses import dataclass

import numpy as np

from numerics.errors import number, whole
from numerics.experiment.neurons import Gradients
from numerics.tracking.transfer import Tones, TrackingSystem, split


@dataclass(frozen=True)
class Episode:
    """Complex responses to each sinusoid alone.

    :param x: plant states, (T + 1, F, n)
    :param y: what the agent read, (T, F, q)
    :param h: neurons after reading, (T, F, N)
    :param error: C_o x_{t+1} - r_t, (T, F, s)
    """

    x: np.ndarray
    y: np.ndarray
    h: np.ndarray
    error: np.ndarray


def references(tones: Tones, outputs: int, steps: int = 300, ramp: float = 1.0) -> np.ndarray:
    """ramp(t) a e^{iωt} of every sinusoid on its axis, (T, F, outputs), with ramp(t) = min(1, t/ramp).

    :param tones: the sinusoids
    :param outputs: number of axes
    :param steps: number T of steps
    :param ramp: seconds over which the references grow from 0; 0 for none
    """
    t = tones.dt * np.arange(whole("steps", steps, 1))
    envelope = np.minimum(1.0, t / ramp) if number("ramp", ramp, 0, np.inf) else np.ones_like(t)
    waves = envelope[:, None] * np.exp(2j * np.pi * t[:, None] * np.array(tones.frequencies))
    return waves[:, :, None] * tones.phasors(outputs)


def episode(tracker: TrackingSystem, r: np.ndarray) -> Episode:
    """Step plant and neurons from rest under complex references.

    :param tracker: plant, task and agent
    :param r: references, (T, F, s)
    """
    (n, _, q), size = tracker.plant.shape, tracker.weights.neurons
    (steps, count, _), F = r.shape, tracker.step.T
    A, B, C = tracker.plant.A.T, tracker.plant.B.T, tracker.plant.C.T
    x, y = np.zeros((steps + 1, count, n), complex), np.zeros((steps, count, q), complex)
    h, last = np.zeros((steps, count, size), complex), np.zeros((count, size), complex)
    for t in range(steps):
        y[t] = x[t] @ C + r[t] @ tracker.feed.T
        last = h[t] = last @ F + tracker.leak * y[t] @ tracker.weights.m.T
        x[t + 1] = x[t] @ A + h[t] @ tracker.weights.z @ B
    return Episode(x, y, h, x[1:] @ tracker.tracked.T - r)


def episode_losses(tracker: TrackingSystem, tones: Tones, steps: int = 300, ramp: float = 1.0) -> np.ndarray:
    """L_f of every sinusoid, (F,); infinite where an unstable loop overflows.

    :param tracker: plant, task and agent
    :param tones: the sinusoids
    :param steps: number T of steps
    :param ramp: seconds over which the references grow from 0; 0 for none
    """
    with np.errstate(over="ignore", invalid="ignore"):
        error = episode(tracker, references(tones, len(tracker.tracked), steps, ramp)).error
        losses = tones.dt / 2 / steps * np.sum(np.abs(error) ** 2, axis=(0, 2))
    return np.where(np.isfinite(losses), losses, np.inf)


def episode_gradients(tracker: TrackingSystem, tones: Tones, steps: int = 300, ramp: float = 1.0) -> Gradients:
    """Gradients of every sinusoid's loss by the weights, each (F, *shape of the weights).

    :param tracker: plant, task and agent
    :param tones: the sinusoids
    :param steps: number T of steps
    :param ramp: seconds over which the references grow from 0; 0 for none
    """
    run = episode(tracker, references(tones, len(tracker.tracked), steps, ramp))
    u_bar, h_bar = _adjoint(tracker, run.error * tones.dt / steps)
    before = np.concatenate([np.zeros_like(run.h[:1]), run.h[:-1]])
    recurrent = tracker.leak * _outer(h_bar, before)
    found = {"m": tracker.leak * _outer(h_bar, run.y), "z": _outer(run.h, u_bar)}
    return found | split(tracker.weights, recurrent)


def _outer(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Re Σ_t conj(left_t) right_tᵀ of every sinusoid, (F, columns of left, columns of right)."""
    return np.real(np.swapaxes(left, 0, 1).conj().swapaxes(1, 2) @ np.swapaxes(right, 0, 1))


def _adjoint(tracker: TrackingSystem, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """∂L/∂u_t, (T, F, p), and ∂L/∂h_t, (T, F, N), from ∂L/∂(C_o x_{t+1})."""
    (n, p, _), weights = tracker.plant.shape, tracker.weights
    steps, count, _ = slope.shape
    u_bar, h_bar = np.zeros((steps, count, p), complex), np.zeros((steps, count, weights.neurons), complex)
    x_bar, carried = np.zeros((count, n), complex), np.zeros((count, weights.neurons), complex)
    for t in reversed(range(steps)):
        x_bar = x_bar + slope[t] @ tracker.tracked
        u_bar[t] = x_bar @ tracker.plant.B
        h_bar[t] = u_bar[t] @ weights.z.T + carried
        carried = h_bar[t] @ tracker.step
        x_bar = x_bar @ tracker.plant.A + tracker.leak * h_bar[t] @ weights.m @ tracker.plant.C
    return u_bar, h_bar
