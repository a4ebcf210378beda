"""When a sinusoid is acquired, in closed form: how much flow a frequency needs, and how an optimizer spends it.

Flow is Σ of the rates of W over the epochs. A sinusoid of amplitude a needs the control d/dt², d = 4 sin²(ω/2), and
pulls on it with the slope dt³ a²/d. A change of W reaches the controls through |m|² |z|², the squared norms of what M
reads it with and Z writes it with, and through the agent's response, which is taken as 1. Hence the flow needed,

    θ = d²/(dt⁵ a² |m|² |z|²).

Gradient descent spends η an epoch, with momentum μ η/(1-μ). Adam spends η/√v̂, and v is what the unstable initial
loop left in it, v = V β_2^t:

    Θ(t) = η/√V · (2/ln β_2⁻¹) (R - arctan R),  R = √(β_2^{-t} - 1),

about t^{3/2} at first and an exponential later. Θ is derived, θ a scaling argument: :mod:`theory.tracking.staircase`.
"""

import numpy as np

from numerics.common.weights import Weights
from numerics.reduced.codegen import vectorise
from numerics.reduced.tracking.forecast import OPENING, SECOND
from numerics.replay.tracking import TrackingTraining
from numerics.replay.tracking_task import TrackingTask
from theory.symbols import amplitude, dt, omega
from theory.tracking.staircase import AGE, DECAY, ROOT, WEIGHT, adam_clock, flow_needed

_flow = vectorise([flow_needed()], [omega, dt, amplitude, WEIGHT], "flow_needed")
_clock = vectorise([adam_clock()], [AGE, DECAY, ROOT], "adam_clock")

HALVINGS = 80
"""Bisections of the epoch."""


def needed(task: TrackingTask, weights: Weights) -> np.ndarray:
    """θ of every frequency, in learning-rate × epochs, (F,).

    |m|² is the mean squared norm of the columns of M, |z|² that of Z.

    :param task: the task
    :param weights: initial weights
    """
    width = np.sum(weights.m**2) / weights.m.shape[1] * np.sum(weights.z**2) / weights.z.shape[1]
    sizes = np.linalg.norm(task.phasors, axis=1)
    return _flow(2 * np.pi * task.frequencies * task.dt, task.dt, sizes, width)[..., 0]


def spent(epochs: np.ndarray, settings: TrackingTraining, scale: float = np.nan) -> np.ndarray:
    """Flow spent up to an epoch, in learning-rate × epochs.

    :param epochs: the epochs
    :param settings: optimizer and learning rate
    :param scale: root mean square of √V of W after the opening, with Adam
    """
    if settings.optimizer != "adam":
        kept = settings.momentum if settings.optimizer == "momentum" else 0.0
        return settings.learning_rate / (1 - kept) * np.asarray(epochs, dtype=float)
    root = scale / SECOND ** (OPENING / 2)
    return settings.learning_rate * _clock(np.asarray(epochs, dtype=float), SECOND, root)[..., 0]


def law(task: TrackingTask, weights: Weights, settings: TrackingTraining, scale: float = np.nan) -> np.ndarray:
    """Epoch of acquisition of every frequency by the law, (F,).

    :param task: the task
    :param weights: initial weights
    :param settings: optimizer and learning rate
    :param scale: root mean square of √V of W after the opening, with Adam
    """
    flow = needed(task, weights)
    low, high = np.zeros_like(flow), np.full_like(flow, 1e5 if settings.optimizer == "adam" else 1e9)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        early = spent(middle, settings, scale) < flow
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return high
