"""Figure 4: stage 2. Eigenvalues on the plateau, opposing gradients, the surrogate, episode length, the plateau's end."""

import numpy as np


def _arc(ax, label: str | None = None) -> None:
    angle = np.linspace(-0.1, np.pi / 2, 300)
    ax.plot(np.cos(angle), np.sin(angle), color="0.6", linewidth=0.8, label=label)
    ax.set(xlabel=r"Re $\lambda_1$", ylabel=r"Im $\lambda_1$")


def _paths(ax, data: dict[str, np.ndarray], prefix: str, label: str) -> None:
    _arc(ax)
    names = sorted((n for n in data if n.startswith(prefix)), key=lambda n: float(n.removeprefix(prefix)))
    for name, width in zip(names, np.linspace(2.4, 1.0, len(names)), strict=True):  # no path hides another
        text = f"{label} = {name.removeprefix(prefix)}"
        ax.plot(data[name].real, data[name].imag, linewidth=width, label=text)
    ax.plot(data[names[0]][0].real, data[names[0]][0].imag, "ko", ms=3, label="start")
    ax.legend(fontsize=5.5)
    ax.set(xlim=(0.9, 1.06), ylim=(0.0, 0.5))


def _plateau(ax, data: dict[str, np.ndarray], span: slice) -> None:
    """Panel a: the dominant eigenvalue on the plateau."""
    _arc(ax, r"$|\lambda| = 1$")
    exact, measured = data["eigenvalue"][span], data["measured"][span]
    ax.plot(exact.real, exact.imag, color="0.75", linewidth=0.4, label="exact map")
    ax.plot(measured.real, measured.imag, "o", ms=2, mfc="none", mew=0.5, label="100 neurons")
    ax.set(title="a  plateau of one run", xlim=(0.96, 1.02), ylim=(0.05, 0.24))
    ax.legend()


def _angles(ax, data: dict[str, np.ndarray], span: slice) -> None:
    """Panel b: the angle of the gradients, and where the perturbed roots break."""
    ax.plot(data["cosine"], label="in the overlaps")
    ax.plot(data["learned_cosine"], label="in the weights")
    ax.axvspan(span.start, span.stop, color="0.9", zorder=0, label="stage 2")
    ax.axvline(data["radius_passed"], color="0.4", linewidth=0.8, linestyle=":", label=r"series in $\kappa$ breaks")
    label = r"cos($\nabla L_2$, $\nabla L_\infty$)"
    ax.set(xlabel="epoch", ylabel=label, xlim=(0, 2 * span.stop), title="b  opposing gradients")
    ax.legend(frameon=True, framealpha=1, edgecolor="none")


def _lengths(ax, data: dict[str, np.ndarray]) -> None:
    """Panel f: lengths of the plateaus, measured, by the saddle law with slopes of runs, and predicted before the run."""
    measured, whole = data["plateau_measured"], data["plateau_whole"]
    limits = [5, 1.3 * whole.max()]
    ax.loglog(limits, limits, color="0.6", linewidth=0.8)
    ax.loglog(measured, data["plateau_own"], "o", ms=3, mfc="none", label=r"law, $L_\kappa$ of the run")
    ax.loglog(measured, data["plateau_pooled"], "+", ms=4, label=r"law, mean $L_\kappa$ of the others")
    ax.loglog(whole, data["plateau_predicted"], "x", ms=4, label="predicted from initial $G$")
    ax.set(xlabel="measured plateau (epochs)", ylabel="saddle law (epochs)", title="f  length of the plateau")
    ax.set_ylim(top=6 * whole.max())  # space for the legend above the points
    ax.legend(fontsize=5.5, loc="upper left")


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.plateau.figure`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.0, 4.4))
    first, last = data["stages"].astype(int)
    _plateau(axes[0, 0], data, slice(first, last + 5))
    _angles(axes[0, 1], data, slice(first, last))
    for ax, T, letter in ((axes[0, 2], 10, "c"), (axes[1, 0], 20, "d")):
        _paths(ax, data, f"surrogate_{T}_", r"$\alpha$")
        ax.set_title(f"{letter}  surrogate, T = {T}")
    _paths(axes[1, 1], data, "horizon_", "T")
    axes[1, 1].set_title("e  episode length")
    _lengths(axes[1, 2], data)
    return figure
