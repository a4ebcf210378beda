"""The zigzag of paths whose measures are known."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.reduced.stages.zigzag import zigzag


def path(*first):
    """A path along the first overlap."""
    return np.array([[value, 0.0, 0.0, 0.0] for value in first])


def test_straight_line_never_turns():
    found = zigzag(path(0, 1, 3, 4))
    assert (found.reversals, found.excess, found.amplitude) == (0, 1, 1)


def test_alternation_always_turns():
    found = zigzag(path(0, 3, 1, 4, 2))
    assert (found.reversals, found.excess, found.amplitude) == (1, 10 / 2, 2.5)


def test_right_angles_are_no_reversals():
    corner = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0.5, 1, 0, 0]])
    assert zigzag(corner).reversals == 0


def test_three_epochs_suffice():
    assert zigzag(path(0, 2, 1)).reversals == 1


@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_fewer_epochs_are_refused(epochs):
    with pytest.raises(InputError, match=f"at least 3 epochs.*found {epochs}"):
        zigzag(np.zeros((epochs, 4)))


def test_a_closed_path_has_infinite_excess():
    assert zigzag(path(0, 1, 0)).excess == np.inf


def test_rotation_and_scale_leave_reversals_and_excess(rng):
    steps = rng.normal(size=(60, 4))
    walk = np.cumsum(steps, axis=0)
    turn, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    one, two = zigzag(walk), zigzag(7 * walk @ turn)
    assert two.reversals == one.reversals
    assert two.excess == pytest.approx(one.excess, rel=1e-12)
    assert two.amplitude == pytest.approx(7 * one.amplitude, rel=1e-12)


def test_a_random_walk_turns_half_the_time(rng):
    """Products of successive normal steps are negative with probability ½; they are uncorrelated."""
    count = 20_000
    walk = np.cumsum(rng.normal(size=(count, 4)), axis=0)
    assert abs(zigzag(walk).reversals - 0.5) < 4 * 0.5 / np.sqrt(count)
