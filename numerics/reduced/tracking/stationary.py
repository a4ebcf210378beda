"""Stationary tracking of sinusoids by N neurons: the loss of each frequency and its gradient.

Under the reference a e^{iωt} on one axis the error ends as e λ^t, e = E(λ) a and λ = e^{iω}, with the E of
:mod:`theory.tracking.loop` around the agent's K(λ). Phases are uniform and independent, so frequencies do not
interfere and the loss is Σ_f (dt/2) |e_f|²; its change is dt Re e* dE a.

A stationary state exists only for a stable joint system; :mod:`numerics.reduced.tracking.episodes` has the finite
episode.
"""

import numpy as np

from numerics.common.errors import number, require, whole
from numerics.common.weights import Gradients, Weights
from numerics.reduced.spectra import joint_eigenvalues
from numerics.reduced.tracking.closed_loop import error, error_gradient, sinusoid_losses
from numerics.reduced.tracking.filter import Filter
from numerics.replay.settings import check_fit
from numerics.replay.tracking_task import TrackingTask


def joint_radius(task: TrackingTask, weights: Weights, leak: float = 0.1) -> float:
    """Largest modulus of an eigenvalue of the joint matrix of plant and agent; references do not enter.

    :raises InputError: if the weights do not fit the task or the leak is not positive
    """
    check_fit(weights, task.plant, ())
    number("leak", leak, 0, np.inf, open_low=True)
    return float(np.abs(joint_eigenvalues(task.plant, weights, leak)[0]))


def transfer(task: TrackingTask, weights: Weights, points: np.ndarray, leak: float = 0.1) -> np.ndarray:
    """T(λ) = (E + 1)/λ from references to positions, (k, 2, 2).

    :param points: λ, (k,), no eigenvalues of F nor of the joint system
    :raises InputError: if a point is exactly an eigenvalue of F
    """
    return (error(task, points, Filter(weights, leak, points).transfer) + np.eye(2)) / points[:, None, None]


def _settled(task: TrackingTask, weights: Weights, leak: float) -> tuple[Filter, np.ndarray, np.ndarray]:
    """The agent at every e^{iω}, the amplitude of every sinusoid on its axis, and the error, (F, 2)."""
    radius = joint_radius(task, weights, leak)
    require(
        radius < 1,
        f"weights must give a stable joint system to have a stationary state; found spectral radius {radius:.6g}; "
        "use the losses of a finite episode",
    )
    agent, sizes = Filter(weights, leak, task.advances), task.phasors
    return agent, sizes, (error(task, agent.points, agent.transfer) @ sizes[:, :, None])[:, :, 0]


def stationary_losses(task: TrackingTask, weights: Weights, leak: float = 0.1) -> np.ndarray:
    """(dt/2) |e_f|² of every sinusoid, (F,); their sum is the stationary loss.

    :raises InputError: if the joint system is not stable, so that transients do not die out, or the agent has a pole
        exactly at a frequency
    """
    return sinusoid_losses(task, _settled(task, weights, leak)[2])


def _slopes(task: TrackingTask, weights: Weights, leak: float) -> tuple[Filter, np.ndarray]:
    """The agent, and S with dL_f = Re tr(Sᵀ dK(λ_f)), (F, p, q)."""
    agent, sizes, errors = _settled(task, weights, leak)
    return agent, task.dt * error_gradient(task, agent.points, agent.transfer, errors.conj(), sizes)


def stationary_gradients(task: TrackingTask, weights: Weights, leak: float = 0.1) -> Gradients:
    """Gradients of every sinusoid's stationary loss by the weights, each (F, *shape of the weights).

    Of a low-rank recurrence, by u and v; of a full one, by w.

    :raises InputError: if the joint system is not stable
    """
    agent, slopes = _slopes(task, weights, leak)
    return agent.gradients(np.eye(len(slopes))[:, :, None, None] * slopes)


def markov_gradients(task: TrackingTask, weights: Weights, lags: int, leak: float = 0.1) -> np.ndarray:
    """Gradients of every sinusoid's stationary loss by g_0 … of K = Σ_j g_j λ^{-j}, (F, lags, p, q).

    :param lags: number of Markov parameters
    :raises InputError: if the joint system is not stable
    """
    agent, slopes = _slopes(task, weights, leak)
    delays = agent.points[:, None] ** -np.arange(whole("lags", lags, 1))
    return (delays[:, :, None, None] * slopes[:, None]).real
