"""Stage 2: the plateau of one run, paths under surrogate and episode length, the lengths of many plateaus, the zigzag."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from derivations.evidence.stages import RUNS
from derivations.progress import Progress, named
from derivations.studies.zigzag import Outcome, study
from numerics.common.spectrum import by_modulus
from numerics.common.weights import at_overlaps
from numerics.experiment.train import train
from numerics.reduced.descent import descend, descend_gram
from numerics.reduced.flow import unpack
from numerics.reduced.population import FACTOR
from numerics.reduced.spectra import reduced_eigenvalues
from numerics.reduced.stages.competition import competition, surrogate_descent, turning_alpha
from numerics.reduced.stages.convergence import passing
from numerics.reduced.stages.detection import detect, of_run
from numerics.reduced.stages.ensemble import LOOP, SPACE, Ensemble, ensemble
from numerics.reduced.stages.leaving import leaving
from numerics.reduced.stages.saddle import plateau
from numerics.replay.closed_loop import Replay, rank_one_replay
from numerics.replay.settings import Settings

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
    """Lengths of the plateaus of these runs, longer than five epochs: measured, by the saddle law, and predicted.

    ``measured`` counts from five epochs after stage 1, where the law's ``start`` is read; ``own`` is the law with the run's
    start and slope, ``pooled`` with the mean slope of the others. ``whole`` counts from the end of stage 1; ``predicted``
    and ``noiseless`` are what the saddle law and the exact map of the population loss make of the initial Gram matrix.
    """
    runs = ensemble
    kept = [i for i, s in enumerate(runs.stages) if s.found and s.ends[1] > s.ends[0] + 5]
    overlaps, gram, norms = runs.overlaps, runs.descent.gram, runs.descent.gradient_norm
    plateaus = [plateau(overlaps[:, i], gram[:, i], norms[:, i], *runs.stages[i].ends, runs.settings) for i in kept]
    slopes = np.array([p.slope for p in plateaus])
    others = [np.delete(slopes, i).mean() for i in range(slopes.size)]
    grams = unpack(runs.descent.gram[0, kept], SPACE.size)
    return {
        "measured": np.array([p.length for p in plateaus], dtype=float),
        "own": np.array([p.epochs() for p in plateaus]),
        "pooled": np.array([p.epochs(o) for p, o in zip(plateaus, others, strict=True)]),
        "whole": np.array([runs.stages[i].ends[1] - runs.stages[i].ends[0] for i in kept], dtype=float),
        "predicted": np.array([leaving(gram, runs.settings).epochs() for gram in grams]),
        "noiseless": noiseless(grams, runs.settings, len(runs.overlaps)),
    }


def noiseless(grams: np.ndarray, settings: Settings, epochs: int) -> np.ndarray:
    """Lengths of the plateaus under the population loss, by the exact map; infinite where none ends.

    :param grams: initial Gram matrices, (runs, 4, 4)
    :param settings: the protocol
    """
    factors = np.repeat(FACTOR[None], epochs, axis=0)
    overlaps = descend_gram(LOOP, SPACE, grams, factors, settings).overlaps(SPACE)
    eigenvalues = by_modulus(reduced_eigenvalues(LOOP, overlaps))
    found = [detect(eigenvalues[:, i], settings.horizon) for i in range(len(grams))]
    return np.array([s.ends[1] - s.ends[0] if s.found else np.inf for s in found])


def zigzag_variants(seed: int = 1) -> dict[str, Outcome]:
    """The plateau of one run, seed 1, repeated with one ingredient changed at a time."""
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
