"""Direct training of N neurons in closed loop: the gradient by a hand-written adjoint. The experiment."""

from collections.abc import Mapping

import numpy as np

from numerics.common.plants import Plant
from numerics.common.weights import Gradients, Weights
from numerics.experiment.dense import DenseEpisodes, DenseLoop, dense
from numerics.experiment.driver import backward, forward
from numerics.experiment.environment import ClosedLoop
from numerics.experiment.fit import Halt, Progress, TrainState, fit
from numerics.experiment.losses import QuadraticCost
from numerics.experiment.neurons import Neurons
from numerics.experiment.observe import OBSERVERS, Observer, recorders
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.trajectory import Trajectory
from numerics.replay.closed_loop import Replay
from numerics.replay.results import Run
from numerics.replay.settings import Settings


def cost_of(settings: Settings) -> QuadraticCost:
    """The loss of a run.

    :param settings: weights of states and controls, and the scale
    """
    return QuadraticCost(settings.state_weight, settings.control_penalty, settings.scale)


def loss_and_gradient(
    plant: Plant, weights: Weights, x0: np.ndarray, settings: Settings, episodes: Trajectory | None = None
) -> tuple[float, Gradients]:
    """The loss of a batch and its gradient by every weight matrix (back-propagation through plant and agent).

    :param x0: initial plant states, (batch, n)
    :param episodes: episodes of the same sizes to overwrite; new ones by default
    """
    neurons, environment = Neurons(weights, settings.leak, settings.activation), ClosedLoop(plant, x0)
    episodes = episodes or Trajectory.allocate(plant.shape[0], weights, len(x0), settings.horizon)
    forward(neurons, environment, episodes)
    loss = cost_of(settings)
    return loss.value(episodes), backward(neurons, environment, loss, episodes)


def _dense_loop(replay: Replay, batch: int) -> DenseLoop:
    settings = replay.settings
    return DenseLoop(replay.plant, replay.weights.neurons, batch, settings.horizon, settings.activation)


def copy(plant: Plant, found: DenseEpisodes, episodes: Trajectory, rows: slice) -> None:
    """Copy the episodes of a full network, for observers.

    :param found: the episodes
    :param episodes: workspace for the whole batch
    :param rows: their rows there
    """
    episodes.x[:, rows], episodes.h[:, rows] = found.x, found.h
    episodes.read[:, rows], episodes.drive[:, rows] = found.u, found.x[1:] @ plant.C.T


def train(
    replay: Replay,
    observers: Mapping[str, Observer] = OBSERVERS,
    progress: Progress | None = None,
    state: TrainState | None = None,
    halt: Halt | None = None,
) -> Run:
    """Train the network of a replay directly, one update an epoch.

    Stops at the first epoch whose loss, gradient or update is not finite and says so in the status; the weights
    are then the last finite ones.

    :param replay: the run to be made
    :param observers: what to record of every epoch before its update, by name; the joint spectrum is the
        costly part, ``{}`` records loss and gradient norm alone
    :param progress: called with (epochs done, epochs in all)
    :param state: where to go on from, of a run that was stopped; its weights then replace the initial ones
    :param halt: called after every update; the run stops where it gives true
    """
    plant, settings = replay.plant, replay.settings
    batch, cost = replay.x0.shape[1], cost_of(settings)
    whole = Trajectory.allocate(plant.shape[0], replay.weights, batch, settings.horizon)
    rows = batch_parts(replay.weights, batch) if dense(replay.weights, settings.leak) else []
    loops = [_dense_loop(replay, part.stop - part.start) for part in rows]

    def differentiate(epoch: int, weights: Weights) -> tuple[float, Gradients]:
        x0 = replay.x0[epoch]
        if not loops:
            return loss_and_gradient(plant, weights, x0, settings, whole)

        def part(i: int) -> tuple[float, Gradients]:
            return loops[i].loss_and_gradient(weights, ClosedLoop(plant, x0[rows[i]]), cost)

        found = mean_of_parts(part, rows, pool)
        if observers:
            for loop, part_rows in zip(loops, rows, strict=True):
                copy(plant, DenseEpisodes(loop.states, weights.z), whole, part_rows)
        return found

    with helpers() as pool:
        found = recorders(observers, plant, whole, settings)
        status, history, weights = fit(
            replay.weights, settings, replay.epochs, differentiate, found, progress, state, halt
        )
    return Run("simulation", status, history, weights, replay.config())
