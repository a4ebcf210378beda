"""A run to be made: initial weights, one batch of initial states per update, and the training settings."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from numerics.activations import ACTIVATIONS
from numerics.errors import InputError, choice, number, require, whole
from numerics.files import read_arrays, write_arrays
from numerics.plants import Plant, double_integrator
from numerics.weights import Weights, full_law, gaussian_law, rank_one_law

OPTIMIZERS = ("sgd", "adam")
CLIP_EPSILON = 1e-6  # added to the norm in clipping, as the common frameworks do
WEIGHT_NAMES = ("m", "z", "u", "v", "w")


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults are the rank-one protocol of arXiv 2505.13567.

    Loss L = s Σ_{t<T} (state_weight |x_t|² + control_penalty |u_t|²), averaged over the batch.

    :param horizon: episode length T in steps, at least 1
    :param learning_rate: step η of the optimizer
    :param clip: largest global gradient norm that passes unscaled; infinite for none
    :param state_weight: weight of |x|², Q = state_weight · I
    :param control_penalty: weight of |u|², R = control_penalty · I
    :param time_average: whether s = 1/T, otherwise s = 1
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``, erf(√π s/2)
    :param optimizer: ``"sgd"`` or ``"adam"`` (β = 0.9, 0.999; ε = 1e-8)
    :param leak: γ in (0, 1]
    :param train: names of the trained arrays
    :raises InputError: if a value is out of range or a word unknown
    """

    horizon: int = 50
    learning_rate: float = 0.01
    clip: float = 1.0
    state_weight: float = 0.5
    control_penalty: float = 0.0
    time_average: bool = True
    activation: str = "linear"
    optimizer: str = "sgd"
    leak: float = 1.0
    train: tuple[str, ...] = ("z", "u", "v")

    def __post_init__(self) -> None:
        checked = {
            "horizon": whole("horizon", self.horizon, 1),
            "learning_rate": number("learning_rate", self.learning_rate, 0, np.finfo(float).max),
            "clip": number("clip", self.clip, 0, np.inf, open_low=True),
            "state_weight": number("state_weight", self.state_weight, 0, np.finfo(float).max),
            "control_penalty": number("control_penalty", self.control_penalty, 0, np.finfo(float).max),
            "time_average": bool(self.time_average),
            "activation": choice("activation", self.activation, ACTIVATIONS),
            "optimizer": choice("optimizer", self.optimizer, OPTIMIZERS),
            "leak": number("leak", self.leak, 0, 1, open_low=True),
            "train": tuple(choice("train", name, WEIGHT_NAMES) for name in self.train),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def scale(self) -> float:
        """The factor s of the loss: 1/T or 1."""
        return 1.0 / self.horizon if self.time_average else 1.0


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
        n, p, q = self.plant.shape
        x0 = np.asarray(self.x0, dtype=np.float64)
        require(x0.ndim == 3, f"x0 must have the axes (epochs, batch, n); found shape {x0.shape}")
        require(min(x0.shape) > 0, f"x0 must hold at least one epoch and one state; found shape {x0.shape}")
        require(x0.shape[2] == n, f"x0 must have n = {n} entries per state, as the plant; found {x0.shape[2]}")
        require(bool(np.isfinite(x0).all()), "x0 must be finite; found NaN or infinite entries")
        object.__setattr__(self, "x0", x0)
        for name, width, what in (("m", q, "observations"), ("z", p, "controls")):
            found = getattr(self.weights, name).shape
            require(
                found[1] == width,
                f"{name} must have a column for each of the plant's {width} {what}; found {found}",
            )
        for name in self.settings.train:
            require(
                name in self.weights.arrays(),
                f"train must name arrays that are given; found {name!r}, which is not",
            )

    @property
    def epochs(self) -> int:
        """Number of updates."""
        return self.x0.shape[0]

    def config(self) -> dict:
        """The settings and sizes as plain values."""
        n, p, q = self.plant.shape
        sizes = {"epochs": self.epochs, "batch": self.x0.shape[1], "neurons": self.weights.neurons}
        plant = {name: getattr(self.plant, name).tolist() for name in "ABC"}
        return {
            **asdict(self.settings),
            **sizes,
            **plant,
            "seed": self.seed,
            "rank": self.weights.rank,
            "n": n,
            "p": p,
            "q": q,
        }


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
    rng = np.random.default_rng(whole("seed", seed, 0))
    epochs, batch, neurons = whole("epochs", epochs, 1), whole("batch", batch, 1), whole("neurons", neurons, 1)
    weights = LAWS[choice("law", law, tuple(LAWS))](rng, neurons)
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
    rng = np.random.default_rng(whole("seed", seed, 0))
    weights = full_law(rng, whole("neurons", neurons, 1))
    x0 = rng.uniform(-1.0, 1.0, (whole("epochs", epochs, 1), whole("batch", batch, 1), 2))
    protocol = {"activation": "tanh", "time_average": False, "train": ("m", "z", "w"), **settings}
    return Replay(weights, x0, Settings(**protocol), seed=seed)


def _scalar(name: str, value: np.ndarray):
    require(value.size == 1, f"{name} must be a single value; found shape {value.shape}")
    item = value.reshape(()).item()
    return item.decode() if isinstance(item, bytes) else item


def _names(value: np.ndarray) -> tuple[str, ...]:
    words = [w.decode() if isinstance(w, bytes) else str(w) for w in np.atleast_1d(value).ravel().tolist()]
    return tuple(name for word in words for name in word.replace(",", " ").split())


def load_weights(arrays: dict[str, np.ndarray], path: str | Path) -> Weights:
    """Weights from the arrays of a file.

    :param arrays: contents of the file
    :param path: the file, for the message
    :raises InputError: if m, z or the recurrence is missing, or shapes do not fit
    """
    for name in ("m", "z"):
        require(
            name in arrays,
            f"{path} must contain the array {name}; found {', '.join(sorted(arrays)) or 'nothing'}",
        )
    complete = {"u", "v"} <= set(arrays) or "w" in arrays
    found = ", ".join(sorted(arrays))
    require(complete, f"{path} must contain u and v, or w; found {found}")
    return Weights(**{name: arrays[name] for name in WEIGHT_NAMES if name in arrays})


def load_replay(path: str | Path) -> Replay:
    """Read a replay file: weights, ``x0``, and settings; missing settings take the protocol's defaults.

    An absent ``clip`` means none. ``A``, ``B``, ``C`` may give a plant other than the double integrator.

    :param path: the .npz file
    :raises InputError: if the file or its contents are bad
    """
    arrays = read_arrays(path)
    task = str(_scalar("task", arrays["task"])) if "task" in arrays else "closed_loop"
    choice("task", task, ("closed_loop",))
    weights = load_weights(arrays, path)
    require("x0" in arrays, f"{path} must contain x0 (epochs, batch, n); found {', '.join(sorted(arrays))}")
    given = {
        f.name: _scalar(f.name, arrays[f.name]) for f in fields(Settings) if f.name in arrays and f.name != "train"
    }
    given.setdefault("clip", np.inf)
    trainable = tuple(name for name in weights.arrays() if name != "m")
    given["train"] = _names(arrays["train"]) if "train" in arrays else trainable
    matrices = [name for name in "ABC" if name in arrays]
    require(
        len(matrices) in (0, 3),
        f"{path} must contain all of A, B, C or none; found only {', '.join(matrices)}",
    )
    plant = Plant(*(arrays[name] for name in "ABC")) if matrices else double_integrator()
    if arrays["x0"].dtype.kind not in "fiu":
        raise InputError(f"x0 must be an array of real numbers; found {arrays['x0'].dtype} entries")
    seed = whole("seed", _scalar("seed", arrays["seed"]), 0) if "seed" in arrays else None
    return Replay(weights, arrays["x0"], Settings(**given), plant, seed)


def save_replay(path: str | Path, replay: Replay) -> None:
    """Write a replay file that :func:`load_replay` reads back exactly.

    :param path: the .npz file
    :param replay: the run to be made
    """
    settings = asdict(replay.settings)
    settings["train"] = np.array(settings["train"])
    plant = {name: getattr(replay.plant, name) for name in "ABC"}
    known = {} if replay.seed is None else {"seed": replay.seed}
    write_arrays(path, {**replay.weights.arrays(), "x0": replay.x0, **settings, **plant, **known})
