"""Figure 3: stage 1. The loss on the σ_zm axis, its first, outermost and deepest valley, learning from ten initial values."""

import numpy as np

from derivations.evidence.axis import HORIZON
from numerics import plots


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.axis.figure`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7.0, 2.3))
    axes[0].semilogy(data["points"], data["simulated"], "o", ms=3, mfc="none", label="100 neurons")
    axes[0].semilogy(data["axis"], data["exact"], label=r"exact $L_T$", **plots.THEORY)
    axes[0].semilogy(data["axis"], 2 * data["geometric"] / HORIZON, color="#D55E00", label="geometric sum × 2/T")
    axes[0].set(xlabel=r"$\sigma_{zm}$", ylabel=f"loss, T = {HORIZON} (time average)", title="a  asymmetric loss")
    axes[0].set_ylim(top=10 * data["exact"].max())
    axes[0].legend(loc="upper left")
    for name, label, marker in (
        ("first", "first valley from the right", "^"),
        ("minimisers", "global minimum", "o"),
        ("outermost", "first valley from the left", "v"),
    ):
        axes[1].semilogx(data["horizons"], data[name], marker, ms=4, mfc="none", label=label)
    axes[1].semilogx(data["horizons"], data["law"], "k+", ms=5, label=r"$-(\pi/2+2\pi k)^2/4T$, deepest $k$")
    for limit in data["limits"]:
        axes[1].axhline(limit, **plots.THEORY)
    axes[1].set(xlabel="episode length T (steps)", ylabel=r"$T\,\sigma_{zm}$", title="b  valleys on the axis")
    axes[1].set_ylim(-4.3, 2.6)
    axes[1].legend(loc="upper right", fontsize=5.5)
    for bottom in data["valleys"]:
        axes[2].axhline(bottom, color="#D55E00", linewidth=0.8, zorder=0)
    axes[2].plot(data["direct"].T, color="#0072B2", linewidth=1.2)
    axes[2].plot(data["paths"].T, **plots.THEORY)
    axes[2].set(xlabel="epoch", ylabel=r"$\sigma_{zm}$", title="c  learning and the two valleys")
    return figure
