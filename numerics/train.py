"""Direct training of N neurons: gradients by a hand-written adjoint, SGD and Adam, clipping. The experiment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from numerics.observe import OBSERVERS, Observer
from numerics.plants import Plant
from numerics.replay import CLIP_EPSILON, Replay, Settings
from numerics.results import COMPLETED, Run, diverged
from numerics.simulate import Trajectory, factors, loss_of, rollout
from numerics.weights import Weights

Gradients = dict[str, np.ndarray]


@dataclass(frozen=True)
class Workspace:
    """Room for one batch forward and backward, owned by one training loop and overwritten at every update.

    :param episodes: the forward pass
    :param pre: γ φ' ∂L/∂h of every step, (T-1, batch, N)
    :param back: [∂L/∂u, Uᵀ pre] of every step, (T, batch, p + r)
    """

    episodes: Trajectory
    pre: np.ndarray
    back: np.ndarray

    @classmethod
    def allocate(cls, plant: Plant, weights: Weights, batch: int, horizon: int) -> "Workspace":
        """Room for a batch of the given sizes.

        :param plant: the plant
        :param weights: the agent's weights
        :param batch: number of episodes
        :param horizon: episode length T
        """
        episodes = Trajectory.allocate(plant, weights, batch, horizon)
        return cls(episodes, np.empty_like(episodes.h[1:]), np.empty_like(episodes.read))


def loss_and_gradient(
    plant: Plant, weights: Weights, x0: np.ndarray, settings: Settings, work: Workspace | None = None
) -> tuple[float, Gradients]:
    """The loss of a batch and its gradient by every weight matrix (back-propagation through plant and agent).

    :param plant: the plant
    :param weights: the agent's weights
    :param x0: initial plant states, (batch, n)
    :param settings: horizon, leak, activation and loss
    :param work: room to overwrite; new by default
    """
    work = work or Workspace.allocate(plant, weights, x0.shape[0], settings.horizon)
    rollout(plant, weights, x0, settings.horizon, settings.leak, settings.activation, work.episodes)
    loss = loss_of(work.episodes, settings.state_weight, settings.control_penalty, settings.scale)
    return loss, backpropagate(plant, weights, work, settings)


def backpropagate(plant: Plant, weights: Weights, work: Workspace, settings: Settings) -> Gradients:
    """Gradients of the loss along given episodes.

    With g_t = ∂L/∂h_t, f_t = ∂L/∂x_t and the preactivation's e_t = γ φ'·g_{t+1}:
    f'_{t+1} = f_{t+1} + Cᵀ Mᵀ e_t,  ∂L/∂u_t = Bᵀ f'_{t+1} + ∂ℓ/∂u_t,
    g_t = (1-γ) g_{t+1} + Z ∂L/∂u_t + (W + U Vᵀ)ᵀ e_t,  f_t = Aᵀ f'_{t+1} + ∂ℓ/∂x_t.

    :param plant: the plant
    :param weights: the agent's weights
    :param work: the episodes, and room for the adjoint
    :param settings: horizon, leak, activation and loss
    """
    q, p = weights.m.shape[1], weights.z.shape[1]
    episodes, pre, back = work.episodes, work.pre, work.back
    steps, batch, _ = episodes.h.shape
    left, right = factors(weights)
    leak = settings.leak
    unit = 2.0 * settings.scale / batch
    state_slope = (unit * settings.state_weight) * episodes.x
    control_slope = (unit * settings.control_penalty) * episodes.u
    back[-1, :, :p], back[-1, :, p:] = control_slope[-1], 0.0
    slope_h, slope_x = back[-1] @ right.T, state_slope[-1]
    for t in range(steps - 2, -1, -1):
        error = _through_activation(slope_h, episodes, t, settings, out=pre[t])
        written = error @ left
        slope_x = slope_x + written[:, :q] @ plant.C
        back[t, :, :p] = slope_x @ plant.B + control_slope[t]
        back[t, :, p:] = written[:, q:]
        slope_x = slope_x @ plant.A + state_slope[t]
        earlier = back[t] @ right.T
        if weights.w is not None:
            earlier += error @ weights.w
        if leak != 1.0:
            earlier += (1.0 - leak) * slope_h
        slope_h = earlier
    return _collect(weights, work)


def _through_activation(slope_h, episodes: Trajectory, t: int, settings: Settings, out: np.ndarray) -> np.ndarray:
    """γ φ'(preactivation of step t) · slope_h, written to ``out``."""
    if settings.activation == "linear":
        return np.multiply(slope_h, settings.leak, out=out)
    rate = episodes.h[t + 1]
    if settings.leak != 1.0:
        rate = (rate - (1.0 - settings.leak) * episodes.h[t]) / settings.leak
    np.multiply(rate, rate, out=out)
    np.subtract(1.0, out, out=out)
    out *= slope_h
    out *= settings.leak
    return out


def _collect(weights: Weights, work: Workspace) -> Gradients:
    """Sum the outer products of all steps, one matrix product a weight matrix."""
    q, p, neurons = weights.m.shape[1], weights.z.shape[1], weights.neurons
    episodes, flat_pre = work.episodes, work.pre.reshape(-1, weights.neurons)
    read = episodes.h.reshape(-1, neurons).T @ work.back.reshape(-1, work.back.shape[2])
    written = flat_pre.T @ episodes.drive.reshape(-1, episodes.drive.shape[2])
    gradients = {"m": written[:, :q], "z": read[:, :p]}
    if weights.u is not None:
        gradients |= {"u": written[:, q:], "v": read[:, p:]}
    if weights.w is not None:
        gradients["w"] = flat_pre.T @ episodes.h[:-1].reshape(-1, neurons)
    return gradients


def global_norm(gradients: Gradients) -> float:
    """Euclidean norm of all gradients together.

    :param gradients: gradients by name
    """
    return float(np.sqrt(sum(np.vdot(g, g) for g in gradients.values())))


@dataclass
class Sgd:
    """Plain gradient descent.

    :param rate: learning rate η
    """

    rate: float

    def step(self, name: str, gradient: np.ndarray) -> np.ndarray:
        """The change of a weight matrix.

        :param name: the matrix
        :param gradient: its gradient, after clipping
        """
        return -self.rate * gradient


@dataclass
class Adam:
    """Adam with bias correction (Kingma & Ba 2015), β = (0.9, 0.999), ε = 1e-8.

    :param rate: learning rate η
    :param moments: of every matrix its count, running mean and running mean square
    """

    rate: float
    moments: dict[str, tuple[int, np.ndarray, np.ndarray]] = field(default_factory=dict)

    def step(self, name: str, gradient: np.ndarray) -> np.ndarray:
        """The change of a weight matrix; updates its running moments.

        :param name: the matrix
        :param gradient: its gradient, after clipping
        """
        count, mean, square = self.moments.get(name, (0, np.zeros_like(gradient), np.zeros_like(gradient)))
        count, mean, square = count + 1, 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        self.moments[name] = (count, mean, square)
        corrected = np.sqrt(square / (1 - 0.999**count)) + 1e-8
        return -self.rate * (mean / (1 - 0.9**count)) / corrected


OPTIMIZERS: dict[str, type[Sgd] | type[Adam]] = {"sgd": Sgd, "adam": Adam}


def _clipped(gradients: Gradients, norm: float, settings: Settings) -> Gradients:
    factor = min(1.0, settings.clip / (norm + CLIP_EPSILON))
    return {name: factor * gradient for name, gradient in gradients.items()}


def train(
    replay: Replay,
    observers: Mapping[str, Observer] = OBSERVERS,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Train the network of a replay directly, one update an epoch.

    Stops at the first epoch whose loss or gradient is not finite and says so in the status; the weights are
    then the last finite ones.

    :param replay: the run to be made
    :param observers: what to record of every epoch before its update, by name; the joint spectrum is the
        costly part, ``{}`` records loss and gradient norm alone
    :param progress: called with (epochs done, epochs in all)
    """
    settings, weights = replay.settings, replay.weights
    optimizer = OPTIMIZERS[settings.optimizer](settings.learning_rate)
    work = Workspace.allocate(replay.plant, weights, replay.x0.shape[1], settings.horizon)
    history: dict[str, list] = {"loss": [], "gradient_norm": [], **{name: [] for name in observers}}
    status = COMPLETED
    for epoch in range(replay.epochs):
        with np.errstate(all="ignore"):
            loss, gradients = loss_and_gradient(replay.plant, weights, replay.x0[epoch], settings, work)
            trained = {name: gradients[name] for name in settings.train}
            norm = global_norm(trained)
        if not (np.isfinite(loss) and np.isfinite(norm)):
            status = diverged(epoch)
            break
        history["loss"].append(loss)
        history["gradient_norm"].append(norm)
        for name, observe in observers.items():
            history[name].append(observe(replay.plant, weights, work.episodes, settings))
        steps = {name: optimizer.step(name, g) for name, g in _clipped(trained, norm, settings).items()}
        moved = {name: weights.arrays()[name] + step for name, step in steps.items()}
        if not all(np.isfinite(array).all() for array in moved.values()):
            status = diverged(epoch)
            break
        weights = weights.updated(moved)
        if progress:
            progress(epoch + 1, replay.epochs)
    return Run("simulation", status, _recorded(history), weights, replay.config())


def _recorded(history: dict[str, list]) -> dict[str, np.ndarray]:
    """Arrays over epochs; the spectral radius is the modulus of the first eigenvalue."""
    present = {name: values for name, values in history.items() if not any(value is None for value in values)}
    arrays = {name: np.array(values) for name, values in present.items()}
    if "eigenvalues" in arrays:
        leading = arrays["eigenvalues"]
        arrays["spectral_radius"] = np.abs(leading[:, 0]) if leading.size else np.zeros(0)
    return arrays
