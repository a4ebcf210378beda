"""Checks of the theory along learning: the exact map, the flow, conservation laws, gains."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check, nothing
from derivations.evidence.flow import FlowRuns
from derivations.evidence.pairs import Pair, timed
from numerics.common.weights import at_overlaps
from numerics.experiment.observe import regressed_gains
from numerics.experiment.simulate import rollout
from numerics.reduced.flow import conserved_quantities
from numerics.reduced.gains import closed_form, cubic_coefficients
from theory.core.learning import WeightSpace


def descents(pairs: Sequence[Pair]) -> list[Check]:
    """The exact map against direct training over every epoch."""
    return [line for pair in pairs for line in _descent(pair)]


def _descent(pair: Pair) -> list[Check]:
    a, b = pair.theory, pair.simulation
    aligned = a.status == b.status

    def gap(left: np.ndarray, right: np.ndarray) -> float:
        return float(np.abs(left - right).max()) if aligned else np.inf

    epochs = [np.nan if epoch is None else float(epoch) for epoch in (a.stabilisation(), b.stabilisation())]
    different = 0.0 if a.stabilisation() == b.stabilisation() else np.inf
    traces = [float(np.trace(run.weights.gram)) for run in (a, b)]
    relative = gap(a.loss / b.loss, np.ones(b.loss.size)) if aligned else np.inf
    rows: list[tuple[str, float, float, float, float]] = [
        ("overlaps (absolute)", a.overlaps[-1, 0], b.overlaps[-1, 0], gap(a.overlaps, b.overlaps), 1e-8),
        ("loss (relative)", a.loss[-1], b.loss[-1], relative, 1e-8),
        (
            "spectral radius",
            a.spectral_radius[-1],
            b.spectral_radius[-1],
            gap(a.spectral_radius, b.spectral_radius),
            1e-8,
        ),
        ("epoch of stabilisation", epochs[0], epochs[1], different, 0),
        ("final Gram matrix (trace shown)", traces[0], traces[1], gap(a.weights.gram, b.weights.gram), 1e-8),
    ]
    label, times = f"seed {pair.seed}, {pair.replay.epochs} epochs:", (pair.theory_seconds, pair.simulation_seconds)
    return [Check(f"{label} {what}", x, y, distance, bound, *times) for what, x, y, distance, bound in rows]


def general_plant(general_pair: Pair) -> list[Check]:
    """The exact map for a random plant with two controls, rank two and leak.

    :param general_pair: its run, trained directly and descended exactly
    """
    theory, simulation = general_pair.theory, general_pair.simulation
    times = general_pair.theory_seconds, general_pair.simulation_seconds
    gap = np.abs(theory.weights.gram - simulation.weights.gram).max()
    claim = "random plant n=3, p=2, q=1, rank 2, leak 0.7, 100 epochs: final Gram"
    traces = [float(np.trace(run.weights.gram)) for run in (theory, simulation)]
    return [Check(claim, traces[0], traces[1], gap, 1e-8, *times)]


def flow_and_laws(pairs: Sequence[Pair], flow: FlowRuns) -> list[Check]:
    """Descent converges to the flow with slope 1 in η, and the flow keeps its conservation laws.

    :param flow: gradient flow, and descent with several learning rates beside it
    """
    pair, space = pairs[0], WeightSpace()
    slope = float(np.polyfit(np.log(flow.rates), np.log(flow.errors), 1)[0])
    first, last = (conserved_quantities(space, w.gram)[-1] for w in (pair.replay.weights, pair.theory.weights))
    ends = pair.replay.weights, pair.simulation.weights
    squares = [[float(np.sum(w.arrays()[b] ** 2)) for b in "uv"] for w in ends]
    direct = [u - v for u, v in squares]
    drifts = (float(last - first), direct[1] - direct[0])
    return [
        Check("flow against descent: order of the error in η", 1.0, slope, abs(slope - 1), 0.1, flow.seconds),
        nothing("conservation laws along the flow (largest drift)", flow.drift, 1e-8, flow.seconds),
        Check("drift of ‖u‖² - ‖v‖² over all epochs of descent", *drifts, abs(drifts[0] - drifts[1]), 1e-10),
    ]


def gains(pairs: Sequence[Pair]) -> list[Check]:
    """Closed-form gains against regression on simulated trajectories once the fast mode has died out."""
    rng = np.random.default_rng(11)
    lines = []
    for pair in pairs:
        stable = pair.theory.stabilisation()
        if stable is None:
            continue
        point = pair.theory.overlaps[min(stable + 5, len(pair.theory.loss) - 1)]
        network = at_overlaps(rng, point, pair.replay.weights.neurons)
        roots = np.sort(np.abs(np.roots(cubic_coefficients(point))))
        start = int(np.ceil(np.log(1e-13) / np.log(roots[0] / roots[-1])))
        exact, fast = timed(closed_form, point)
        episodes, slow = timed(rollout, pair.replay.plant, network, pair.replay.x0[0], start + 20)
        measured = regressed_gains(episodes, start)[0]
        gap = np.abs(exact - measured).max()
        claim = f"seed {pair.seed}: gain k_2 near stabilisation, regression from t = {start}"
        lines.append(Check(claim, exact[1], measured[1], gap, 1e-8, fast, slow))
    return lines


CLAIMS = (descents, general_plant, flow_and_laws, gains)
"""The exact map, the flow and the gains against the experiment."""
