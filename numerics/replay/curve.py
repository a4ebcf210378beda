"""The loss of one run as a picture: axes in, artists out."""

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

if TYPE_CHECKING:
    from numerics.replay.results import Run


def loss_curve(ax: Axes, run: "Run") -> list:
    """Loss over epochs of one run on a log scale."""
    artists = ax.semilogy(run.loss, label=f"{run.kind}, {run.status}")
    stable = run.stabilisation() if "spectral_radius" in run.history else None
    if stable is not None:
        artists.append(ax.axvline(stable, color="0.7", linewidth=0.8, label="stable from here"))
    ax.set(xlabel="epoch", ylabel="loss before the update")
    ax.legend()
    return artists
