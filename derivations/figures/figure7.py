"""Figure 7: full networks. Small ones learn as they do, longer words err less, the limit says when they stabilise."""

import numpy as np

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00")
DASHED = {"color": "black", "linestyle": (0, (3, 2)), "linewidth": 0.9}


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.small_networks.figure`
    """
    from matplotlib import pyplot as plt

    figure, grid = plt.subplot_mosaic([["loss", "words", "limit"], ["radius", "words", "limit"]], figsize=(7.2, 2.9))
    _learning(grid["loss"], grid["radius"], data)
    _words(grid["words"], data)
    _limit(grid["limit"], data)
    return figure


def _learning(loss, radius, data: dict[str, np.ndarray]) -> None:
    """Loss and joint radius of networks, and of the small ones over them."""
    shown = {"exact": "$g = 0$", "words": "$g = 0.1$"}
    for colour, (name, label) in zip(COLOURS, shown.items(), strict=False):
        text = f"{label}; {int(data[f'{name}_neurons'])} neurons"
        for ax, what in ((loss, "loss"), (radius, "radius")):
            ax.plot(data["epochs"], data[f"{name}_full_{what}"], color=colour, linewidth=1.3, label=text)
            ax.plot(data["epochs"], data[f"{name}_small_{what}"], **DASHED)
    loss.set(yscale="log", xlabel="epoch", ylabel="loss", title="a  learning, small system dashed")
    loss.legend(fontsize=5.5)
    radius.axhline(1.0, color="0.6", linewidth=0.8)
    radius.set(xlabel="epoch", ylabel="joint radius", title="b  joint radius")


def _words(ax, data: dict[str, np.ndarray]) -> None:
    """Error of the loss against the length of words, and the estimate of it."""
    for colour, strength in zip(COLOURS[1:], data["truncated"], strict=False):
        ax.semilogy(data["lengths"], data[f"error_{strength:g}"], "o", ms=4, color=colour, label=f"$g = {strength:g}$")
        estimate = data[f"estimate_{strength:g}"]
        ax.semilogy(data["lengths"], np.where(np.isfinite(estimate), estimate, np.nan), color=colour, linewidth=0.9)
    ax.plot([], [], color="0.4", linewidth=0.9, label="estimate")
    ax.set(xlabel="length $K$ of words", ylabel="largest relative error of loss", title="c  longer words err less")
    ax.set_xticks(data["lengths"])
    ax.legend(fontsize=6)


def _limit(ax, data: dict[str, np.ndarray]) -> None:
    """Epoch of stabilisation against N: lines in the limit, medians and spreads of networks."""
    table = data["stabilisation"]
    strengths = np.unique(table[:, 0])
    for index, (colour, strength) in enumerate(zip(COLOURS, strengths, strict=False)):
        _, neurons, limit, median, low, high = table[table[:, 0] == strength].T
        ax.plot(neurons, limit, color=colour, linewidth=1.0, label=f"$g = {strength:g}$")
        shifted = neurons * 1.05 ** (index - (len(strengths) - 1) / 2)  # bars beside each other
        bars = np.array([median - low, high - median])
        ax.errorbar(shifted, median, bars, fmt="o", ms=3, color=colour, elinewidth=0.9, capsize=1.5)
    ax.set(
        xscale="log",
        xlabel="number $N$ of neurons",
        ylabel="epoch of stabilisation",
        title="d  limit (lines), networks",
    )
    ax.set_xticks(np.unique(table[:, 1]), [f"{n:g}" for n in np.unique(table[:, 1])])
    ax.minorticks_off()
    ax.set_ylim(top=1.25 * np.nanmax(np.append(table[:, 2:], 1.0)))
    ax.legend(fontsize=6, ncols=2, loc="upper left")
