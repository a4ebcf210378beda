"""The tracking protocol by equivalent episodes, by the full batch, and as an autograd loop in PyTorch."""

from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.protocol import INSTALL
from benchmarks.table import Table
from benchmarks.timing import Call, in_turns
from numerics.experiment.fit import fit
from numerics.experiment.tracking.loop import Tracker, backpropagate, track, tracking_loss
from numerics.experiment.tracking.train import train_tracking
from numerics.experiment.trajectory import Trajectory
from numerics.replay.tracking import TrackingReplay, tracking_replay

BEFORE, TIMED, SHOWN, WHOLE = 60, 10, 50, 5000  # epochs made first, timed, shown, and of a whole run
LIMIT = 1e-9
TARGET = 10.0  # minutes of a whole run
EQUIVALENT, BATCH, AUTOGRAD = "equivalent episodes", "full batch, numpy", "autograd loop, PyTorch"


def late_replay() -> TrackingReplay:
    """Ten epochs of the protocol after the first sixty, in which the clamp still acts, with a fresh optimizer."""
    replay = tracking_replay(0, BEFORE + TIMED)
    first = replace(replay, phases_x=replay.phases_x[:BEFORE], phases_y=replay.phases_y[:BEFORE])
    weights = train_tracking(first, every=BEFORE).weights
    return replace(replay, weights=weights, phases_x=replay.phases_x[BEFORE:], phases_y=replay.phases_y[BEFORE:])


def by_equivalents(replay: TrackingReplay) -> np.ndarray:
    """Losses before each update, (epochs,), as ``train_tracking`` makes them, without its measures."""
    tracker = Tracker(replay.task, replay.settings.leak)
    _, history, _ = fit(
        replay.weights,
        replay.settings,
        replay.epochs,
        lambda epoch, weights: tracker.loss_and_gradient(weights, replay.phases(epoch)),
        [],
    )
    return history["loss"]


def by_batch(replay: TrackingReplay) -> np.ndarray:
    """The same with every episode of the batch, as where the clamp acts."""
    task, leak = replay.task, replay.settings.leak
    workspace = Trajectory.allocate(task.plant.shape[0], replay.weights, replay.batch, task.horizon + 1)

    def differentiate(epoch, weights):
        references = task.references(replay.phases(epoch))
        episodes = track(task, weights, references, leak, "linear", workspace)
        slopes = backpropagate(task, weights, episodes, references, leak, "linear")
        return tracking_loss(task, episodes, references), slopes

    return fit(replay.weights, replay.settings, replay.epochs, differentiate, [])[1]["loss"]


def by_autograd(replay: TrackingReplay, threads: int) -> np.ndarray:
    """The same as an ordinary loop in PyTorch, float64."""
    import torch

    torch.set_num_threads(threads)
    task, leak = replay.task, replay.settings.leak
    arrays = {name: torch.tensor(a, requires_grad=name != "m") for name, a in replay.weights.arrays().items()}
    m, z, w = arrays["m"].T, arrays["z"], arrays["w"]
    optimizer, losses = torch.optim.Adam([w, z], lr=replay.settings.learning_rate), []
    for epoch in range(replay.epochs):
        r = torch.tensor(task.references(replay.phases(epoch)))
        p = v = torch.zeros(replay.batch, 2, dtype=torch.float64)
        h = torch.zeros(replay.batch, z.shape[0], dtype=torch.float64)
        total = torch.zeros((), dtype=torch.float64)
        for t in range(task.horizon):
            h = (1 - leak) * h + leak * (h @ w.T + torch.cat([p, r[t]], dim=1) @ m)
            u = h @ z
            p, v = p + task.dt * v, v + task.dt * u
            p, v = p.clamp(-task.clamp, task.clamp), v.clamp(-task.clamp, task.clamp)
            total = total + (p - r[t]).square().sum()
        loss = task.dt * total / (task.horizon * replay.batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def tracking() -> Table:
    """Time the tracking protocol by every means and check that all make the same computation.

    :raises SystemExit: if they do not
    """
    replay = late_replay()
    calls: dict[str, Call] = {EQUIVALENT: partial(by_equivalents, replay), BATCH: partial(by_batch, replay)}
    notes = [f"{TIMED} epochs timed, five times in turns, scaled"]
    if find_spec("torch"):
        calls |= {f"{AUTOGRAD}, threads: {n}": partial(by_autograd, replay, n) for n in (1, 2)}
    else:
        notes.append(INSTALL)
    losses = {name: call() for name, call in calls.items()}
    for name, found in losses.items():
        gap = np.abs(found / losses[BATCH] - 1).max()  # type: ignore[operator]
        if not gap <= LIMIT:
            raise SystemExit(f"{name} must be the same computation as the full batch; losses differ by {gap:.1e}")
        notes.append(f"{name} = full batch: losses of {TIMED} epochs within {gap:.1e} relative (limit {LIMIT:.0e})")
    timings = {name: timing.scaled(SHOWN / TIMED) for name, timing in in_turns(calls).items()}
    best = min((t.median for name, t in timings.items() if name.startswith(AUTOGRAD)), default=None)
    rows = []
    for name, timing in timings.items():
        minutes = timing.median * WHOLE / SHOWN / 60
        result = None if name != EQUIVALENT else "met" if minutes <= TARGET else "NOT MET"
        ratio = None if best is None else best / timing.median
        rows.append([name, timing.median, timing.low, timing.high, ratio, minutes, result])
    return Table(
        f"6. {SHOWN} epochs of the tracking protocol (N = 100, 300 steps, batch 100, Adam), clamp not reached",
        ["method", "seconds", "fastest", "slowest", "vs autograd", f"minutes of {WHOLE}", f"<= {TARGET:g} minutes"],
        rows,
        notes,
    )
