"""What a small network is trained on, for each task: few episodes with the loss and gradient of a whole batch.

From a batch the loss of a linear loop sees second moments only, so as many episodes as there are independent
directions stand for it: n initial states, K q inputs, or 2F references.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from numerics.common.markov import impulse_response
from numerics.common.plants import Plant
from numerics.reduced.moments import moment_factor
from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.settings import Settings
from numerics.replay.tracking import TrackingReplay
from numerics.replay.tracking_task import coefficients

AnyReplay = Replay | OpenLoopReplay | TrackingReplay


@dataclass(frozen=True)
class Batch:
    """The episodes of an update; their losses are summed.

    :param x0: initial plant states, (k, n)
    :param added: e_t, added to the observations, (T + 1, k, q)
    :param x_target: r_t, (T + 1, k, n)
    :param u_target: u*_t, (T + 1, k, p)
    :param mix: weights of these episodes in those that they stand for, (batch, k); where a clamp asks
    """

    x0: np.ndarray
    added: np.ndarray
    x_target: np.ndarray
    u_target: np.ndarray
    mix: np.ndarray | None = None


@dataclass(frozen=True)
class Task:
    """A task of a linear network, with Σ_t (Σ_i α_ti (x_ti - r_ti)² + β_t |u_t - u*_t|²) as its loss.

    :param plant: the plant
    :param leak: γ
    :param first: step of the first observation that is read, 0 or 1
    :param clamp: largest modulus of a plant state; infinite for none
    :param state_weights: α, (T + 1, n)
    :param control_weights: β, (T + 1,)
    :param batch: gives the episodes of an update
    :param epochs: number of updates
    :param whole: gives the batch itself, each episode weighted by 1/√batch; where there is a clamp
    :param weighted_clamp: the clamp on these weighted episodes
    """

    plant: Plant
    leak: float
    first: int
    clamp: float
    state_weights: np.ndarray
    control_weights: np.ndarray
    batch: Callable[[int], Batch]
    epochs: int
    whole: Callable[[int], Batch] | None = None
    weighted_clamp: float = np.inf


def closed_loop(plant: Plant, settings: Settings, factors: np.ndarray) -> Task:
    """Regulation from initial states, of which the loss sees a factor F of the second moment.

    :param plant: the plant
    :param settings: horizon, leak and costs
    :param factors: F of every update, (epochs, n, n)
    """
    (n, p, q), steps = plant.shape, settings.horizon
    alpha = np.full((steps, n), settings.scale * settings.state_weight)
    beta = np.full(steps, settings.scale * settings.control_penalty)
    nothing = np.zeros((steps, n, q)), np.zeros((steps, n, n)), np.zeros((steps, n, p))

    def batch(epoch: int) -> Batch:
        return Batch(np.ascontiguousarray(factors[epoch].T), *nothing)

    return Task(plant, settings.leak, 1, np.inf, alpha, beta, batch, len(factors))


def open_loop(replay: OpenLoopReplay) -> Task:
    """Imitation of a linear teacher: as many input sequences as span the batch's second moment.

    :param replay: the run
    """
    settings, (_, p, q) = replay.settings, replay.plant.shape
    steps, size = replay.length + 1, replay.y.shape[2]
    response = impulse_response(replay.teacher, replay.length, settings.leak)
    count = min(size, replay.length * q)
    nowhere = Plant(np.zeros((1, 1)), np.zeros((1, p)), np.zeros((q, 1)))
    beta = np.full(steps, 1.0 / replay.length)
    beta[0] = 0.0
    still = np.zeros((count, 1)), np.zeros((steps, count, 1))

    def batch(epoch: int) -> Batch:
        added, target = np.zeros((steps, count, q)), np.zeros((steps, count, p))
        added[1:] = _spanning(replay.y[epoch])
        for lag in range(replay.length):
            target[1 + lag :] += added[1 : steps - lag] @ response[lag].T
        return Batch(still[0], added, still[1], target)

    return Task(nowhere, settings.leak, 1, np.inf, np.zeros((steps, 1)), beta, batch, replay.epochs)


def _spanning(y: np.ndarray) -> np.ndarray:
    """Sequences with the batch's mean second moment, (K, min(batch, K q), q).

    :param y: inputs, (K, batch, q)
    """
    length, batch, q = y.shape
    flat = np.moveaxis(y, 1, 0).reshape(batch, length * q) / np.sqrt(batch)
    if batch > length * q:
        flat = np.linalg.qr(flat, mode="r")
    return np.moveaxis(flat.reshape(-1, length, q), 0, 1)


def tracking(replay: TrackingReplay) -> Task:
    """Tracking, by the unit references; by the batch itself where one of its states would reach the clamp.

    :param replay: the run
    """
    task, plant = replay.task, replay.task.plant
    (n, p, _), steps = plant.shape, task.horizon + 1
    alpha, basis = np.zeros((steps, n)), task.basis()
    alpha[1:, :2] = task.dt / task.horizon

    def episodes(found: np.ndarray) -> Batch:
        references, count = np.einsum("kc,tca->tka", found, basis), len(found)
        target, added = np.zeros((steps, count, n)), np.zeros((steps, count, plant.shape[2]))
        target[1:, :, :2] = references
        added[:-1] = references @ task.feedthrough.T
        return Batch(np.zeros((count, n)), added, target, np.zeros((steps, count, p)))

    def batch(epoch: int) -> Batch:
        found = coefficients(replay.phases(epoch))
        scaled = found / np.sqrt(len(found))
        if len(found) <= found.shape[1]:
            return replace(episodes(scaled), mix=np.sqrt(len(found)) * np.eye(len(found)))
        directions, triangle = np.linalg.qr(scaled)
        return replace(episodes(triangle), mix=np.sqrt(len(found)) * directions)

    def whole(epoch: int) -> Batch:
        found = coefficients(replay.phases(epoch))
        return episodes(found / np.sqrt(len(found)))

    scaled_clamp = task.clamp / np.sqrt(replay.batch)
    settings = replay.settings
    return Task(plant, settings.leak, 0, task.clamp, alpha, np.zeros(steps), batch, replay.epochs, whole, scaled_clamp)


def task_of(replay: AnyReplay) -> Task:
    """The task of a run.

    :param replay: the run
    """
    if isinstance(replay, OpenLoopReplay):
        return open_loop(replay)
    if isinstance(replay, TrackingReplay):
        return tracking(replay)
    return closed_loop(replay.plant, replay.settings, moment_factor(replay.x0))
