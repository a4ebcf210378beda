"""One run both ways, for the report of a validation: loss and overlaps, eigenvalues, the path in the gain plane."""

from pathlib import Path

import numpy as np

from derivations.evidence.pairs import Pair
from derivations.figures.gallery import drawing, save_picture
from numerics import plots
from numerics.reduced.gains import closed_form
from numerics.reduced.spectra import reduced_eigenvalues, track
from theory.core.loop import ReducedLoop

PICTURES = ("learning.png", "eigenvalues.png", "gains.png")


def save(folder: Path, pair: Pair) -> None:
    """Loss and overlaps; eigenvalues over learning; the path in the gain plane.

    :param folder: an existing folder
    :param pair: the runs to draw
    """
    with drawing() as plt:
        for name, draw in zip(PICTURES, (_learning, _eigenvalues, _gains), strict=True):
            save_picture(folder / name, draw(plt, pair))


def _learning(plt, pair: Pair):
    figure, axes = plt.subplots(1, 2, figsize=(6.8, 2.4))
    plots.loss_curves(axes[0], pair.simulation, pair.theory)
    plots.overlap_curves(axes[1], pair.simulation, pair.theory)
    return figure


def _eigenvalues(plt, pair: Pair):
    figure, ax = plt.subplots(figsize=(3.4, 2.6))
    eigenvalues = track(reduced_eigenvalues(ReducedLoop(), pair.theory.overlaps))
    plots.eigenvalue_paths(ax, eigenvalues, pair.simulation.history["eigenvalues"])
    return figure


def _gains(plt, pair: Pair):
    figure, ax = plt.subplots(figsize=(3.4, 2.6))
    gains = np.array([closed_form(point) for point in pair.theory.overlaps])
    plots.gain_plane(ax, gains, pair.simulation.history["gains"][:, 0], pair.theory.stabilisation())
    return figure
