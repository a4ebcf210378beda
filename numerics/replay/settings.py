"""How weights are trained, whatever the task, and on a plant's own states."""

from dataclasses import KW_ONLY, asdict, dataclass

import numpy as np

from numerics.common.activations import ACTIVATIONS
from numerics.common.errors import FINITE, choice, flag, number, require, whole
from numerics.common.plants import Plant
from numerics.common.weights import WEIGHT_NAMES, Weights

OPTIMIZERS = ("sgd", "momentum", "adam")


LONGEST = 10**7  # steps of a rollout; numerics.reduced.doubling goes further


CLIP_EPSILON = 1e-6  # added to the norm in clipping, as the common frameworks do


@dataclass(frozen=True, kw_only=True)
class Training:
    """How weights are moved, whatever the task; all by keyword. The defaults are the rank-one protocol.

    :param learning_rate: step η of the optimizer
    :param clip: largest global gradient norm that passes unscaled; infinite for none
    :param activation: ``"linear"``, ``"tanh"`` or ``"erf"``, erf(√π s/2)
    :param optimizer: ``"sgd"``, ``"momentum"`` (v ← μ v + c ∂L, X ← X - η v) or ``"adam"`` (β = 0.9, 0.999; ε = 1e-8)
    :param momentum: μ in [0, 1), read by that optimizer alone
    :param leak: γ in (0, 1]
    :param train: names of the trained arrays; with none the weights stay as they are
    :raises InputError: if a value is out of range or a word unknown
    """

    learning_rate: float = 0.01
    clip: float = 1.0
    activation: str = "linear"
    optimizer: str = "sgd"
    momentum: float = 0.9
    leak: float = 1.0
    train: tuple[str, ...] = ("z", "u", "v")

    def __post_init__(self) -> None:
        checked = {
            "learning_rate": number("learning_rate", self.learning_rate, 0, FINITE),
            "clip": number("clip", self.clip, 0, np.inf, open_low=True),
            "activation": choice("activation", self.activation, ACTIVATIONS),
            "optimizer": choice("optimizer", self.optimizer, OPTIMIZERS),
            "momentum": number("momentum", self.momentum, 0, np.nextafter(1.0, 0.0)),
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
    :param optimizer: ``"sgd"``, ``"momentum"`` (v ← μ v + c ∂L, X ← X - η v) or ``"adam"`` (β = 0.9, 0.999; ε = 1e-8)
    :param momentum: μ in [0, 1), read by that optimizer alone
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

    :param seed: seed of weights and batches
    """
    sizes = {"neurons": weights.neurons, "rank": weights.rank, **dict(zip("npq", plant.shape, strict=True))}
    matrices = {name: getattr(plant, name).tolist() for name in "ABC"}
    return {**asdict(settings), **sizes, **matrices, "seed": seed}
