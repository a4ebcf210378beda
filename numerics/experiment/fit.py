"""The loop over epochs: one update an epoch, what is recorded of it, and where a run can be stopped and resumed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from numerics.common.errors import whole
from numerics.common.threads import single_threaded
from numerics.common.weights import Gradients, Weights
from numerics.experiment.optimize import Optimizer, clipped, global_norm, optimizer
from numerics.replay.results import COMPLETED, diverged, stopped
from numerics.replay.settings import Training

Differentiate = Callable[[int, Weights], tuple[float, Gradients]]
"""Loss and gradients of an epoch at given weights."""


@dataclass(frozen=True)
class Recorder:
    """What is recorded of the weights before an update.

    :param names: names in the history
    :param observe: gives a value for each name; for a single name the value itself; None is left out of the history
    :param every: epochs from one look to the next; in between the last values are repeated
    :raises InputError: if ``every`` is below 1
    """

    names: tuple[str, ...]
    observe: Callable[[Weights], object]
    every: int = 1

    def __post_init__(self) -> None:
        whole("every", self.every, 1)

    def values(self, weights: Weights, epoch: int, history: dict[str, list]) -> dict[str, object]:
        """The values of an epoch by name.

        :param weights: the weights before the update
        :param history: of the epochs before
        """
        if epoch % self.every and all(history.get(name) for name in self.names):
            return {name: history[name][-1] for name in self.names}
        found = self.observe(weights)
        values = (found,) if len(self.names) == 1 else found
        return dict(zip(self.names, values, strict=True))  # type: ignore[call-overload]


@dataclass
class TrainState:
    """Where a run is after so many updates: all that the next update depends on, and the history so far.

    :param weights: current weights
    :param optimizer: the optimizer with its moments
    :param history: lists over epochs by name, before each update
    :param epoch: number of updates made
    """

    weights: Weights
    optimizer: Optimizer
    history: dict[str, list] = field(default_factory=dict)
    epoch: int = 0

    @classmethod
    def start(cls, weights: Weights, settings: Training) -> "TrainState":
        """Before the first update."""
        return cls(weights, optimizer(settings))


Halt = Callable[[TrainState], bool]
Progress = Callable[[int, int], None]


def fit(
    weights: Weights,
    settings: Training,
    epochs: int,
    differentiate: Differentiate,
    recorders: Sequence[Recorder],
    progress: Progress | None = None,
    state: TrainState | None = None,
    halt: Halt | None = None,
) -> tuple[str, dict[str, np.ndarray], Weights]:
    """One update an epoch until the end or the first loss, gradient or weight that is not finite.

    Gives the status, the history over epochs before each update, and the last finite weights. A run that is stopped
    and resumed goes on bit for bit as if it had not been.

    :param differentiate: loss and gradients of an epoch at given weights
    :param recorders: what else to keep of an epoch
    """
    run = state or TrainState.start(weights, settings)
    for name in ("loss", "gradient_norm", *(name for recorder in recorders for name in recorder.names)):
        run.history.setdefault(name, [])
    with single_threaded():
        status = _epochs(run, settings, epochs, differentiate, recorders, progress, halt)
    return status, arrays(run.history), run.weights


def _epochs(
    run: TrainState,
    settings: Training,
    epochs: int,
    differentiate: Differentiate,
    recorders: Sequence[Recorder],
    progress: Progress | None,
    halt: Halt | None,
) -> str:
    """Make the updates; the status at the end."""
    while run.epoch < epochs:
        if not _update(run, settings, differentiate, recorders):
            return diverged(run.epoch)
        run.epoch += 1
        if progress:
            progress(run.epoch, epochs)
        if halt and halt(run) and run.epoch < epochs:
            return stopped(run.epoch)
    return COMPLETED


def _update(run: TrainState, settings: Training, differentiate: Differentiate, recorders: Sequence[Recorder]) -> bool:
    """Make one update; whether loss, gradient and weights are finite."""
    with np.errstate(all="ignore"):
        loss, gradients = differentiate(run.epoch, run.weights)
        trained = {name: gradients[name] for name in settings.train}
        norm = global_norm(trained)
    if not (np.isfinite(loss) and np.isfinite(norm)):
        return False
    seen: dict[str, object] = {"loss": loss, "gradient_norm": norm}
    for recorder in recorders:
        seen |= recorder.values(run.weights, run.epoch, run.history)
    for name, value in seen.items():
        run.history[name].append(value)
    moved = _moved(run.weights, run.optimizer, clipped(trained, norm, settings.clip))
    if not all(np.isfinite(array).all() for array in moved.values()):
        return False
    run.weights = run.weights.updated(moved)
    return True


def _moved(weights: Weights, optimizer: Optimizer, gradients: Gradients) -> dict[str, np.ndarray]:
    """The trained matrices after one step, finite or not."""
    with np.errstate(all="ignore"):
        return {name: weights.arrays()[name] + optimizer.step(name, g) for name, g in gradients.items()}


def arrays(history: dict[str, list]) -> dict[str, np.ndarray]:
    """Arrays over epochs; the spectral radius is the modulus of the first eigenvalue.

    :param history: lists by name; those that hold None are left out
    """
    present = {name: values for name, values in history.items() if not any(value is None for value in values)}
    found = {name: np.array(values) for name, values in present.items()}
    if "overlaps" in found and not found["overlaps"].size:
        found["overlaps"] = np.zeros((0, 4))  # a run without a finite epoch
    if "eigenvalues" in found:
        leading = found["eigenvalues"]
        found["spectral_radius"] = np.abs(leading[:, 0]) if leading.size else np.zeros(0)
    return found
