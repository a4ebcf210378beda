"""Direct training of N neurons in closed loop: the gradient by a hand-written adjoint. The experiment."""

from collections.abc import Callable, Mapping

import numpy as np

from numerics.experiment.full import FullLoop, dense
from numerics.experiment.neurons import Gradients, NeuronAdjoint, Neurons
from numerics.experiment.observe import OBSERVERS, Observer
from numerics.experiment.optimize import fit
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.simulate import Trajectory, loss_of, rollout
from numerics.plants import Plant
from numerics.replay import Replay, Settings
from numerics.results import Run
from numerics.weights import Weights


def loss_and_gradient(
    plant: Plant, weights: Weights, x0: np.ndarray, settings: Settings, room: Trajectory | None = None
) -> tuple[float, Gradients]:
    """The loss of a batch and its gradient by every weight matrix (back-propagation through plant and agent).

    :param plant: the plant
    :param weights: the agent's weights
    :param x0: initial plant states, (batch, n)
    :param settings: horizon, leak, activation and loss
    :param room: episodes of the same sizes to overwrite; new ones by default
    """
    episodes = rollout(plant, weights, x0, settings.horizon, settings.leak, settings.activation, room)
    loss = loss_of(episodes, settings.state_weight, settings.control_penalty, settings.scale)
    return loss, backpropagate(plant, weights, episodes, settings)


def backpropagate(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> Gradients:
    """Gradients of the loss along given episodes.

    With f_t = ∂L/∂x_t and e_t the slope at the neurons' preactivation:
    f'_{t+1} = f_{t+1} + Cᵀ Mᵀ e_t,  ∂L/∂u_t = Bᵀ f'_{t+1} + ∂ℓ/∂u_t,  f_t = Aᵀ f'_{t+1} + ∂ℓ/∂x_t.

    :param plant: the plant
    :param weights: the agent's weights
    :param episodes: the episodes
    :param settings: horizon, leak, activation and loss
    """
    q = weights.m.shape[1]
    unit = 2.0 * settings.scale / episodes.x.shape[1]
    state_slope = (unit * settings.state_weight) * episodes.x
    penalty = unit * settings.control_penalty
    neurons = Neurons(weights, settings.leak, settings.activation)
    adjoint = NeuronAdjoint(neurons, episodes.h, episodes.drive, episodes.slope, penalty * episodes.u[-1])
    slope_x = state_slope[-1].copy()
    for t in range(episodes.h.shape[0] - 2, -1, -1):
        written = adjoint.to_drive(t)
        slope_x += written[:, :q] @ plant.C
        slope_u = slope_x @ plant.B
        if penalty:
            slope_u += penalty * episodes.u[t]
        slope_x = slope_x @ plant.A + state_slope[t]
        adjoint.to_state(t, slope_u, written[:, q:])
    return adjoint.gradients()


def train(
    replay: Replay,
    observers: Mapping[str, Observer] = OBSERVERS,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Train the network of a replay directly, one update an epoch.

    Stops at the first epoch whose loss, gradient or update is not finite and says so in the status; the weights
    are then the last finite ones.

    :param replay: the run to be made
    :param observers: what to record of every epoch before its update, by name; the joint spectrum is the
        costly part, ``{}`` records loss and gradient norm alone
    :param progress: called with (epochs done, epochs in all)
    """
    plant, settings = replay.plant, replay.settings
    batch = replay.x0.shape[1]
    whole = Trajectory.allocate(plant, replay.weights, batch, settings.horizon)
    rows = batch_parts(replay.weights, batch) if dense(replay.weights, settings.leak) else []
    rooms = [FullLoop(plant, replay.weights.neurons, part.stop - part.start, settings) for part in rows]

    def differentiate(epoch: int, weights: Weights) -> tuple[float, Gradients]:
        if not rooms:
            return loss_and_gradient(plant, weights, replay.x0[epoch], settings, whole)

        def part(i: int) -> tuple[float, Gradients]:
            return rooms[i].loss_and_gradient(weights, replay.x0[epoch, rows[i]])

        found = mean_of_parts(part, rows, pool)
        if observers:
            for room, part_rows in zip(rooms, rows, strict=True):
                room.write_to(weights, whole, part_rows)
        return found

    def bound(observe: Observer) -> Callable[[Weights], object]:
        return lambda weights: observe(plant, weights, whole, settings)

    record = {name: bound(observe) for name, observe in observers.items()}
    with helpers() as pool:
        status, history, weights = fit(replay.weights, settings, replay.epochs, differentiate, record, progress)
    return Run("simulation", status, history, weights, replay.config())
