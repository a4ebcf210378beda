"""Figure 5: stage 3. Learning on from stabilisation for several control costs: loss, λ_3, gains, the naive descent."""

from collections.abc import Callable
from itertools import cycle

import numpy as np

from numerics import plots
from numerics.descent import descend
from numerics.errors import InputError
from numerics.gains import closed_form, observer_root
from numerics.replay import Settings, rank_one_replay
from numerics.stages.detection import of_run
from numerics.stages.optimum import lqr_gain, optimum
from numerics.stages.refinement import refine

PENALTIES = (0.0, 0.5, 2.0, 5.0)


def compute(seed: int = 1, progress: Callable[[str, int, int], None] | None = None) -> dict[str, np.ndarray]:
    """The numbers of the figure.

    :param seed: seed of the run
    :param progress: called with (what, done, in all)
    :raises InputError: if the run does not stabilise
    """
    replay = rank_one_replay(seed)
    second = of_run(descend(replay)).second
    if second is None:
        raise InputError(
            f"seed must give a run that stabilises within {replay.epochs} epochs; found {seed}; try another"
        )
    data: dict[str, np.ndarray] = {"stabilisation": np.array(second), "penalties": np.array(PENALTIES)}
    gaps = []
    for index, penalty in enumerate(PENALTIES):
        stage = refine(replay, second, penalty)
        theory, simulation, name = stage.theory, stage.simulation, f"{penalty:g}"
        roots = observer_root(theory.overlaps)
        gaps.append(np.abs(theory.overlaps - simulation.overlaps).max())  # type: ignore[union-attr]
        data |= {
            f"loss_{name}": theory.loss,
            f"direct_{name}": simulation.loss,  # type: ignore[union-attr]
            f"naive_{name}": stage.naive_loss,
            f"root_{name}": roots,
            f"gains_{name}": np.array([closed_form(*pair) for pair in zip(theory.overlaps, roots, strict=True)]),
            f"best_{name}": np.array(optimum(Settings(control_penalty=penalty)).loss),
            f"lqr_{name}": lqr_gain(0.5, penalty)[0],
        }
        if progress:
            progress(f"figure 5: stage 3 for {len(PENALTIES)} control costs", index + 1, len(PENALTIES))
    return data | {"difference": np.max(gaps)}


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the result of :func:`compute`
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
