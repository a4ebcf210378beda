"""Direct training of N neurons on tracking, in closed loop. The experiment."""

from collections.abc import Callable, Mapping

from numerics.errors import whole
from numerics.experiment.neurons import Gradients
from numerics.experiment.optimize import Standing, fit
from numerics.experiment.tracking.loop import Tracker
from numerics.experiment.tracking.measures import measure
from numerics.experiment.tracking.replay import TrackingReplay
from numerics.results import Run
from numerics.tracking_task import TrackingTask
from numerics.weights import Weights

RECORDED = ("frequency_loss", "eigenvalues", "joint_near", "agent_near")


class Look:
    """Measures weights every so many epochs and repeats what it saw in between.

    :param task: the task
    :param leak: γ
    :param every: epochs from one look to the next
    :param epoch: epochs already made, of a run that is resumed
    :param seen: what was seen last before, by name
    """

    def __init__(
        self, task: TrackingTask, leak: float, every: int = 1, epoch: int = 0, seen: Mapping | None = None
    ) -> None:
        self._task, self._leak, self._every = task, leak, whole("every", every, 1)
        self._epoch, self._seen = epoch, dict(seen or {})
        self._weights: Weights | None = None

    def __call__(self, weights: Weights) -> dict:
        """What was seen last; called again with the same weights it does not count an epoch.

        :param weights: the current weights
        """
        if weights is not self._weights:
            if self._epoch % self._every == 0:
                self._seen = measure(self._task, weights, self._leak)
            self._epoch, self._weights = self._epoch + 1, weights
        return self._seen

    def part(self, name: str) -> Callable[[Weights], object]:
        """An observer of one of the measures.

        :param name: the measure
        """
        return lambda weights: self(weights)[name]


def looks(
    task: TrackingTask, leak: float, every: int, standing: Standing | None
) -> dict[str, Callable[[Weights], object]]:
    """Observers of everything that :func:`numerics.experiment.tracking.measures.measure` gives.

    :param task: the task
    :param leak: γ
    :param every: epochs from one look to the next
    :param standing: where the run is resumed, or None
    """
    epoch = standing.epoch if standing else 0
    seen = {name: standing.history[name][-1] for name in RECORDED} if standing and epoch else None
    look = Look(task, leak, every, epoch, seen)
    return {name: look.part(name) for name in RECORDED}


def train_tracking(
    replay: TrackingReplay,
    every: int = 1,
    progress: Callable[[int, int], None] | None = None,
    standing: Standing | None = None,
    halt: Callable[[Standing], bool] | None = None,
) -> Run:
    """Train the network of a replay directly, one update an epoch.

    The history holds ``loss``, ``gradient_norm``, ``by_basis`` (whether the equivalent episodes stood for the batch)
    of every epoch, and ``frequency_loss``, ``eigenvalues``, ``spectral_radius``, ``joint_near``, ``agent_near`` of
    every ``every``-th, repeated in between. Stops at the first epoch that is not finite and says so in the status.

    :param replay: the run to be made
    :param every: epochs from one look at spectra and loss per frequency to the next
    :param progress: called with (epochs done, epochs in all)
    :param standing: where to go on from, of a run that was halted
    :param halt: called after every update; the run stops where it gives true
    """
    task, settings = replay.task, replay.settings
    tracker = Tracker(task, settings.leak, settings.activation)

    def differentiate(epoch: int, weights: Weights) -> tuple[float, Gradients]:
        return tracker.loss_and_gradient(weights, replay.phases(epoch))

    observers: dict[str, Callable[[Weights], object]] = {"by_basis": lambda weights: tracker.by_basis}
    observers |= looks(task, settings.leak, every, standing)
    status, history, weights = fit(
        replay.weights, settings, replay.epochs, differentiate, observers, progress, standing, halt
    )
    return Run("simulation", status, history, weights, {**replay.config(), "every": every})
