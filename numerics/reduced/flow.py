"""The gradient flow dG/dt = -(G S D + D S G) as an ODE: stiff solvers, dense output, events, conservation laws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.integrate import solve_ivp

from numerics.common.errors import FINITE, InputError, choice, number, require
from numerics.reduced.kernels import learning_kernel, loss_kernel
from numerics.reduced.spectra import reduced_radius
from numerics.replay.settings import CLIP_EPSILON, Settings
from theory.core.learning import BLOCKS, WeightSpace, conserved_forms
from theory.core.loop import ReducedLoop

STATUSES = {0: "completed", 1: "stopped at stabilisation"}
METHODS = ("LSODA", "Radau", "BDF", "DOP853", "RK45")

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""(loss, dG/dt) from G's entries."""
Edge = Callable[[float, np.ndarray], float]
"""An event, of time and G's entries."""


@dataclass(frozen=True)
class Flow:
    """A solution of the flow.

    :param status: ``"completed"``, ``"stopped at stabilisation"`` or ``"failed: …"``
    :param time: times of the solver's steps, in learning rate × steps, (steps,)
    :param gram: upper triangle of G, (steps, k(k+1)/2)
    :param loss: the loss, (steps,)
    :param crossings: times at which the spectral radius passes 1
    :param drift: largest change of every conserved quantity along the solution
    :param at: dense output, time -> upper triangle of G
    :param space: the weight space
    """

    status: str
    time: np.ndarray
    gram: np.ndarray
    loss: np.ndarray
    crossings: np.ndarray
    drift: np.ndarray
    at: Callable[[np.ndarray], np.ndarray]
    space: WeightSpace

    def overlaps(self, time: np.ndarray | None = None) -> np.ndarray:
        """Flat overlaps at the solver's steps, or at given times, on the last axis.

        :param time: times within the solution
        """
        gram = self.gram if time is None else self.at(np.asarray(time))
        columns = learning_kernel(self.space).visible(np.arange(self.gram.shape[1]))
        return gram[..., list(columns)]


def unpack(entries: np.ndarray, size: int) -> np.ndarray:
    """Symmetric matrices from upper triangles.

    :param entries: upper triangles by row, (..., k(k+1)/2)
    :param size: k
    """
    full = np.empty((*entries.shape[:-1], size, size))
    rows, columns = np.triu_indices(size)
    full[..., rows, columns] = entries
    full[..., columns, rows] = entries
    return full


@cache
def _forms(space: WeightSpace) -> list[np.ndarray]:
    return [np.array(form.tolist(), dtype=np.float64) for form in conserved_forms(space)]


def conserved_quantities(space: WeightSpace, gram: np.ndarray) -> np.ndarray:
    """Quantities that the flow keeps, computed from G.

    For every conserved form J (see :func:`theory.core.learning.conserved_forms`) the traces of the powers of G_⊥ J,
    where G_⊥ is the Gram matrix of the trained columns projected orthogonally to the frozen ones; and the
    entries of UᵀU - VᵀV if u and v are both trained.

    :param gram: full Gram matrices, (..., k, k)
    :raises InputError: if nothing is trained, so that nothing moves
    """
    require(len(space.trained) > 0, f"space must train at least one block of {', '.join(BLOCKS)}; found none")
    mask = np.array(space.mask.tolist(), dtype=float).diagonal() == 1
    free, fixed = np.flatnonzero(mask), np.flatnonzero(~mask)
    part = gram[..., free[:, None], free]
    if fixed.size:
        cross = gram[..., fixed[:, None], free]
        part = part - np.swapaxes(cross, -1, -2) @ np.linalg.pinv(gram[..., fixed[:, None], fixed]) @ cross
    values = []
    for form in _forms(space):
        product = part @ form[np.ix_(free, free)]
        power = product
        for _ in range(free.size):
            values.append(np.trace(power, axis1=-2, axis2=-1))
            power = power @ product
    if {"u", "v"} <= set(space.trained):
        u, v = space.columns("u"), space.columns("v")
        balance = gram[..., u, u] - gram[..., v, v]
        values += list(np.moveaxis(balance.reshape(*balance.shape[:-2], -1), -1, 0))
    return np.stack(values, axis=-1)


def _right_hand_side(
    loop: ReducedLoop, space: WeightSpace, factor: np.ndarray, settings: Settings, parameters: tuple[float, ...]
) -> Evaluate:
    """(loss, clipped dG/dt) as a function of G's entries."""
    kernel, learning = loss_kernel(loop, settings.control_penalty != 0), learning_kernel(space)
    initial = tuple(np.asarray(factor, dtype=np.float64).ravel().tolist())
    weight, penalty = settings.scale * settings.state_weight, settings.scale * settings.control_penalty

    def evaluate(entries: np.ndarray) -> tuple[float, np.ndarray]:
        gram = tuple(entries.tolist())
        loss, gradient = kernel.function(learning.visible(gram), parameters, initial, weight, penalty, settings.horizon)
        norm = learning.norm(gram, gradient)
        factor = min(1.0, settings.clip / (norm + CLIP_EPSILON))
        return loss, factor * np.array(learning.flow(gram, gradient))

    return evaluate


def integrate(
    loop: ReducedLoop,
    space: WeightSpace,
    gram: np.ndarray,
    moment_factor: np.ndarray,
    settings: Settings,
    duration: float,
    parameters: Sequence[float] = (),
    *,
    method: str = "LSODA",
    tolerance: float = 1e-9,
    stop_when_stable: bool = False,
) -> Flow:
    """Integrate the flow of the population loss from a Gram matrix.

    Time is learning rate × steps: descent with rate η after k steps approximates the flow at time η k with an
    error linear in η. Clipping slows the flow as it shortens the steps.

    :param loop: the reduced loop
    :param space: the weight space
    :param gram: initial G, (k, k)
    :param moment_factor: F with Σ_0 = F Fᵀ, (n, n)
    :param settings: horizon, clipping and loss; the learning rate is not used
    :param duration: final time
    :param parameters: values of the loop's parameters
    :param method: a solver of :func:`scipy.integrate.solve_ivp`
    :param tolerance: relative tolerance; absolute is a thousandth of it
    :param stop_when_stable: whether to stop where the spectral radius falls through 1
    :raises InputError: if the method is unknown, the duration not positive or the loss not finite at the start
    """
    choice("method", method, METHODS)
    duration = number("duration", duration, 0, FINITE, open_low=True)
    parameters = tuple(map(float, parameters))
    start = np.asarray(gram, dtype=np.float64)[np.triu_indices(space.size)]
    evaluate = _right_hand_side(loop, space, moment_factor, settings, parameters)
    if not np.isfinite(evaluate(start)[0]):
        raise InputError("gram must give a finite loss; found overflow; shorten the horizon or scale the weights")
    edge = _stability_edge(loop, space, parameters, stop_when_stable)
    return _solve(evaluate, start, duration, space, edge, method, tolerance)


def _solve(
    evaluate: Evaluate,
    start: np.ndarray,
    duration: float,
    space: WeightSpace,
    edge: Edge,
    method: str,
    tolerance: float,
) -> Flow:
    with np.errstate(all="ignore"):
        solution = solve_ivp(
            lambda _, entries: evaluate(entries)[1],
            (0.0, duration),
            start,
            method=method,
            rtol=tolerance,
            atol=tolerance * 1e-3,
            dense_output=True,
            events=edge,
        )
    kept = conserved_quantities(space, unpack(solution.y.T, space.size))
    return Flow(
        STATUSES.get(solution.status, f"failed: {solution.message}"),
        solution.t,
        solution.y.T,
        np.array([evaluate(entries)[0] for entries in solution.y.T]),
        solution.t_events[0],
        np.abs(kept - kept[0]).max(axis=0),
        lambda time: np.moveaxis(solution.sol(time), 0, -1),
        space,
    )


def _stability_edge(loop: ReducedLoop, space: WeightSpace, parameters: tuple[float, ...], terminal: bool) -> Edge:
    """The event that the spectral radius passes 1; only downwards if it is to end the integration."""
    visible = list(learning_kernel(space).visible(np.arange(space.size * (space.size + 1) // 2)))

    def edge(_: float, entries: np.ndarray) -> float:
        return float(reduced_radius(loop, entries[visible], parameters)) - 1.0

    edge.terminal = terminal  # type: ignore[attr-defined]
    edge.direction = -1.0 if terminal else 0.0  # type: ignore[attr-defined]
    return edge
