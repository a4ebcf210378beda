"""Figure 2: both ways of training in the plane of effective gains, and the spike from theory."""

from derivations.figures.compare_panels import Data, gain_paths
from numerics.replay.settings import Settings

PLANE = ((-0.1, 1.3), (-0.1, 2.0))
ZOOM = ((-0.02, 0.14), (-0.05, 0.25))


def draw(data: Data):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.comparison.plane`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.8))
    gain_paths(axes[0, 0], data, Settings(), PLANE, "full_")
    axes[0, 0].set_title("a  full tanh network")
    gain_paths(axes[0, 1], data, Settings(), PLANE)
    axes[0, 1].set_title("b  rank one, closed form dashed")
    gain_paths(axes[0, 2], data, Settings(), ZOOM)
    axes[0, 2].set_title("c  zoom on stage 2")
    for ax, name, scale in ((axes[1, 0], "height", "log"), (axes[1, 1], "epoch", "linear")):
        measured, predicted = data[f"spike_{name}"], data[f"spike_{name}_predicted"]
        ends = [min(measured.min(), predicted.min()) * 0.8, max(measured.max(), predicted.max()) * 1.2]
        ax.plot(ends, ends, color="0.6", linewidth=0.8)
        ax.plot(predicted, measured, "o", ms=3)
        ax.set(xscale=scale, yscale=scale, xlabel=f"predicted {name} of the spike", ylabel=f"{name}, run of the seed")
    axes[1, 0].set_title(f"d  spike, {data['spike_epoch'].size} seeds")
    axes[1, 1].set_title("e  its epoch")
    for penalty, heights in zip(data["penalties"], data["map"][..., 1], strict=True):
        axes[1, 2].semilogx(data["memories"], heights, "o-", ms=2.5, label=rf"$\beta$ = {penalty:g}")
    axes[1, 2].set(xlabel="initial amplitude p of the memory", ylabel=r"$\log_{10}$ height of the spike")
    axes[1, 2].set_title("f  optima of cost β as teachers")
    axes[1, 2].legend(fontsize=6)
    return figure
