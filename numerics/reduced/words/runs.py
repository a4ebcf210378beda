"""The reduced counterpart of training a full linear network: closed loop, open loop and tracking.

The network of d neurons on the word space makes the run of the N neurons: exactly where the space closes, otherwise up
to what words longer than K would add, which the run with K + 1 estimates.
"""

from collections.abc import Callable, Iterator

import numpy as np

from numerics.common.errors import whole
from numerics.common.plants import Plant
from numerics.common.spectrum import agent_step, by_modulus, joint_matrices
from numerics.common.weights import Weights
from numerics.reduced.words.descent import SmallDescent, descend_small
from numerics.reduced.words.rollout import Rollout
from numerics.reduced.words.space import WordSpace, word_spaces
from numerics.reduced.words.tasks import AnyReplay, closed_loop, task_of
from numerics.replay.open_loop import OpenLoopReplay
from numerics.replay.results import COMPLETED, Run, diverged
from numerics.replay.tracking import TrackingReplay

TOLERANCE = 1e-3
"""Relative error of the loss up to which the shortest words that reach it are taken by default."""
FALL = 0.5
"""Largest ratio that the estimate credits to the errors of two successive lengths."""
ENTRIES = 1_000_000
"""Entries of the joint matrices whose eigenvalues are found at once."""

Progress = Callable[[str, int, int], None]
Descents = Iterator[tuple[WordSpace, Callable[[], SmallDescent]]]
"""Spaces of words of length 0, 1, …, each with what makes the run in it."""


def descend_words(
    replay: AnyReplay, words: int | None = None, backend: str = "auto", progress: Progress | None = None
) -> Run:
    """The same run as direct training, from the network of d neurons on the word space.

    The run's ``config`` says ``words`` K, ``dimension`` d, ``exact``, and ``error_estimate``, the largest relative
    error of the loss over the run as the next longer words estimate it; 0 where the space is closed.

    :param replay: the run to be made; linear, SGD or momentum
    :param words: length K of the longest words; by default the shortest whose estimate is below 1e-3, or the closed
        space if none is
    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    :param progress: called with (what, epochs done, epochs in all)
    :raises InputError: if the length is not a whole number
    """
    if words is not None:
        words = whole("words", words, 0, 30)
    space, outcome, estimate = chosen(_descents(replay, backend, progress), words)
    return _finish(replay, space, outcome, estimate)


def _descents(replay: AnyReplay, backend: str, progress: Progress | None) -> Descents:
    """The spaces of words of length 0, 1, …, and how to make the run in each."""
    task = task_of(replay)
    for space in word_spaces(replay.weights):

        def run(space: WordSpace = space) -> SmallDescent:
            what = f"words of length {space.words}, dimension {space.dimension}"
            report = (lambda done, total: progress(what, done, total)) if progress else None
            rollout = Rollout(task, space.dimension, backend)
            return descend_small(rollout, space.reduce(replay.weights), replay.settings, lambda w: w, report)

        yield space, run


def chosen(descents: Descents, words: int | None) -> tuple[WordSpace, SmallDescent, float]:
    """The space of the length asked for, or of the shortest that is good enough, with its run and estimate.

    If none is good enough, the longest but one; the longest serves its estimate.

    :param descents: spaces of words of length 0, 1, …, each with what makes the run in it
    :param words: the length asked for; None for the shortest with an estimate below :data:`TOLERANCE`
    """
    made: list[tuple[WordSpace, SmallDescent]] = []
    gap, estimate = None, np.inf
    for space, run in descents:
        if words is not None and space.words < words and not space.closed:
            continue
        found = run()
        if made:
            now = _gap(made[-1][1], found)
            estimate, gap = now if space.closed else _extrapolated(now, gap), now
            if words is not None or estimate < TOLERANCE:
                return *made[-1], estimate
        if space.closed:
            return space, found, 0.0
        made = [*made[-1:], (space, found)]
    return *made[-2], estimate


def _gap(shorter: SmallDescent, longer: SmallDescent) -> float:
    """Largest relative difference of the losses of two runs; infinite if they end at different epochs."""
    if shorter.updates != longer.updates:
        return np.inf
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(shorter.loss - longer.loss) / np.abs(longer.loss), initial=0.0))


def _extrapolated(gap: float, before: float | None) -> float:
    """The error of the shorter words if errors go on falling as they did, at best by half.

    With errors e_K and ratio r, gap = (e_K - e_{K+1})/(1 + e_{K+1}), for it is relative to the longer words' loss; so
    e_{K+1} is about gap r/(1 - r), and e_K = gap (1 + e_{K+1}) + e_{K+1}.
    """
    ratio = FALL if not before or not np.isfinite(before) else min(max(gap / before, FALL), 0.9)
    left = gap * ratio / (1 - ratio)
    return gap * (1 + left) + left


def histories(outcome: SmallDescent, plant: Plant, leak: float, others: np.ndarray) -> dict[str, np.ndarray]:
    """What a run of any task records before each update.

    :param outcome: the descent, which looked at the weights
    :param plant: the plant
    :param leak: γ
    :param others: eigenvalues outside the space
    """
    spectra = leading(plant, outcome.seen, leak, others)
    return {
        "loss": outcome.loss,
        "gradient_norm": outcome.gradient_norm,
        "eigenvalues": spectra,
        "spectral_radius": np.abs(spectra[:, 0]),
    }


def status_of(outcome: SmallDescent, epochs: int) -> str:
    """Whether all updates were made with finite values.

    :param outcome: the descent
    :param epochs: number of updates asked for
    """
    return COMPLETED if outcome.updates == epochs else diverged(outcome.updates)


def _finish(replay: AnyReplay, space: WordSpace, outcome: SmallDescent, estimate: float) -> Run:
    plant = replay.task.plant if isinstance(replay, TrackingReplay) else replay.plant
    leak = replay.settings.leak
    history = histories(outcome, plant, leak, _complement(replay.weights, space, leak))
    if replay.weights.w is None:
        history |= _of_low_rank(outcome.seen)
    if isinstance(replay, OpenLoopReplay):
        history["test_loss"] = _test(replay, outcome.seen)
    facts = {
        "words": space.words,
        "dimension": space.dimension,
        "exact": space.closed,
        "error_estimate": estimate,
    }
    final = space.restore(replay.weights, outcome.weights)
    return Run("theory", status_of(outcome, replay.epochs), history, final, {**replay.config(), **facts})


def _complement(weights: Weights, space: WordSpace, leak: float) -> np.ndarray:
    """Eigenvalues of (1-γ) I + γ W outside a closed space, where learning changes nothing; none of an open one."""
    rest = weights.neurons - space.dimension
    if not rest or not space.closed:
        return np.zeros(0)
    if weights.w is None or not weights.w.any():
        return np.full(rest, 1 - leak)
    outside = np.linalg.qr(space.basis, mode="complete")[0][:, space.dimension :]
    return np.linalg.eigvals(outside.T @ agent_step(Weights(weights.m, weights.z, w=weights.w), leak) @ outside)


def leading(plant: Plant, seen: list[Weights], leak: float, others: np.ndarray) -> np.ndarray:
    """The n + q + max(r, 1) leading eigenvalues of the joint systems, (epochs, ·), as direct training records them.

    Of words that do not close, the part of the spectrum outside their space is left out.

    :param plant: the plant
    :param seen: the small network before each update
    :param leak: γ
    :param others: eigenvalues outside the space
    """
    n, _, q = plant.shape
    count = n + q + (max(seen[0].rank, 1) if seen else 1)
    others = by_modulus(others)[:count]
    at_once = max(1, ENTRIES // (n + seen[0].neurons) ** 2) if seen else 1
    parts = [_spectra(plant, seen[k : k + at_once], leak, others, count) for k in range(0, len(seen), at_once)]
    return np.concatenate(parts) if parts else np.zeros((0, count), dtype=complex)


def _spectra(plant: Plant, seen: list[Weights], leak: float, others: np.ndarray, count: int) -> np.ndarray:
    """So many leading eigenvalues of each network; infinite where the joint system overflows."""
    m, z = np.array([small.m for small in seen]), np.array([small.z for small in seen])
    step = np.array([agent_step(small, leak) for small in seen])
    with np.errstate(all="ignore"):
        joint = joint_matrices(plant, m, z, step, leak)
    found = np.full((len(seen), count), complex(np.inf))
    finite = np.isfinite(joint).all(axis=(1, 2))
    own = np.linalg.eigvals(joint[finite])
    lacking = max(0, count - own.shape[1] - len(others))  # neurons that words so short do not reach stay as they are
    rest = np.broadcast_to([*others, *[1 - leak] * lacking], (len(own), len(others) + lacking))
    found[finite] = by_modulus(np.concatenate([own, rest], axis=1))[:, :count]
    return found


def _of_low_rank(seen: list[Weights]) -> dict[str, np.ndarray]:
    """Overlaps and the upper triangle of the Gram matrix, which a rotation of the neurons keeps."""
    if not seen:
        return {}
    rows, columns = np.triu_indices(seen[0].stack.shape[1])
    overlaps = [np.concatenate([block.ravel() for block in small.overlaps().values()]) for small in seen]
    return {"overlaps": np.array(overlaps), "gram": np.array([small.gram[rows, columns] for small in seen])}


def _test(replay: OpenLoopReplay, seen: list[Weights]) -> np.ndarray:
    """The population loss in closed loop for x_0 uniform on [-a, a]ⁿ, before each update."""
    n, _, _ = replay.plant.shape
    factor = replay.half_width / np.sqrt(3) * np.eye(n)
    trial = Rollout(closed_loop(replay.plant, replay.settings, factor[None]), seen[0].neurons if seen else 1)
    found = np.array([trial.loss_and_gradient(small, 0)[0] for small in seen])
    return np.where(np.isfinite(found), found, np.inf)
