"""One protocol by four means: exact descent compiled and plain, direct training, and an autograd loop."""

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.table import Cell, Table
from benchmarks.timing import Call, Timing, in_turns, seconds
from numerics.experiment.train import train
from numerics.reduced.codegen import has_numba
from numerics.reduced.descent import descend, descend_gram, loop_for
from numerics.reduced.iterate import Descent
from numerics.reduced.moments import moment_factor
from numerics.replay.closed_loop import Replay, rank_one_replay
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop

SAMPLE, CHECKED = 100, 20  # epochs timed, and epochs compared, of the autograd loop
AUTOGRAD, FUSED = "autograd loop, PyTorch", "autograd loop with fused products"
WORDS = {"numba": "numba", "python": "Python"}
DIRECT = "direct training, numpy"
TARGETS = {"exact descent, numba": 1000.0, "exact descent, Python": 50.0, DIRECT: 2.0}
INSTALL = "PyTorch is not installed, no autograd row: pip install 'torch>=2.2'"


@dataclass(frozen=True)
class Exact:
    """The exact descent of a replay, from its initial states to losses and final weights.

    :param replay: the run
    :param backend: ``"python"`` or ``"numba"``
    """

    replay: Replay
    backend: str

    @property
    def model(self) -> tuple[ReducedLoop, tuple[float, ...]]:
        """The symbolic loop of the replay's plant and the values of its parameters."""
        return loop_for(self.replay.plant, 1, self.replay.settings.leak)

    def iterate(self, model: tuple[ReducedLoop, tuple[float, ...]], factor: np.ndarray) -> Descent:
        """The descent alone, from given second moments.

        :param model: the loop and its parameters
        :param factor: factors of the second moments, (epochs, n, n)
        """
        (loop, parameters), replay = model, self.replay
        space = WeightSpace(1, 1, 1, tuple(replay.settings.train))
        gram = replay.weights.gram
        return descend_gram(loop, space, gram, factor, replay.settings, parameters, self.backend)

    def run(self) -> tuple[np.ndarray, np.ndarray]:
        """Losses of all epochs and final weights [M Z U V], what direct training gives of the same replay."""
        outcome = self.iterate(self.model, moment_factor(self.replay.x0))
        return outcome.loss, self.replay.weights.stack @ outcome.transfer


def backends() -> tuple[str, ...]:
    """The backends of exact descent that are installed."""
    return ("python", "numba") if has_numba() else ("python",)


def protocol() -> Table:
    """Time the rank-one protocol by every means and check that all make the same computation."""
    replay = rank_one_replay(0)
    first = {backend: seconds(Exact(replay, backend).run) for backend in backends()}
    notes = [f"before the first epoch: symbolic derivation and code {first['python']:.2f} s"]
    if "numba" in first:
        notes[0] += f", numba's compilation {first['numba']:.2f} s; in no row"
    notes.append("vs autograd, vs fused: how many times faster; targets are judged against the ordinary loop")
    notes += _agreement(replay)
    timings, torch_notes = _best_threads(in_turns(_calls(replay)))
    return Table(
        f"1. {replay.epochs} epochs of the rank-one protocol (N = 100, T = 50, batch 100, SGD 0.01, clip 1)",
        ["method", "seconds", "fastest", "slowest", "vs autograd", "vs fused", "target", "result"],
        [_row(name, timing, timings) for name, timing in timings.items()],
        [*notes, *torch_notes],
    )


def _calls(replay: Replay) -> dict[str, Call]:
    factor = moment_factor(replay.x0)
    exact = {WORDS[backend]: Exact(replay, backend) for backend in reversed(backends())}
    calls: dict[str, Call] = {f"exact descent, {word}": e.run for word, e in exact.items()}
    calls[DIRECT] = partial(train, replay, {})
    calls |= {f"  moments given, {word}": partial(e.iterate, e.model, factor) for word, e in exact.items()}
    calls |= {f"  with spectrum, {word}": partial(descend, replay, e.backend) for word, e in exact.items()}
    if find_spec("torch"):
        from benchmarks import autograd

        for name, step in ((AUTOGRAD, autograd.ordinary), (FUSED, autograd.fused)):
            for threads in (1, 2):
                run = partial(autograd.train_autograd, replay, SAMPLE, step, threads)
                calls[f"{name} {threads}"] = run
    return calls


def _best_threads(timings: dict[str, Timing]) -> tuple[dict[str, Timing], list[str]]:
    """Autograd timings scaled to the whole run, at the better number of threads."""
    kept = {name: timing for name, timing in timings.items() if not name.startswith("autograd")}
    if len(kept) == len(timings):
        return kept, [INSTALL]
    scale, notes = 1000 / SAMPLE, [f"autograd: {SAMPLE} epochs timed after warm-up, scaled to 1000"]
    for name in (AUTOGRAD, FUSED):
        one, two = (timings[f"{name} {threads}"].scaled(scale) for threads in (1, 2))
        kept[name] = min(one, two, key=lambda timing: timing.median)
        notes.append(f"{name}: {one.median:.2f} s on 1 thread, {two.median:.2f} s on 2; the better is shown")
    return kept, notes


def _row(name: str, timing: Timing, timings: dict[str, Timing]) -> list[Cell]:
    ratios = [timings[other].median / timing.median if other in timings else None for other in (AUTOGRAD, FUSED)]
    target, found = TARGETS.get(name), ratios[0]
    shown = result = None
    if target is not None:
        shown = f">= {target:g}x"
        result = None if found is None else "met" if found >= target else "NOT MET"
    return [name, timing.median, timing.low, timing.high, *ratios, shown, result]


def _agreement(replay: Replay) -> list[str]:
    """How far the means are apart, one line each.

    :raises SystemExit: if they are not the same computation
    """
    direct = train(replay, {})
    lines = []
    for backend in backends():
        losses, final = Exact(replay, backend).run()
        weights = np.abs(final - direct.weights.stack).max()
        lines.append(checked(f"exact descent, {backend}", losses, direct.loss))
        lines[-1] += f"; final weights {weights:.1e} absolute"
    if find_spec("torch"):
        from benchmarks import autograd

        for name, step in autograd.STEPS.items():
            losses = autograd.train_autograd(replay, CHECKED, step)
            lines.append(checked(f"autograd, {name}", losses, direct.loss[:CHECKED]))
    return lines


def checked(name: str, found: np.ndarray, expected: np.ndarray, limit: float = 1e-9) -> str:
    """A line that tells how far losses are apart, relative.

    :param name: whose losses
    :param found: these losses
    :param expected: those of direct training
    :param limit: largest distance that is let pass
    :raises SystemExit: if they are further apart
    """
    gap = np.abs(found / expected - 1).max()
    if not gap <= limit:
        raise SystemExit(f"{name} must be the same computation as direct training; losses differ by {gap:.1e}")
    return f"{name} = direct: losses of {found.size} epochs within {gap:.1e} relative (limit {limit:.0e})"
