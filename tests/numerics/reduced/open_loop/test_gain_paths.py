"""Gains of reduced loops are those regressed on neurons, and distances of paths are those of geometry."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import double_integrator
from numerics.common.weights import at_overlaps
from numerics.experiment.observe import regressed_gains
from numerics.experiment.simulate import rollout
from numerics.reduced.open_loop.gain_paths import path_distance, population_gains

POINTS = np.array([[-0.05, 0.1, 0.2, 0.3], [-0.6, 1.0, 0.5, -0.2], [0.02, 0.1, 0.2, 0.1]])


@pytest.mark.parametrize("index", range(len(POINTS)))
@pytest.mark.parametrize("horizon", [3, 50])
def test_gains_are_those_regressed_on_neurons(rng, index, horizon):
    weights = at_overlaps(rng, POINTS[index], 30)
    measured = regressed_gains(rollout(double_integrator(), weights, np.eye(2), horizon))[0]
    np.testing.assert_allclose(population_gains(POINTS, horizon)[index], measured, rtol=1e-9)


def test_a_large_law_gives_the_same_gains(rng):
    x0 = rng.uniform(-2, 2, (200_000, 2))
    measured = regressed_gains(rollout(double_integrator(), at_overlaps(rng, POINTS[1], 4), x0, 20))[0]
    np.testing.assert_allclose(population_gains(POINTS[1], 20), measured, atol=5e-3)


def test_an_agent_that_sees_one_step_has_no_two_gains():
    with pytest.raises(InputError, match="horizon must be at least 3; found 2"):
        population_gains(POINTS, 2)


LINE = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])


def test_a_path_is_at_no_distance_from_itself_however_fast_it_is_walked():
    assert path_distance(LINE, LINE) == 0
    assert path_distance(LINE, np.array([[0.0, 0.0], [0.3, 0.0], [0.3, 0.0], [2.0, 0.0]])) == pytest.approx(
        0, abs=1e-15
    )


def test_distance_is_the_largest_of_both_ways():
    detour = np.array([[0.0, 0.0], [1.0, 0.7], [2.0, 0.0]])
    assert path_distance(LINE, detour) == path_distance(detour, LINE) == pytest.approx(0.7)
    assert path_distance(LINE, LINE[:2]) == path_distance(LINE[:2], LINE) == 1
