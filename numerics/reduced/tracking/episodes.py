"""Tracking over an episode from rest, transients included: the loss of each frequency and its gradient.

While nothing is clamped the loop is linear in the references, and with uniform independent phases the loss of an
episode is the sum of the losses of its sinusoids. Of each, the complex reference r_t = ramp(t) a e^{iωt} has the
generating function R(λ) = Σ_{t<T} r_t λ^{-t}, so that E(λ) R(λ) is that of the error, and

    e_t = (1/2πi) ∮ E(λ) R(λ) λ^{t-1} dλ,    L_f = (dt/2) (1/T) Σ_{t<T} |e_t|²

over a circle outside all eigenvalues of the joint system: inside the unit circle the residue at e^{iω} is the steady
state and those at the eigenvalues are the transient. No network is stepped, and unstable ones, at which learning
starts, need but a larger circle. Equally spaced points on it leave out e^{-45} of the response. The gradient follows
from dE in the same way.
"""

from dataclasses import dataclass

import numpy as np

from numerics.common.spectrum import agent_step
from numerics.common.weights import Gradients, Weights
from numerics.reduced.tracking.closed_loop import error, error_gradient, sinusoid_losses
from numerics.reduced.tracking.filter import Filter, circle
from numerics.reduced.tracking.stationary import joint_radius
from numerics.replay.tracking_task import TrackingTask

REST = 45.0
"""What is left out of a response is of the order e^{-REST}."""

POINTS = 16
"""Points on the circle per step of an episode, at least; rounding grows by e^{REST/POINTS} at most."""


@dataclass(frozen=True)
class Contour:
    """Responses to every sinusoid on a circle, and the errors in time.

    :param agent: the agent at the points of the circle
    :param growth: radius^t of every step, (T,)
    :param sources: R(λ), (F, k, 2)
    :param errors: e_t, (F, T, 2)
    """

    agent: Filter
    growth: np.ndarray
    sources: np.ndarray
    errors: np.ndarray


def contour(task: TrackingTask, weights: Weights, leak: float = 0.1) -> Contour:
    """Responses on a circle outside all eigenvalues of the joint system and of the agent.

    :raises InputError: if the weights do not fit the task or the leak is not positive
    """
    count = 2 ** int(np.ceil(np.log2(POINTS * task.horizon)))
    alone = np.abs(np.linalg.eigvals(agent_step(weights, leak))).max()
    radius = max(1.0, joint_radius(task, weights, leak), float(alone)) * np.exp(REST / count)
    growth = radius ** np.arange(task.horizon)
    agent = Filter(weights, leak, circle(radius, count), around=True)
    waves = (task.envelopes * np.exp(1j * task.angles())).T / growth
    sources = np.fft.fft(waves, count)[:, :, None] * np.eye(2)[task.axes][:, None, :]
    response = np.einsum("kij,fkj->fki", error(task, agent.points, agent.transfer), sources)
    errors = np.fft.ifft(response, axis=1)[:, : task.horizon] * growth[:, None]
    return Contour(agent, growth, sources, errors)


def episode_losses(task: TrackingTask, weights: Weights, leak: float = 0.1) -> np.ndarray:
    """L_f of every sinusoid, (F,), as if nothing were clamped; infinite where an unstable loop overflows."""
    with np.errstate(all="ignore"):
        losses = sinusoid_losses(task, contour(task, weights, leak).errors).mean(axis=1)
    return np.where(np.isfinite(losses), losses, np.inf)


def episode_gradients(task: TrackingTask, weights: Weights, leak: float = 0.1) -> Gradients:
    """Gradients of every sinusoid's loss by the weights, each (F, *shape of the weights)."""
    run = contour(task, weights, leak)
    agent, count = run.agent, len(run.agent.points)
    late = np.fft.ifft(run.errors.conj() * run.growth[:, None], count, axis=1)
    slopes = error_gradient(task, agent.points, agent.transfer, late, run.sources)
    return agent.gradients(task.dt / task.horizon * slopes)
