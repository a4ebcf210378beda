"""Plots of runs: axes in, artists out. Nothing is computed here but what is drawn."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.contour import QuadContourSet

from numerics.reduced.open_loop.gain_plane import region
from numerics.replay.results import Run

STYLE = "numerics.paper"
NAMES = (r"$\sigma_{zm}$", r"$\sigma_{zu}$", r"$\sigma_{vm}$", r"$\sigma_{vu}$")
THEORY: dict[str, Any] = {"color": "black", "linestyle": (0, (3, 2)), "linewidth": 0.9}


def loss_curves(ax: Axes, simulation: Run, theory: Run) -> list:
    """Loss over epochs on a log scale: simulation solid, theory dashed."""
    (solid,) = ax.semilogy(simulation.loss, label="simulation, N neurons")
    (dashed,) = ax.semilogy(theory.loss, label="exact map", **THEORY)
    stable = theory.stabilisation()
    artists = [solid, dashed]
    if stable is not None:
        artists.append(ax.axvline(stable, color="0.7", linewidth=0.8, label="stable from here"))
    ax.set(xlabel="epoch", ylabel="loss (time average)")
    ax.legend()
    return artists


def overlap_curves(ax: Axes, simulation: Run, theory: Run) -> list:
    """The four overlaps over epochs: simulation solid, theory dashed."""
    artists = [ax.plot(simulation.overlaps[:, i], label=name)[0] for i, name in enumerate(NAMES)]
    artists += [ax.plot(theory.overlaps[:, i], **THEORY)[0] for i in range(4)]
    ax.set(xlabel="epoch", ylabel="overlap")
    ax.legend(ncols=2)
    return artists


def eigenvalue_paths(ax: Axes, paths: np.ndarray, measured: np.ndarray, every: int = 25) -> list:
    """Eigenvalues in the complex plane over learning, coloured by epoch, with the unit circle.

    :param paths: matched eigenvalues of the theory, (epochs, k)
    :param measured: eigenvalues of the full joint matrix, (epochs, k), drawn as open circles
    :param every: epochs between the circles
    """
    angle = np.linspace(0, 2 * np.pi, 400)
    artists: list = ax.plot(np.cos(angle), np.sin(angle), color="0.6", linewidth=0.8, label=r"$|\lambda| = 1$")
    for path in paths.T:
        points = np.column_stack([path.real, path.imag])
        lines = LineCollection(list(np.stack([points[:-1], points[1:]], axis=1)), cmap="viridis", linewidths=1.4)
        lines.set_array(np.arange(len(points) - 1))
        artists.append(ax.add_collection(lines))
    artists[-1].set_label("exact map")
    shown = measured[::every].ravel()
    artists += ax.plot(shown.real, shown.imag, "o", mfc="none", mec="0.25", ms=3, mew=0.5, label="eigenvalues of P")
    ax.set(xlabel="real part", ylabel="imaginary part", xlim=(-0.35, 1.35), ylim=(-1.1, 0.6), aspect="equal")
    ax.figure.colorbar(artists[1], ax=ax, label="epoch", shrink=0.8)
    ax.legend(loc="lower left", frameon=True, framealpha=1, edgecolor="none")
    return artists


def gain_plane(ax: Axes, path: np.ndarray, measured: np.ndarray, stable_epoch: int | None, every: int = 25) -> list:
    """Path of the effective gains over the exact regions of A - B K, stable and with a complex pair.

    :param path: (k_1, k_2) of the theory, (epochs, 2)
    :param measured: regressed (k_1, k_2) of the simulation, (epochs, 2), drawn as open circles
    :param stable_epoch: epoch of stabilisation, marked on the path, or None
    :param every: epochs between the circles
    """
    shown = measured[::every]
    top = np.clip(1.2 * max(np.nanmax(path), np.nanmax(shown)), 0.2, 4.0)
    low = min(-0.05 * top, 1.1 * min(np.nanmin(path), np.nanmin(shown)))
    artists: list = [gain_regions(ax, (low, top), (low, top))]
    artists += ax.plot(path[:, 0], path[:, 1], label="closed form", **THEORY)
    artists += ax.plot(shown[:, 0], shown[:, 1], "o", mfc="none", ms=3, mew=0.6, label="regression on x")
    if stable_epoch is not None:
        artists += ax.plot(*path[stable_epoch], "D", ms=4, color="#D55E00", label="stable from here")
    ax.text(
        0.97, 0.05, "dark: stable, complex pair\nlight: stable, real", transform=ax.transAxes, ha="right", fontsize=6
    )
    ax.legend(loc="upper left")
    return artists


def gain_regions(ax: Axes, across: tuple[float, float], up: tuple[float, float]) -> QuadContourSet:
    """The exact regions of A - B K: dark where stable with a complex pair, light where stable with real eigenvalues.

    :param across: limits of k_1
    :param up: limits of k_2
    """
    k_1, k_2 = np.meshgrid(np.linspace(*across, 500), np.linspace(*up, 500))
    kinds = region(np.stack([k_1, k_2], axis=-1))
    colours = ["#ffffff", "#d9ead3", "#a8cfa0"]
    ax.set(xlabel=r"$k_1$ (gain on position)", ylabel=r"$k_2$ (gain on velocity)", xlim=across, ylim=up)
    return ax.contourf(k_1, k_2, kinds, levels=[-0.5, 0.5, 1.5, 2.5], colors=colours)
