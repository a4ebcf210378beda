"""Open-loop learning of tracking: a student imitates a teacher on what the teacher reads in its own closed loop.

The student's loss is the mean over steps and batch of |u_t - u*_t|². It is tested in closed loop on the same batch
before each update. Its trained arrays are those of the replay, so that closed and open loop train the same ones; the
authors' comparison also trains the input weights in open loop: ``train=("m", "z", "w")``. The experiment.
"""

import numpy as np

from numerics.common.weights import Gradients, Weights
from numerics.experiment.fit import Halt, Progress, Recorder, TrainState, fit
from numerics.experiment.student import imitation_loss
from numerics.experiment.tracking.basis import equivalent, linear_response
from numerics.experiment.tracking.loop import Tracker, track
from numerics.experiment.tracking.train import looks
from numerics.experiment.trajectory import Trajectory
from numerics.replay.results import Run
from numerics.replay.settings import check_fit
from numerics.replay.tracking import TrackingReplay
from numerics.replay.tracking_task import coefficients


class Lessons:
    """What a teacher reads and does in its own closed loop, batch by batch.

    A linear teacher whose batch stays off the clamp gives equivalent episodes, which lead a linear student to the same
    loss and gradient as the batch.

    :param replay: the run to be made, with the phases
    :param teacher: the teacher's weights; same task, leak and activation
    :raises InputError: if the teacher does not fit the task
    """

    def __init__(self, replay: TrackingReplay, teacher: Weights) -> None:
        self.replay, self.teacher = replay, teacher
        task, settings = replay.task, replay.settings
        check_fit(teacher, task.plant, (), "teacher ")
        self._response = None
        if settings.activation == "linear":
            with np.errstate(all="ignore"):
                self._response = linear_response(task, teacher, task.basis(), settings.leak)

    def lesson(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs y (T, episodes, q) and outputs u* (T, episodes, 2)."""
        task, settings, phases = self.replay.task, self.replay.settings, self.replay.phases(epoch)
        response, mix = self._response, coefficients(phases)
        if response is None or not response.peak(mix) < task.clamp:
            episodes = track(task, self.teacher, task.references(phases), settings.leak, settings.activation)
            return episodes.drive[:, :, : task.plant.shape[2]], episodes.read[1:, :, : episodes.p]
        kept, _ = equivalent(mix)
        seen = response.episodes.x[:-1] @ task.plant.C.T + response.references @ task.feedthrough.T
        done = response.episodes.u[:-1]
        return np.einsum("kc,tcq->tkq", kept, seen), np.einsum("kc,tcp->tkp", kept, done)


class _Imitator:
    """Loss and gradient of the student on every lesson, and its test in closed loop on the same batch."""

    def __init__(self, replay: TrackingReplay, teacher: Weights) -> None:
        settings = replay.settings
        self.replay, self.lessons = replay, Lessons(replay, teacher)
        self.tracker = Tracker(replay.task, settings.leak, settings.activation)
        self._workspace: dict[int, Trajectory] = {}
        self._epoch = 0

    def differentiate(self, epoch: int, weights: Weights) -> tuple[float, Gradients]:
        settings, (y, target) = self.replay.settings, self.lessons.lesson(epoch)
        steps, episodes, _ = y.shape
        self._epoch = epoch
        if episodes not in self._workspace:
            self._workspace[episodes] = Trajectory.allocate(0, weights, episodes, steps + 1)
        return imitation_loss(weights, y, target, settings.leak, settings.activation, self._workspace[episodes])

    def test(self, weights: Weights) -> tuple[float, bool]:
        """The closed-loop loss on the batch of the last lesson, and whether it is that of equivalent episodes."""
        with np.errstate(all="ignore"):
            found = self.tracker.loss(weights, self.replay.phases(self._epoch))
        return found if np.isfinite(found) else np.inf, self.tracker.by_basis


def train_tracking_open_loop(
    replay: TrackingReplay,
    teacher: Weights,
    every: int = 1,
    progress: Progress | None = None,
    state: TrainState | None = None,
    halt: Halt | None = None,
) -> Run:
    """Train the network of a replay to imitate a teacher, one update an epoch.

    The history holds the imitation ``loss`` and the ``test_loss`` in closed loop on the same batch, clamp included,
    infinite where it overflows; otherwise as :func:`numerics.experiment.tracking.train.train_tracking`.

    :param teacher: the teacher's weights
    :param every: epochs from one look at spectra and loss per frequency to the next
    """
    imitator = _Imitator(replay, teacher)
    found = [Recorder(("test_loss", "by_basis"), imitator.test), looks(replay.task, replay.settings.leak, every)]
    status, history, weights = fit(
        replay.weights, replay.settings, replay.epochs, imitator.differentiate, found, progress, state, halt
    )
    config = {**replay.config(), "task": "tracking_open_loop", "every": every}
    return Run("simulation", status, history, weights, config)
