"""The law of the staircase in numbers."""

from dataclasses import replace

import numpy as np
import pytest

from numerics.common.weights import tracking_weights
from numerics.reduced.tracking.clock import law, needed, spent
from numerics.reduced.tracking.forecast import OPENING
from numerics.replay.tracking import TrackingTraining
from numerics.replay.tracking_task import TrackingTask

TASK, ADAM = TrackingTask(), TrackingTraining()
PLAIN = TrackingTraining(optimizer="sgd", learning_rate=0.02, clip=1.0)


@pytest.fixture
def weights(rng):
    return tracking_weights(rng, 100)


def test_flow_by_hand(weights):
    """At 0.2 Hz, listed third: d = 4 sin²(0.02 π), a = 2.31, dt = 0.1."""
    width = np.mean(np.sum(weights.m**2, axis=0)) * np.mean(np.sum(weights.z**2, axis=0))
    expected = (4 * np.sin(0.02 * np.pi) ** 2) ** 2 / (1e-5 * 2.31**2 * width)
    assert needed(TASK, weights)[2] == pytest.approx(expected, rel=1e-12)


def test_flow_falls_with_the_square_of_the_amplitude(weights):
    double = replace(TASK, amplitude=(2.31, 4.62, 2.31, 2.31))
    assert needed(double, weights) / needed(TASK, weights) == pytest.approx([1, 0.25, 1, 1])


def test_gradient_descent_spends_its_rate(weights):
    assert law(TASK, weights, PLAIN) == pytest.approx(needed(TASK, weights) / 0.02)
    heavy = replace(PLAIN, optimizer="momentum", momentum=0.75)
    assert law(TASK, weights, heavy) == pytest.approx(needed(TASK, weights) / 0.08)


def test_adams_epochs_spend_what_is_needed_and_wait_for_its_memory(weights):
    epochs = law(TASK, weights, ADAM, 0.02)
    assert spent(epochs, ADAM, 0.02) == pytest.approx(needed(TASK, weights), rel=1e-9)
    later = law(TASK, weights, ADAM, 0.08)
    assert (later > 1.3 * epochs).all()
    assert later[0] / epochs[0] == pytest.approx(4 ** (2 / 3), rel=0.1)


def test_clock_adds_up_the_rates_of_decaying_second_moments():
    root = 0.02 / 0.999 ** (OPENING / 2)
    rates = [1e-3 * np.sqrt((1 - 0.999**t) / 0.999**t) / root for t in np.arange(2000) + 0.5]
    assert float(spent(np.array(2000), ADAM, 0.02)) == pytest.approx(sum(rates), rel=1e-3)
