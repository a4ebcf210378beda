"""The nonlinear loop of Gaussian weights in numbers: rollout, loss and gradient, and learning in the Gaussian closure.

A nonlinear loop depends on more of a batch than its second moment, so the whole batch is kept. What is
exact and what is not:

* trajectories, loss, and the overlaps' first-order change dG = -η (G S D + D S G) are exact as N → ∞ while the
  weights are Gaussian, with errors of relative order N^{-1/2};
* descending G itself, :func:`descend_gaussian`, is an approximation: a nonlinear network's gradient is not linear in a
  neuron's weights, so they do not stay Gaussian, and the part left out counts in η² terms and in clipping.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import numpy as np

from numerics.common.errors import require
from numerics.common.spectrum import by_modulus
from numerics.common.weights import Weights
from numerics.reduced.codegen import build, indent, jit, tuple_source, vectorise
from numerics.reduced.descent import descend_loss, last_weights, loop_for
from numerics.reduced.iterate import Descent, resolve_backend
from numerics.reduced.kernels import LossKernel, loss_kernel
from numerics.reduced.spectra import radius_of, reduced_eigenvalues
from numerics.replay.closed_loop import Replay
from numerics.replay.results import COMPLETED, Run, diverged
from numerics.replay.settings import Settings
from theory.core.learning import BLOCKS, WeightSpace
from theory.nonlinear.closure import GaussianSpace
from theory.nonlinear.gaussian import GaussianLoop
from theory.symbols import matrix_symbols


@cache
def _advance(loop: GaussianLoop) -> Callable:
    """Next state and control as one numpy function of state, overlaps and parameters."""
    state = matrix_symbols("s", loop.dimension, 2)[:, 0]
    outputs = [*loop.advance(state), *(loop.readout * state)]
    return vectorise(outputs, [*state, *loop.overlaps.flat, *loop.parameters], "advance")


def trajectory(
    loop: GaussianLoop, overlaps: Sequence[float], x0: np.ndarray, horizon: int, parameters: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Plant states (T, batch, n) and controls (T, batch, p) from h_0 = 0.

    :param overlaps: values of the visible overlaps, in their flat order
    :param x0: initial plant states, (batch, n)
    :param parameters: values of the loop's parameters, N last
    """
    n, size = loop.plant.n, loop.dimension
    state = np.zeros((len(x0), size))
    state[:, :n] = x0
    states, controls = [], []
    for _ in range(horizon):
        following = _advance(loop)(*state.T, *overlaps, *parameters)
        states.append(state[:, :n])
        controls.append(following[:, size:])
        state = following[:, :size]
    return np.array(states), np.array(controls)


@lru_cache(maxsize=64)
def batch_kernel(loop: GaussianLoop, penalised: bool = True, compiled: bool = False) -> LossKernel:
    """Loss and gradient averaged over a batch; ``initial`` holds the initial states of one episode after the other.

    :param loop: the nonlinear loop
    :param penalised: whether the control cost is compiled in
    :param compiled: whether the function is for numba, which loops over episodes; numpy takes them as arrays
    """
    kernel, n = loss_kernel(loop, penalised), loop.plant.n
    arguments = ["overlaps", "parameters", "initial", "state_weight", "control_weight", "horizon"]
    if not compiled:

        def function(
            overlaps: Sequence, parameters: Sequence, initial: Sequence, *cost: float
        ) -> tuple[float, tuple[float, ...]]:
            episodes = tuple(np.reshape(initial, (-1, n)).T)
            loss, slope = kernel.function(overlaps, parameters, episodes, *cost)
            return float(np.mean(loss)), tuple(float(np.mean(entry)) for entry in slope)

        return LossKernel(loop, function)
    totals = [f"d_{i}" for i in range(len(loop.overlaps.flat))]
    terms = [f"g_{i}" for i in range(len(totals))]
    start = tuple_source(f"initial[{n} * episode + {i}]" for i in range(n))
    body = [
        f"count = len(initial) // {n}",
        f"loss = {' = '.join(totals)} = 0.0",
        "for episode in range(count):",
        *indent(
            [
                f"value, {tuple_source(terms)} = kernel("
                f"overlaps, parameters, {start}, state_weight, control_weight, horizon)",
                "loss += value",
                *(f"{total} += {term}" for total, term in zip(totals, terms, strict=True)),
            ]
        ),
        f"return loss / count, {tuple_source(f'{total} / count' for total in totals)}",
    ]
    scope = {"kernel": jit(kernel.function)}
    return LossKernel(loop, build("batch_loss_and_gradient", arguments, body, "Mean over the batch.", scope))


def gaussian_loop_for(replay: Replay) -> tuple[GaussianLoop, tuple[float, ...]]:
    """The nonlinear loop of a run and the values of its parameters, N last.

    :raises InputError: if the activation is not erf or the recurrence is full
    """
    word, weights = replay.settings.activation, replay.weights
    require(word == "erf", f"activation must be erf for the Gaussian reduction; found {word}")
    require(weights.w is None, "weights must be m, z, u, v for the Gaussian reduction; found a full w")
    linear, parameters = loop_for(replay.plant, weights.rank, replay.settings.leak)
    return GaussianLoop(linear), (*parameters, float(weights.neurons))


def gaussian_space(replay: Replay) -> GaussianSpace:
    """The weight space of a run."""
    _, p, q = replay.plant.shape
    return GaussianSpace(p, q, replay.weights.rank, tuple(replay.settings.train))


def visible(space: GaussianSpace, gram: np.ndarray) -> tuple[float, ...]:
    """The visible overlaps in a Gram matrix, in their flat order.

    :param gram: G, (k, k)
    """
    letters = space.gram_symbols()
    where = {letters[i, j]: gram[i, j] for i in range(space.size) for j in range(i, space.size)}
    return tuple(float(where[letter]) for letter in space.overlaps(letters).flat)


def gaussian_gradient(
    loop: GaussianLoop,
    space: GaussianSpace,
    gram: np.ndarray,
    x0: np.ndarray,
    settings: Settings,
    parameters: Sequence[float],
) -> tuple[float, np.ndarray]:
    """Loss of a batch, and S (k, k) with ∂L/∂X = X S in the closure.

    :param gram: G, (k, k)
    :param x0: initial plant states, (batch, n)
    :param parameters: values of the loop's parameters, N last
    """
    kernel = batch_kernel(loop, settings.control_penalty != 0).function
    weights = settings.scale * settings.state_weight, settings.scale * settings.control_penalty
    loss, slope = kernel(visible(space, gram), tuple(parameters), x0.ravel(), *weights, settings.horizon)
    names = space.gradient_symbols()
    S = space.sensitivity(names).subs(dict(zip(names.flat, slope, strict=True)))
    return loss, np.array(S.tolist(), dtype=np.float64)


def descend_gaussian(replay: Replay, backend: str = "auto") -> Run:
    """The closure's counterpart of :func:`numerics.experiment.train.train` for erf neurons: descent of the Gram matrix.

    Exact for a linear loop, an approximation here; see the module. The final weights are X_0 T, with T the product of
    all Q; after a divergence, the last finite ones.

    :param replay: the run to be made; erf, low-rank, SGD
    :raises InputError: if the run does not close on the overlaps, or the backend is unknown or not installed
    """
    settings = replay.settings
    word = settings.optimizer
    require(word == "sgd", f"optimizer must be sgd for the Gaussian closure; found {word}; use direct training instead")
    loop, parameters = gaussian_loop_for(replay)
    space, steps = gaussian_space(replay), replay.x0.shape[0] * replay.x0.shape[1] * settings.horizon
    backend = resolve_backend(backend, steps)
    kernel = batch_kernel(loop, settings.control_penalty != 0, backend == "numba")

    def run(epochs: int) -> Descent:
        return descend_loss(kernel, space, replay.weights.gram, replay.x0[:epochs], settings, parameters, backend)

    return _run(replay, run, space, loop, parameters)


def _run(
    replay: Replay, run: Callable[[int], Descent], space: GaussianSpace, loop: GaussianLoop, parameters: tuple
) -> Run:
    """The run in the terms of direct training; the spectrum is that of the loop linearised at rest.

    An update at which the weights overflow is a divergence.
    """
    outcome = run(replay.epochs)
    updates, last = last_weights(replay.weights.stack, run, outcome)
    finite, linear = int(outcome.finite_epochs), WeightSpace(space.p, space.q, space.rank)
    overlaps, at_rest = outcome.overlaps(linear)[:finite], parameters[:-1]
    eigenvalues = by_modulus(reduced_eigenvalues(loop.linear, overlaps, at_rest))
    names = ("loss", "gradient_norm", "gram")
    history = {name: getattr(outcome, name)[:finite] for name in names} | {
        "spectral_radius": radius_of(eigenvalues, loop.linear, at_rest),
        "eigenvalues": eigenvalues,
    }
    if space.p == space.q == space.rank == 1:
        history["overlaps"] = overlaps
    ends = np.cumsum([space.widths[block] for block in BLOCKS])[:-1]
    status = COMPLETED if updates == replay.epochs else diverged(updates)
    return Run("theory", status, history, Weights(*np.split(last, ends, axis=1)), replay.config())
