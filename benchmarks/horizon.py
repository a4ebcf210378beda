"""Loss and gradient over horizons up to a million steps: doubling beside the rollout and its adjoint."""

from functools import partial
from math import log2

import numpy as np

from benchmarks.table import Table
from benchmarks.timing import Call, in_turns
from numerics.reduced.codegen import has_numba, jit
from numerics.reduced.doubling import horizon_loss
from numerics.reduced.kernels import loss_kernel
from numerics.reduced.moments import symmetric_root
from numerics.reduced.spectra import reduced_radius
from theory.core.loop import ReducedLoop

HORIZONS = (50, 100, 1000, 10_000, 100_000, 1_000_000)
STABLE = (-1.0, 1.0, 1.0, -0.49)  # overlaps just inside the region of stability
LONGEST_PYTHON = 10_000  # steps of the plain Python rollout that are affordable
TARGET, LIMIT = 5.0, 1e-9


def horizon_setting() -> tuple[ReducedLoop, np.ndarray, np.ndarray]:
    """The default loop, the second moment Σ_0 of x_0 uniform on [-2, 2]², and its factor.

    :raises SystemExit: if the point of the benchmark is not stable
    """
    loop, moment = ReducedLoop(), 4 / 3 * np.eye(2)
    if not reduced_radius(loop, np.array(STABLE)) < 1:
        raise SystemExit(f"overlaps of the benchmark must be stable; found {STABLE}")
    return loop, moment, symmetric_root(moment)


def horizons() -> Table:
    """Time the loss and gradient at every horizon and check doubling against the rollout."""
    loop, moment, factor = horizon_setting()
    kernel = loss_kernel(loop, False).function
    fast = jit(kernel) if has_numba() else kernel
    calls: dict[tuple[int, str], Call] = {}
    gaps = {}
    for horizon in HORIZONS:
        arguments = (STABLE, (), factor.ravel(), 1.0, 0.0, horizon)
        calls[horizon, "doubling"] = partial(horizon_loss, loop, STABLE, horizon, moment)
        if has_numba():
            calls[horizon, "numba"] = partial(fast, *arguments)
        if horizon <= LONGEST_PYTHON:
            calls[horizon, "python"] = partial(kernel, *arguments[:2], factor.ravel().tolist(), *arguments[3:])
        gaps[horizon] = _gap(horizon_loss(loop, STABLE, horizon, moment), fast(*arguments))
    return _table({name: 1e6 * timing.median for name, timing in in_turns(calls).items()}, gaps)


def _table(micro: dict[tuple[int, str], float], gaps: dict[int, float]) -> Table:
    first, last = (micro[horizon, "doubling"] for horizon in (HORIZONS[0], HORIZONS[-1]))
    growth = (last - first) / log2(HORIZONS[-1] / HORIZONS[0])
    rows = []
    for horizon in HORIZONS:
        doubling = micro[horizon, "doubling"]
        rollouts = [micro.get((horizon, name)) for name in ("numba", "python")]
        rows.append([horizon, doubling, doubling / first, *rollouts, gaps[horizon]])
    radius = reduced_radius(ReducedLoop(), np.array(STABLE))
    cheaper = [T for T in HORIZONS if micro.get((T, "numba"), np.inf) < micro[T, "doubling"]]
    verdict = "met" if last / first <= TARGET else "NOT MET"
    return Table(
        "3. Microseconds of one loss and gradient against the horizon T",
        ["T", "doubling", "to T = 50", "rollout, numba", "rollout, Python", "largest difference"],
        rows,
        [
            f"at the overlaps {', '.join(map(str, STABLE))}, spectral radius {radius:.4f}",
            f"T = {HORIZONS[-1]:,} costs {last / first:.2f} times T = {HORIZONS[0]} (target at most 5): {verdict}",
            f"growth per doubling of T: {growth:.1f} us, {100 * growth / first:.1f} % of the cost at T = 50",
            f"horizons at which the compiled rollout is cheaper: {', '.join(map(str, cheaper)) or 'none'}",
            f"largest difference: of loss and gradient from the rollout, relative (limit {LIMIT:.0e})",
        ],
    )


def _gap(found: tuple, expected: tuple) -> float:
    """Largest relative difference of loss and gradient.

    :raises SystemExit: if it is not small
    """
    doubling, rollout = (np.array([loss, *gradient]) for loss, gradient in (found, expected))
    gap = float(np.abs(doubling / rollout - 1).max())
    if not gap <= LIMIT:
        raise SystemExit(f"doubling must equal the rollout; loss or gradient differ by {gap:.1e}")
    return gap
