"""Claims about stage 2, the plateau, decided on runs."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import spearmanr

from derivations.check import Check, share, within
from derivations.checks.evidence import Pair
from derivations.figures import figure4
from derivations.studies import stage_runs
from derivations.studies import zigzag as zigzag_study
from numerics.experiment.observe import OBSERVERS
from numerics.experiment.train import train
from numerics.replay import rank_one_replay
from numerics.stages.competition import competition, surrogate_descent, turning_alpha
from numerics.stages.detection import of_run
from numerics.stages.zigzag import zigzag


def _held(loss: np.ndarray, window: int = 11) -> bool:
    """Whether the running median of a loss stays within a factor 5 of its start."""
    width = min(window, loss.size)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(loss, width), axis=1) / np.median(loss[:width])
    return bool(np.all((medians > 0.2) & (medians < 5)))


def plateau(pairs: Sequence[Pair]) -> list[Check]:
    """The loss holds along stage 2 and falls when it ends, at stabilisation.

    :param pairs: the runs
    """
    runs, later = stage_runs.runs(), stage_runs.LATER
    found, loss = [(i, *s.ends) for i, s in enumerate(runs.stages) if s.found], runs.descent.loss
    held = sum(_held(loss[a : b + 1, i]) for i, a, b in found)
    fell = sum(bool(np.median(loss[b + later : b + later + 10, i]) < 0.1 * loss[b, i]) for i, a, b in found)
    return [
        share("stage 2: loss within a factor 5 of its start until stabilisation", held, len(found), 0.1),
        share(f"stage 2 ends: loss falls tenfold within {later} epochs of stabilisation", fell, len(found), 0.1),
    ]


def opposing_gradients(pairs: Sequence[Pair]) -> list[Check]:
    """∇L_2 and ∇L_∞ point in nearly opposite directions along stage 2.

    :param pairs: the runs
    """
    runs = stage_runs.runs()
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


def plateau_law(pairs: Sequence[Pair]) -> list[Check]:
    """The saddle law predicts how long the plateau lasts.

    :param pairs: the runs
    """
    data = figure4.plateau_lengths()
    measured = data["plateau_measured"]
    lines = []
    for name, what, tolerance in (("own", "its own", 0.01), ("pooled", "the others'", 0.2)):
        rank = float(spearmanr(measured, data[f"plateau_{name}"]).statistic)
        lines.append(
            Check(f"plateau: rank correlation with the saddle law, {what} slope", 1.0, rank, 1 - rank, tolerance)
        )
    ratio = float(np.median(data["plateau_own"] / measured))
    return [*lines, Check("plateau: median predicted/measured length", 1.0, ratio, abs(ratio - 1), 0.06)]


def episode_length(pairs: Sequence[Pair]) -> list[Check]:
    """From the same network, short episodes move λ_1 up the imaginary axis and long ones down.

    :param pairs: the runs
    """
    paths = figure4.horizon_paths(1)
    moves = {T: float(paths[f"horizon_{T}"][20].imag - paths[f"horizon_{T}"][0].imag) for T in figure4.HORIZONS}
    up, down = min(moves[5], moves[10]), max(moves[100], moves[200])
    return [
        Check("T = 5, 10: Im λ_1 rises over 20 epochs (smaller rise, above 0)", 0.0, up, 0.0 if up > 0 else 1.0, 0),
        Check(
            "T = 100, 200: Im λ_1 falls over 20 epochs (smaller fall, below 0)", 0.0, down, 0.0 if down < 0 else 1.0, 0
        ),
    ]


def adam(pairs: Sequence[Pair]) -> list[Check]:
    """Adam mitigates the zigzag: reversals of direction along stage 2.

    :param pairs: the runs
    """
    reversals: dict[str, list[float]] = {"sgd": [], "adam": []}
    for seed in range(3):
        for name, rate in (("sgd", 0.01), ("adam", 0.001)):
            run = train(
                rank_one_replay(seed, epochs=250, optimizer=name, learning_rate=rate),
                {key: OBSERVERS[key] for key in ("overlaps", "eigenvalues")},
            )
            reversals[name].append(zigzag(run.overlaps[of_run(run).plateau]).reversals)
    plain, adaptive = (float(np.mean(reversals[name])) for name in ("sgd", "adam"))
    claim = "zigzag: fraction of reversed steps in stage 2, Adam against SGD"
    return [Check(claim, plain, adaptive, adaptive / plain, 0.5)]


def zigzag_causes(pairs: Sequence[Pair]) -> list[Check]:
    """The zigzag is an effect of the finite step: it stays without batch noise and goes with the learning rate.

    :param pairs: the runs
    """
    outcomes = zigzag_study.study(1)
    base = outcomes["protocol"]
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


def turning_points(pairs: Sequence[Pair]) -> list[Check]:
    """The α at which the surrogate's path turns: there Im λ_1 stays to first order, on either side it moves apart.

    :param pairs: the runs
    """
    start, lines = np.array(figure4.START), []
    for horizon in (10, 20):
        alpha = turning_alpha(start, horizon)
        moves = [
            np.diff(figure4.dominant(surrogate_descent(start, horizon, a, 1, 1e-6)).imag)[0] for a in (0, alpha, 1)
        ]
        claim = f"surrogate, T = {horizon}: at α = {alpha:.4f} Im λ_1 stays (share of its move at α = 0)"
        ordered = moves[0] > 0 > moves[2]
        lines.append(Check(claim, 0.0, moves[1] / moves[0], abs(moves[1] / moves[0]) if ordered else np.inf, 1e-3))
    return lines


CLAIMS: tuple[Callable[[Sequence[Pair]], list[Check]], ...] = (
    plateau,
    opposing_gradients,
    plateau_law,
    episode_length,
    zigzag_causes,
    adam,
    turning_points,
)
