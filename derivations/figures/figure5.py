"""Figure 5: stage 3. Learning on from stabilisation for several control costs: loss, λ_3, gains, the naive descent."""

from itertools import cycle

import numpy as np

from numerics import plots


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.refinement.figure`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7.0, 4.4))
    colours = cycle(["#0072B2", "#D55E00", "#009E73", "#CC79A7"])
    for colour, penalty in zip(colours, data["penalties"], strict=False):
        name = f"{penalty:g}"
        epochs = data["stabilisation"] + np.arange(data[f"loss_{name}"].size)
        axes[0, 0].semilogy(epochs, data[f"direct_{name}"], color=colour, label=rf"$\beta$ = {name}")
        axes[0, 0].semilogy(epochs, data[f"loss_{name}"], **plots.THEORY)
        axes[0, 0].axhline(data[f"best_{name}"], color=colour, linewidth=0.6, linestyle=":")
        axes[0, 1].plot(epochs, data[f"root_{name}"], color=colour)
        axes[1, 0].plot(*data[f"gains_{name}"].T, color=colour)
        axes[1, 0].plot(*data[f"lqr_{name}"], "*", color=colour, ms=7)
        axes[1, 1].plot(epochs, data[f"naive_{name}"] / data[f"loss_{name}"], color=colour, linewidth=0.9)
    axes[0, 0].set(
        xlabel="epoch", ylabel="loss (time average)", title="a  100 neurons, exact map dashed, optimum dotted"
    )
    axes[0, 0].legend()
    axes[0, 1].set(xlabel="epoch", ylabel=r"$\lambda_3$", title="b  the third eigenvalue")
    axes[1, 0].set(xlabel=r"$k_1$", ylabel=r"$k_2$", title=r"c  gains of the slow plane; stars: full-state LQR")
    axes[1, 1].axhline(1, color="0.6", linewidth=0.8)
    axes[1, 1].set(xlabel="epoch", ylabel="naive loss / exact loss", title="d  naive: descent of the overlaps alone")
    return figure
