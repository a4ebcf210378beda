"""The slope of the edge of stability, against the spectrum."""

import numpy as np
import pytest
from scipy.optimize import brentq

from numerics.reduced.open_loop.predicted_spike import edge_slope
from numerics.reduced.spectra import reduced_radius
from numerics.reduced.stages.ensemble import LOOP


def edge(distance):
    """The κ at which the spectral radius falls through 1 for σ_zm = -distance, σ_vu = 0."""
    return brentq(
        lambda k: float(reduced_radius(LOOP, np.array([-distance, k, 1.0, 0.0]))) - 1, 0, 0.99 * distance, xtol=1e-13
    )


@pytest.mark.parametrize("distance", [0.02, 0.3, 0.7, 0.9])
def test_slope_is_that_of_the_spectrum(distance):
    numerical = (edge(distance + 1e-4) - edge(distance - 1e-4)) / 2e-4
    assert edge_slope(-distance) == pytest.approx(numerical, rel=1e-4)
    assert edge_slope(-distance) == pytest.approx(0.5 / np.sqrt(1 - distance), rel=1e-14)


def test_below_minus_one_there_is_no_edge():
    assert np.isnan(edge_slope(-1.1))
