"""What tracking has learned: loss per frequency, when each is acquired, in which order, at what cost to the others.

For phases that are independent and uniform, E c cᵀ = I/2, so the expected loss of a linear loop splits exactly:
L = Σ_f L_f,  L_f = dt · mean_t (|e_cos,f(t)|² + |e_sin,f(t)|²)/2, where e_cos,f and e_sin,f are the errors to the two
unit references of f. W and M couple the axes, so both axes of the error count. The clamp is left out of these.
"""

import numpy as np

from numerics.common.errors import whole
from numerics.common.spectrum import agent_step, by_modulus, joint_matrix
from numerics.common.weights import Weights
from numerics.experiment.tracking.basis import linear_response
from numerics.replay.tracking_task import TrackingTask


def frequency_losses(task: TrackingTask, weights: Weights, leak: float = 0.1) -> np.ndarray:
    """Expected loss L_f of every frequency over uniform phases, (F,); of the linearised loop for a nonlinear network.

    Infinite where the response overflows.
    """
    with np.errstate(all="ignore"):
        errors = linear_response(task, weights, task.basis(), leak).errors
        squares = task.dt * np.sum(errors**2, axis=(0, 2)) / (2 * task.horizon)
    losses = squares.reshape(-1, 2).sum(axis=1)
    return np.where(np.isfinite(losses), losses, np.inf)


def projected_losses(task: TrackingTask, errors: np.ndarray, window: int) -> np.ndarray:
    """Steady-state loss of every frequency in simulated errors, any network, (F,).

    Over the last steps, each axis' error is fitted by cosines and sines of all frequencies: with amplitude a, the
    frequency contributes dt a²/2, summed over axes, averaged over the batch.

    :param errors: p_{t+1} - r_t, (T, batch, 2)
    :param window: number of last steps; at least two a frequency, best a common period of all
    :raises InputError: if the window is too short or longer than the episode
    """
    count = task.frequencies.size
    window = whole("window", window, 2 * count, task.horizon)
    angles = task.angles()[-window:]
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(window, -1)
    last = errors[-window:].reshape(window, -1)
    found = np.linalg.lstsq(waves, last, rcond=None)[0].reshape(count, 2, errors.shape[1], 2)
    return task.dt / 2 * np.mean(np.sum(found**2, axis=(1, 3)), axis=1)


def nearest(values: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For every target the value that lies nearest to it, (targets,).

    :param values: complex numbers
    :param targets: complex numbers
    """
    return values[np.argmin(np.abs(values[:, None] - targets), axis=0)]


def agent_poles(task: TrackingTask, weights: Weights, leak: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """The agent's eigenvalue nearest to every e^{iω}, and what its mode reads of a reference that is tracked perfectly.

    With w its left eigenvector and y_p, y_r what the agent reads under p_t = λ^t and under r_t = λ^{t+1}, the second is
    |w M (y_p + y_r)|/|w M y_p|: 0 where the mode reads nothing but the error r_{t-1} - p_t. Both (F,).
    """
    values, modes = np.linalg.eig(agent_step(weights, leak))
    chosen = np.argmin(np.abs(values[:, None] - task.advances), axis=0)
    readers, seen, dt = np.linalg.inv(modes)[chosen] @ weights.m, task.plant.C, task.dt
    ratios = []
    for reader, value in zip(readers, values[chosen], strict=True):
        position = reader @ (seen[:, :2] + (value - 1) / dt * seen[:, 2:])
        ratios.append(np.linalg.norm(position + value * (reader @ task.feedthrough)) / np.linalg.norm(position))
    return values[chosen], np.array(ratios)


def measure(task: TrackingTask, weights: Weights, leak: float = 0.1) -> dict[str, np.ndarray]:
    """What is recorded of a tracking run at an epoch.

    ``frequency_loss`` (F,); ``eigenvalues``, the n + q + 1 leading ones of the joint system; ``joint_near`` and
    ``agent_near`` (F,), the eigenvalues of the joint system and of (1-γ) I + γ W nearest to exp(2πi f dt).
    """
    found = {"frequency_loss": frequency_losses(task, weights, leak)}
    points = task.advances
    with np.errstate(all="ignore"):
        joint = _spectrum(joint_matrix(task.plant, weights, leak))
        agent = _spectrum(agent_step(weights, leak))
    found["eigenvalues"] = joint[: sum(task.plant.shape[::2]) + 1]
    found |= {"joint_near": nearest(joint, points), "agent_near": nearest(agent, points)}
    return found


def _spectrum(matrix: np.ndarray) -> np.ndarray:
    """Eigenvalues by decreasing modulus; infinite if the matrix overflows."""
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), complex(np.inf))
    return by_modulus(np.linalg.eigvals(matrix))
