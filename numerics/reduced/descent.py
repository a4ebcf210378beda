"""The exact finite-step descent of the Gram matrix: the theory's answer to :func:`numerics.experiment.train.train`.

A batch of initial states enters only through a factor F of its second moment, Σ_0 = F Fᵀ. One run takes plain
floats (or numba's compiled code); many runs at once take arrays, or one compiled loop over the runs.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from numerics.common.errors import require
from numerics.common.plants import Plant
from numerics.common.spectrum import by_modulus
from numerics.common.weights import Weights
from numerics.reduced.iterate import Descent, Work, iterate
from numerics.reduced.kernels import LossKernel, loss_kernel
from numerics.reduced.moments import moment_factor
from numerics.reduced.spectra import radius_of, reduced_eigenvalues
from numerics.reduced.words.runs import descend_words
from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.results import COMPLETED, Run, diverged
from numerics.replay.settings import Settings
from numerics.replay.tracking import TrackingReplay
from theory.core.learning import BLOCKS, WeightSpace
from theory.core.loop import ReducedLoop, symbolic_loop


@cache
def _loop(shape: tuple[int, int, int] | None, rank: int) -> ReducedLoop:
    return ReducedLoop(rank=rank) if shape is None else symbolic_loop(*shape, rank=rank)


def loop_for(plant: Plant, rank: int, leak: float) -> tuple[ReducedLoop, tuple[float, ...]]:
    """The symbolic loop of a numeric plant and the values of its parameters.

    The default double integrator without leak has its numbers compiled in; other plants share the code of
    their dimensions.
    """
    if leak == 1.0 and plant.shape == (2, 1, 1) and plant.values == (1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0):
        return _loop(None, rank), ()
    return _loop(plant.shape, rank), (*plant.values, leak)


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

    :param space: the weight space; its trained blocks are the ones that move
    :param gram: initial G, (k, k), or (runs, k, k)
    :param initial: factors F of the second moments, (epochs, n, n), or (epochs, runs, n, n)
    :raises InputError: if the backend is unknown or not installed
    """
    kernel = loss_kernel(loop, settings.control_penalty != 0)
    return descend_loss(kernel, space, gram, initial, settings, parameters, backend)


def descend_loss(
    kernel: LossKernel,
    space: WeightSpace,
    gram: np.ndarray,
    initial: np.ndarray,
    settings: Settings,
    parameters: Sequence[float] = (),
    backend: str = "auto",
) -> Descent:
    """Iterate G ← QᵀGQ with the gradient of any loss of the overlaps over a horizon.

    :param gram: initial G, (k, k), or (runs, k, k)
    :param initial: what the kernel reads as initial states, two axes an epoch, which it gets as one
    :param settings: horizon, learning rate, clipping and weights of the loss
    :param parameters: values of the kernel's parameters
    """
    flat = initial.reshape(*initial.shape[:-2], -1)
    costs = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    numbers = tuple(map(float, parameters))
    work = Work(kernel.function, space, numbers, flat, (*costs, settings.horizon), settings)
    return iterate(work, gram, settings.horizon, backend)


def check_linear(replay: Replay | OpenLoopReplay | TrackingReplay) -> None:
    """Whether the run can be made by fewer variables than weights.

    :raises InputError: if it is nonlinear or uses Adam
    """
    found = replay.settings.activation
    message = f"activation must be linear for the exact map; found {found}; use direct training instead"
    require(found == "linear", message)
    what = "Adam scales every single weight, which no rotation of the neurons keeps; use direct training instead"
    require(
        replay.settings.optimizer != "adam", f"optimizer must be sgd or momentum for the exact map; found adam: {what}"
    )


def closes_on_overlaps(replay: Replay | OpenLoopReplay | TrackingReplay) -> bool:
    """Whether a linear run is a map of the Gram matrix of [M Z U V]: low rank, plain descent, and not tracking.

    :param replay: the run to be made
    """
    return replay.weights.w is None and replay.settings.optimizer == "sgd" and not isinstance(replay, TrackingReplay)


def descend(
    replay: Replay | TrackingReplay,
    backend: str = "auto",
    words: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Run:
    """The exact reduced counterpart of direct training: the same run without the N neurons.

    A network of low rank learns by a map of its Gram matrix; a full one, any run with momentum, and tracking by the
    small network of :func:`numerics.reduced.words.runs.descend_words`.

    :param replay: the run to be made; linear, SGD or momentum
    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    :param words: of a full network the length of the longest words; by default the shortest that are good enough
    :param progress: called with (what, epochs done, epochs in all), where it takes long
    :raises InputError: if the run does not close
    """
    check_linear(replay)
    if isinstance(replay, TrackingReplay) or not closes_on_overlaps(replay):
        return descend_words(replay, words, backend, progress)
    require(words is None, f"words must be left out for a network of low rank; found {words}; its map is exact")
    weights, settings = replay.weights, replay.settings
    _, p, q = replay.plant.shape
    space = WeightSpace(p, q, weights.rank, tuple(settings.train))
    loop, parameters = loop_for(replay.plant, weights.rank, settings.leak)
    factors = moment_factor(replay.x0)

    def run(epochs: int) -> Descent:
        return descend_gram(loop, space, weights.gram, factors[:epochs], settings, parameters, backend)

    return finish(replay, space, run, run(replay.epochs), {})


def finish(
    replay: Replay | OpenLoopReplay,
    space: WeightSpace,
    run: Callable[[int], Descent],
    outcome: Descent,
    more: dict[str, np.ndarray],
) -> Run:
    """The result of an exact descent: the final weights are X_0 T, with T the product of all Q.

    An update at which they overflow is a divergence.

    :param run: makes the run again with fewer epochs
    :param more: further histories
    """
    weights, settings = replay.weights, replay.settings
    loop, parameters = loop_for(replay.plant, weights.rank, settings.leak)
    finite = int(outcome.finite_epochs)
    updates, final = last_weights(weights.stack, run, outcome)
    overlaps = outcome.overlaps(space)[:finite]
    eigenvalues = by_modulus(reduced_eigenvalues(loop, overlaps, parameters))
    history = {
        "loss": outcome.loss[:finite],
        "gradient_norm": outcome.gradient_norm[:finite],
        "spectral_radius": radius_of(eigenvalues, loop, parameters, weights.neurons),
        "eigenvalues": eigenvalues,
        "gram": outcome.gram[:finite],
        "overlaps": overlaps,
        **more,
    }
    blocks = np.split(final, np.cumsum([space.widths[b] for b in BLOCKS])[:-1], axis=1)
    status = COMPLETED if updates == replay.epochs else diverged(updates)
    return Run("theory", status, history, Weights(*blocks), replay.config())


def last_weights(stack: np.ndarray, run: Callable[[int], Descent], outcome: Descent) -> tuple[int, np.ndarray]:
    """Number of updates with finite weights, and X_0 T after them.

    :param stack: X_0, (N, k)
    :param run: makes the run again with fewer epochs
    """
    updates, transfer = int(outcome.finite_epochs), outcome.transfer
    with np.errstate(all="ignore"):
        while not np.isfinite(final := stack @ transfer).all():
            updates -= 1
            transfer = run(updates).transfer if updates else np.eye(len(transfer))
    return updates, final
