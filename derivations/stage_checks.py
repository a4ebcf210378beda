"""The paper's claims about the three stages, decided on runs."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from scipy.stats import spearmanr

from derivations import figure3, figure4, figure5, zigzag_study
from derivations.check import Check
from derivations.evidence import Pair, timed
from numerics.axis import minimiser, valley_law
from numerics.competition import competition, surrogate_descent, turning_alpha
from numerics.ensemble import Ensemble, ensemble
from numerics.gains import closed_form
from numerics.observe import OBSERVERS, leading_eigenvalues
from numerics.optimum import gap, lqr_gain, optimum
from numerics.perturbation import ORDERS, errors
from numerics.plants import double_integrator
from numerics.refinement import refine
from numerics.replay import Settings, rank_one_replay
from numerics.stages import of_run
from numerics.train import train
from numerics.weights import at_overlaps
from numerics.zigzag import zigzag
from theory.optimum import at, infinite_horizon_loss
from theory.optimum import optimum as exact_optimum

RUNS = 50
LATER = 100
"""Epochs after stabilisation at which the third stage is looked at."""


def share(claim: str, found: int, total: int, missing_allowed: float = 0.0) -> Check:
    """A claim that should hold for every run: expected and found fraction.

    :param claim: what is claimed
    :param found: number of runs in which it holds
    :param total: number of runs
    :param missing_allowed: fraction in which it may fail
    """
    return Check(f"{claim}: {found} of {total} runs", 1.0, found / total, 1 - found / total, missing_allowed)


@cache
def _runs() -> Ensemble:
    return ensemble(range(RUNS))


def stage_one(pairs: Sequence[Pair]) -> list[Check]:
    """The quadratic of stage 1, where σ_zm is driven, and the minimum on the axis.

    :param pairs: the runs
    """
    rng, plant = np.random.default_rng(5), double_integrator()
    gaps = []
    for sigma in (-0.2, -0.05, 0.05, 0.2):
        root = np.sqrt(complex(sigma))
        measured = leading_eigenvalues(plant, at_overlaps(rng, (sigma, 0, 0, 0)))[:2]
        gaps.append(np.abs(np.poly(measured) - np.poly([1 + root, 1 - root])).max())
    data, seconds = timed(figure3.compute)
    driven = int(np.sum((data["paths"][:, -1] < 0) & (data["paths"][:, -1] > -0.1)))
    low, high = minimiser(10**6), valley_law(10**6)
    return [
        Check("stage 1: λ = 1 ± √σ_zm on the axis (coefficients)", 1.0, 1.0, float(np.max(gaps)), 1e-10),
        share("stage 1: σ_zm from ±0.2 is driven into (-0.1, 0)", driven, data["paths"].shape[0]),
        Check("stage 1: exact map = direct training on these runs", 0, 0, float(data["difference"]), 1e-8, seconds),
        Check("stage 1: T σ* of the deepest valley, T = 10⁶, law against exact sum", high, low, abs(low - high), 1e-5),
    ]


def _held(loss: np.ndarray, window: int = 11) -> bool:
    """Whether the running median of a loss stays within a factor 5 of its start."""
    width = min(window, loss.size)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(loss, width), axis=1) / np.median(loss[:width])
    return bool(np.all((medians > 0.2) & (medians < 5)))


def stage_ends(pairs: Sequence[Pair]) -> list[Check]:
    """Stages are found, stage 1 ends in an oscillatory instability, stage 2 at stabilisation.

    :param pairs: the runs
    """
    runs = _runs()
    found = [(i, *s.ends) for i, s in enumerate(runs.stages) if s.found]
    dominant, loss = runs.eigenvalues[:, :, 0], runs.descent.loss
    oscillating = sum(bool(abs(dominant[a, i].imag) > 1e-9 and abs(dominant[a, i]) > 1) for i, a, b in found)
    held = sum(_held(loss[a : b + 1, i]) for i, a, b in found)
    fell = sum(bool(np.median(loss[b + LATER : b + LATER + 10, i]) < 0.1 * loss[b, i]) for i, a, b in found)
    return [
        share("both ends of stages found from the spectrum", len(found), RUNS),
        share("stage 1 ends in an oscillatory instability", oscillating, len(found)),
        share("stage 2: loss within a factor 5 of its start until stabilisation", held, len(found), 0.1),
        share(f"stage 2 ends: loss falls tenfold within {LATER} epochs of stabilisation", fell, len(found), 0.1),
    ]


def opposing_gradients(pairs: Sequence[Pair]) -> list[Check]:
    """∇L_2 and ∇L_∞ point in nearly opposite directions along stage 2.

    :param pairs: the runs
    """
    runs = _runs()
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
        Check("stage 2: largest cosine in any run", -0.9, worst, float(np.maximum(0.0, worst + 0.9)), 0.1),
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
        Check("T = 5, 10: Im λ_1 rises over 20 epochs (smaller rise)", 0.0, up, 0.0 if up > 0 else 1.0, 0),
        Check("T = 100, 200: Im λ_1 falls over 20 epochs (smaller fall)", 0.0, down, 0.0 if down < 0 else 1.0, 0),
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
        found, claim = outcomes[name].zigzag.reversals, f"zigzag, {name}: reversed steps within [{low:g}, {high:g}]"  # type: ignore[union-attr]
        outside = max(low - found, found - high, 0.0)
        lines.append(Check(claim, base.zigzag.reversals, found, outside, 0.0))  # type: ignore[union-attr]
    finite = outcomes["no clipping"].finite
    lines.append(Check("no clipping from the plateau: epochs until divergence", 400, finite, float(finite >= 50), 0))
    slow = (outcomes["learning rate / 10"].stabilisation or np.inf) / 10
    claim = "the zigzag lengthens the plateau: epochs × η/0.01, protocol against η/10"
    length = float(base.stabilisation or np.nan)
    return [*lines, Check(claim, length, slow, slow / length, 0.5)]


def perturbation(pairs: Sequence[Pair]) -> list[Check]:
    """Every order in κ improves λ_3, λ_1 and |λ_1|² on the plateau; checked where κ is small.

    :param pairs: the runs
    """
    runs, lines = _runs(), []
    for name, column in (("λ_3", 0), ("λ_1", 1), ("|λ_1|²", 2)):
        worst = np.zeros(len(ORDERS))
        for i, s in enumerate(runs.stages):
            first, second = s.ends
            span = slice(first, (first + second) // 2 + 1)
            gaps = errors(runs.overlaps[span, i])
            worst = np.maximum(worst, [np.median(gaps[order][:, column]) for order in ORDERS])
        ratio = float((worst[1:] / worst[:-1]).max())
        lines.append(
            Check(
                f"perturbed {name}, orders 0 to 3, first half of stage 2: error ratio per order",
                worst[0],
                worst[-1],
                ratio,
                0.9,
            )
        )
    return lines


def stage_three(pairs: Sequence[Pair]) -> list[Check]:
    """λ_3 grows in stage 3; the optimum is the certified one and, with control cost, has LQR's gains.

    :param pairs: the runs
    """
    runs, grows, total = _runs(), 0, 0
    for i, s in enumerate(runs.stages):
        second = s.ends[1]
        if s.found and second + LATER < runs.overlaps.shape[0]:
            roots = figure5.third_root(runs.overlaps[[second, second + LATER], i])
            grows, total = grows + int(roots[1] > roots[0]), total + 1
    exact = float(at(infinite_horizon_loss(), exact_optimum())) * (4 / 3) * 0.5 / 50
    found = optimum(Settings()).loss
    best, lqr = optimum(Settings(control_penalty=0.5)).gains, lqr_gain(0.5, 0.5)[0]
    return [
        share(f"stage 3: λ_3 is larger {LATER} epochs after stabilisation", grows, total),
        Check(
            "optimum: (19 + 7√5)/2 scaled, against the minimum at T = 50", exact, found, abs(found / exact - 1), 1e-9
        ),
        Check(
            "optimum with β = 0.5: gain k_2 against full-state LQR",
            lqr[1],
            best[1],
            float(np.abs(best - lqr).max()),
            1e-6,
        ),
        *(_gap_line(pair) for pair in pairs),
    ]


def control_costs(pairs: Sequence[Pair]) -> list[Check]:
    """Stage 3 with control cost: gains approach LQR's, and the four-overlap descent is off early, right late.

    :param pairs: the runs
    """
    replay, lines = rank_one_replay(1), []
    second = _runs().stages[1].ends[1]
    for penalty in figure5.PENALTIES:
        stage = refine(replay, second, penalty, direct=False)
        ratio = stage.naive_loss / stage.theory.loss
        early, late = np.abs(ratio[:200] - 1).max(), np.abs(ratio[-100:] - 1).max()
        lqr = lqr_gain(0.5, penalty)[0]
        first, last = (float(np.linalg.norm(closed_form(stage.theory.overlaps[i]) - lqr)) for i in (0, -1))
        name = f"stage 3, β = {penalty:g}:"
        lines += [
            Check(f"{name} naive descent's loss is off early, at most by half", 1.0, 1 + early, float(early), 0.5),
            Check(f"{name} and in the last 100 epochs", 1.0, 1 + late, float(late), 0.02),
            Check(
                f"{name} distance of the gains from LQR's, at stabilisation and at the end",
                first,
                last,
                last / first,
                0.5,
            ),
        ]
    return lines


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


def _gap_line(pair: Pair) -> Check:
    """Both sides' distance above the optimum: equal, whatever it is."""
    exact, measured = gap(pair.theory), gap(pair.simulation)
    pair_of = [np.nan if value is None else value for value in (exact, measured)]
    claim = f"seed {pair.seed}: relative distance above the optimum after {pair.replay.epochs} epochs"
    return Check(claim, pair_of[0], pair_of[1], abs(pair_of[0] - pair_of[1]), 1e-8)


CLAIMS: tuple[Callable[[Sequence[Pair]], list[Check]], ...] = (
    stage_one,
    stage_ends,
    opposing_gradients,
    plateau_law,
    episode_length,
    zigzag_causes,
    adam,
    perturbation,
    turning_points,
    stage_three,
    control_costs,
)
