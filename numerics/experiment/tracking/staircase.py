"""The staircase of a tracking run: when each frequency is acquired, in which order, and what it costs the others.

All is measured against L_f⁰, the loss of frequency f with the plant at rest (u = 0), which depends on the task alone.
The loss of the initial network is no measure: an initial instability can lift it far above L_f⁰ for a few epochs.
The experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.common.errors import number, real, require, whole
from numerics.replay.tracking_task import TrackingTask

FRACTION = 0.5
"""Half of L_f⁰: in the middle of the fall, so that where it is put within the fall matters least."""

HOLD = 100
"""Epochs for which an acquired loss must stay below, and over which its usual value is taken: longer than the spikes
of Adam, shorter than the plateaus."""

ONSET, SETTLED = 0.9, 0.25
"""Fractions of L_f⁰ between which a frequency is being learned."""


def idle_losses(task: TrackingTask) -> np.ndarray:
    """L_f⁰ of every frequency, the loss of a plant at rest, (F,); it is dt amplitude²/2 but for the ramp."""
    squares = task.dt * np.sum(task.basis() ** 2, axis=(0, 2)) / (2 * task.horizon)
    return squares.reshape(-1, 2).sum(axis=1)


def acquisition(losses: np.ndarray, idle: np.ndarray, fraction: float = FRACTION, hold: int = HOLD) -> list[int | None]:
    """Of every frequency the first epoch from which its loss stays below a fraction of L_f⁰ for so many epochs.

    A stretch that is cut by the end of the run counts. None for a frequency that is never acquired.

    :param losses: loss per frequency, (epochs, F)
    :param idle: L_f⁰, (F,)
    :param fraction: the fraction
    :param hold: number of epochs
    :raises InputError: if shapes do not fit or a value is out of range
    """
    losses, fraction = _checked(losses, idle), number("fraction", fraction, 0, 1, open_low=True)
    hold = whole("hold", hold, 1)
    return [_first_stretch(column, hold) for column in (losses < fraction * np.asarray(idle)).T]


def _first_stretch(below: np.ndarray, hold: int) -> int | None:
    """Start of the first stretch of so many true values, or of one that lasts to the end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], below, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    lasting = (ends - starts >= hold) | (ends == below.size)
    return int(starts[lasting][0]) if lasting.any() else None


def ascending(acquired: Sequence[int | None], frequencies: np.ndarray) -> bool | None:
    """Whether frequencies are acquired each later than all lower ones; None if the run ends before that is decided.

    It is decided once all are acquired, or one before a lower one.

    :param acquired: acquisition epochs, in the order of the frequencies
    :param frequencies: the frequencies, (F,)
    """
    epochs = [acquired[index] for index in np.argsort(frequencies)]
    later = [np.inf if epoch is None else epoch for epoch in epochs]
    kept = all(low < high or low == high == np.inf for low, high in pairwise(later))
    return None if kept and None in epochs else kept


@dataclass(frozen=True)
class Interference:
    """What an acquired frequency lost while another one was learned.

    :param learned: index of the frequency that was learned
    :param suffered: index of the acquired one
    :param start: last epoch at which the learned one's loss was above 0.9 L_f⁰, before its acquisition
    :param end: first epoch after it below 0.25 L_f⁰, or the last of the run
    :param rise: the acquired one's largest loss between them over its median in the 100 epochs up to the start
    """

    learned: int
    suffered: int
    start: int
    end: int
    rise: float


def competition(losses: np.ndarray, idle: np.ndarray, acquired: Sequence[int | None]) -> list[Interference]:
    """For every frequency that was acquired, what each one acquired before lost meanwhile.

    Pairs of which the second starts before the first is acquired are left out.

    :param losses: loss per frequency, (epochs, F)
    :param idle: L_f⁰, (F,)
    :param acquired: acquisition epochs by :func:`acquisition`
    """
    losses = _checked(losses, idle)
    found = []
    for learned, epoch in enumerate(acquired):
        if epoch is None:
            continue
        start, end = _window(losses[:, learned] / idle[learned], epoch)
        for suffered, before in enumerate(acquired):
            if suffered != learned and before is not None and before <= start:
                usual = np.median(losses[max(0, start - HOLD) : start + 1, suffered])
                rise = losses[start : end + 1, suffered].max() / usual
                found.append(Interference(learned, suffered, start, end, float(rise)))
    return found


def _window(relative: np.ndarray, acquired: int) -> tuple[int, int]:
    above = np.flatnonzero(relative[: acquired + 1] > ONSET)
    settled = np.flatnonzero(relative[acquired:] < SETTLED)
    start = int(above[-1]) if above.size else 0
    return start, acquired + int(settled[0]) if settled.size else relative.size - 1


def _checked(losses: np.ndarray, idle: np.ndarray) -> np.ndarray:
    losses, idle = real("losses", losses), real("idle", idle)
    fit = losses.ndim == 2 and idle.shape == losses.shape[1:]
    require(fit, f"losses and idle must be (epochs, F) and (F,); found {losses.shape} and {idle.shape}")
    require(bool((idle > 0).all()), "idle must be positive; found a frequency of amplitude 0")
    return losses
