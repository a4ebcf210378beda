"""Loss and gradient over very long horizons by doubling: cost grows as log T.

With the cost Q_e of a reduced state and W_k = Σ_{t<k} (Pᵀ)^t Q_e P^t,
W_{2k} = W_k + (P^k)ᵀ W_k P^k and W_{k+1} = Q_e + Pᵀ W_k P give W_T in log₂ T steps; the gradient is the
reverse pass of these steps.

States that the plant's initial state never reaches, or that no cost ever sees, are left out of the loss: exactly zero
entries of P cut them off, but an unstable one would overflow in P^k.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from numerics.common.errors import whole
from numerics.reduced.codegen import vectorise
from theory.core.loop import ReducedLoop


@lru_cache(maxsize=256)
def _slopes(loop: ReducedLoop, parameters: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """P_eff at zero overlaps, ∂P_eff/∂σ and ∂K/∂σ: P_eff and K are affine in the overlaps."""
    overlaps, letters = loop.overlaps.flat, list(loop.parameters)
    base = [e.subs(dict.fromkeys(overlaps, 0)) for e in loop.matrix]
    tables = (
        base,
        [e.diff(o) for o in overlaps for e in loop.matrix],
        [e.diff(o) for o in overlaps for e in loop.readout],
    )
    d = loop.dimension
    values = (vectorise(table, letters, "slopes")(*parameters) for table in tables)
    return tuple(value.reshape(-1, rows, d) for value, rows in zip(values, (d, d, loop.plant.p), strict=True))


def _bits(horizon: int) -> str:
    return bin(horizon)[3:]


def _forward(
    P: np.ndarray, cost: np.ndarray, horizon: int
) -> tuple[np.ndarray, list[tuple[str, np.ndarray, np.ndarray]]]:
    """W_T and the tape of (operation, W, P^k) before each operation."""
    W, power, tape = cost, P, []
    for bit in _bits(horizon):
        tape.append(("double", W, power))
        W, power = W + power.T @ W @ power, power @ power
        if bit == "1":
            tape.append(("step", W, power))
            W, power = cost + P.T @ W @ P, power @ P
    return W, tape


def _backward(P: np.ndarray, tape: list, moment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adjoints of P and of Q_e for the adjoint ``moment`` of W_T."""
    bar_W, bar_power = moment, np.zeros_like(P)
    bar_P, bar_cost = np.zeros_like(P), np.zeros_like(P)
    for operation, W, power in reversed(tape):
        if operation == "step":
            bar_cost = bar_cost + bar_W
            bar_P = bar_P + 2 * W @ P @ bar_W + power.T @ bar_power
            bar_W, bar_power = P @ bar_W @ P.T, bar_power @ P.T
        else:
            bar_power = bar_power @ power.T + power.T @ bar_power + 2 * W @ power @ bar_W
            bar_W = bar_W + power @ bar_W @ power.T
    return bar_P + bar_power, bar_cost + bar_W


def _linked(links: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Indices that can be come to from the start by way of links[to, from], as a mask."""
    for _ in start:
        start = start | links @ start
    return start


def _summed(P: np.ndarray, cost: np.ndarray, moment: np.ndarray, horizon: int) -> tuple[float, np.ndarray, np.ndarray]:
    """tr(W_T Σ_0) and its derivatives by P and by Q_e."""
    W, tape = _forward(P, cost, horizon)
    return float(np.vdot(W, moment)), *_backward(P, tape, moment)


def _connected(
    P: np.ndarray, cost: np.ndarray, moment: np.ndarray, horizon: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """The same, the loss from the states that are both reached and seen.

    ∂/∂P_ij = Σ_t (adjoint of i)_{t+1} (state j)_t is zero unless i is seen and j is reached, and involves other states
    than those both reached and seen only if i or j is one of them.
    """
    reached = _linked(P != 0, np.asarray(moment.any(axis=1)))
    seen = _linked(P.T != 0, np.asarray(cost.any(axis=1)))
    both, either = (np.ix_(mask, mask) for mask in (reached & seen, reached | seen))
    loss, *inner = _summed(P[both], cost[both], moment[both], horizon)
    bars = np.zeros((2, *P.shape))
    if (reached ^ seen).any():
        bars[(slice(None), *either)] = _summed(P[either], cost[either], moment[either], horizon)[1:]
        bars[0][~np.outer(seen, reached)] = 0
        bars[1][~np.outer(reached, reached)] = 0
    bars[(slice(None), *both)] = inner
    return loss, bars[0], bars[1]


def _weighted(factors: np.ndarray, values: np.ndarray) -> np.ndarray:
    """factors · values, zero where the factor is zero whatever the value."""
    return np.where(factors != 0, factors * values, 0.0)


def horizon_loss(
    loop: ReducedLoop,
    overlaps: ArrayLike,
    horizon: int,
    moment: np.ndarray,
    state_weight: float = 1.0,
    control_weight: float = 0.0,
    parameters: Sequence[float] = (),
) -> tuple[float, np.ndarray]:
    """Σ_{t<T} (w E|x_t|² + b E|u_t|²) and its gradient by the flat overlaps.

    Equal to the rollout of :func:`numerics.reduced.kernels.loss_kernel`. If an unstable loop overflows, the loss is
    infinite and the gradient not a number; nothing is clipped. P^T must be representable too, so a mode that is
    reached or seen only faintly gives infinity somewhat before the loss itself would. If a mode is not reached or not
    seen at all, the loss does not depend on it, and only derivatives by the overlaps that would connect it overflow.

    :param overlaps: flat overlaps
    :param horizon: T, at least 1
    :param moment: Σ_0 = E x_0 x_0ᵀ, (n, n)
    :param state_weight: w
    :param control_weight: b
    :raises InputError: if T < 1
    """
    horizon = whole("horizon", horizon, 1)
    d, n = loop.dimension, loop.plant.n
    point = np.asarray(overlaps, dtype=np.float64)
    base, slopes, K_slopes = _slopes(loop, tuple(map(float, parameters)))
    P, K = base[0] + np.tensordot(point, slopes, axes=1), np.tensordot(point, K_slopes, axes=1)
    cost = np.diag(np.r_[np.full(n, float(state_weight)), np.zeros(d - n)]) + control_weight * K.T @ K
    start = np.zeros((d, d))
    start[:n, :n] = moment
    with np.errstate(all="ignore"):
        loss, bar_P, bar_cost = _connected(P, cost, start, horizon)
        through_P = _weighted(slopes, bar_P).sum(axis=(1, 2))
        observed = _weighted(K[:, :, None], bar_cost).sum(axis=1)
        slope = through_P + _weighted(2 * control_weight * K_slopes, observed).sum(axis=(1, 2))
    finite = np.isfinite(loss)
    return (loss, np.where(np.isfinite(slope), slope, np.nan)) if finite else (np.inf, np.full(point.size, np.nan))
