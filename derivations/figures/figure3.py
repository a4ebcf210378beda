"""Figure 3: stage 1. The loss on the σ_zm axis, its minimiser, and learning from ten initial values."""

import numpy as np

from derivations.evidence.axis import HORIZON
from numerics import plots
from numerics.stages.detection import AXIS_GROWTH


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
    axes[1].semilogx(data["horizons"], data["minimisers"], "o", ms=4, mfc="none", label="minimum of the exact loss")
    axes[1].semilogx(data["horizons"], data["law"], "k+", ms=5, label=r"$-(\pi/2+2\pi k)^2/4T$, deepest $k$")
    axes[1].axhline(-AXIS_GROWTH, label=r"$-(2+W_0(-2e^{-2}))$", **plots.THEORY)
    axes[1].set(xlabel="episode length T (steps)", ylabel=r"$T\,\sigma_{zm}^*$", title="b  minimum on the axis")
    axes[1].set_ylim(-2.8, 0.8)
    axes[1].legend(loc="upper right", fontsize=5.5)
    axes[2].plot(data["direct"].T, color="#0072B2", linewidth=1.2)
    axes[2].plot(data["paths"].T, **plots.THEORY)
    axes[2].set(xlabel="epoch", ylabel=r"$\sigma_{zm}$", title="c  learning, theory dashed")
    return figure
