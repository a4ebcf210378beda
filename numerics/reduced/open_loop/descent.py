"""The exact finite-step descent in open loop, the answer to :func:`numerics.experiment.open_loop.train_open_loop`.

A batch of inputs enters only through the second moment R of its lags, and a low-rank teacher only through its impulse
response; learning is the same map of the Gram matrix as in closed loop. The closed-loop test of every epoch, and so
the spike of the test loss, follows from the overlaps without a simulation.
"""

from collections.abc import Callable

import numpy as np

from numerics.common.errors import FINITE, fits, number, require
from numerics.common.markov import impulse_response
from numerics.reduced.descent import check_linear, closes_on_overlaps, finish, loop_for
from numerics.reduced.iterate import Descent, Work, iterate
from numerics.reduced.open_loop.filter_kernel import FilterKernel, filter_kernel
from numerics.reduced.population import population_loss
from numerics.reduced.words.runs import descend_words
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.results import Run
from theory.core.learning import WeightSpace
from theory.open_loop.imitation import AgentFilter


def lag_moment(y: np.ndarray) -> np.ndarray:
    """R = (1/KB) Σ_b Σ_k Y_k Y_kᵀ with Y_k = (y_k, …, y_1, 0, …), symmetric, (..., K q, K q).

    R_ij is the sum of y_a y_b along a diagonal, from the products of all pairs of inputs averaged over the batch.

    :param y: inputs y_1 … y_K, (..., K, batch, q)
    """
    length, batch, q = y.shape[-3:]
    flat = np.moveaxis(y, -1, -2).reshape(*y.shape[:-3], length * q, batch)
    pairs = flat @ np.swapaxes(flat, -1, -2) / batch
    for step in range(q, length * q, q):
        pairs[..., step : step + q, q:] += pairs[..., step - q : step, :-q]
    blocks = pairs.reshape(*y.shape[:-3], length, q, length, q)[..., ::-1, :, ::-1, :]
    return blocks.reshape(pairs.shape) / length


def white_moment(length: int, variance: float, q: int = 1) -> np.ndarray:
    """R of white inputs in the limit of a large batch: ς² (K-j)/K on the diagonal.

    :param length: number K of inputs
    :param variance: ς²
    :param q: entries of an input
    """
    return np.diag(np.repeat(variance * (length - np.arange(length)) / length, q))


def model(replay: OpenLoopReplay) -> tuple[FilterKernel, WeightSpace, tuple[float, ...]]:
    """Kernel, weight space and parameters of a replay."""
    (_, p, q), settings = replay.plant.shape, replay.settings
    space = WeightSpace(p, q, replay.weights.rank, tuple(settings.train))
    loop, parameters = loop_for(replay.plant, replay.weights.rank, settings.leak)
    kernel = filter_kernel(AgentFilter.of_loop(loop))
    return kernel, space, parameters[-1:]


def descend_open_loop_gram(
    replay: OpenLoopReplay, gram: np.ndarray, moment: np.ndarray, target: np.ndarray, backend: str = "auto"
) -> Descent:
    """Iterate the Gram matrix in open loop, from given moments.

    :param replay: the run, for sizes and settings
    :param gram: initial G, (k, k), or (runs, k, k)
    :param moment: R of every epoch, (epochs, K q, K q), or (epochs, runs, K q, K q)
    :param target: the teacher's response by lag and input, (K q, p)
    """
    kernel, space, parameters = model(replay)
    fixed = (np.ascontiguousarray(target), replay.length)
    work = Work(kernel.function, space, parameters, moment, fixed, replay.settings, axes=2)
    return iterate(work, gram, replay.length, backend)


def _moments(replay: OpenLoopReplay, variance: float | None) -> np.ndarray:
    """R of every epoch, (epochs, K q, K q): of the batches, or of white inputs."""
    q = replay.plant.shape[2]
    fits("epochs x K x K", replay.epochs, replay.length * q, replay.length * q)
    if variance is None:
        return lag_moment(replay.y)
    variance = number("variance", variance, 0, FINITE)
    return np.repeat(white_moment(replay.length, variance, q)[None], replay.epochs, axis=0)


def descend_open_loop(
    replay: OpenLoopReplay,
    backend: str = "auto",
    variance: float | None = None,
    words: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Run:
    """The exact counterpart of :func:`numerics.experiment.open_loop.train_open_loop`, closed-loop test included.

    :param replay: the run to be made; linear, SGD or momentum
    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    :param variance: if given, the inputs are white with this variance in the limit of a large batch, and of the
        replay's inputs only epochs and length are used; for a student of low rank and SGD alone
    :param words: of a full student the length of the longest words, as in :func:`numerics.reduced.descent.descend`
    :param progress: called with (what, epochs done, epochs in all), where it takes long
    :raises InputError: if the run does not close
    """
    check_linear(replay)
    if not closes_on_overlaps(replay):
        what = "a full student or momentum takes the replay's own inputs"
        require(variance is None, f"variance must be left out; found {variance}; {what}")
        return descend_words(replay, words, backend, progress)
    require(words is None, f"words must be left out for a network of low rank; found {words}; its map is exact")
    _, p, q = replay.plant.shape
    _, space, _ = model(replay)
    moment = _moments(replay, variance)
    response = impulse_response(replay.teacher, replay.length, replay.settings.leak)
    target = np.moveaxis(response, 1, 2).reshape(replay.length * q, p)

    def run(epochs: int) -> Descent:
        return descend_open_loop_gram(replay, replay.weights.gram, moment[:epochs], target, backend)

    outcome = run(replay.epochs)
    overlaps = outcome.overlaps(space)[: int(outcome.finite_epochs)]
    test = population_loss(overlaps, replay.settings, replay.plant, replay.weights.rank, replay.half_width)[0]
    return finish(replay, space, run, outcome, {"test_loss": np.where(np.isfinite(test), test, np.inf)})
