"""What an update costs against the number of neurons, the horizon and the number of runs made at once."""

from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.horizon import STABLE, horizon_setting
from benchmarks.protocol import Exact, backends
from benchmarks.table import Cell, Table
from benchmarks.timing import Call, in_turns
from numerics.common.weights import at_overlaps, rank_one_weights
from numerics.experiment.train import train
from numerics.reduced.descent import descend_gram
from numerics.reduced.doubling import horizon_loss
from numerics.reduced.iterate import Descent
from numerics.reduced.moments import moment_factor
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop

NEURONS, HORIZONS, RUNS = (50, 100, 200, 400), (10, 50, 200, 1000), (1, 10, 100, 1000)
EPOCHS, UPDATES, MICRO = 100, 500, 1e6
SPACE = WeightSpace(1, 1, 1, ("z", "u", "v"))
HEADERS = {"python": "exact, Python", "numba": "exact, numba"}


def against_neurons() -> Table:
    """Direct training and exact descent of the same replays, for several N."""
    calls: dict[tuple[int, str], Call] = {}
    for neurons in NEURONS:
        replay = rank_one_replay(0, neurons=neurons)
        calls[neurons, "direct"] = partial(train, replace(replay, x0=replay.x0[:EPOCHS]), {})
        calls |= {(neurons, backend): Exact(replay, backend).run for backend in backends()}
    times = in_turns(calls, repeats=3)
    per = {"direct": MICRO / EPOCHS}
    rows = [
        [neurons, *(times[neurons, name].median * per.get(name, MICRO / 1000) for name in ("direct", *backends()))]
        for neurons in NEURONS
    ]
    return Table(
        "2a. Microseconds an epoch against the number N of neurons (T = 50, batch 100)",
        ["N", "direct training", *(HEADERS[backend] for backend in backends())],
        rows,
        [f"direct: {EPOCHS} epochs; exact: 1000 epochs from initial states to final weights, as in table 1"],
    )


def against_horizon() -> Table:
    """Exact descent at a stable point, and one loss and gradient by doubling, for several T."""
    loop, moment, factor = horizon_setting()
    gram = at_overlaps(np.random.default_rng(0), STABLE).gram
    factors = np.broadcast_to(factor, (UPDATES, 2, 2))
    calls: dict[tuple[int, str], Call] = {}
    for horizon in HORIZONS:
        settings = Settings(horizon=horizon, learning_rate=1e-6)
        for backend in backends():
            run = partial(descend_gram, loop, SPACE, gram, factors, settings, (), backend)
            _require_finite(run(), len(factors))
            calls[horizon, backend] = run
        calls[horizon, "doubling"] = partial(horizon_loss, loop, STABLE, horizon, moment)
    times, per = in_turns(calls), {"doubling": MICRO}
    names = (*backends(), "doubling")
    rows = [
        [horizon, *(times[horizon, name].median * per.get(name, MICRO / UPDATES) for name in names)]
        for horizon in HORIZONS
    ]
    return Table(
        "2b. Microseconds an epoch against the horizon T",
        ["T", *(HEADERS[backend] for backend in backends()), "doubling"],
        rows,
        [f"exact: {UPDATES} updates at a stable point; doubling: one loss and gradient, without an update"],
    )


def against_runs() -> Table:
    """Many runs at once, each with its own weights and initial states: arrays beside a compiled loop."""
    calls: dict[tuple[int, str], Call] = {}
    grams, factors = _seeds(max(RUNS))
    for runs in RUNS:
        gram, initial = grams[:runs], np.ascontiguousarray(factors[:, :runs])
        for backend in backends():
            run = partial(descend_gram, ReducedLoop(), SPACE, gram, initial, Settings(), (), backend)
            _require_finite(run(), EPOCHS)
            calls[runs, backend] = run
    times = in_turns(calls, repeats=3)
    rows: list[list[Cell]] = []
    for runs in RUNS:
        found = [times[runs, backend].median for backend in backends()]
        rows.append([runs, *(1e3 * t for t in found), *(t / runs / EPOCHS * MICRO for t in found)])
        rows[-1].append(found[0] / found[1] if len(found) == 2 else None)
    shown = {"python": "arrays", "numba": "numba"}
    columns = [f"{shown[b]}, {unit}" for unit in ("ms in all", "us a run and epoch") for b in backends()]
    return Table(
        f"2c. {EPOCHS} epochs of many runs at once (rank one, T = 50)",
        ["runs", *columns, "arrays / numba"],
        rows,
        ["every run has its own seed: weights of N = 100 and a batch of 100 initial states an epoch"],
    )


def _seeds(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gram matrices, (runs, k, k), and factors of the second moments, (epochs, runs, n, n)."""
    generators = [np.random.default_rng(seed) for seed in range(count)]
    grams = np.stack([rank_one_weights(rng).gram for rng in generators])
    factors = [moment_factor(rng.uniform(-2.0, 2.0, (EPOCHS, 100, 2))) for rng in generators]
    return grams, np.stack(factors, axis=1)


def _require_finite(outcome: Descent, epochs: int) -> None:
    """Stop if a run ended early, which would flatter its time.

    :raises SystemExit: if one did
    """
    shortest = np.min(outcome.finite_epochs)
    if shortest < epochs:
        raise SystemExit(f"timed runs must be finite for {epochs} epochs; found one of {shortest}")
