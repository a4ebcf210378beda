"""Figure 4: stage 2. Eigenvalues on the plateau, opposing gradients, the surrogate, episode length, the plateau's end."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from derivations.progress import named
from derivations.studies import stage_runs
from numerics.descent import descend, descend_gram
from numerics.experiment.observe import by_modulus
from numerics.experiment.train import train
from numerics.population import FACTOR
from numerics.replay import Settings, rank_one_replay
from numerics.spectra import reduced_eigenvalues
from numerics.stages.competition import competition, surrogate_descent, turning_alpha
from numerics.stages.convergence import passing
from numerics.stages.detection import of_run
from numerics.stages.ensemble import LOOP, SPACE
from numerics.stages.saddle import plateau
from numerics.weights import at_overlaps

START = (-0.05, 0.05, 0.05, 0.0)
"""Where the surrogate's paths begin: on the plateau, κ still small."""
ALPHAS = {10: (0.0, 0.48, 0.52, 0.55, 1.0), 20: (0.0, 0.2, 0.3, 0.35, 0.4, 1.0)}
HORIZONS = (5, 10, 20, 50, 100, 200)


def dominant(overlaps: ArrayLike) -> np.ndarray:
    """The dominant eigenvalue in the upper half plane along a path of overlaps.

    :param overlaps: (epochs, 4)
    """
    first = by_modulus(reduced_eigenvalues(LOOP, overlaps))[:, 0]
    return first.real + 1j * np.abs(first.imag)


def surrogate_paths(horizon: int) -> dict[str, np.ndarray]:
    """Dominant eigenvalue under descent of the surrogate, one path an α.

    :param horizon: T of the long-term loss
    """
    paths = {a: surrogate_descent(np.array(START), horizon, a, 300) for a in ALPHAS[horizon]}
    return {f"surrogate_{horizon}_{a:g}": dominant(path) for a, path in paths.items()}


def horizon_paths(seed: int) -> dict[str, np.ndarray]:
    """Dominant eigenvalue from the same network, trained on the population loss of different episode lengths.

    :param seed: draws the network
    """
    gram = at_overlaps(np.random.default_rng(seed), START).gram
    factors = np.repeat(FACTOR[None], 100, axis=0)
    settings = {T: Settings(horizon=T, learning_rate=0.002) for T in HORIZONS}
    runs = {T: descend_gram(LOOP, SPACE, gram, factors, options, backend="python") for T, options in settings.items()}
    return {f"horizon_{T}": dominant(run.overlaps(SPACE)) for T, run in runs.items()}


def plateau_lengths() -> dict[str, np.ndarray]:
    """Measured and predicted lengths of the plateau over seeds, with the mean clipped slope of all runs."""
    runs = stage_runs.runs()
    plateaus = [
        plateau(
            runs.overlaps[:, i],
            runs.descent.gram[:, i],
            runs.descent.gradient_norm[:, i],
            *s.ends,
            runs.settings,
        )
        for i, s in enumerate(runs.stages)
        if s.found and s.ends[1] > s.ends[0] + 5
    ]
    slopes = np.array([p.slope for p in plateaus])
    others = [np.delete(slopes, i).mean() for i in range(slopes.size)]
    return {
        "plateau_measured": np.array([p.length for p in plateaus], dtype=float),
        "plateau_own": np.array([p.predicted() for p in plateaus]),
        "plateau_pooled": np.array([p.predicted(o) for p, o in zip(plateaus, others, strict=True)]),
    }


def compute(seed: int = 1, progress: Callable[[str, int, int], None] | None = None) -> dict[str, np.ndarray]:
    """The numbers of the figure.

    :param seed: seed of the run that is shown
    :param progress: called with (what, done, in all)
    """
    replay = rank_one_replay(seed, epochs=400)
    report = named(progress, "figure 4: training")
    simulation, theory = train(replay, progress=report), descend(replay)
    span = of_run(theory).plateau
    angles = competition(theory.overlaps, theory.history["gram"], 20)
    first = simulation.history["eigenvalues"][:, 0]
    return {
        "eigenvalue": dominant(theory.overlaps),
        "measured": first.real + 1j * np.abs(first.imag),
        "stages": np.array([span.start, span.stop or 0]),
        "radius_passed": np.array((span.stop or 0) + passing(theory.overlaps[span.stop or 0 :])),
        "cosine": angles.cosine,
        "learned_cosine": angles.learned_cosine,
        "turning": np.array([[T, turning_alpha(np.array(START), T)] for T in range(3, 101)]),
        **surrogate_paths(10),
        **surrogate_paths(20),
        **horizon_paths(seed),
        **plateau_lengths(),
        "difference": np.abs(theory.overlaps - simulation.overlaps).max(),
    }


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


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the result of :func:`compute`
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
    ax = axes[1, 2]
    limits = [5, 1.3 * data["plateau_measured"].max()]
    ax.loglog(limits, limits, color="0.6", linewidth=0.8)
    ax.loglog(data["plateau_measured"], data["plateau_own"], "o", ms=3, mfc="none", label=r"$L_\kappa$ of the run")
    ax.loglog(data["plateau_measured"], data["plateau_pooled"], "+", ms=4, label=r"mean $L_\kappa$ of the others")
    ax.set(xlabel="measured plateau (epochs)", ylabel="predicted (epochs)", title="f  length of the plateau")
    ax.legend()
    return figure
