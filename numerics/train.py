"""Direct training of N neurons: gradients by a hand-written adjoint, SGD and Adam, clipping. The experiment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from numerics.activations import slope_at
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
    :param error: γ φ' ∂L/∂h of one step, (batch, N)
    :param slope: ∂L/∂h of one step, (batch, N)
    :param back: [∂L/∂u, Uᵀ error] of one step, (batch, p + r)
    """

    episodes: Trajectory
    error: np.ndarray
    slope: np.ndarray
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
        error, slope = np.zeros((2, batch, weights.neurons))
        return cls(episodes, error, slope, np.zeros((batch, episodes.read.shape[2])))


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
    episodes, back, slope_h = work.episodes, work.back, work.slope
    left, right = factors(weights)
    write, leak = np.ascontiguousarray(right.T), settings.leak
    unit = 2.0 * settings.scale / episodes.x.shape[1]
    state_slope = (unit * settings.state_weight) * episodes.x
    sums = _Sums.zeros(weights, left.shape[1], right.shape[1])
    back[:] = 0.0
    back[:, :p] = (unit * settings.control_penalty) * episodes.u[-1]
    sums.read[:] += np.dot(back.T, episodes.h[-1])
    np.dot(back, write, out=slope_h)
    slope_x = state_slope[-1].copy()
    for t in range(episodes.h.shape[0] - 2, -1, -1):
        error = _through_activation(slope_h, episodes, t, settings, out=work.error)
        sums.written[:] += np.dot(episodes.drive[t].T, error)
        written = np.dot(error, left)
        slope_x += written[:, :q] @ plant.C
        back[:, :p] = slope_x @ plant.B
        if settings.control_penalty:
            back[:, :p] += (unit * settings.control_penalty) * episodes.u[t]
        back[:, p:] = written[:, q:]
        slope_x = slope_x @ plant.A + state_slope[t]
        sums.read[:] += np.dot(back.T, episodes.h[t])
        rest = _other_paths(weights, error, slope_h, leak, sums, episodes.h[t])
        np.dot(back, write, out=slope_h)
        if rest is not None:
            slope_h += rest
    return sums.gradients(weights)


def _other_paths(weights: Weights, error, slope_h, leak: float, sums: "_Sums", h: np.ndarray) -> np.ndarray | None:
    """What reaches ∂L/∂h_t through the full recurrence and the leak, if there are any."""
    rest = None
    if weights.w is not None:
        sums.recurrent[:] += np.dot(error.T, h)
        rest = np.dot(error, weights.w)
    if leak != 1.0:
        kept = (1.0 - leak) * slope_h
        rest = kept if rest is None else rest + kept
    return rest


def _through_activation(slope_h, episodes: Trajectory, t: int, settings: Settings, out: np.ndarray) -> np.ndarray:
    """γ φ'(preactivation of step t) · slope_h, written to ``out`` unless it is ``slope_h`` itself."""
    if settings.activation == "linear":
        return slope_h if settings.leak == 1.0 else np.multiply(slope_h, settings.leak, out=out)
    rate = episodes.h[t + 1]
    if settings.leak != 1.0:
        rate = (rate - (1.0 - settings.leak) * episodes.h[t]) / settings.leak
    slope_at(settings.activation, rate, out)
    out *= slope_h
    out *= settings.leak
    return out


@dataclass(frozen=True)
class _Sums:
    """Outer products summed over the steps; small products, which stay on one thread and in cache."""

    written: np.ndarray
    read: np.ndarray
    recurrent: np.ndarray

    @classmethod
    def zeros(cls, weights: Weights, written: int, read: int) -> "_Sums":
        neurons = weights.neurons
        square = np.zeros((neurons, neurons)) if weights.w is not None else np.zeros((0, 0))
        return cls(np.zeros((written, neurons)), np.zeros((read, neurons)), square)

    def gradients(self, weights: Weights) -> Gradients:
        q, p = weights.m.shape[1], weights.z.shape[1]
        found = {"m": self.written[:q].T, "z": self.read[:p].T}
        if weights.u is not None:
            found |= {"u": self.written[q:].T, "v": self.read[p:].T}
        return found if weights.w is None else found | {"w": self.recurrent}


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
