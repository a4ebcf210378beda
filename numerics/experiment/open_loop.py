"""Teacher-student training without the environment: the run to be made, and making it. The experiment."""

from collections.abc import Mapping

import numpy as np

from numerics.common.errors import FINITE, choice, number, whole
from numerics.common.weights import Gradients, Weights
from numerics.experiment.dense import DenseLoop, dense
from numerics.experiment.environment import Recorded
from numerics.experiment.fit import Halt, Progress, Recorder, TrainState, fit
from numerics.experiment.losses import Imitation
from numerics.experiment.observe import OBSERVERS, Observer, recorders
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.population_states import ClosedLoopTest
from numerics.experiment.simulate import rollout
from numerics.experiment.student import imitation_loss, respond
from numerics.experiment.trajectory import Trajectory
from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import HALF_WIDTH, PAPER_VARIANCE, OpenLoopReplay
from numerics.replay.results import Run

INPUTS = ("white", "teacher")


def open_loop_replay(
    closed: Replay,
    teacher: Weights,
    inputs: str = "white",
    variance: float = PAPER_VARIANCE,
    length: int | None = None,
    half_width: float = HALF_WIDTH,
) -> OpenLoopReplay:
    """The open-loop counterpart of a closed-loop run: same initial weights, settings, epochs and batch.

    :param closed: the closed-loop run; its seed also draws the white inputs, from a stream of their own
    :param teacher: weights of the teacher
    :param inputs: ``"white"`` (normal, independent) or ``"teacher"`` (what the teacher reads in its own closed loop
        from the initial states of ``closed``)
    :param variance: variance of every white input
    :param length: number K of inputs; T - 1 by default, the observations of an episode
    :param half_width: a of the closed-loop test
    :raises InputError: if a value or word is bad
    """
    choice("inputs", inputs, INPUTS)
    settings, batch = closed.settings, closed.x0.shape[1]
    length = settings.horizon - 1 if length is None else length
    length = whole("length", length, 1)
    if inputs == "white":
        rng = np.random.default_rng([closed.seed or 0, 1])
        spread = np.sqrt(number("variance", variance, 0, FINITE))
        y = rng.normal(0.0, spread, (closed.epochs, length, batch, closed.plant.shape[2]))
    else:
        y = np.stack([_observations(closed, teacher, x0, length) for x0 in closed.x0])
    return OpenLoopReplay(closed.weights, teacher, y, settings, closed.plant, closed.seed, half_width)


def _observations(closed: Replay, teacher: Weights, x0: np.ndarray, length: int) -> np.ndarray:
    """y_1 … y_K of the teacher's own closed loop, (K, batch, q)."""
    settings = closed.settings
    episodes = rollout(closed.plant, teacher, x0, length + 1, settings.leak, settings.activation)
    return episodes.x[1:] @ closed.plant.C.T


class _Imitator:
    """Outputs and imitation loss of one network on part of a batch.

    :param weights: a network of the sizes in question
    :param batch: number of sequences
    :param replay: the run
    """

    def __init__(self, weights: Weights, batch: int, replay: OpenLoopReplay) -> None:
        settings, steps = replay.settings, replay.length + 1
        self._how = settings.leak, settings.activation
        self._loop = self._episodes = None
        if dense(weights, settings.leak):
            self._loop = DenseLoop(None, weights.neurons, batch, steps, settings.activation)
        else:
            self._episodes = Trajectory.allocate(0, weights, batch, steps)

    def outputs(self, weights: Weights, y: np.ndarray) -> np.ndarray:
        """u_1 … u_K, (K, batch, p)."""
        if self._loop is not None:
            return self._loop.run(weights, Recorded(y)).u[1:]
        return respond(weights, y, *self._how, self._episodes).u[1:]

    def loss_and_gradient(self, weights: Weights, y: np.ndarray, target: np.ndarray) -> tuple[float, Gradients]:
        """The mean over k = 1 … K and the batch of |u_k - u*_k|², and its gradient by every weight matrix."""
        if self._loop is not None:
            return self._loop.loss_and_gradient(weights, Recorded(y), Imitation(target))
        return imitation_loss(weights, y, target, *self._how, self._episodes)


def train_open_loop(
    replay: OpenLoopReplay,
    observers: Mapping[str, Observer] = OBSERVERS,
    progress: Progress | None = None,
    state: TrainState | None = None,
    halt: Halt | None = None,
    test: bool = True,
) -> Run:
    """Train the student directly, one update an epoch, and test it in closed loop before each.

    :param replay: the run to be made
    :param observers: what to record of every epoch before its update, by name, of the closed-loop test's episodes
    :param progress: called with (epochs done, epochs in all)
    :param state: where to go on from, of a run that was stopped; its weights then replace the initial ones
    :param halt: called after every update; the run stops where it gives true
    :param test: whether to make the closed-loop test; without it neither ``test_loss`` nor observers are recorded
    """
    plant, settings = replay.plant, replay.settings
    trial = ClosedLoopTest(plant, replay.weights, settings, replay.half_width)
    rows = batch_parts(replay.weights, replay.y.shape[2])
    pairs = [[_Imitator(w, part.stop - part.start, replay) for w in (replay.weights, replay.teacher)] for part in rows]

    def differentiate(epoch: int, weights: Weights) -> tuple[float, Gradients]:
        def part(i: int) -> tuple[float, Gradients]:
            (student, teacher), y = pairs[i], replay.y[epoch, :, rows[i]]
            return student.loss_and_gradient(weights, y, teacher.outputs(replay.teacher, y))

        return mean_of_parts(part, rows, pool)

    tested = [Recorder(("test_loss",), trial.loss), *recorders(observers, plant, trial.episodes, settings)]
    with helpers() as pool:
        status, history, weights = fit(
            replay.weights, settings, replay.epochs, differentiate, tested if test else [], progress, state, halt
        )
    return Run("simulation", status, history, weights, replay.config())
