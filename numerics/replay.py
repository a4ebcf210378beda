"""A run to be made: initial weights, one batch of initial states per update, and the training settings."""

from collections.abc import Callable
from dataclasses import KW_ONLY, asdict, dataclass, field

import numpy as np

from numerics.errors import FINITE, choice, fits, flag, number, real, require, whole
from numerics.experiment.activations import ACTIVATIONS
from numerics.plants import Plant, double_integrator
from numerics.weights import WEIGHT_NAMES, Weights, full_law, gaussian_law, rank_one_law

OPTIMIZERS = ("sgd", "adam")
LONGEST = 10**7  # steps of a rollout; numerics.doubling goes further
CLIP_EPSILON = 1e-6  # added to the norm in clipping, as the common frameworks do


@dataclass(frozen=True, kw_only=True)
class Training:
    """How weights are moved, whatever the task; all by keyword. The defaults are the rank-one protocol.

    :param learning_rate: step η of the optimizer
    :param clip: largest global gradient norm that passes unscaled; infinite for none
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``, erf(√π s/2)
    :param optimizer: ``"sgd"`` or ``"adam"`` (β = 0.9, 0.999; ε = 1e-8)
    :param leak: γ in (0, 1]
    :param train: names of the trained arrays; with none the weights stay as they are
    :raises InputError: if a value is out of range or a word unknown
    """

    learning_rate: float = 0.01
    clip: float = 1.0
    activation: str = "linear"
    optimizer: str = "sgd"
    leak: float = 1.0
    train: tuple[str, ...] = ("z", "u", "v")

    def __post_init__(self) -> None:
        checked = {
            "learning_rate": number("learning_rate", self.learning_rate, 0, FINITE),
            "clip": number("clip", self.clip, 0, np.inf, open_low=True),
            "activation": choice("activation", self.activation, ACTIVATIONS),
            "optimizer": choice("optimizer", self.optimizer, OPTIMIZERS),
            "leak": number("leak", self.leak, 0, 1, open_low=True),
            "train": tuple(choice("train", name, WEIGHT_NAMES) for name in self.train),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Settings(Training):
    """How to train on a plant's own states; the defaults are the rank-one protocol of arXiv 2505.13567.

    All but the horizon are given by keyword.

    Loss L = s Σ_{t<T} (state_weight |x_t|² + control_penalty |u_t|²), averaged over the batch.

    :param learning_rate: step η of the optimizer
    :param clip: largest global gradient norm that passes unscaled; infinite for none
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``, erf(√π s/2)
    :param optimizer: ``"sgd"`` or ``"adam"`` (β = 0.9, 0.999; ε = 1e-8)
    :param leak: γ in (0, 1]
    :param train: names of the trained arrays; with none the weights stay as they are
    :param horizon: episode length T in steps, at least 1
    :param state_weight: weight of |x|², Q = state_weight · I
    :param control_penalty: weight of |u|², R = control_penalty · I; :func:`paper_penalty` of the paper's β
    :param time_average: whether s = 1/T, otherwise s = 1
    :raises InputError: if a value is out of range or a word unknown
    """

    horizon: int = 50
    _: KW_ONLY
    state_weight: float = 0.5
    control_penalty: float = 0.0
    time_average: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        checked = {
            "horizon": whole("horizon", self.horizon, 1, LONGEST),
            "state_weight": number("state_weight", self.state_weight, 0, FINITE),
            "control_penalty": number("control_penalty", self.control_penalty, 0, FINITE),
            "time_average": flag("time_average", self.time_average),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def scale(self) -> float:
        """The factor s of the loss: 1/T or 1."""
        return 1.0 / self.horizon if self.time_average else 1.0


def paper_penalty(beta: float, horizon: int = 50) -> float:
    """The control_penalty that a control cost β of the paper is: β T.

    The authors' rank-one code has the loss (1/2T) Σ_t |x_t|² + β Σ_t u_t²: the state averaged over time, the penalty
    summed. With s = 1/T and state_weight = 1/2 that is s Σ_t (|x_t|²/2 + β T u_t²), the loss of :class:`Settings`.

    :param beta: β of the paper
    :param horizon: episode length T in steps
    :raises InputError: if a value is out of range
    """
    return number("beta", beta, 0, FINITE) * whole("horizon", horizon, 1, LONGEST)


def check_fit(weights: Weights, plant: Plant, train: tuple[str, ...], prefix: str = "") -> None:
    """Whether weights fit a plant and hold what is to be trained.

    :param weights: the agent's weights
    :param plant: the plant
    :param train: names of the trained arrays
    :param prefix: what the arrays' names start with, for the message
    :raises InputError: if a shape does not fit or a trained array is missing
    """
    _, p, q = plant.shape
    for name, width, what in (("m", q, "observations"), ("z", p, "controls")):
        found = getattr(weights, name).shape
        fits = found[1] == width
        require(fits, f"{prefix}{name} must have a column for each of the plant's {width} {what}; found {found}")
    for name in train:
        given = name in weights.arrays()
        require(given, f"train must name arrays that are given; found {name!r}, which is not")


def run_config(weights: Weights, plant: Plant, settings: Training, seed: int | None) -> dict:
    """Settings, sizes and plant as plain values, for the record.

    :param weights: initial weights
    :param plant: the plant
    :param settings: how to train
    :param seed: seed of weights and batches
    """
    sizes = {"neurons": weights.neurons, "rank": weights.rank, **dict(zip("npq", plant.shape, strict=True))}
    matrices = {name: getattr(plant, name).tolist() for name in "ABC"}
    return {**asdict(settings), **sizes, **matrices, "seed": seed}


@dataclass(frozen=True)
class Replay:
    """Everything that a run is a function of.

    :param weights: initial weights
    :param x0: initial plant states, (epochs, batch, n); epoch e is update e
    :param settings: how to train
    :param plant: the plant; the double integrator by default
    :param seed: seed that drew weights and initial states, for the record
    :raises InputError: if shapes do not fit each other or a trained array is missing
    """

    weights: Weights
    x0: np.ndarray
    settings: Settings = field(default_factory=Settings)
    plant: Plant = field(default_factory=double_integrator)
    seed: int | None = None

    def __post_init__(self) -> None:
        what = f"plant must be a numerics.plants.Plant; found {type(self.plant).__name__}"
        require(isinstance(self.plant, Plant), f"{what}; convert it with numerics.interop.state_space.plant_from")
        n, _, _ = self.plant.shape
        x0 = real("x0", self.x0)
        require(x0.ndim == 3, f"x0 must have the axes (epochs, batch, n); found shape {x0.shape}")
        require(min(x0.shape) > 0, f"x0 must hold at least one epoch and one state; found shape {x0.shape}")
        require(x0.shape[2] == n, f"x0 must have n = {n} entries per state, as the plant; found {x0.shape[2]}")
        require(bool(np.isfinite(x0).all()), "x0 must be finite; found NaN or infinite entries")
        object.__setattr__(self, "x0", x0)
        check_fit(self.weights, self.plant, self.settings.train)

    @property
    def epochs(self) -> int:
        """Number of updates."""
        return self.x0.shape[0]

    @property
    def per_epoch(self) -> tuple[np.ndarray, ...]:
        """The arrays that hold one batch an update."""
        return (self.x0,)

    def config(self) -> dict:
        """The settings and sizes as plain values."""
        common = run_config(self.weights, self.plant, self.settings, self.seed)
        return {**common, "epochs": self.epochs, "batch": self.x0.shape[1], "task": "closed_loop"}


LAWS: dict[str, Callable[..., Weights]] = {"uniform": rank_one_law, "gaussian": gaussian_law}
POPULATION = np.sqrt(8 / 3) * np.eye(2)
"""Two states whose second moment is that of the uniform law on [-2, 2]², (4/3) I."""


def rank_one_replay(
    seed: int,
    epochs: int = 1000,
    batch: int = 100,
    neurons: int = 100,
    law: str = "uniform",
    noise: bool = True,
    **settings,
) -> Replay:
    """A run of the paper's rank-one protocol: x_0 uniform on [-2, 2]², fresh at each update.

    :param seed: seed of the generator that draws weights, then initial states
    :param epochs: number of updates
    :param batch: episodes per update
    :param neurons: number N of neurons
    :param law: initial law of the weights, ``"uniform"`` (m, z uniform; u, v normal) or ``"gaussian"`` (all normal)
    :param noise: whether batches are drawn; otherwise two states with the exact second moment, the population loss
    :param settings: fields of :class:`Settings` that differ from the defaults
    :raises InputError: if a size or word is bad
    """
    seed = whole("seed", seed, 0)
    rng = np.random.default_rng(seed)
    epochs, batch, neurons = whole("epochs", epochs, 1), whole("batch", batch, 1), whole("neurons", neurons, 1)
    law = choice("law", law, tuple(LAWS))
    fits("epochs x batch x n", epochs, batch, 2)
    fits("neurons x widths of m, z, u, v", neurons, 4)
    weights = LAWS[law](rng, neurons)
    x0 = rng.uniform(-2.0, 2.0, (epochs, batch, 2)) if noise else np.repeat(POPULATION[None], epochs, axis=0)
    return Replay(weights, x0, Settings(**settings), seed=seed)


def full_replay(seed: int, epochs: int = 1001, batch: int = 100, neurons: int = 100, **settings) -> Replay:
    """A run of the paper's full protocol: every weight trained, tanh, x_0 uniform on [-1, 1]², loss summed over time.

    :param seed: seed of the generator that draws weights, then initial states
    :param epochs: number of updates
    :param batch: episodes per update
    :param neurons: number N of neurons
    :param settings: fields of :class:`Settings` that differ from those of the protocol
    """
    seed = whole("seed", seed, 0)
    rng = np.random.default_rng(seed)
    epochs, batch, neurons = whole("epochs", epochs, 1), whole("batch", batch, 1), whole("neurons", neurons, 1)
    fits("epochs x batch x n", epochs, batch, 2)
    fits("neurons x neurons", neurons, neurons)
    weights = full_law(rng, neurons)
    x0 = rng.uniform(-1.0, 1.0, (epochs, batch, 2))
    protocol = {"activation": "tanh", "time_average": False, "train": ("m", "z", "w"), **settings}
    return Replay(weights, x0, Settings(**protocol), seed=seed)
