"""Panels that show closed beside open loop; shared by the command's picture and by figures 1 and 2."""

import numpy as np

from numerics import plots
from numerics.reduced.open_loop.gain_plane import feedback_loss
from numerics.reduced.stages.optimum import lqr_gain
from numerics.replay.settings import Settings

CLOSED, OPENED = "#0072B2", "#D55E00"

Data = dict[str, np.ndarray]
Limits = tuple[tuple[float, float], tuple[float, float]]


def loss_curves(ax, data: Data, prefix: str = "") -> None:
    """The closed-loop test loss along both ways of training, on a log scale.

    :param prefix: what their names start with
    """
    ax.semilogy(data[f"{prefix}closed_test"], color=CLOSED, label="trained in closed loop")
    ax.semilogy(data[f"{prefix}open_test"], color=OPENED, label="trained in open loop")
    if f"{prefix}open_test_exact" in data:
        ax.semilogy(data[f"{prefix}open_test_exact"], **plots.THEORY, label="exact map")
    if f"{prefix}predicted" in data:
        ax.plot(*data[f"{prefix}predicted"], "k^", ms=4, label="predicted spike")
    ax.set(xlabel="epoch", ylabel="closed-loop test loss")
    ax.legend(fontsize=6)


def radii(ax, data: Data, prefix: str = "") -> None:
    """Spectral radius of the joint system along both ways of training.

    :param prefix: what their names start with
    """
    for name, colour in (("closed", CLOSED), ("open", OPENED)):
        ax.plot(data[f"{prefix}{name}_radius"], color=colour, label=f"{name} loop")
    ax.axhline(1, color="0.6", linewidth=0.8)
    ax.set(xlabel="epoch", ylabel="spectral radius of P")
    ax.legend(fontsize=6)


def gain_paths(ax, data: Data, settings: Settings, limits: Limits, prefix: str = "") -> None:
    """Both paths of the gains over the exact regions and the loss of state feedback, with LQR.

    :param settings: horizon and loss of the landscape
    :param limits: ((low, high) of k_1, (low, high) of k_2)
    :param prefix: what the names start with
    """
    plots.gain_regions(ax, *limits)
    across, up = (np.linspace(low, high, 161) for low, high in limits)
    mesh = np.stack(np.meshgrid(across, up), axis=-1)
    with np.errstate(divide="ignore"):
        height = np.log10(np.minimum(feedback_loss(mesh, settings), 1e12))
    lines = ax.contour(mesh[..., 0], mesh[..., 1], height, levels=12, colors="0.45", linewidths=0.4)
    ax.clabel(lines, lines.levels[::2], fontsize=5, fmt="%.1f")
    for name, colour in (("closed", CLOSED), ("open", OPENED)):
        ax.plot(*data[f"{prefix}{name}_gains"].T, color=colour, label=f"{name} loop")
        if f"{prefix}{name}_closed_form" in data:
            ax.plot(*data[f"{prefix}{name}_closed_form"].T, **plots.THEORY)
    best = lqr_gain(settings.state_weight, settings.control_penalty)[0]
    if all(low <= gain <= high for gain, (low, high) in zip(best, limits, strict=True)):
        ax.plot(*best, "*", color="black", ms=7, label="LQR")
    ax.text(0.02, 0.98, "green: stable\ndark: with a complex pair", transform=ax.transAxes, fontsize=5, va="top")
    beside = {"transform": ax.transAxes, "fontsize": 5.5, "rotation": 90, "va": "center"}
    ax.text(1.01, 0.5, r"contours: $\log_{10}$ loss of $u = -Kx$", **beside)
    ax.legend(fontsize=5.5, loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
