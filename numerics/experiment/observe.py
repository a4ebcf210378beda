"""What is recorded of a direct run at every epoch, measured on the N neurons themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from numerics.common.errors import require, whole
from numerics.common.plants import Plant
from numerics.common.spectrum import agent_step, by_modulus, joint_matrix
from numerics.common.weights import Weights
from numerics.experiment.fit import Recorder
from numerics.experiment.trajectory import Trajectory
from numerics.replay.settings import Settings

Observer = Callable[[Plant, Weights, Trajectory, Settings], object]


def leading_eigenvalues(plant: Plant, weights: Weights, leak: float = 1.0) -> np.ndarray:
    """The n + q + max(r, 1) eigenvalues of the joint matrix P of largest modulus, in decreasing order.

    Within a complex pair the one in the upper half plane comes first. Infinite if P overflows.
    """
    n, _, q = plant.shape
    count = n + q + max(weights.rank, 1)
    with np.errstate(all="ignore"):
        joint = joint_matrix(plant, weights, leak)
    if not np.isfinite(joint).all():
        return np.full(count, complex(np.inf))
    return by_modulus(np.linalg.eigvals(joint))[:count]


@dataclass(frozen=True)
class Every:
    """An observer that looks only every so many epochs; what it saw is repeated in between. For costly ones.

    :param observe: the observer
    :param every: epochs from one look to the next
    :raises InputError: if ``every`` is below 1
    """

    observe: Observer
    every: int

    def __post_init__(self) -> None:
        whole("every", self.every, 1)

    def __call__(self, plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> object:
        """What the observer sees.

        :param episodes: the epoch's episodes
        """
        return self.observe(plant, weights, episodes, settings)


def recorders(
    observers: Mapping[str, Observer], plant: Plant, episodes: Trajectory, settings: Settings
) -> list[Recorder]:
    """Observers of a run as what is recorded of its weights.

    :param episodes: where the run leaves its episodes
    """

    def bound(observe: Observer) -> Callable[[Weights], object]:
        return lambda weights: observe(plant, weights, episodes, settings)

    return [Recorder((name,), bound(o), getattr(o, "every", 1)) for name, o in observers.items()]


def recurrent_radius(weights: Weights, leak: float = 1.0) -> float:
    """Spectral radius of the network alone, of (1-γ) I + γ W: of W without leak. Infinite if W overflows."""
    with np.errstate(all="ignore"):
        step = agent_step(weights, leak)
    return float(np.abs(np.linalg.eigvals(step)).max()) if np.isfinite(step).all() else np.inf


def regressed_gains(episodes: Trajectory, start: int = 1) -> np.ndarray:
    """K with u ≈ -K x by least squares without intercept over all steps t ≥ start, (p, n).

    :param start: first step used; 1 in arXiv 2505.13567, because u_0 = 0
    :raises InputError: if no step is left
    """
    steps, _, n = episodes.x.shape
    start = whole("start", start, 0)
    require(start < steps, f"start must leave at least one of the {steps} steps; found {start}")
    x, u = episodes.x[start:].reshape(-1, n), episodes.u[start:].reshape(-1, episodes.p)
    return -np.linalg.lstsq(x, u, rcond=None)[0].T


def _overlaps(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> np.ndarray | None:
    if weights.w is not None:
        return None
    return np.concatenate([block.ravel() for block in weights.overlaps().values()])


def _eigenvalues(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> np.ndarray:
    return leading_eigenvalues(plant, weights, settings.leak)


def _recurrent_radius(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> float:
    return recurrent_radius(weights, settings.leak)


def _gains(plant: Plant, weights: Weights, episodes: Trajectory, settings: Settings) -> np.ndarray | None:
    if episodes.x.shape[0] == 1:
        return None
    finite = np.isfinite(episodes.x).all() and np.isfinite(episodes.u).all()
    return regressed_gains(episodes) if finite else np.full((episodes.p, episodes.x.shape[2]), np.nan)


OBSERVERS: dict[str, Observer] = {"overlaps": _overlaps, "eigenvalues": _eigenvalues}
"""Recorded by default: overlaps of a low-rank network and the leading eigenvalues of the joint system."""

ALL_OBSERVERS: dict[str, Observer] = {**OBSERVERS, "gains": _gains}
"""The default ones and the regressed gains."""

SPECTRA: dict[str, Observer] = {"eigenvalues": _eigenvalues, "recurrent_radius": _recurrent_radius}
"""The leading eigenvalues of the joint system, and the spectral radius of the network alone beside them."""
