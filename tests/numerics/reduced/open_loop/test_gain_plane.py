"""The gain plane: regions against eigenvalues, the loss against a simulated feedback."""

import numpy as np
import pytest
from scipy.optimize import minimize

from numerics.common.errors import InputError
from numerics.reduced.open_loop.gain_plane import feedback_loss, region
from numerics.reduced.stages.optimum import lqr_gain
from numerics.replay.settings import Settings

A, B = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[0.0], [1.0]])


def test_regions_are_those_of_the_eigenvalues():
    gains = np.random.default_rng(0).uniform(-1, 5, (3000, 2))
    values = np.linalg.eigvals(A - B * gains[:, None, :])
    radius = np.abs(values).max(axis=1)
    expected = np.where(radius < 1, np.where(np.abs(values.imag).max(axis=1) > 0, 2, 1), 0)
    away = np.abs(radius - 1) > 1e-9
    np.testing.assert_array_equal(region(gains)[away], expected[away])
    assert set(region(gains)) == {0, 1, 2}


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_loss_is_that_of_the_simulated_feedback(penalty):
    settings = Settings(horizon=12, control_penalty=penalty)
    K = np.array([[0.3, 0.9]])
    states = 2 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) / np.sqrt(3)
    total = 0.0
    for x in states:
        for t in range(12):
            u = -K @ x if t else np.zeros(1)
            total += 0.5 * x @ x + penalty * u @ u
            x = A @ x + B @ u
    assert feedback_loss(K[0], settings) == pytest.approx(total / 12 / 4, rel=1e-12)


def test_least_loss_of_a_long_horizon_is_at_lqr():
    settings = Settings(horizon=300, control_penalty=2.0)
    found = minimize(
        lambda k: float(feedback_loss(k, settings)),
        [0.4, 1.0],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-12},
    )
    np.testing.assert_allclose(found.x, lqr_gain(0.5, 2.0)[0], atol=1e-5)


def test_overflow_is_infinite_and_bad_shapes_are_told():
    assert feedback_loss(np.array([1e6, 0.0]), Settings(horizon=200)) == np.inf
    with pytest.raises(InputError, match="two, k_1 and k_2"):
        feedback_loss(np.ones(3), Settings())
