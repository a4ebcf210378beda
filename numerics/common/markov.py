"""A linear network through its Markov parameters alone: trajectories, and the order of the agent. Plain numpy.

g_j = γ Zᵀ ((1-γ) I + γ W)^j M is all that a linear plant receives from a linear network (``derive markov-parameters``).
"""

import numpy as np

from numerics.common.errors import require, whole
from numerics.common.plants import Plant
from numerics.common.weights import Weights


def impulse_response(weights: Weights, length: int, leak: float = 1.0) -> np.ndarray:
    """Markov parameters g_j = γ Zᵀ ((1-γ) I + γ W)^j M of any linear network, (K, p, q); infinite where they overflow.

    :param weights: the network; full or low rank
    :param length: number K of lags
    """
    state, responses, recurrence = leak * weights.m, [], weights.recurrence
    with np.errstate(all="ignore"):
        for _ in range(length):
            responses.append(weights.z.T @ state)
            state = (1 - leak) * state + leak * (recurrence @ state)
    return np.stack(responses)


def markov_rollout(plant: Plant, responses: np.ndarray, x0: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """States (T, batch, n) and controls (T, batch, p) of the closed loop, from the Markov parameters.

    u_t = Σ_{j<t} g_j C x_{t-j}, x_{t+1} = A x_t + B u_t: the states need g_0 … g_{T-3}, the last control g_{T-2}.

    :param responses: g_0 … g_{K-1}, K ≥ T - 1, (K, p, q)
    :param x0: initial plant states, (batch, n)
    :raises InputError: if there are too few Markov parameters
    """
    (n, p, q), count = plant.shape, len(responses)
    horizon = whole("horizon", horizon, 1)
    require(count >= horizon - 1, f"responses must hold at least T - 1 = {horizon - 1} lags; found {count}")
    x, u, y = (np.zeros((horizon, len(x0), width)) for width in (n, p, q))
    x[0] = x0
    for t in range(horizon):
        if t:
            x[t] = x[t - 1] @ plant.A.T + u[t - 1] @ plant.B.T
            y[t] = x[t] @ plant.C.T
        u[t] = np.einsum("jpq,jbq->bp", responses[:t], y[t:0:-1])
    return x, u


def hankel(responses: np.ndarray, skip: int = 1) -> np.ndarray:
    """The block Hankel matrix H_ij = g_{i+j+skip} of all the lags given, (k p, k q).

    :param responses: g_0 … g_{K-1}, K > skip, (K, p, q)
    :param skip: lags left out; the direct path g_0 by default
    :raises InputError: if no lag is left
    """
    responses = responses[skip:]
    count, p, q = responses.shape
    require(count > 0, f"responses must hold more than the {skip} lags left out; found no other")
    size = (count + 1) // 2
    lags = np.arange(size)[:, None] + np.arange(size)
    return np.moveaxis(responses[lags], 2, 1).reshape(size * p, size * q)


def strengths(responses: np.ndarray) -> np.ndarray:
    """Singular values of the Hankel matrix, largest first: one above zero for every order of the agent.

    :param responses: g_0 … g_{K-1}, (K, p, q)
    """
    return np.linalg.svd(hankel(responses), compute_uv=False)


def order(responses: np.ndarray, tolerance: float = 1e-10) -> int:
    """Order of the agent: the rank of its Hankel matrix, the size of the smallest network with this response.

    Directions weaker than ``tolerance`` times the strongest are not counted.

    :param responses: g_0 … g_{K-1}, (K, p, q)
    :param tolerance: relative size below which a singular value counts as zero
    """
    values = strengths(responses)
    return int(np.sum(values > tolerance * max(values[0], np.finfo(float).tiny)))


def visible_overlaps(responses: np.ndarray) -> np.ndarray:
    """σ_zm = g_0, κ = g_1 and σ_vu = g_2/g_1 of a rank-one network without leak with the same first three lags.

    :param responses: at least g_0, g_1, g_2 of a network with one input and one control, g_1 ≠ 0, (K, 1, 1)
    :raises InputError: if the shape does not fit or g_1 = 0
    """
    fits = responses.ndim == 3 and responses.shape[0] >= 3 and responses.shape[1:] == (1, 1)
    require(fits, f"responses must be at least three lags of one input and control; found {responses.shape}")
    direct, product, following = responses[:3, 0, 0]
    require(bool(product != 0), "responses must have g_1 other than 0 to show sigma_vu; found 0")
    return np.array([direct, product, following / product])
