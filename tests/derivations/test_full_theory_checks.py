"""The claims about the theory of full networks can fail: each is tried on small evidence, true and made false."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import full_theory as checks
from derivations.checks.full_theory import bulk, exact, limit, tanh, truncated
from derivations.evidence.full_theory import LARGE, SMALL, SmallPair
from derivations.studies.limit import Row
from numerics.common.weights import full_weights
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import full_replay


def replay(strength):
    short = full_replay(0, 25, 10, 40, activation="linear", horizon=20)
    return replace(short, weights=full_weights(np.random.default_rng(1), 40, strength))


@pytest.fixture(scope="module")
def silent():
    """A network without initial recurrence, trained directly and by its small one."""
    run = replay(0.0)
    return SmallPair("closed loop", descend(run), train(run, {}), (1.0, 2.0))


@pytest.fixture(scope="module")
def by_length():
    """A network with a random recurrence, and by words of length 0, 1 and 2."""
    run = replay(0.3)
    simulation = train(run, {})
    return [SmallPair("g = 0.3", descend(run, words=length), simulation, (1.0, 2.0)) for length in range(3)]


def passed(lines):
    return [line.passed for line in lines]


def with_loss(pair, factor, status=None):
    """The pair with another loss of the small network."""
    history = {**pair.theory.history, "loss": factor * pair.theory.loss}
    return replace(pair, theory=replace(pair.theory, history=history, status=status or pair.theory.status))


def test_a_small_network_that_learns_otherwise_is_told(silent):
    (line,) = exact([silent])
    assert line.passed
    assert line.claim == "closed loop: 2 neurons learn exactly as 40, W_0 = 0, 1 seeds (relative loss)"
    assert (line.theory_seconds, line.simulation_seconds) == (1.0, 2.0)
    assert passed(exact([silent, with_loss(silent, 1 + 1e-8)])) == [False]
    assert passed(exact([with_loss(silent, 1, "diverged at epoch 25")])) == [False]
    other = replace(with_loss(silent, 1 + 1e-8), what="tracking")
    assert passed(exact([silent, other])) == [True, False]


def test_one_epoch_that_differs_is_told(silent):
    factor = np.ones(25)
    factor[7] = 1.00001
    assert passed(exact([with_loss(silent, factor)])) == [False]


def test_truncated_words_keep_within_their_estimates(by_length):
    assert passed(truncated({0.3: by_length})) == [True, True, True]


def test_an_estimate_that_is_too_small_is_told(by_length):
    pair = by_length[1]
    small = replace(pair.theory, config=pair.theory.config | {"error_estimate": 1e-9})
    bold = [by_length[0], replace(pair, theory=small), by_length[2]]
    assert passed(truncated({0.3: bold})) == [False, True, True]


def test_an_unknown_estimate_is_told(by_length):
    pair = by_length[1]
    unknown = replace(pair.theory, config=pair.theory.config | {"error_estimate": np.nan})
    assert passed(truncated({0.3: [by_length[0], replace(pair, theory=unknown), by_length[2]]})) == [False, True, True]


def test_longer_words_that_err_more_are_told(by_length):
    assert passed(truncated({0.3: [by_length[0], by_length[2], by_length[1]]}))[-1] is False


ROW = Row(0.1, 100, 104, (92, 100, 107), 3, 1e-3)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"predicted": 130}, False),
        ({"predicted": None}, False),
        ({"found": (60, 70, 130)}, False),
        ({"found": ()}, False),
    ],
)
def test_a_prediction_far_from_the_networks_is_told(changes, holds):
    assert passed(limit([ROW, replace(ROW, **changes)])) == [True, holds]


FREE, BOUND = dict(zip((*SMALL, LARGE), (113, 158, 200, 240, 270), strict=True)), {n: 113 for n in (*SMALL, LARGE)}


@pytest.mark.parametrize(
    ("free", "bound", "expected"),
    [
        (FREE, BOUND, [True, True]),
        (FREE | {SMALL[3]: 205}, BOUND, [False, True]),
        (BOUND, BOUND, [False, True]),
        (FREE, FREE, [True, False]),
        (FREE, BOUND | {LARGE: None}, [True, False]),
    ],
)
def test_growth_without_a_bulk_and_saturation_with_one(free, bound, expected):
    assert passed(bulk({0.0: free, 0.1: bound})) == expected


def test_tanh_networks_far_from_the_limit_are_told(monkeypatch):
    class Predicted:
        def __init__(self, epoch):
            self.stabilisation = lambda: epoch

    monkeypatch.setattr(checks, "limit_run", lambda *a: Predicted(104))
    assert passed(tanh([98, 105, 160])) == [True]
    assert passed(tanh([130, 140, 160])) == [False]
    monkeypatch.setattr(checks, "limit_run", lambda *a: Predicted(None))
    assert passed(tanh([98, 105, 160])) == [False]
