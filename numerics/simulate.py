"""The loop of plant and N neurons, stepped in plain numpy. Knows nothing of the reduction."""

from dataclasses import dataclass

import numpy as np

from numerics.plants import Plant
from numerics.weights import Weights


def activate(name: str, preactivation: np.ndarray) -> np.ndarray:
    """φ of the preactivation.

    :param name: ``"linear"`` or ``"tanh"``
    :param preactivation: any array
    """
    return np.tanh(preactivation) if name == "tanh" else preactivation


@dataclass(frozen=True)
class Trajectory:
    """A batch of episodes.

    :param x: plant states, (T, batch, n)
    :param u: controls, (T, batch, p)
    :param h: neuron states, (T, batch, N)
    :param y: the observation read before each h but the first, (T-1, batch, q)
    :param recurrent: h V before each update, (T-1, batch, r)
    """

    x: np.ndarray
    u: np.ndarray
    h: np.ndarray
    y: np.ndarray
    recurrent: np.ndarray


def rollout(
    plant: Plant, weights: Weights, x0: np.ndarray, horizon: int, leak: float = 1.0, activation: str = "linear"
) -> Trajectory:
    """Episodes of T steps from h_0 = 0.

    u_t = Zᵀ h_t, x_{t+1} = A x_t + B u_t, h_{t+1} = (1-γ) h_t + γ φ(W h_t + U Vᵀ h_t + M C x_{t+1}).

    :param plant: the plant
    :param weights: the agent's weights
    :param x0: initial plant states, (batch, n)
    :param horizon: episode length T
    :param leak: γ
    :param activation: ``"linear"`` or ``"tanh"``
    """
    (n, p, q), (batch, steps) = plant.shape, (x0.shape[0], horizon)
    left, right = factors(weights)
    x, h = np.empty((steps, batch, n)), np.empty((steps, batch, weights.neurons))
    read, drive = np.empty((steps, batch, right.shape[1])), np.empty((steps - 1, batch, left.shape[1]))
    x[0], h[0] = x0, 0.0
    for t in range(steps):
        np.matmul(h[t], right, out=read[t])
        if t + 1 == steps:
            break
        x[t + 1] = x[t] @ plant.A.T + read[t, :, :p] @ plant.B.T
        drive[t, :, :q] = x[t + 1] @ plant.C.T
        drive[t, :, q:] = read[t, :, p:]
        following = np.matmul(drive[t], left.T, out=h[t + 1])
        if weights.w is not None:
            following += h[t] @ weights.w.T
        if activation == "tanh":
            np.tanh(following, out=following)
        if leak != 1.0:
            following *= leak
            following += (1.0 - leak) * h[t]
    return Trajectory(x, read[:, :, :p], h, drive[:, :, :q], drive[:, :, q:])


def factors(weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """The columns that write to the neurons, [M U], and those that read from them, [Z V].

    :param weights: the agent's weights
    """
    if weights.u is None or weights.v is None:
        return weights.m, weights.z
    return np.hstack([weights.m, weights.u]), np.hstack([weights.z, weights.v])


def joint_matrix(plant: Plant, weights: Weights, leak: float = 1.0) -> np.ndarray:
    """The joint matrix P, (n+N, n+N), of the loop linearised at rest (φ' = 1).

    :param plant: the plant
    :param weights: the agent's weights
    :param leak: γ
    """
    A, B, C = plant.A, plant.B, plant.C
    feedback = B @ weights.z.T
    neurons = (1 - leak) * np.eye(weights.neurons) + leak * (weights.recurrence + weights.m @ C @ feedback)
    return np.block([[A, feedback], [leak * weights.m @ C @ A, neurons]])


def spectral_radius(matrix: np.ndarray) -> float:
    """Largest modulus of an eigenvalue; infinite if the matrix is not finite.

    :param matrix: a square matrix
    """
    if not np.isfinite(matrix).all():
        return float("inf")
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def loss_of(trajectory: Trajectory, state_weight: float, control_penalty: float, scale: float) -> float:
    """s Σ_t (state_weight |x_t|² + control_penalty |u_t|²), averaged over the batch.

    :param trajectory: the episodes
    :param state_weight: weight of |x|²
    :param control_penalty: weight of |u|²
    :param scale: the factor s
    """
    batch = trajectory.x.shape[1]
    total = state_weight * np.vdot(trajectory.x, trajectory.x)
    if control_penalty:
        total += control_penalty * np.sum(trajectory.u**2)
    return float(scale * total / batch)
