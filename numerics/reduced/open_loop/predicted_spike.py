"""The spike of the closed-loop test loss during open-loop training, from theory: how high, when, and from what.

Under white noise the feedthrough σ_zm moves towards the teacher's g*_0 from the start; the memory κ grows from a small
amplitude at a saddle. While it lags behind, the loop is unstable, |λ_1|² = 1 + |σ_zm| - 2κ to first order, and
the test loss, about ρ^{2T}, is enormous. Epoch and height have no formula: they are predicted by iterating the
descent on white inputs in the limit of a large batch, which needs the initial Gram matrix and the teacher's impulse
response only.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from numerics.common.errors import whole
from numerics.common.spike import Spike, spike
from numerics.common.weights import Weights, at_gram
from numerics.reduced.codegen import vectorise
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.stages.optimum import optimum
from numerics.replay.open_loop import PAPER_VARIANCE, OpenLoopReplay
from numerics.replay.settings import Settings
from theory.double_integrator.saddle import critical_kappas
from theory.symbols import sigma_vu, sigma_zm

PROTOCOL = np.diag([1 / 3, 1 / 3, 1.0, 1.0])
"""Expected Gram matrix of the rank-one protocol: ‖m‖² = ‖z‖² = 1/3, ‖u‖² = ‖v‖² = 1, no overlaps."""


def predicted_spike(replay: OpenLoopReplay, variance: float = PAPER_VARIANCE) -> Spike:
    """The spike that the descent without batch noise has, without a simulation.

    :param replay: the run; of its inputs only their number is used
    :param variance: variance of the white inputs
    """
    return spike(descend_open_loop(replay, variance=variance).history["test_loss"])


@cache
def _edge_slope() -> Callable:
    edge = critical_kappas()[0].subs(sigma_vu, 0)
    return vectorise([-edge.diff(sigma_zm)], [sigma_zm], "slope of the edge")


def edge_slope(zm: float) -> float:
    """dκ_1/d|σ_zm| of the edge of stability at σ_vu = 0, 1/(2√(1 - |σ_zm|)) for -1 < σ_zm < 0; NaN below -1."""
    return float(_edge_slope()(zm)[0])


def start(memory: float, teacher: np.ndarray, neurons: int = 4) -> Weights:
    """A student of the protocol's norms without overlaps but σ_zu and σ_vm.

    They are aligned with the teacher, κ g*_1 > 0, and of amplitude p, σ_zu = p √(‖u‖²+‖z‖²), σ_vm = ± p ‖m‖, the
    growing direction of the saddle.

    :param memory: amplitude p
    :param teacher: overlaps of the teacher, σ_zm, σ_zu, σ_vm, σ_vu
    :param neurons: number N of neurons; nothing depends on it
    """
    gram = PROTOCOL.copy()
    sign = np.sign(teacher[1] * teacher[2])
    gram[1, 2] = gram[2, 1] = memory * np.sqrt(gram[1, 1] + gram[2, 2])
    gram[0, 3] = gram[3, 0] = sign * memory * np.sqrt(gram[0, 0])
    return at_gram(np.random.default_rng(0), gram, neurons)


def spike_map(memories: np.ndarray, penalties: np.ndarray, epochs: int = 200) -> np.ndarray:
    """Epoch and log10 height of the spike over initial memories and teachers, (penalties, memories, 2).

    The teachers are the closed-loop optima for control costs. Below a control_penalty of 0.23, β = 0.0046 in the paper,
    the optimum's recurrence is unstable alone, |σ_vu| > 1 (1 - √5 without cost), and its responses to white inputs grow
    without bound: no teacher for open loop.

    :param memories: amplitudes p
    :param penalties: control_penalty of the teachers; :func:`numerics.replay.settings.paper_penalty` of the paper's β
    """
    settings, epochs = Settings(), whole("epochs", epochs, 1)
    found = np.zeros((len(penalties), len(memories), 2))
    for i, penalty in enumerate(penalties):
        best = optimum(Settings(control_penalty=float(penalty))).overlaps
        teacher = at_gram(np.random.default_rng(0), _gram_of(best), 4)
        for j, memory in enumerate(memories):
            y = np.zeros((epochs, settings.horizon - 1, 1))
            peak = predicted_spike(OpenLoopReplay(start(float(memory), best), teacher, y, settings))
            found[i, j] = peak.epoch, np.log10(peak.height)
    return found


def _gram_of(overlaps: np.ndarray) -> np.ndarray:
    """A Gram matrix with given visible overlaps, positive definite."""
    gram = 10.0 * np.eye(4)
    for (i, j), value in zip(((1, 0), (1, 2), (3, 0), (3, 2)), overlaps, strict=True):
        gram[i, j] = gram[j, i] = value
    return gram
