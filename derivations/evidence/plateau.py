"""Stage 2: the plateau of one run, paths under surrogate and episode length, the lengths of many plateaus, the zigzag."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from derivations.evidence.stages import RUNS
from derivations.progress import Progress, named
from derivations.studies.zigzag import Outcome, study
from numerics.descent import descend, descend_gram
from numerics.experiment.observe import by_modulus
from numerics.experiment.train import train
from numerics.population import FACTOR
from numerics.replay import Replay, Settings, rank_one_replay
from numerics.spectra import reduced_eigenvalues
from numerics.stages.competition import competition, surrogate_descent, turning_alpha
from numerics.stages.convergence import passing
from numerics.stages.detection import of_run
from numerics.stages.ensemble import LOOP, SPACE, Ensemble, ensemble
from numerics.stages.saddle import plateau
from numerics.weights import at_overlaps

START = (-0.05, 0.05, 0.05, 0.0)
"""Where the surrogate's paths begin: on the plateau, κ still small."""
ALPHAS: dict[int, tuple[float, ...]] = {10: (0.0, 0.48, 0.52, 0.55, 1.0), 20: (0.0, 0.2, 0.3, 0.35, 0.4, 1.0)}
HORIZONS = (5, 10, 20, 50, 100, 200)


def dominant(overlaps: ArrayLike) -> np.ndarray:
    """The dominant eigenvalue in the upper half plane along a path of overlaps.

    :param overlaps: (epochs, 4)
    """
    first = by_modulus(reduced_eigenvalues(LOOP, overlaps))[:, 0]
    return first.real + 1j * np.abs(first.imag)


def surrogate_paths(horizon: int, alphas: Sequence[float]) -> dict[str, np.ndarray]:
    """Dominant eigenvalue under descent of the surrogate, one path an α.

    :param horizon: T of the long-term loss
    :param alphas: weights of the long-term loss
    """
    paths = {a: surrogate_descent(np.array(START), horizon, a, 300) for a in alphas}
    return {f"surrogate_{horizon}_{a:g}": dominant(path) for a, path in paths.items()}


def horizon_paths(seed: int = 1, horizons: Sequence[int] = HORIZONS) -> dict[int, np.ndarray]:
    """Dominant eigenvalue from one network on the plateau, seed 1, trained on the population loss with six episode lengths.

    :param seed: draws the network
    :param horizons: the episode lengths
    """
    gram = at_overlaps(np.random.default_rng(seed), START).gram
    factors = np.repeat(FACTOR[None], 100, axis=0)
    settings = {T: Settings(horizon=T, learning_rate=0.002) for T in horizons}
    runs = {T: descend_gram(LOOP, SPACE, gram, factors, options, backend="python") for T, options in settings.items()}
    return {T: dominant(run.overlaps(SPACE)) for T, run in runs.items()}


def lengths(ensemble: Ensemble) -> dict[str, np.ndarray]:
    """Measured and predicted lengths of the plateaus of these runs, longer than five epochs.

    :param ensemble: exact runs
    """
    runs = ensemble
    plateaus = [
        plateau(runs.overlaps[:, i], runs.descent.gram[:, i], runs.descent.gradient_norm[:, i], *s.ends, runs.settings)
        for i, s in enumerate(runs.stages)
        if s.found and s.ends[1] > s.ends[0] + 5
    ]
    slopes = np.array([p.slope for p in plateaus])
    others = [np.delete(slopes, i).mean() for i in range(slopes.size)]
    return {
        "measured": np.array([p.length for p in plateaus], dtype=float),
        "own": np.array([p.predicted() for p in plateaus]),
        "pooled": np.array([p.predicted(o) for p, o in zip(plateaus, others, strict=True)]),
    }


def zigzag_variants(seed: int = 1) -> dict[str, Outcome]:
    """The plateau of one run, seed 1, repeated with one ingredient changed at a time.

    :param seed: seed of the run
    """
    return study(seed)


def figure(
    seed: int = 1,
    progress: Progress | None = None,
    replay: Replay | None = None,
    alphas: Mapping[int, Sequence[float]] = ALPHAS,
    horizons: Sequence[int] = HORIZONS,
    runs: int = RUNS,
) -> dict[str, np.ndarray]:
    """The numbers of figure 4.

    :param seed: seed of the run that is shown
    :param progress: called with (what, done, in all)
    :param replay: the run that is shown; by default 400 epochs of the protocol
    :param alphas: weights of the long-term loss by its T
    :param horizons: the episode lengths
    :param runs: number of runs whose plateaus are measured
    """
    shown = replay or rank_one_replay(seed, epochs=400)
    report = named(progress, "figure 4: training")
    simulation, theory = train(shown, progress=report), descend(shown)
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
        **{name: path for T, some in alphas.items() for name, path in surrogate_paths(T, some).items()},
        **{f"horizon_{T}": path for T, path in horizon_paths(seed, horizons).items()},
        **{f"plateau_{name}": values for name, values in lengths(ensemble(range(runs))).items()},
        "difference": np.abs(theory.overlaps - simulation.overlaps).max(),
    }
