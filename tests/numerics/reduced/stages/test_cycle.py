"""The 2-cycle of clipped descent on the axis, against descent of neurons' Gram matrices and the numbers of the notes."""

from dataclasses import replace

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.reduced.descent import descend_gram
from numerics.reduced.moments import moment_factor
from numerics.reduced.population import FACTOR
from numerics.reduced.stages import cycle as module
from numerics.reduced.stages.cycle import arrival, axis_slopes, clip_of, cycle
from numerics.reduced.stages.ensemble import LOOP, SPACE
from numerics.replay.settings import Settings

SETTINGS = Settings()
SQUARED = 1 / 3
STEP = 0.01 * np.sqrt(SQUARED)


def stepped(zm, vu, steps, squared=SQUARED, epsilon=1e-6):
    """Points of clipped descent on the axis and the clipped L_κ at each."""
    points, clipped = [], []
    for _ in range(steps):
        slope, along = axis_slopes(zm, vu, SETTINGS)
        factor = min(1.0, 1 / (abs(slope) * np.sqrt(squared) + epsilon))
        points.append(zm)
        clipped.append(factor * along)
        zm -= 0.01 * factor * slope * squared
    return np.array(points), np.array(clipped)


def on_axis(zm, epochs, factors):
    """σ_zm of the exact map from a Gram matrix on the axis."""
    gram = np.diag([SQUARED, 1 / 3, 1.0, 1.0])
    gram[0, 1] = gram[1, 0] = zm
    return descend_gram(LOOP, SPACE, gram, factors[:epochs], SETTINGS, backend="python").overlaps(SPACE)[:, 0]


@pytest.mark.parametrize("zm", [0.04, -0.01, -0.06])
def test_learning_arrives_at_the_cycle_s_valley(zm):
    path = on_axis(zm, 40, np.repeat(FACTOR[None], 40, axis=0))
    found = cycle(zm, SQUARED, 0.0, SETTINGS)
    assert min(path[-2:]) < found.valley < max(path[-2:])
    assert abs(path[-1] - path[-3]) < 1e-7
    assert arrival(zm, SQUARED, 0.0, SETTINGS) == pytest.approx(tuple(sorted(path[-2:])), abs=1e-7)


def test_batch_noise_does_not_move_the_zigzag(rng):
    """Away from the valley's bottom every batch gives the same step: its length is η ‖m‖, its sign that of the slope."""
    low = cycle(0.0, SQUARED, 0.0, SETTINGS).low
    noisy = on_axis(low, 60, moment_factor(rng.uniform(-2, 2, (60, 100, 2))))
    np.testing.assert_allclose(noisy[::2], low, atol=1e-6)
    np.testing.assert_allclose(noisy[1::2], low + STEP, atol=1e-6)


@pytest.mark.parametrize("vu", [-0.2, 0.0, 0.2])
def test_ends_are_a_clipped_step_apart_with_equal_slopes(vu):
    found = cycle(0.03, SQUARED, vu, SETTINGS)
    assert found.high - found.low == pytest.approx(STEP, rel=1e-12)
    below, above = (axis_slopes(end, vu, SETTINGS)[0] for end in (found.low, found.high))
    assert below == pytest.approx(-above, rel=1e-6)
    assert axis_slopes(found.valley, vu, SETTINGS)[0] == pytest.approx(0, abs=1e-6 * abs(below))


def test_slope_is_the_mean_along_the_zigzag():
    found = cycle(0.03, SQUARED, 0.1, SETTINGS)
    points, clipped = stepped(found.low, 0.1, 20)
    assert np.ptp(points[::2]) < 1e-7
    assert found.slope == pytest.approx(-clipped.mean(), rel=1e-6)


def test_the_other_cycles_are_not_attracting_and_this_one_is():
    """With the ε of the clip made large the drift is seen: from either side of the family to the same cycle."""
    found = cycle(0.03, SQUARED, 0.0, SETTINGS)
    for start in (found.low + 0.001, found.low - 0.001):
        points, _ = stepped(start, 0.0, 4000, epsilon=1.0)
        assert abs(min(points[-2:]) - found.low) < abs(start - found.low) / 3


@pytest.mark.parametrize(("vu", "mean"), [(-0.2, -1.044), (0.0, -1.475), (0.2, -2.235)])
def test_another_cycle_of_the_family(vu, mean):
    """-0.0242, -0.0185 is a 2-cycle too, with another mean clipped slope, among the smallest there are."""
    points, clipped = stepped(-0.03, vu, 50)
    np.testing.assert_allclose(sorted(points[-2:]), [-0.0242, -0.0185], atol=5e-5)
    assert clipped[-10:].mean() == pytest.approx(mean, abs=1e-3)
    assert cycle(-0.03, SQUARED, vu, SETTINGS).slope > -mean


def test_clipping_leaves_small_gradients():
    assert clip_of(0.5, 1.0, SETTINGS) == 1
    assert clip_of(-8.0, 0.25, SETTINGS) == pytest.approx(0.25, rel=1e-6)


def test_without_clip_there_is_no_such_cycle():
    with pytest.raises(InputError, match="clip must be finite for a zigzag"):
        cycle(0.0, SQUARED, 0.0, replace(SETTINGS, clip=np.inf))


def test_a_step_longer_than_the_valley_is_refused():
    with pytest.raises(InputError, match=r"a clipped step must be shorter than the valley is wide; found 0\.016"):
        cycle(0.0, SQUARED, 0.0, replace(SETTINGS, learning_rate=0.028))


def test_learning_that_does_not_turn_back_is_refused(monkeypatch):
    monkeypatch.setattr(module, "axis_slopes", lambda zm, vu, settings: (1.0, 0.0))
    with pytest.raises(InputError, match="must turn back within 1000 steps"):
        cycle(0.0, SQUARED, 0.0, SETTINGS)
