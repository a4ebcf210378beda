"""Figure 3: stage 1. The loss on the σ_zm axis, its minimiser, and learning from ten initial values."""

from collections.abc import Callable

import numpy as np

from numerics import plots
from numerics.descent import descend
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.simulate import rollout
from numerics.experiment.train import train
from numerics.plants import double_integrator
from numerics.replay import Replay, Settings
from numerics.stages.axis import exact_loss, geometric, minimiser, valley_law
from numerics.stages.detection import AXIS_GROWTH
from numerics.weights import at_overlaps

HORIZON, EPOCHS = 50, 60
STARTS = np.linspace(-0.2, 0.2, 10)
HORIZONS = (10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000)


def simulated_axis_loss(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The loss of networks of 100 neurons at σ_zm with the other overlaps zero, from Σ_0 = I.

    :param points: values of σ_zm
    :param rng: draws the networks
    """
    start = np.sqrt(2) * np.eye(2)
    episodes = [rollout(double_integrator(), at_overlaps(rng, (p, 0, 0, 0)), start, HORIZON) for p in points]
    return np.array([np.mean(np.sum(e.x**2, axis=2)) for e in episodes])


def compute(seed: int = 0, progress: Callable[[str, int, int], None] | None = None) -> dict[str, np.ndarray]:
    """The numbers of the figure.

    :param seed: draws networks and initial states
    :param progress: called with (what, done, in all)
    """
    rng = np.random.default_rng(seed)
    axis = np.linspace(-0.2, 0.1, 301)
    axis = axis[np.abs(axis) > 1e-9]
    points = np.concatenate([np.linspace(-0.2, -0.01, 12), np.linspace(0.01, 0.1, 6)])
    paths, direct = [], []
    for index, start in enumerate(STARTS):
        weights = at_overlaps(rng, (start, 0, 0, 0))
        replay = Replay(weights, rng.uniform(-2, 2, (EPOCHS, 100, 2)), Settings(horizon=HORIZON), seed=seed)
        paths.append(descend(replay).overlaps)
        direct.append(train(replay, {"overlaps": OBSERVERS["overlaps"]}).overlaps)
        if progress:
            progress("figure 3: learning from ten initial values", index + 1, len(STARTS))
    return {
        "axis": axis,
        "exact": exact_loss(axis, HORIZON),
        "geometric": geometric(axis, HORIZON),
        "points": points,
        "simulated": simulated_axis_loss(points, rng),
        "horizons": np.array(HORIZONS),
        "minimisers": np.array([minimiser(T) for T in HORIZONS]),
        "law": np.array([valley_law(T) for T in HORIZONS]),
        "paths": np.array(paths)[:, :, 0],
        "direct": np.array(direct)[:, :, 0],
        "difference": np.abs(np.array(paths) - np.array(direct)).max(),
    }


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the result of :func:`compute`
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
