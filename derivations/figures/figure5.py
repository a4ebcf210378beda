"""Figure 5: stage 3. Learning on from stabilisation for the paper's control costs, and the best agent by cost."""

from itertools import cycle

import numpy as np

from numerics import plots

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.refinement.figure`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.4, 4.8))
    for colour, penalty in zip(cycle(COLOURS), data["penalties"], strict=False):
        _stage(axes, data, f"{penalty:g}", colour)
    axes[0, 0].set(xlabel="epoch", ylabel="loss (time average)", yscale="log", title="a  100 neurons; map dashed")
    axes[0, 0].legend(fontsize=6, ncols=2, loc="upper right", handlelength=1.2, columnspacing=0.8)
    axes[0, 1].set(xlabel="epoch", ylabel="loss / optimum - 1", yscale="log", title="b  distance above the optimum")
    axes[0, 2].set(xlabel="epoch", ylabel=r"$\lambda_3$", title="c  third eigenvalue; dotted: best")
    axes[0, 2].axhline((3 - np.sqrt(5)) / 2, color="0.3", linewidth=0.8, linestyle=":")
    axes[1, 0].set(xlabel=r"$k_1$", ylabel=r"$k_2$", title=r"d  gains; stars: LQR")
    axes[1, 1].axhline(1, color="0.6", linewidth=0.8)
    axes[1, 1].set(xlabel="epoch", ylabel="naive loss / exact loss", title="e  descent of the overlaps alone")
    _by_cost(axes[1, 2], data)
    return figure


def _stage(axes, data: dict[str, np.ndarray], name: str, colour: str) -> None:
    """One control cost in the panels a to e.

    Where steps reverse at every epoch lines are means of two neighbouring epochs, over a pale band from one to the other.
    """
    epochs = data["stabilisation"] + np.arange(data[f"loss_{name}"].size)
    axes[0, 0].plot(epochs, data[f"direct_{name}"], color=colour, linewidth=0.9, label=rf"$\beta$ = {name}")
    axes[0, 0].plot(epochs, data[f"loss_{name}"], **{**plots.THEORY, "linewidth": 0.5})
    axes[0, 0].axhline(data[f"best_{name}"], color=colour, linewidth=0.8, linestyle=":")
    for ax, values in (
        (axes[0, 1], data[f"above_{name}"]),
        (axes[0, 2], data[f"root_{name}"]),
        (axes[1, 1], data[f"naive_{name}"] / data[f"loss_{name}"]),
    ):
        ax.fill_between(epochs[1:], values[1:], values[:-1], color=colour, alpha=0.3, linewidth=0)
        ax.plot(epochs[1:], _middle(values), color=colour, linewidth=0.9)
    gains = data[f"gains_{name}"]
    axes[1, 0].plot(*gains.T, color=colour, linewidth=0.3, alpha=0.3)
    axes[1, 0].plot(*_middle(gains).T, color=colour, linewidth=0.9)
    axes[1, 0].plot(*data[f"lqr_{name}"], "*", color=colour, ms=7, mec="black", mew=0.4, zorder=3)


def _middle(values: np.ndarray) -> np.ndarray:
    """Means of neighbouring epochs."""
    return (values[1:] + values[:-1]) / 2


def _by_cost(ax, data: dict[str, np.ndarray]) -> None:
    """Panel f: gains and recurrence of the best agent, shaded where it is unstable alone."""
    costs, recurrence = data["costs"], data["best_recurrence"]
    lines = (*data["best_gains"].T, recurrence)
    for values, label, style in zip(lines, ("$k_1$", "$k_2$", r"$\sigma_{vu}$"), ("-", "--", "-."), strict=True):
        ax.plot(costs, values, color="black", linestyle=style, label=label)
    ax.fill_between(costs, *ax.get_ylim(), where=recurrence < -1, color="0.9", linewidth=0)
    for colour, penalty in zip(cycle(COLOURS), data["penalties"], strict=False):
        if penalty:
            ax.axvline(penalty, color=colour, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", xlabel=r"$\beta$", ylabel="best agent", title="f  best agent; grey: unstable alone")
    ax.legend(loc="lower right", frameon=True, framealpha=1, edgecolor="none", handlelength=2.5)
