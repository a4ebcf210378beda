"""Frozen results of runs: what happened, from what configuration, with which versions, and how it ended."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from numerics.common.errors import InputError, require
from numerics.common.files import read_arrays, write_arrays
from numerics.common.weights import WEIGHT_NAMES, Weights, load_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COMPLETED = "completed"
STATE = "checkpoint_"
"""What the names of a file's arrays start with that serve to resume a run and are no result."""

OVERLAPS = ("sigma_zm", "sigma_zu", "sigma_vm", "sigma_vu")
LABELS = ("kind", "status", "config", "versions")
PACKAGES = ("closedloop-rnn", "numpy", "scipy", "sympy", "numba")


def diverged(epoch: int) -> str:
    """The status of a run whose loss, gradient or update was not finite.

    :param epoch: index of that update
    """
    return f"diverged at epoch {epoch}"


def stopped(epoch: int) -> str:
    """The status of a run that was stopped and can be resumed.

    :param epoch: number of updates made
    """
    return f"stopped after epoch {epoch}"


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return tuple(found.items())


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    return dict(_versions())


@dataclass(frozen=True, repr=False)
class Run:
    """A learning run, from the experiment or from the theory.

    :param kind: ``"simulation"`` or ``"theory"``
    :param status: ``"completed"``, ``"diverged at epoch k"`` or ``"stopped after epoch k"``
    :param history: arrays over epochs, before each update: ``loss`` (epochs,), ``gradient_norm`` (epochs,),
        ``spectral_radius`` (epochs,), of low rank ``overlaps`` (epochs, 4) or more, from the theory ``gram``. After a
        divergence they end with the last finite epoch.
    :param weights: final weights; the last finite ones after a divergence
    :param config: settings and sizes of the run
    :param versions: versions of the packages used
    """

    kind: str
    status: str
    history: dict[str, np.ndarray]
    weights: Weights
    config: dict
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def completed(self) -> bool:
        """Whether every epoch ran with finite values."""
        return self.status == COMPLETED

    @property
    def loss(self) -> np.ndarray:
        """Loss before each update, (epochs,)."""
        return self.history["loss"]

    @property
    def overlaps(self) -> np.ndarray:
        """Overlaps before each update: σ_zm, σ_zu, σ_vm, σ_vu, each block by row; (epochs, 4) for rank one.

        :raises InputError: if the run recorded none, as that of a full network
        """
        found = "overlaps" in self.history
        require(found, f"run must have recorded overlaps; found {', '.join(self.history)}; a full network has none")
        return self.history["overlaps"]

    @property
    def overlap_blocks(self) -> dict[str, np.ndarray]:
        """The overlap blocks by name: ``sigma_zm`` (epochs, p, q), ``sigma_zu`` (epochs, p, r), and so on.

        :raises InputError: if the run recorded no overlaps
        """
        p, q, r = self.weights.z.shape[1], self.weights.m.shape[1], self.weights.rank
        shapes = dict(zip(OVERLAPS, ((p, q), (p, r), (r, q), (r, r)), strict=True))
        ends = np.cumsum([rows * columns for rows, columns in shapes.values()])[:-1]
        parts = np.split(self.overlaps, ends, axis=1)
        return {n: part.reshape(-1, *shapes[n]) for n, part in zip(shapes, parts, strict=True)}

    @property
    def spectral_radius(self) -> np.ndarray:
        """Spectral radius of the joint system before each update, (epochs,)."""
        return self.history["spectral_radius"]

    def stabilisation(self) -> int | None:
        """First epoch from which the spectral radius stays below 1 to the end, or None if it never does.

        The radius is that of eigenvalues in floats, good to rounding only; :mod:`numerics.reduced.stability` decides
        exactly.
        """
        unstable = np.flatnonzero(~(self.spectral_radius < 1))
        first = 0 if unstable.size == 0 else int(unstable[-1]) + 1
        return first if first < self.spectral_radius.size else None

    def plot(self, ax: "Axes | None" = None) -> list:
        """Draw the loss over epochs, and where the joint system becomes stable; returns what was drawn.

        :param ax: where to draw; new axes by default
        """
        from matplotlib import pyplot

        from numerics.replay.curve import loss_curve

        place = pyplot.figure(layout="constrained").add_subplot() if ax is None else ax
        stable = self.stabilisation() if "spectral_radius" in self.history else None
        return loss_curve(place, self.loss, f"{self.kind}, {self.status}", stable)

    def summary(self) -> dict[str, str]:
        """What happened, in words: kind, network, status, losses, stabilisation."""
        shape = f"rank {self.weights.rank}" if self.weights.w is None else "full"
        found = {"run": self.kind, "network": f"{self.weights.neurons} neurons, {shape}", "status": self.status}
        if self.loss.size:
            found["loss"] = f"{self.loss[0]:.4g} to {self.loss[-1]:.4g} in {self.loss.size} epochs"
        if "spectral_radius" in self.history:
            epoch = self.stabilisation()
            found["stable"] = "not at the end" if epoch is None else f"from epoch {epoch}"
        return found | {"history": ", ".join(self.history)}

    def __repr__(self) -> str:
        return "Run(" + "; ".join(f"{name}: {text}" for name, text in self.summary().items()) + ")"

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in self.summary().items())
        return f"<table>{''.join(rows)}</table>"

    def save(self, path: str | Path) -> None:
        """Write the run as an .npz file.

        :param path: the file
        :raises InputError: if it cannot be written
        """
        write_arrays(path, self.contents())

    def contents(self) -> dict[str, object]:
        """The arrays and words of the file, by name."""
        return {**self.history, **self.weights.arrays(), **self.labels()}

    def labels(self) -> dict[str, str]:
        """Kind, status, configuration and versions as text, the last two as JSON."""
        texts = {"config": json.dumps(self.config), "versions": json.dumps(self.versions)}
        return {"kind": self.kind, "status": self.status, **texts}

    @classmethod
    def load(cls, path: str | Path) -> "Run":
        """Read a run written by :meth:`save`.

        :param path: the file
        :raises InputError: if the file is not a run
        """
        return cls.of_arrays(read_arrays(path), path)

    @classmethod
    def of_arrays(cls, entries: Mapping, source: str | Path) -> "Run":
        """A run from its histories, weights and :meth:`labels`, all by name.

        :param entries: arrays and texts by name
        :param source: where they are from, for the message
        :raises InputError: if something is missing
        """
        arrays = dict(entries)
        for name in LABELS:
            other = "a replay file; run it first" if "x0" in arrays or "phases_x" in arrays else "none"
            require(name in arrays, f"{source} must be a run result with the entry {name}; found {other}")
        kind, status, *texts = (str(arrays.pop(name)) for name in LABELS)
        config, used = (_dictionary(name, text) for name, text in zip(LABELS[2:], texts, strict=True))
        if "train" in config:
            config["train"] = tuple(config["train"])
        weights = load_weights(arrays, source)
        arrays = {name: array for name, array in arrays.items() if not name.startswith(STATE)}
        history = {name: array for name, array in arrays.items() if name not in WEIGHT_NAMES}
        return cls(kind, status, history, weights, config, used)


def _dictionary(name: str, text: str) -> dict:
    """A dictionary from JSON; JSON has no tuples, so lists come back for them."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{name} must be a JSON object; found {text[:40]!r}")
    return found
