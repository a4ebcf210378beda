"""Doubling against the rollout, and very long horizons against the Lyapunov equation."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from numerics.common.errors import InputError
from numerics.reduced.doubling import horizon_loss
from numerics.reduced.kernels import loss_kernel
from numerics.reduced.spectra import reduced_matrix
from theory.core.loop import ReducedLoop, symbolic_loop

STABLE = (-1.6, 3.2, 1.0, -1.2)


@pytest.mark.parametrize("horizon", [1, 2, 3, 4, 7, 50, 63, 64, 65, 1000])
def test_doubling_equals_the_rollout(horizon):
    loop, factor = ReducedLoop(), np.array([[1.0, 0.2], [0.2, 1.3]])
    loss, slope = horizon_loss(loop, STABLE, horizon, factor @ factor.T, 0.7, 0.3)
    rolled, rolled_slope = loss_kernel(loop).function(STABLE, (), tuple(factor.ravel()), 0.7, 0.3, horizon)
    assert loss == pytest.approx(rolled, rel=1e-10)
    np.testing.assert_allclose(slope, rolled_slope, rtol=1e-10, atol=1e-12)


def test_doubling_equals_the_rollout_for_a_general_plant(rng):
    loop = symbolic_loop(3, 2, 1, 2)
    overlaps = rng.normal(0, 0.2, len(loop.overlaps.flat))
    parameters = (*rng.normal(0, 0.3, len(loop.parameters) - 1), 0.6)
    factor = rng.normal(size=(3, 3))
    loss, slope = horizon_loss(loop, overlaps, 37, factor @ factor.T, 1.1, 0.4, parameters)
    rolled = loss_kernel(loop).function(tuple(overlaps), parameters, tuple(factor.ravel()), 1.1, 0.4, 37)
    assert loss == pytest.approx(rolled[0], rel=1e-10)
    np.testing.assert_allclose(slope, rolled[1], rtol=1e-9, atol=1e-10)


def test_a_million_steps_reach_the_lyapunov_limit():
    loop = ReducedLoop()
    P, Q = reduced_matrix(loop, STABLE), np.diag([1.0, 1.0, 0.0, 0.0])
    limit = np.trace(solve_discrete_lyapunov(P.T, Q)[:2, :2])
    assert horizon_loss(loop, STABLE, 10**6, np.eye(2))[0] == pytest.approx(limit, rel=1e-9)


def test_overflow_is_infinite_not_silent():
    loss, slope = horizon_loss(ReducedLoop(), (0.5, 0.0, 0.0, 0.0), 10**5, np.eye(2))
    assert loss == np.inf
    assert np.isnan(slope).all()


UNREACHED, UNSEEN, NEITHER = (-0.05, 0.3, 0.0, 2.0), (-0.05, 0.0, 0.3, 2.0), (-0.05, 0.0, 0.0, 2.0)


@pytest.mark.parametrize("point", [UNREACHED, UNSEEN, NEITHER], ids=["unreached", "unseen", "neither"])
@pytest.mark.parametrize("control_weight", [0.0, 0.3])
def test_an_unstable_mode_that_is_not_reached_or_not_seen_leaves_the_loss_finite(point, control_weight):
    """The same loop with the mode stable has the same loss, and the same gradient by σ_zm."""
    stable = (*point[:3], 0.5)
    for horizon in (50, 2000):
        loss, slope = horizon_loss(ReducedLoop(), point, horizon, np.eye(2), 1.0, control_weight)
        same, same_slope = horizon_loss(ReducedLoop(), stable, horizon, np.eye(2), 1.0, control_weight)
        assert loss == pytest.approx(same, rel=1e-12)
        assert slope[0] == pytest.approx(same_slope[0], rel=1e-12)
        assert slope[3] == 0
    with np.errstate(all="ignore"):
        rolled = loss_kernel(ReducedLoop()).function(point, (), (1.0, 0.0, 0.0, 1.0), 1.0, control_weight, 2000)
    assert np.isnan(rolled[0]) or loss == pytest.approx(rolled[0], rel=1e-10)


@pytest.mark.parametrize("point", [UNREACHED, UNSEEN, NEITHER], ids=["unreached", "unseen", "neither"])
@pytest.mark.parametrize("control_weight", [0.0, 0.3])
def test_gradients_that_would_excite_a_hidden_mode_equal_the_rollout_s(point, control_weight):
    slope = horizon_loss(ReducedLoop(), point, 40, np.eye(2), 0.7, control_weight)[1]
    rolled = loss_kernel(ReducedLoop()).function(point, (), (1.0, 0.0, 0.0, 1.0), 0.7, control_weight, 40)[1]
    np.testing.assert_allclose(slope, rolled, rtol=1e-10)
    assert (slope[1:3] != 0).tolist() == [point[2] != 0, point[1] != 0]


def test_a_gradient_that_overflows_alone_is_the_only_one_that_is_not_a_number():
    for point, hidden in ((UNREACHED, 2), (UNSEEN, 1)):
        slope = horizon_loss(ReducedLoop(), point, 2000, np.eye(2), 1.0, 0.3)[1]
        assert np.flatnonzero(np.isnan(slope)).tolist() == [hidden]


def test_states_without_initial_spread_are_not_reached():
    """The velocity drifts away; without spread in it, and without control, the position stays where it is."""
    loss, slope = horizon_loss(ReducedLoop(), (0.0, 0.0, 0.0, 3.0), 5000, np.diag([1.0, 0.0]))
    assert loss == 5000
    assert np.isfinite(slope).all()


def test_horizon_below_one_is_refused():
    with pytest.raises(InputError, match="horizon must be at least 1; found 0"):
        horizon_loss(ReducedLoop(), STABLE, 0, np.eye(2))
