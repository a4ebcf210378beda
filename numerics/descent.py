"""The exact finite-step descent of the Gram matrix: the theory's answer to :func:`numerics.train.train`.

A batch of initial states enters only through a factor F of its second moment, Σ_0 = F Fᵀ. One run takes plain
floats (or numba's compiled code); many runs at once take arrays, or one compiled loop over the runs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from numerics.codegen import has_numba, jit
from numerics.errors import InputError, choice, require
from numerics.kernels import LossKernel, learning_kernel, loss_kernel
from numerics.observe import by_modulus
from numerics.plants import Plant
from numerics.replay import Replay, Settings
from numerics.results import COMPLETED, Run, diverged
from numerics.spectra import radius_of, reduced_eigenvalues
from numerics.weights import Weights
from theory.learning import BLOCKS, WeightSpace
from theory.loop import ReducedLoop, symbolic_loop

WORTH_COMPILING = 3_000_000
"""Steps from which compiling (seconds) costs less than plain Python (about a microsecond a step)."""

WORTH_ARRAYS = 30
"""Runs from which one pass over arrays costs less than one run after the other in plain Python."""

BACKENDS = ("auto", "python", "numba")


def moment_factor(x0: np.ndarray) -> np.ndarray:
    """F with F Fᵀ = (1/B) Σ x_0 x_0ᵀ, symmetric, for any number of epochs.

    :param x0: initial states, (..., batch, n)
    """
    return symmetric_root(np.swapaxes(x0, -1, -2) @ x0 / x0.shape[-2])


def symmetric_root(moment: np.ndarray) -> np.ndarray:
    """The symmetric positive semidefinite square root.

    :param moment: symmetric positive semidefinite matrices, (..., n, n)
    """
    values, vectors = np.linalg.eigh(moment)
    return np.einsum("...ij,...j,...kj->...ik", vectors, np.sqrt(np.clip(values, 0, None)), vectors)


@cache
def _loop(shape: tuple[int, int, int] | None, rank: int) -> ReducedLoop:
    return ReducedLoop(rank=rank) if shape is None else symbolic_loop(*shape, rank=rank)


def loop_for(plant: Plant, rank: int, leak: float) -> tuple[ReducedLoop, tuple[float, ...]]:
    """The symbolic loop of a numeric plant and the values of its parameters.

    The default double integrator without leak has its numbers compiled in; other plants share the code of
    their dimensions.

    :param plant: the plant
    :param rank: rank r of the recurrence
    :param leak: γ
    """
    if leak == 1.0 and plant.shape == (2, 1, 1) and plant.values == (1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0):
        return _loop(None, rank), ()
    return _loop(plant.shape, rank), (*plant.values, leak)


@dataclass(frozen=True)
class Descent:
    """What a run of exact descent gives, for one run or for many at once.

    :param loss: loss before each update, (epochs,) or (epochs, runs)
    :param gradient_norm: norm of the trained weights' gradient before clipping, same shape
    :param gram: upper triangle of G before each update, (epochs, k(k+1)/2) or with runs between
    :param transfer: T with X_final = X_0 T, (k, k) or (runs, k, k)
    :param finite_epochs: number of epochs with finite loss and gradient, a number or (runs,)
    """

    loss: np.ndarray
    gradient_norm: np.ndarray
    gram: np.ndarray
    transfer: np.ndarray
    finite_epochs: np.ndarray

    def overlaps(self, space: WeightSpace) -> np.ndarray:
        """Overlaps before each update, flat in the order of the theory, on the last axis.

        :param space: the weight space
        """
        columns = learning_kernel(space).visible(np.arange(self.gram.shape[-1]))
        return self.gram[..., list(columns)]


def descend_gram(
    loop: ReducedLoop,
    space: WeightSpace,
    gram: np.ndarray,
    initial: np.ndarray,
    settings: Settings,
    parameters: Sequence[float] = (),
    backend: str = "auto",
) -> Descent:
    """Iterate G ← QᵀGQ with the loss's own gradient, for one Gram matrix or many.

    :param loop: the reduced loop
    :param space: the weight space; its trained blocks are the ones that move
    :param gram: initial G, (k, k), or (runs, k, k)
    :param initial: factors F of the second moments, (epochs, n, n), or (epochs, runs, n, n)
    :param settings: horizon, learning rate, clipping and loss
    :param parameters: values of the loop's parameters
    :param backend: ``"python"``, ``"numba"`` or ``"auto"``: numba if installed and worth compiling
    :raises InputError: if the backend is unknown or not installed
    """
    steps = len(initial) * settings.horizon * (len(gram) if gram.ndim == 3 else 1)
    kernel = loss_kernel(loop, settings.control_penalty != 0)
    return descend_loss(kernel, space, gram, initial, settings, parameters, resolve_backend(backend, steps))


def descend_loss(
    kernel: LossKernel,
    space: WeightSpace,
    gram: np.ndarray,
    initial: np.ndarray,
    settings: Settings,
    parameters: Sequence[float],
    backend: str,
) -> Descent:
    """Iterate G ← QᵀGQ with the gradient of any loss of the overlaps.

    :param kernel: loss and gradient
    :param space: the weight space
    :param gram: initial G, (k, k), or (runs, k, k)
    :param initial: what the kernel reads as initial states, two axes an epoch, which it gets as one
    :param settings: horizon, learning rate, clipping and weights of the loss
    :param parameters: values of the kernel's parameters
    :param backend: ``"python"`` or ``"numba"``
    """
    many = gram.ndim == 3
    rows, columns = np.triu_indices(space.size)
    entries = np.ascontiguousarray(gram[..., rows, columns])
    flat = np.ascontiguousarray(initial.reshape(*initial.shape[:-2], -1))
    numbers = (
        tuple(map(float, parameters)),
        settings.scale * settings.state_weight,
        settings.scale * settings.control_penalty,
        settings.horizon,
        settings.learning_rate,
        settings.clip,
    )
    work = (kernel, space, entries, flat, numbers)
    single = _compiled if backend == "numba" else _single
    with np.errstate(all="ignore"):
        if not many:
            return single(*work)
        return _broadcast(*work) if backend == "python" and len(gram) >= WORTH_ARRAYS else _one_by_one(single, *work)


def resolve_backend(backend: str, steps: int) -> str:
    """``"python"`` or ``"numba"`` for a backend's name.

    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    :param steps: epochs × horizon × runs to be computed
    :raises InputError: if it is unknown or not installed
    """
    choice("backend", backend, BACKENDS)
    if backend == "auto":
        return "numba" if has_numba() and steps >= WORTH_COMPILING else "python"
    require(
        backend != "numba" or has_numba(),
        "backend numba must be installed; found none; install closedloop-rnn[fast]",
    )
    return backend


def _iterate(visible, kernel, step, gram, transfer, initial, numbers, loss, norms, grams):
    """One run from flat entries; fills the arrays and returns the finite epochs and the transfer."""
    parameters, state_weight, control_weight, horizon, rate, clip = numbers
    epochs = len(initial)
    for epoch in range(epochs):
        value, gradient = kernel(visible(gram), parameters, initial[epoch], state_weight, control_weight, horizon)
        following, carried, norm = step(gram, transfer, gradient, rate, clip)
        if not (math.isfinite(value) and math.isfinite(norm)):
            return epoch, transfer
        loss[epoch] = value
        norms[epoch] = norm
        for i, entry in enumerate(gram):
            grams[epoch, i] = entry
        gram, transfer = following, carried
    return epochs, transfer


def _buffers(epochs: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.full(epochs, np.nan), np.full(epochs, np.nan), np.full((epochs, width), np.nan)


def _single(kernel: LossKernel, space: WeightSpace, entries, initial, numbers) -> Descent:
    learning = learning_kernel(space)
    buffers = _buffers(len(initial), entries.size)
    identity = tuple(np.eye(space.size).ravel().tolist())
    start, rows = tuple(entries.tolist()), initial.tolist()
    finite, transfer = _iterate(
        learning.visible, kernel.function, learning.descent, start, identity, rows, numbers, *buffers
    )
    return Descent(*buffers, np.array(transfer).reshape(space.size, -1), np.array(finite))


def _broadcast(kernel: LossKernel, space: WeightSpace, entries, initial, numbers) -> Descent:
    """Many runs as arrays; a run that is no longer finite keeps its NaNs to itself."""
    parameters, state_weight, control_weight, horizon, rate, clip = numbers
    learning = learning_kernel(space, arrays=True)
    epochs, runs = len(initial), entries.shape[0]
    loss, norms = np.full((epochs, runs), np.nan), np.full((epochs, runs), np.nan)
    grams = np.full((epochs, runs, entries.shape[1]), np.nan)
    gram, transfer = tuple(entries.T), tuple(np.repeat(np.eye(space.size).reshape(-1, 1), runs, axis=1))
    finite, last = np.full(runs, epochs), np.array(transfer)
    for epoch in range(epochs):
        factor = tuple(np.broadcast_to(initial[epoch], (runs, initial.shape[-1])).T)
        value, gradient = kernel.function(
            learning.visible(gram), parameters, factor, state_weight, control_weight, horizon
        )
        following, carried, norm = learning.descent(gram, transfer, gradient, rate, clip)
        alive = np.isfinite(value) & np.isfinite(norm) & (finite == epochs)
        finite[~alive & (finite == epochs)] = epoch
        loss[epoch], norms[epoch], grams[epoch] = value, norm, np.array(gram).T
        loss[epoch, ~alive] = norms[epoch, ~alive] = grams[epoch, ~alive] = np.nan
        last[:, alive] = np.array(carried)[:, alive]
        if not alive.any():
            break
        gram, transfer = following, carried
    return Descent(loss, norms, grams, last.T.reshape(runs, space.size, -1), finite)


@cache
def _compiled_iterate(kernel: LossKernel, space: WeightSpace) -> Callable:
    learning = learning_kernel(space)
    names = {"visible": jit(learning.visible), "kernel": jit(kernel.function), "step": jit(learning.descent)}
    iterate = jit(_iterate)

    def bound(gram, transfer, initial, numbers, loss, norms, grams):
        return iterate(
            names["visible"],
            names["kernel"],
            names["step"],
            gram,
            transfer,
            initial,
            numbers,
            loss,
            norms,
            grams,
        )

    return bound


def _compiled(kernel: LossKernel, space: WeightSpace, entries, initial, numbers) -> Descent:
    run = _compiled_iterate(kernel, space)
    identity, buffers = tuple(np.eye(space.size).ravel().tolist()), _buffers(len(initial), entries.size)
    finite, transfer = run(tuple(entries.tolist()), identity, np.ascontiguousarray(initial), numbers, *buffers)
    return Descent(*buffers, np.array(transfer).reshape(space.size, -1), np.array(finite))


def _one_by_one(single: Callable[..., Descent], kernel, space, entries, initial, numbers) -> Descent:
    """Many runs, each as a single one."""
    runs = [
        single(kernel, space, row, initial[:, index] if initial.ndim == 3 else initial, numbers)
        for index, row in enumerate(entries)
    ]
    return Descent(
        np.stack([run.loss for run in runs], axis=1),
        np.stack([run.gradient_norm for run in runs], axis=1),
        np.stack([run.gram for run in runs], axis=1),
        np.stack([run.transfer for run in runs]),
        np.array([run.finite_epochs for run in runs]),
    )


def check_closed(replay: Replay) -> None:
    """Whether the run closes on the overlaps.

    :param replay: the run to be made
    :raises InputError: if it is nonlinear, uses Adam, or has a full recurrence
    """
    settings = replay.settings
    for name, found, expected in (
        ("activation", settings.activation, "linear"),
        ("optimizer", settings.optimizer, "sgd"),
    ):
        if found != expected:
            raise InputError(f"{name} must be {expected} for the exact map; found {found}; use direct training instead")
    low_rank = replay.weights.w is None
    require(low_rank, "weights must be m, z, u, v for the exact map; found a full w; use direct training instead")


def descend(replay: Replay, backend: str = "auto") -> Run:
    """The exact reduced counterpart of :func:`numerics.train.train`: the same run from G alone.

    The final weights are X_0 T, with T the product of all Q.

    :param replay: the run to be made; linear, low-rank, SGD
    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    :raises InputError: if the run does not close on the overlaps
    """
    check_closed(replay)
    weights, settings = replay.weights, replay.settings
    _, p, q = replay.plant.shape
    space = WeightSpace(p, q, weights.rank, tuple(settings.train))
    loop, parameters = loop_for(replay.plant, weights.rank, settings.leak)
    outcome = descend_gram(loop, space, weights.gram, moment_factor(replay.x0), settings, parameters, backend)
    finite = int(outcome.finite_epochs)
    overlaps = outcome.overlaps(space)[:finite]
    eigenvalues = by_modulus(reduced_eigenvalues(loop, overlaps, parameters))
    history = {
        "loss": outcome.loss[:finite],
        "gradient_norm": outcome.gradient_norm[:finite],
        "spectral_radius": radius_of(eigenvalues, loop, parameters),
        "eigenvalues": eigenvalues,
        "gram": outcome.gram[:finite],
    }
    if p == q == weights.rank == 1:
        history["overlaps"] = overlaps
    final = np.split(weights.stack @ outcome.transfer, np.cumsum([space.widths[b] for b in BLOCKS])[:-1], axis=1)
    status = COMPLETED if finite == replay.epochs else diverged(finite)
    return Run("theory", status, history, Weights(*final), replay.config())
