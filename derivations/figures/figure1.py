"""Figure 1: the same network trained in closed and in open loop: test loss, spectrum, the spike and its prediction."""

import numpy as np

from derivations.figures.compare_panels import CLOSED, OPENED, Data, loss_curves, radii


def draw(data: Data):
    """The figure from its numbers.

    :param data: the numbers, of :func:`derivations.evidence.comparison.figure`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7.0, 4.6))
    loss_curves(axes[0, 0], data, "full_")
    axes[0, 0].set_title("a  full tanh network, every weight trained")
    radii(axes[0, 1], data, "full_")
    axes[0, 1].set_title("b  its spectrum, linearised at rest")
    loss_curves(axes[1, 0], data)
    axes[1, 0].set_title("c  rank one, 100 neurons, exact map dashed")
    low, high = (f(data["spike_rise_open"]) for f in (np.min, np.max))
    bins = np.logspace(-0.2, np.log10(high) + 0.5, 32)
    for name, colour in (("closed", CLOSED), ("open", OPENED)):
        axes[1, 1].hist(data[f"spike_rise_{name}"], bins=bins, color=colour, label=f"{name} loop")
    axes[1, 1].yaxis.get_major_locator().set_params(integer=True)
    axes[1, 1].set(xscale="log", xlabel="largest rise of the test loss (ratio)", ylabel="networks")
    axes[1, 1].set_title(f"d  {data['spike_rise_open'].size} seeds, rank one; open loop at least {low:.0f}-fold")
    axes[1, 1].legend(fontsize=6)
    return figure
