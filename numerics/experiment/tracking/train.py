"""Direct training of N neurons on tracking, in closed loop. The experiment."""

from numerics.common.weights import Gradients, Weights
from numerics.experiment.fit import Halt, Progress, Recorder, TrainState, fit
from numerics.experiment.tracking.loop import Tracker
from numerics.experiment.tracking.measures import measure
from numerics.replay.results import Run
from numerics.replay.tracking import TrackingReplay
from numerics.replay.tracking_task import TrackingTask

RECORDED = ("frequency_loss", "eigenvalues", "joint_near", "agent_near")


def looks(task: TrackingTask, leak: float, every: int) -> Recorder:
    """What is recorded of every ``every``-th epoch: :data:`RECORDED`.

    :param every: epochs from one look to the next
    """

    def look(weights: Weights) -> list:
        seen = measure(task, weights, leak)
        return [seen[name] for name in RECORDED]

    return Recorder(RECORDED, look, every)


def train_tracking(
    replay: TrackingReplay,
    every: int = 1,
    progress: Progress | None = None,
    state: TrainState | None = None,
    halt: Halt | None = None,
) -> Run:
    """Train the network of a replay directly, one update an epoch.

    The history holds ``loss``, ``gradient_norm``, ``by_basis`` (whether the equivalent episodes stood for the batch)
    of every epoch, and ``frequency_loss``, ``eigenvalues``, ``spectral_radius``, ``joint_near``, ``agent_near`` of
    every ``every``-th, repeated in between. Stops at the first epoch that is not finite and says so in the status.

    :param replay: the run to be made
    :param every: epochs from one look at spectra and loss per frequency to the next
    :param progress: called with (epochs done, epochs in all)
    :param state: where to go on from, of a run that was stopped; its weights then replace the initial ones
    :param halt: called after every update; the run stops where it gives true
    """
    task, settings = replay.task, replay.settings
    tracker = Tracker(task, settings.leak, settings.activation)

    def differentiate(epoch: int, weights: Weights) -> tuple[float, Gradients]:
        return tracker.loss_and_gradient(weights, replay.phases(epoch))

    found = [Recorder(("by_basis",), lambda weights: tracker.by_basis), looks(task, settings.leak, every)]
    status, history, weights = fit(replay.weights, settings, replay.epochs, differentiate, found, progress, state, halt)
    return Run("simulation", status, history, weights, {**replay.config(), "every": every})
