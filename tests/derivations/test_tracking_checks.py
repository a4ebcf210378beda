"""The claims about tracking can fail: each is tried on runs of a small network, true and made false."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks import tracking as tracking_checks
from derivations.checks.tracking import (
    amplitudes,
    by_frequency,
    equivalence,
    order,
    plain_descent,
    poles,
    stationary,
)
from derivations.evidence.tracking import TrackingSeed, followed, growing
from numerics.common.weights import Weights
from numerics.replay.results import Run
from numerics.replay.tracking import tracking_replay
from numerics.replay.tracking_task import TrackingTask


@pytest.fixture(scope="module")
def seeds():
    return [followed(tracking_replay(1, 6, 5, 12), 10)]


def stable_weights():
    """Four neurons, (position, filtered velocity) of each axis, that hold the plant and follow the references."""
    one, none = np.eye(2), np.zeros((2, 2))
    keep = np.block([[none, none], [-3 * one, 0.7 * one]])
    m = np.block([[one, -one], [3 * one, none]]) / 0.1
    return Weights(m, np.vstack([-2 * one, -2.5 * one]), w=(keep - 0.9 * np.eye(4)) / 0.1)


def with_modes(values, reference):
    """A seed whose run ends with one mode a frequency, each reading p and so many times r/λ of its axis."""
    task = TrackingTask()
    blocks = [np.array([[v.real, v.imag], [-v.imag, v.real]]) for v in values]
    step = np.zeros((8, 8))
    m = np.zeros((8, 4))
    for k, (block, axis) in enumerate(zip(blocks, task.axes, strict=True)):
        rows = slice(2 * k, 2 * k + 2)
        step[rows, rows] = block
        m[2 * k, axis] = 1.0
        m[rows, 2 + axis] = reference * np.linalg.solve(block, [1.0, 0.0])
    run = staircase((100, 900, 400, 1500))
    weights = Weights(m, np.ones((8, 2)), w=(step - 0.9 * np.eye(8)) / 0.1)
    return replace(run, replay=tracking_replay(0, 1, 2, 40), run=replace(run.run, weights=weights))


def passed(lines):
    return [line.passed for line in lines]


def test_equivalent_episodes_and_losses_by_frequency_hold(seeds):
    assert passed(equivalence(seeds)) == [True, True]
    assert passed(by_frequency(seeds)) == [True]


def test_a_wrong_theory_of_the_losses_is_told(seeds, monkeypatch):
    true = tracking_checks.episode_losses
    monkeypatch.setattr(
        tracking_checks, "episode_losses", lambda task, weights, leak: true(task, weights, 1.001 * leak)
    )
    assert passed(by_frequency(seeds)) == [False]


def test_a_wrong_gradient_is_told(seeds, monkeypatch):
    true = tracking_checks.backpropagate
    monkeypatch.setattr(
        tracking_checks, "backpropagate", lambda *a: {name: 1.000001 * g for name, g in true(*a).items()}
    )
    assert passed(equivalence(seeds)) == [True, False]


def test_stationary_losses_hold_for_a_stable_loop_and_need_one(seeds, monkeypatch):
    stable = replace(seeds[0], run=replace(seeds[0].run, weights=stable_weights()))
    assert passed(stationary([stable])) == [True]
    assert passed(stationary(seeds)) == [False]
    true = tracking_checks.stationary_losses
    monkeypatch.setattr(tracking_checks, "stationary_losses", lambda *a: true(*a) * (1 + 1e-5))
    assert passed(stationary([stable])) == [False]


NEVER = 3000


def staircase(epochs, hurt=1.0):
    """A made-up run in which the frequencies x 0.1, x 0.3, y 0.2, y 0.4 are acquired at given epochs."""
    replay = tracking_replay(0, 1, 2, 4)
    time = np.arange(2000)
    losses = np.stack([np.where(time < epoch, 0.26, 0.02) for epoch in epochs], axis=1)
    if epochs[3] < NEVER:
        losses[epochs[3] - 2 : epochs[3] + 1, 1] *= hurt
        losses[epochs[3] - 1, 3] = 0.2
    return TrackingSeed(0, replay, Run("simulation", "completed", {"frequency_loss": losses}, replay.weights, {}))


@pytest.mark.parametrize(
    ("epochs", "hurt", "expected"),
    [
        ((100, 900, 400, 1500), 2.0, [True, True]),
        ((100, 900, 400, 1500), 1.0, [True, False]),
        ((500, 900, 400, 1500), 2.0, [False, True]),
    ],
)
def test_order_and_competition(epochs, hurt, expected):
    assert passed(order([staircase(epochs, hurt)])) == expected


LOW_FIRST, HIGH_FIRST = (100, 900, 400, 1500), (1600, 900, 1000, 1500)


@pytest.mark.parametrize(
    ("proportional", "quadratic", "expected"),
    [
        ([LOW_FIRST, LOW_FIRST], [HIGH_FIRST], [True, True]),
        ([LOW_FIRST, HIGH_FIRST], [HIGH_FIRST], [False, True]),
        ([LOW_FIRST], [LOW_FIRST], [True, False]),
        ([(100, 900, 400, NEVER)], [(NEVER, 900, 400, 1500)], [False, True]),
    ],
)
def test_the_order_where_amplitudes_grow(proportional, quadratic, expected):
    assert (
        passed(amplitudes(*([staircase(epochs) for epochs in runs] for runs in (proportional, quadratic)))) == expected
    )


def test_growing_amplitudes_end_at_that_of_the_protocol():
    assert growing(1).amplitude == pytest.approx((0.5775, 1.7325, 1.155, 2.31))
    assert growing(2).amplitude == pytest.approx((0.144375, 1.299375, 0.5775, 2.31))


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [
        ((300, NEVER, 1300, NEVER), True),
        ((1300, NEVER, 300, NEVER), False),
        ((300, 1300, NEVER, NEVER), False),
        ((300, 1500, 1300, NEVER), False),
    ],
)
def test_plain_descent_learns_the_lower_frequency_of_each_axis(epochs, expected):
    assert passed(plain_descent([staircase(epochs), staircase((300, NEVER, 1300, NEVER))])) == [expected]


def test_poles_that_come_nearer_and_do_not_read_the_error():
    points = TrackingTask().advances
    assert passed(poles([with_modes(0.98 * points, 1.0)])) == [True, True]
    assert passed(poles([with_modes(0.98 * points, -1.0)])) == [True, False]
    assert passed(poles([with_modes(0.7 * points, 1.0)])) == [False, True]
    assert passed(poles([with_modes(0.98 * points, 1.0), with_modes(0.98 * points, -0.9)])) == [True, False]
