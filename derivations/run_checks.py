"""Checks of the theory along learning: the exact map, the flow, conservation laws, gains."""

from collections.abc import Sequence

import numpy as np

from derivations.check import Check
from derivations.evidence import Pair, timed
from numerics.descent import descend, descend_gram, loop_for
from numerics.flow import conserved_quantities, integrate, unpack
from numerics.gains import closed_form, cubic_coefficients
from numerics.observe import regressed_gains
from numerics.plants import Plant
from numerics.replay import Replay, Settings
from numerics.simulate import rollout
from numerics.train import train
from numerics.weights import at_overlaps, gaussian_law
from theory.learning import WeightSpace


def descents(pairs: Sequence[Pair]) -> list[Check]:
    """The exact map against direct training over every epoch."""
    lines = []
    for pair in pairs:
        a, b = pair.theory, pair.simulation
        times = (pair.theory_seconds, pair.simulation_seconds)
        label = f"seed {pair.seed}, {pair.replay.epochs} epochs:"
        same = a.status == b.status
        overlap_gap = np.abs(a.overlaps - b.overlaps).max() if same else np.inf
        loss_gap = np.abs(a.loss / b.loss - 1).max() if same else np.inf
        gram_gap = np.abs(a.weights.gram - b.weights.gram).max()
        radius_gap = np.abs(a.spectral_radius - b.spectral_radius).max() if same else np.inf
        first, second = (run.stabilisation() for run in (a, b))
        epochs = [np.nan if epoch is None else float(epoch) for epoch in (first, second)]
        lines += [
            Check(f"{label} overlaps (absolute)", a.overlaps[-1, 0], b.overlaps[-1, 0], overlap_gap, 1e-8, *times),
            Check(f"{label} loss (relative)", a.loss[-1], b.loss[-1], loss_gap, 1e-8, *times),
            Check(f"{label} spectral radius", a.spectral_radius[-1], b.spectral_radius[-1], radius_gap, 1e-8, *times),
            Check(f"{label} epoch of stabilisation", *epochs, 0 if first == second else np.inf, 0, *times),
            Check(
                f"{label} final Gram matrix", np.trace(a.weights.gram), np.trace(b.weights.gram), gram_gap, 1e-8, *times
            ),
        ]
    return lines


def general_plant(pairs: Sequence[Pair]) -> list[Check]:
    """The exact map for a random plant with two controls, rank two and leak."""
    rng = np.random.default_rng(7)
    plant = Plant(rng.normal(size=(3, 3)) / 2, rng.normal(size=(3, 2)), rng.normal(size=(1, 3)))
    weights = gaussian_law(rng, 60, p=2, q=1, rank=2)
    settings = Settings(horizon=25, learning_rate=0.02, leak=0.7, control_penalty=0.1, train=("m", "z", "u", "v"))
    replay = Replay(weights, rng.normal(size=(100, 10, 3)), settings, plant)
    theory, fast = timed(descend, replay)
    simulation, slow = timed(train, replay, {})
    gap = np.abs(theory.weights.gram - simulation.weights.gram).max()
    claim = "random plant n=3, p=2, q=1, rank 2, leak 0.7, 100 epochs: final Gram"
    traces = [float(np.trace(run.weights.gram)) for run in (theory, simulation)]
    return [Check(claim, *traces, gap, 1e-8, fast, slow)]


def flow_and_laws(pairs: Sequence[Pair]) -> list[Check]:
    """Descent converges to the flow with slope 1 in η, and the flow keeps its conservation laws."""
    pair, space = pairs[0], WeightSpace()
    replay = pair.replay
    loop, parameters = loop_for(replay.plant, 1, replay.settings.leak)
    factor = np.sqrt(4 / 3) * np.eye(2)
    start = unpack(pair.theory.history["gram"][-1], space.size)
    duration, rates = 0.64, (0.02, 0.01, 0.005)
    solution, seconds = timed(
        integrate, loop, space, start, factor, replay.settings, duration, parameters, tolerance=1e-11
    )
    errors = []
    for rate in rates:
        settings = Settings(**{**vars(replay.settings), "learning_rate": rate})
        epochs = round(duration / rate) + 1
        path = descend_gram(loop, space, start, np.repeat(factor[None], epochs, 0), settings, parameters)
        errors.append(np.abs(path.gram[-1] - solution.at(np.array(duration))).max())
    slope = float(np.polyfit(np.log(rates), np.log(errors), 1)[0])
    drift = float(solution.drift.max())
    first, last = (conserved_quantities(space, w.gram)[-1] for w in (replay.weights, pair.theory.weights))
    weights = [replay.weights, pair.simulation.weights]
    direct = [float(np.vdot(w.u, w.u) - np.vdot(w.v, w.v)) for w in weights]  # type: ignore[arg-type]
    drifts = (float(last - first), direct[1] - direct[0])
    return [
        Check("flow against descent: order of the error in η", 1.0, slope, abs(slope - 1), 0.1, seconds),
        Check("conservation laws along the flow (largest drift)", 0.0, drift, drift, 1e-8, seconds),
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
