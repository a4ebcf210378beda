"""Claims about stage 2, the plateau, decided on runs."""

import numpy as np
from scipy.stats import spearmanr

from derivations.check import Check, share, within
from derivations.evidence.plateau import START, dominant
from derivations.evidence.stages import LATER
from derivations.studies.zigzag import Outcome
from numerics.reduced.stages.competition import competition, surrogate_descent, turning_alpha
from numerics.reduced.stages.detection import of_run
from numerics.reduced.stages.ensemble import Ensemble
from numerics.reduced.stages.zigzag import zigzag
from numerics.replay.results import Run


def _held(loss: np.ndarray, window: int = 11) -> bool:
    """Whether the running median of a loss stays within a factor 5 of its start."""
    width = min(window, loss.size)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(loss, width), axis=1) / np.median(loss[:width])
    return bool(np.all((medians > 0.2) & (medians < 5)))


def plateau(ensemble: Ensemble) -> list[Check]:
    """The loss holds along stage 2 and falls when it ends, at stabilisation."""
    runs, later = ensemble, LATER
    found, loss = [(i, *s.ends) for i, s in enumerate(runs.stages) if s.found], runs.descent.loss
    held = sum(_held(loss[a : b + 1, i]) for i, a, b in found)
    fell = sum(bool(np.median(loss[b + later : b + later + 10, i]) < 0.1 * loss[b, i]) for i, a, b in found)
    return [
        share("stage 2: loss within a factor 5 of its start until stabilisation", held, len(found), 0.1),
        share(f"stage 2 ends: loss falls tenfold within {later} epochs of stabilisation", fell, len(found), 0.1),
    ]


def opposing_gradients(ensemble: Ensemble) -> list[Check]:
    """∇L_2 and ∇L_∞ point in nearly opposite directions along stage 2."""
    runs = ensemble
    below, epochs, worst = 0, 0, -1.0
    for i, s in enumerate(runs.stages):
        if s.found:
            cosine = competition(runs.overlaps[s.plateau, i], runs.descent.gram[s.plateau, i], 20).cosine
            below, epochs, worst = (
                below + int(np.sum(cosine < -0.9)),
                epochs + cosine.size,
                float(np.maximum(worst, cosine.max())),
            )
    return [
        Check("stage 2: fraction of epochs with cos(∇L_2, ∇L_∞) < -0.9", 1.0, below / epochs, 1 - below / epochs, 0.02),
        Check(
            "stage 2: largest cosine in any run, at most 0.1 above -0.9",
            -0.9,
            worst,
            float(np.maximum(0.0, worst + 0.9)),
            0.1,
        ),
    ]


def plateau_law(lengths: dict[str, np.ndarray]) -> list[Check]:
    """The plateau lasts as long as the saddle law says, given the slope along it.

    :param lengths: measured, and by the law with the run's own slope and with the mean of the others
    """
    measured = lengths["measured"]
    lines = []
    for name, what, tolerance in (("own", "its own", 0.01), ("pooled", "the others'", 0.2)):
        claim = f"plateau: rank correlation with the saddle law, {what} slope"
        lines.append(_rank(claim, lengths[name], measured, tolerance))
    return [*lines, _ratio("plateau: median of the law's over the measured length", lengths["own"], measured, 0.06)]


def plateau_predicted(lengths: dict[str, np.ndarray]) -> list[Check]:
    """How long the plateau lasts is predicted from the initial Gram matrix: by the saddle law, and by the map without noise.

    :param lengths: measured from the end of stage 1, and predicted
    """
    measured, law, exact = lengths["whole"], lengths["predicted"], lengths["noiseless"]
    close = int(np.sum(np.abs(exact / measured - 1) < 0.1))
    what = "plateau predicted from the initial Gram matrix, saddle law on the 2-cycle"
    noise = "plateau without batch noise, exact map from the initial Gram matrix"
    return [
        _rank(f"{what}: rank correlation", law, measured, 0.05),
        _ratio(f"{what}: median of predicted over measured length", law, measured, 0.15),
        _rank(f"{noise}: rank correlation", exact, measured, 0.02),
        _ratio(f"{noise}: median of its length over that with noise", exact, measured, 0.02),
        share(f"{noise}: length within a tenth of that with noise", close, measured.size, 0.1),
    ]


def _rank(claim: str, law: np.ndarray, measured: np.ndarray, tolerance: float) -> Check:
    rank = float(spearmanr(measured, law).statistic)
    return Check(claim, 1.0, rank, 1 - rank, tolerance)


def _ratio(claim: str, law: np.ndarray, measured: np.ndarray, tolerance: float) -> Check:
    ratio = float(np.median(law / measured))
    return Check(claim, 1.0, ratio, abs(ratio - 1), tolerance)


def episode_length(horizon_paths: dict[int, np.ndarray]) -> list[Check]:
    """From the same network, short episodes move λ_1 up the imaginary axis and long ones down.

    :param horizon_paths: dominant eigenvalue over epochs, by episode length
    """
    moves = {T: float(path[20].imag - path[0].imag) for T, path in horizon_paths.items()}
    up, down = min(moves[5], moves[10]), max(moves[100], moves[200])
    return [
        Check("T = 5, 10: Im λ_1 rises over 20 epochs (smaller rise, above 0)", 0.0, up, 0.0 if up > 0 else 1.0, 0),
        Check(
            "T = 100, 200: Im λ_1 falls over 20 epochs (smaller fall, below 0)", 0.0, down, 0.0 if down < 0 else 1.0, 0
        ),
    ]


def adam(optimizers: dict[str, list[Run]]) -> list[Check]:
    """Adam mitigates the zigzag: reversals of direction along stage 2.

    :param optimizers: runs trained with SGD and with Adam
    """
    reversals = {
        name: [zigzag(run.overlaps[of_run(run).plateau]).reversals for run in runs] for name, runs in optimizers.items()
    }
    plain, adaptive = (float(np.mean(reversals[name])) for name in ("sgd", "adam"))
    claim = "zigzag: fraction of reversed steps in stage 2, Adam against SGD"
    return [Check(claim, plain, adaptive, adaptive / plain, 0.5)]


def zigzag_causes(zigzag_variants: dict[str, Outcome]) -> list[Check]:
    """The zigzag is an effect of the finite step: it stays without batch noise and goes with the learning rate.

    :param zigzag_variants: one plateau, repeated with one ingredient changed at a time
    """
    outcomes, base = zigzag_variants, zigzag_variants["protocol"]
    lines = []
    for name, low, high in (
        ("no batch noise", 0.9, 1.0),
        ("learning rate / 10", 0.0, 0.3),
        ("learning rate / 100", 0.0, 0.05),
        ("T = 20", 0.3, 1.0),
        ("T = 200", 0.6, 1.0),
    ):
        found = outcomes[name].zigzag.reversals  # type: ignore[union-attr]
        lines.append(within(f"zigzag, {name}: reversed steps", base.zigzag.reversals, found, low, high))  # type: ignore[union-attr]
    finite = outcomes["no clipping"].finite
    lines.append(
        Check(
            "no clipping from the plateau: epochs until divergence, fewer than 50 of",
            400,
            finite,
            float(finite >= 50),
            0,
        )
    )
    slow = (outcomes["learning rate / 10"].stabilisation or np.inf) / 10
    claim = "the zigzag lengthens the plateau: epochs × η/0.01, protocol against η/10"
    length = float(base.stabilisation or np.nan)
    return [*lines, Check(claim, length, slow, slow / length, 0.5)]


def turning_points() -> list[Check]:
    """The α at which the surrogate's path turns: there Im λ_1 stays to first order, on either side it moves apart."""
    start, lines = np.array(START), []
    for horizon in (10, 20):
        alpha = turning_alpha(start, horizon)
        moves = [np.diff(dominant(surrogate_descent(start, horizon, a, 1, 1e-6)).imag)[0] for a in (0, alpha, 1)]
        claim = f"surrogate, T = {horizon}: at α = {alpha:.4f} Im λ_1 stays (share of its move at α = 0)"
        ordered = moves[0] > 0 > moves[2]
        lines.append(Check(claim, 0.0, moves[1] / moves[0], abs(moves[1] / moves[0]) if ordered else np.inf, 1e-3))
    return lines


CLAIMS = (
    plateau,
    opposing_gradients,
    plateau_law,
    plateau_predicted,
    episode_length,
    zigzag_causes,
    adam,
    turning_points,
)
