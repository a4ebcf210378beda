"""Loss and gradient over very long horizons by doubling: cost grows as log T.

With the cost Q_e of a reduced state and W_k = Σ_{t<k} (Pᵀ)^t Q_e P^t,
W_{2k} = W_k + (P^k)ᵀ W_k P^k and W_{k+1} = Q_e + Pᵀ W_k P give W_T in log₂ T steps; the gradient is the
reverse pass of these steps.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from numerics.codegen import vectorise
from numerics.errors import whole
from theory.loop import ReducedLoop


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


def _forward(P: np.ndarray, cost: np.ndarray, horizon: int):
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

    Equal to the rollout of :func:`numerics.kernels.loss_kernel`. If an unstable loop overflows, the loss is
    infinite and the gradient not a number; nothing is clipped.

    :param loop: the reduced loop
    :param overlaps: flat overlaps
    :param horizon: T, at least 1
    :param moment: Σ_0 = E x_0 x_0ᵀ, (n, n)
    :param state_weight: w
    :param control_weight: b
    :param parameters: values of the loop's parameters
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
        W, tape = _forward(P, cost, horizon)
        bar_P, bar_cost = _backward(P, tape, start)
        loss = float(np.vdot(W, start))
        through_P = slopes.reshape(point.size, -1) @ bar_P.ravel()
        through_K = 2 * control_weight * (K_slopes.reshape(point.size, -1) @ (K @ bar_cost).ravel())
    return (loss, through_P + through_K) if np.isfinite(loss) else (np.inf, np.full(point.size, np.nan))
