"""Direct training of N neurons in closed loop: the gradient by a hand-written adjoint. The experiment."""

from collections.abc import Mapping
from concurrent.futures import Executor

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


def copy(plant: Plant, found: DenseEpisodes, episodes: Trajectory, rows: slice) -> None:
    """Copy the episodes of a full network, for observers.

    :param found: the episodes
    :param episodes: workspace for the whole batch
    :param rows: their rows there
    """
    episodes.x[:, rows], episodes.h[:, rows] = found.x, found.h
    episodes.read[:, rows], episodes.drive[:, rows] = found.u, found.x[1:] @ plant.C.T


class _Batches:
    """Loss and gradient of every batch of a run, by dense loops over its parts where the network gains by it."""

    def __init__(self, replay: Replay, keep: bool) -> None:
        plant, settings, batch = replay.plant, replay.settings, replay.x0.shape[1]
        self.replay, self.cost, self.keep = replay, cost_of(settings), keep
        self.episodes = Trajectory.allocate(plant.shape[0], replay.weights, batch, settings.horizon)
        """Those of the last batch; of dense loops, if they are to be kept."""
        self.rows = batch_parts(replay.weights, batch) if dense(replay.weights, settings.leak) else []
        sizes, neurons = [part.stop - part.start for part in self.rows], replay.weights.neurons
        self.loops = [DenseLoop(plant, neurons, size, settings.horizon, settings.activation) for size in sizes]

    def loss_and_gradient(self, epoch: int, weights: Weights, pool: Executor) -> tuple[float, Gradients]:
        plant, x0 = self.replay.plant, self.replay.x0[epoch]
        if not self.loops:
            return loss_and_gradient(plant, weights, x0, self.replay.settings, self.episodes)

        def part(i: int) -> tuple[float, Gradients]:
            return self.loops[i].loss_and_gradient(weights, ClosedLoop(plant, x0[self.rows[i]]), self.cost)

        found = mean_of_parts(part, self.rows, pool)
        if self.keep:
            for loop, rows in zip(self.loops, self.rows, strict=True):
                copy(plant, DenseEpisodes(loop.states, weights.z), self.episodes, rows)
        return found


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
    batches = _Batches(replay, keep=bool(observers))
    with helpers() as pool:
        found = recorders(observers, replay.plant, batches.episodes, replay.settings)

        def differentiate(epoch: int, weights: Weights) -> tuple[float, Gradients]:
            return batches.loss_and_gradient(epoch, weights, pool)

        status, history, weights = fit(
            replay.weights, replay.settings, replay.epochs, differentiate, found, progress, state, halt
        )
    return Run("simulation", status, history, weights, replay.config())
