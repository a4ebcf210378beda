"""Teacher-student training without the environment: the run to be made, and making it. The experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from numerics.errors import FINITE, choice, number, real, require, whole
from numerics.experiment.dense import DenseLoop, dense
from numerics.experiment.environment import Recorded
from numerics.experiment.fit import Halt, Progress, Recorder, TrainState, fit
from numerics.experiment.losses import Imitation
from numerics.experiment.neurons import Gradients
from numerics.experiment.observe import OBSERVERS, Observer, recorders
from numerics.experiment.parts import batch_parts, helpers, mean_of_parts
from numerics.experiment.population_states import HALF_WIDTH, ClosedLoopTest
from numerics.experiment.simulate import rollout
from numerics.experiment.student import imitation_loss, respond
from numerics.experiment.trajectory import Trajectory
from numerics.plants import Plant, double_integrator
from numerics.replay import Replay, Settings, check_fit, run_config
from numerics.results import Run
from numerics.weights import Weights

INPUTS = ("white", "teacher")
PAPER_VARIANCE = 2.0
"""Variance of y in arXiv 2505.13567: both plant states are standard normal and y = C A x is their sum."""


@dataclass(frozen=True)
class OpenLoopReplay:
    """Everything that an open-loop run is a function of.

    The student reads y_1 … y_K from h_0 = 0; its loss is the mean over k = 1 … K and the batch of |u_k - u*_k|².
    Before each update it is tested in closed loop: ``test_loss``, the population loss for x_0 uniform on [-a, a]ⁿ.

    :param weights: initial weights of the student
    :param teacher: weights of the teacher; same plant, activation and leak
    :param y: inputs, (epochs, K, batch, q); without the last axis q = 1
    :param settings: how to train; horizon, costs and time average are those of the closed-loop test
    :param plant: the plant of the test; the double integrator by default
    :param seed: seed that drew weights and inputs, for the record
    :param half_width: a of the test
    :raises InputError: if shapes do not fit each other or a trained array is missing
    """

    weights: Weights
    teacher: Weights
    y: np.ndarray
    settings: Settings = field(default_factory=Settings)
    plant: Plant = field(default_factory=double_integrator)
    seed: int | None = None
    half_width: float = HALF_WIDTH

    def __post_init__(self) -> None:
        y = real("y", self.y)
        y = y[..., None] if y.ndim == 3 else y
        _, _, q = self.plant.shape
        require(y.ndim == 4, f"y must have the axes (epochs, K, batch) or (epochs, K, batch, q); found {y.shape}")
        require(min(y.shape) > 0, f"y must hold at least one epoch and one input; found shape {y.shape}")
        require(y.shape[3] == q, f"y must have q = {q} entries per input, as the plant; found {y.shape[3]}")
        require(bool(np.isfinite(y).all()), "y must be finite; found NaN or infinite entries")
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "half_width", number("half_width", self.half_width, 0, FINITE))
        check_fit(self.weights, self.plant, self.settings.train)
        check_fit(self.teacher, self.plant, (), "teacher_")

    @property
    def epochs(self) -> int:
        """Number of updates."""
        return self.y.shape[0]

    @property
    def length(self) -> int:
        """Number K of inputs of a sequence."""
        return self.y.shape[1]

    @property
    def per_epoch(self) -> tuple[np.ndarray, ...]:
        """The arrays that hold one batch an update."""
        return (self.y,)

    def config(self) -> dict:
        """The settings and sizes as plain values."""
        common = run_config(self.weights, self.plant, self.settings, self.seed)
        sizes = {"epochs": self.epochs, "length": self.length, "batch": self.y.shape[2]}
        return {**common, **sizes, "task": "open_loop", "half_width": self.half_width}


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
