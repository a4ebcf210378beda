"""Runs as xarray data sets and pandas frames, where those libraries are installed (extra ``data``)."""

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.common.errors import library, require
from numerics.common.weights import RANK_ONE_OVERLAPS
from numerics.replay.results import LABELS, Run

if TYPE_CHECKING:
    from xarray import Dataset

AXES = {
    "overlaps": ("overlap",),
    "eigenvalues": ("mode",),
    "gram": ("product",),
    "gains": ("control", "state"),
    "frequency_loss": ("frequency",),
    "joint_near": ("frequency",),
    "agent_near": ("frequency",),
    "m": ("neuron", "observation"),
    "z": ("neuron", "control"),
    "u": ("neuron", "rank"),
    "v": ("neuron", "rank"),
    "w": ("neuron", "sender"),
}
"""Names of the axes after the epoch, for histories, and of the weights' axes; others are numbered."""

NAMES = {
    "overlaps": RANK_ONE_OVERLAPS,
    "gram": tuple(f"gram_{left}{right}" for left, right in combinations_with_replacement("mzuv", 2)),
}
"""Names of entries for rank one: the overlaps, and the upper triangle of G by row."""


def _axes(name: str, array: np.ndarray, lead: tuple[str, ...]) -> tuple[str, ...]:
    rest = array.ndim - len(lead)
    known = AXES.get(name, ())
    return lead + (known if len(known) == rest else tuple(f"{name}_axis_{i + 1}" for i in range(rest)))


def _columns(name: str, width: int) -> list[str]:
    """Names of the entries of a history's axis."""
    names = NAMES.get(name, ())
    return list(names) if len(names) == width else [f"{name}_{i + 1}" for i in range(width)]


def to_dataset(run: Run) -> Any:
    """A run as an ``xarray.Dataset``: histories over ``epoch``, overlaps by name, final weights over ``neuron``.

    The attributes hold ``kind``, ``status``, and ``config`` and ``versions`` as JSON. netCDF files hold no complex
    numbers: drop or split ``eigenvalues`` before writing one.

    :raises InputError: if xarray is not installed
    """
    histories = {name: (_axes(name, array, ("epoch",)), array) for name, array in run.history.items()}
    weights = {name: (_axes(name, array, ()), array) for name, array in run.weights.arrays().items()}
    coordinates: dict[str, Any] = {"epoch": np.arange(run.loss.size)}
    for name in (name for name in NAMES if name in run.history):
        coordinates[AXES[name][0]] = _columns(name, run.history[name].shape[1])
    return library("xarray", "data").Dataset({**histories, **weights}, coordinates, run.labels())


def from_dataset(dataset: "Dataset") -> Run:
    """The run that :func:`to_dataset` made into a data set.

    :param dataset: an ``xarray.Dataset``
    :raises InputError: if the attributes or the weights of a run are missing
    """
    arrays = {str(name): variable.values for name, variable in dataset.data_vars.items()}
    return Run.of_arrays(
        {**arrays, **{name: dataset.attrs[name] for name in LABELS if name in dataset.attrs}}, "dataset"
    )


def to_dataframe(run: Run) -> Any:
    """The histories of a run as a ``pandas.DataFrame``: a row an epoch, a column a number, overlaps by name.

    Longer axes are numbered from 1, ``eigenvalues_1``, ``gains_1_2``; products of rank-one weights are ``gram_mz``.
    ``attrs`` holds the texts of :meth:`Run.labels`; the final weights are left out.

    :raises InputError: if pandas is not installed, or a history has not an entry for each epoch
    """
    pandas = library("pandas", "data")
    epochs = run.loss.size
    columns: dict[str, np.ndarray] = {}
    for name, array in run.history.items():
        require(len(array) == epochs, f"{name} must have an entry for each of the {epochs} epochs; found {len(array)}")
        titles = [name]
        for width in array.shape[1:]:
            first = titles == [name]
            titles = _columns(name, width) if first else [f"{title}_{i + 1}" for title in titles for i in range(width)]
        columns |= dict(zip(titles, array.reshape(epochs, len(titles)).T, strict=True))
    frame = pandas.DataFrame(columns, index=pandas.RangeIndex(epochs, name="epoch"))
    frame.attrs.update(run.labels())
    return frame
