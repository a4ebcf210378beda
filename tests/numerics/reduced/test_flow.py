"""The flow as an ODE: order against descent, conservation laws, events, refusals."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.weights import at_overlaps, gaussian_weights
from numerics.reduced.descent import descend_gram
from numerics.reduced.flow import conserved_quantities, integrate, unpack
from numerics.reduced.spectra import reduced_radius
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings
from theory.core.learning import BLOCKS, WeightSpace
from theory.core.loop import ReducedLoop

LOOP, FACTOR = ReducedLoop(), np.eye(2)
STABLE = (-0.6, 1.0, 0.5, -0.2)


def start(rng):
    return at_overlaps(rng, STABLE, 30).gram


def test_descent_converges_to_the_flow_with_slope_one(rng):
    space, gram, rates = WeightSpace(), start(rng), np.array([0.008, 0.004, 0.002, 0.001])
    end = integrate(LOOP, space, gram, FACTOR, Settings(), 0.32, tolerance=1e-11).gram[-1]
    errors = []
    for rate in rates:
        epochs = round(0.32 / rate) + 1
        path = descend_gram(LOOP, space, gram, np.repeat(FACTOR[None], epochs, 0), Settings(learning_rate=rate))
        errors.append(np.abs(path.gram[-1] - end).max())
    slopes = np.diff(np.log(errors)) / np.diff(np.log(rates))
    np.testing.assert_allclose(slopes, 1, atol=0.08)


@pytest.mark.parametrize("trained", [("z", "u", "v"), BLOCKS, ("z", "v"), ("u", "v")])
def test_conservation_laws_hold_along_the_flow(trained, rng):
    solution = integrate(LOOP, WeightSpace(trained=trained), start(rng), FACTOR, Settings(), 3.0, tolerance=1e-10)
    assert solution.status == "completed"
    assert np.abs(solution.gram[-1] - solution.gram[0]).max() > 1e-3
    assert solution.drift.max() < 1e-7


def test_a_law_of_other_frozen_blocks_is_broken(rng):
    solution = integrate(LOOP, WeightSpace(), start(rng), FACTOR, Settings(), 3.0)
    foreign = conserved_quantities(WeightSpace(trained=BLOCKS), unpack(solution.gram, 4))
    assert np.abs(foreign - foreign[0]).max() > 1e-3


def test_integration_stops_where_the_radius_falls_through_one():
    replay = rank_one_replay(1, neurons=50)
    solution = integrate(LOOP, WeightSpace(), replay.weights.gram, FACTOR, Settings(), 100.0, stop_when_stable=True)
    assert solution.status == "stopped at stabilisation"
    assert reduced_radius(LOOP, solution.overlaps()[-1]) == pytest.approx(1.0, abs=1e-7)
    assert solution.crossings.size == 1


@pytest.mark.parametrize("method", ["LSODA", "Radau", "BDF"])
def test_stiff_solvers_agree(method, rng):
    reference = integrate(LOOP, WeightSpace(), start(rng), FACTOR, Settings(), 1.0, tolerance=1e-12, method="DOP853")
    solution = integrate(
        LOOP, WeightSpace(), start(np.random.default_rng(20260101)), FACTOR, Settings(), 1.0, method=method
    )
    np.testing.assert_allclose(solution.gram[-1], reference.gram[-1], atol=1e-6)


def test_dense_output_passes_through_the_steps(rng):
    solution = integrate(LOOP, WeightSpace(), start(rng), FACTOR, Settings(), 1.0)
    np.testing.assert_allclose(solution.at(solution.time), solution.gram, atol=1e-9)
    assert solution.overlaps(np.array([0.1, 0.2])).shape == (2, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"method": "Euler"}, "method must be one of"), ({"duration": 0.0}, "duration must be a finite number above 0")],
)
def test_bad_arguments_are_refused(change, message, rng):
    arguments = {"duration": 1.0, **change}
    with pytest.raises(InputError, match=message):
        integrate(LOOP, WeightSpace(), start(rng), FACTOR, Settings(), **arguments)


def test_an_overflowing_start_is_refused(rng):
    with pytest.raises(InputError, match="finite loss"):
        integrate(LOOP, WeightSpace(), 1e3 * gaussian_weights(rng, 9).gram, FACTOR, Settings(horizon=5000), 1.0)


def test_nothing_trained_conserves_everything_and_is_refused():
    with pytest.raises(InputError, match="space must train at least one block"):
        conserved_quantities(WeightSpace(trained=()), np.eye(4))
