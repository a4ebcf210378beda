"""Figure 6: tracking of four frequencies: the staircase, loss per frequency, what is lost meanwhile, eigenvalues, paths."""

import numpy as np

COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
"""From the lowest frequency to the highest."""


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.tracking.figure`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6))
    order = np.argsort(data["frequencies"])
    axes[0, 0].semilogy(data["loss"], color="0.4", linewidth=0.6)
    axes[0, 0].set(xlabel="epoch", ylabel="loss", title="a  the staircase")
    axes[0, 0].yaxis.set_minor_formatter("")
    for colour, index in zip(COLOURS, order, strict=False):
        label = f"{data['frequencies'][index]:g} Hz"
        axes[0, 1].semilogy(data["frequency_loss"][:, index] / data["idle"][index], color=colour, label=label)
        axes[0, 1].axvline(data["acquired"][index], color=colour, linewidth=0.6, linestyle=":")
        for ax, name in ((axes[0, 2], "joint_near"), (axes[1, 0], "agent_near")):
            ax.semilogy(np.abs(data[name][:, index] - data["points"][index]), color=colour)
    axes[0, 1].axhline(0.5, color="0.6", linewidth=0.8)
    axes[0, 1].set(xlabel="epoch", ylabel="loss / plant at rest", title="b  by frequency, acquired dotted")
    axes[0, 1].set_ylim(top=10)
    axes[0, 1].legend(fontsize=5.5, loc="upper right", ncols=2)
    for ax, title in ((axes[0, 2], "c  nearest joint eigenvalue"), (axes[1, 0], "d  nearest of the agent alone")):
        ax.set(xlabel="epoch", ylabel=r"distance to $e^{i\omega}$ (colours of b)", title=title)
    _paths(axes[1, 1], data)
    _acquired(axes[1, 2], data, order)
    return figure


def _paths(ax, data: dict[str, np.ndarray]) -> None:
    """Reference and positions of one episode on the x axis."""
    ax.plot(data["seconds"], data["trained"][:, 0], color="black", linewidth=0.9, label="reference")
    ax.plot(data["seconds"], data["trained"][:, 1], color="#0072B2", linewidth=0.9, label="trained")
    ax.plot(data["seconds"], data["untrained"][:, 1], color="0.6", linewidth=0.7, label="untrained")
    ax.set(xlabel="time (s)", ylabel="position, x axis", title="e  one episode", ylim=(-7, 16))
    ax.legend(fontsize=5.5, ncols=2, loc="upper left")


def _acquired(ax, data: dict[str, np.ndarray], order: np.ndarray) -> None:
    """Acquisition epoch over frequency, and the law ω² through the first one."""
    frequencies, acquired = data["frequencies"][order], data["acquired"][order]
    for colour, frequency, epoch in zip(COLOURS, frequencies, acquired, strict=False):
        ax.plot(frequency, epoch, "o", color=colour, ms=5)
    law = acquired[0] * (frequencies / frequencies[0]) ** 2
    ax.plot(frequencies, law, color="0.6", linewidth=0.8, label=r"$\propto f^2$")
    ax.set(xlabel="frequency (Hz)", ylabel="epoch of acquisition", title="f  low frequencies first")
    ax.legend(fontsize=6)
