"""The loss of one run as a picture: axes in, artists out."""

import numpy as np
from matplotlib.axes import Axes


def loss_curve(ax: Axes, loss: np.ndarray, label: str, stable: int | None) -> list:
    """Loss over epochs of one run on a log scale.

    :param loss: before each update, (epochs,)
    :param label: what to call the run
    :param stable: the epoch from which its loop is stable for good, None if there is none
    """
    artists = ax.semilogy(loss, label=label)
    if stable is not None:
        artists.append(ax.axvline(stable, color="0.7", linewidth=0.8, label="stable from here"))
    ax.set(xlabel="epoch", ylabel="loss before the update")
    ax.legend()
    return artists
