"""Iterating the map of the Gram matrix with any loss of the overlaps: one run or many, plain or compiled."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from numerics.common.errors import choice, require
from numerics.reduced.codegen import has_numba, jit
from numerics.reduced.kernels import learning_kernel
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace

WORTH_COMPILING = 2_000_000
"""Steps from which compiling (seconds) costs less than plain Python (about a microsecond a step)."""

WORTH_ARRAYS = 30
"""Runs from which one pass over arrays costs less than one run after the other in plain Python."""

BACKENDS = ("auto", "python", "numba")


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
        """Overlaps before each update, flat in the order of the theory, on the last axis."""
        columns = learning_kernel(space).visible(np.arange(self.gram.shape[-1]))
        return self.gram[..., list(columns)]


@dataclass(frozen=True)
class Work:
    """What is iterated: a loss and the batches it is fed with.

    :param function: ``function(overlaps, parameters, datum, *fixed)`` gives loss and gradient by the overlaps
    :param space: the weight space; its trained blocks are the ones that move
    :param parameters: values of the loss's parameters
    :param data: one datum a epoch, (epochs, ...), or one for each run, (epochs, runs, ...)
    :param fixed: the function's further arguments
    :param settings: learning rate and clipping
    :param axes: number of axes of a datum, 1 for a row and 2 for a matrix
    """

    function: Callable
    space: WeightSpace
    parameters: tuple[float, ...]
    data: np.ndarray
    fixed: tuple
    settings: Settings
    axes: int = 1

    @property
    def numbers(self) -> tuple:
        """What is the same for every epoch and run."""
        return self.parameters, self.fixed, self.settings.learning_rate, self.settings.clip

    def of_run(self, index: int) -> np.ndarray:
        """The data of one of many runs.

        :param index: the run
        """
        own = self.data.ndim == self.axes + 2
        return np.ascontiguousarray(self.data[:, index] if own else self.data)


def iterate(work: Work, gram: np.ndarray, steps: int, backend: str = "auto") -> Descent:
    """Iterate G ← QᵀGQ with the loss's own gradient, for one Gram matrix or many.

    :param gram: initial G, (k, k), or (runs, k, k)
    :param steps: steps of one evaluation of the loss, which decide whether compiling pays
    :raises InputError: if the backend is unknown or not installed
    """
    many = gram.ndim == 3
    ready = (work.function, work.space) in _COMPILED
    backend = resolve_backend(backend, len(work.data) * steps * (len(gram) if many else 1), ready)
    rows, columns = np.triu_indices(work.space.size)
    entries = np.ascontiguousarray(gram[..., rows, columns])
    single = _compiled if backend == "numba" else _single
    with np.errstate(all="ignore"):
        if not many:
            return single(work, entries, np.ascontiguousarray(work.data))
        if backend == "python" and len(gram) >= WORTH_ARRAYS and work.axes == 1:
            return _broadcast(work, entries)
        return _one_by_one(single, work, entries)


def resolve_backend(backend: str, steps: int, ready: bool = False) -> str:
    """``"python"`` or ``"numba"`` for a backend's name.

    :param steps: epochs × horizon × runs to be computed
    :param ready: whether the code is compiled already, so that it costs nothing
    :raises InputError: if it is unknown or not installed
    """
    choice("backend", backend, BACKENDS)
    if backend == "auto":
        return "numba" if ready or (has_numba() and steps >= WORTH_COMPILING) else "python"
    require(
        backend != "numba" or has_numba(),
        "backend numba must be installed; found none; install closedloop-rnn[fast]",
    )
    return backend


def _iterate(
    visible: Callable,
    kernel: Callable,
    step: Callable,
    gram: tuple,
    transfer: tuple,
    data: Sequence | np.ndarray,
    numbers: tuple,
    loss: np.ndarray,
    norms: np.ndarray,
    grams: np.ndarray,
) -> tuple[int, tuple]:
    """One run from flat entries; fills the arrays and returns the finite epochs and the transfer."""
    parameters, fixed, rate, clip = numbers
    epochs = len(data)
    for epoch in range(epochs):
        value, gradient = kernel(visible(gram), parameters, data[epoch], *fixed)
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


def _start(work: Work, entries: np.ndarray) -> tuple:
    """G and T of the start."""
    return tuple(entries.tolist()), tuple(np.eye(work.space.size).ravel().tolist())


def _single(work: Work, entries: np.ndarray, data: np.ndarray) -> Descent:
    learning, buffers = learning_kernel(work.space), _buffers(len(data), entries.size)
    rows = data.tolist() if work.axes == 1 else list(data)
    steps = learning.visible, work.function, learning.descent
    start = (*_start(work, entries), rows, work.numbers)
    finite, transfer = _iterate(*steps, *start, *buffers)  # type: ignore[call-arg]
    return Descent(*buffers, np.array(transfer).reshape(work.space.size, -1), np.array(finite))


def _broadcast(work: Work, entries: np.ndarray) -> Descent:
    """Many runs as arrays; a run that is no longer finite keeps its NaNs to itself."""
    (parameters, fixed, rate, clip), space, data = work.numbers, work.space, work.data
    learning = learning_kernel(space, arrays=True)
    epochs, runs = len(data), entries.shape[0]
    loss, norms = np.full((epochs, runs), np.nan), np.full((epochs, runs), np.nan)
    grams = np.full((epochs, runs, entries.shape[1]), np.nan)
    gram, transfer = tuple(entries.T), tuple(np.repeat(np.eye(space.size).reshape(-1, 1), runs, axis=1))
    finite, last = np.full(runs, epochs), np.array(transfer)
    for epoch in range(epochs):
        datum = tuple(np.broadcast_to(data[epoch], (runs, data.shape[-1])).T)
        value, gradient = work.function(learning.visible(gram), parameters, datum, *fixed)
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


_COMPILED: set[tuple[Callable, WeightSpace]] = set()
"""Losses and weight spaces whose code is compiled."""


@cache
def _compiled_iterate(function: Callable, space: WeightSpace) -> Callable:
    learning = learning_kernel(space)
    _COMPILED.add((function, space))
    return partial(jit(_iterate), jit(learning.visible), jit(function), jit(learning.descent))


def _compiled(work: Work, entries: np.ndarray, data: np.ndarray) -> Descent:
    run, buffers = _compiled_iterate(work.function, work.space), _buffers(len(data), entries.size)
    finite, transfer = run(*_start(work, entries), data, work.numbers, *buffers)
    return Descent(*buffers, np.array(transfer).reshape(work.space.size, -1), np.array(finite))


def _one_by_one(single: Callable[..., Descent], work: Work, entries: np.ndarray) -> Descent:
    """Many runs, each as a single one."""
    runs = [single(work, row, work.of_run(index)) for index, row in enumerate(entries)]
    return Descent(
        np.stack([run.loss for run in runs], axis=1),
        np.stack([run.gradient_norm for run in runs], axis=1),
        np.stack([run.gram for run in runs], axis=1),
        np.stack([run.transfer for run in runs]),
        np.array([run.finite_epochs for run in runs]),
    )
