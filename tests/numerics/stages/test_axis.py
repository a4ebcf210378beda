"""Stage 1 in numbers, against stepping the loop and searching a grid."""

from contextlib import suppress

import mpmath
import numpy as np
import pytest

from numerics.errors import InputError
from numerics.stages.axis import exact_loss, geometric, minimiser, valley_law
from numerics.stages.detection import AXIS_GROWTH


def stepped(sigma, horizon):
    """The loss on the axis by stepping both unit starts, for arrays of σ_zm."""
    sigma = np.asarray(sigma, dtype=float)
    total = np.zeros_like(sigma)
    for start in ((1.0, 0.0), (0.0, 1.0)):
        x, y = (np.full_like(sigma, value) for value in start)
        for t in range(horizon):
            total += x**2 + y**2
            x, y = x + y, y + (sigma * x if t else 0)
    return total / horizon


@pytest.mark.parametrize("horizon", [1, 2, 3, 10, 50, 300])
def test_closed_form_is_the_stepped_sum(horizon):
    points = np.array([-2.0, -0.3, -0.04, -0.01, 0.01, 0.05, 0.3, 1.0, 2.0])
    np.testing.assert_allclose(exact_loss(points, horizon), stepped(points, horizon), rtol=1e-11)


@pytest.mark.parametrize("sigma", [-1e-4, -1e-8, -1e-12, 1e-12, 1e-8])
def test_closed_form_is_accurate_beside_its_removable_singularity(sigma):
    assert float(exact_loss(np.array(sigma), 50)) == pytest.approx(float(stepped(sigma, 50)), rel=1e-6)


def test_the_other_removable_singularity_is_a_number_or_refused():
    """At σ_zm = 4, λ_-² = 1."""
    with suppress(InputError):
        assert float(exact_loss(np.array(4.0), 10)) == pytest.approx(float(stepped(4.0, 10)), rel=1e-9)


def test_zero_is_refused():
    with pytest.raises(InputError, match="sigma_zm must not be 0"):
        exact_loss(np.array([-0.1, 0.0]), 10)


def test_geometric_sum_counts_t_plus_one_terms_of_either_growth():
    for sigma, growth in ((-0.1, 1.1), (0.04, 1.44)):
        expected = 0.5 * sum(growth**k for k in range(6))
        assert float(geometric(np.array(sigma), 5)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("horizon", [3, 4, 5, 7, 10, 20, 50, 200])
def test_minimiser_is_the_global_one_of_a_grid(horizon):
    grid = -np.linspace(1e-3, 15.0, 60_001)
    values = stepped(grid / horizon, horizon)
    best = grid[np.argmin(values)]
    assert minimiser(horizon) == pytest.approx(best, abs=1.5 * (grid[0] - grid[1]))


def test_minimiser_of_three_steps_in_closed_form():
    """3 L_3 = const + σ² + (1 + σ)², least at σ = -1/2."""
    assert minimiser(3) == pytest.approx(-1.5, abs=1e-12)


def precise_loss(scaled, horizon):
    """L_T at σ = s/T by the geometric sums of its roots, in mpmath."""
    root = mpmath.sqrt(mpmath.mpc(scaled) / horizon)
    up, down = 1 + root, 1 - root

    def total(ratio):
        return (ratio ** (horizon - 1) - 1) / (ratio - 1)

    same, other, cross = total(up**2), total(down**2), total(up * down)
    even, odd = (same + other + 2 * cross) / 4, (same + other - 2 * cross) / (4 * root**2)
    mixed, sigma = (same - other) / (4 * root), root**2
    squares = 2 + even + sigma**2 * odd + (even + odd + 2 * mixed) + (sigma**2 * odd + even + 2 * sigma * mixed)
    return (squares / horizon).real


@pytest.mark.parametrize("horizon", [50, 10**6])
def test_minimiser_is_a_zero_of_the_slope_in_high_precision(horizon):
    with mpmath.workdps(60):
        assert float(precise_loss(mpmath.mpf(-1), 50)) == pytest.approx(
            float(exact_loss(np.array(-0.02), 50)), rel=1e-12
        )
        step, at = mpmath.mpf(10) ** -15, mpmath.mpf(minimiser(horizon))
        low, middle, high = (precise_loss(at + k * step, horizon) for k in (-1, 0, 1))
        newton = -(high - low) / 2 / (high - 2 * middle + low) * step
    assert abs(float(newton)) < 1e-10


@pytest.mark.parametrize("horizon", [2, 1, 3.5])
def test_too_short_or_broken_horizons_are_refused(horizon):
    with pytest.raises(InputError, match="horizon must be"):
        minimiser(horizon)


@pytest.mark.parametrize("horizon", [10**4, 10**5, 10**6])
def test_law_of_the_deepest_valley_errs_in_first_order(horizon):
    """The envelope's slope shifts a valley by O(1/T); the next valley is 2π √(s/T) away."""
    spacing = 2 * np.pi * np.sqrt(AXIS_GROWTH / horizon)
    assert abs(valley_law(horizon) - minimiser(horizon)) < 4 / horizon < spacing / 10


def test_law_with_the_opposite_phase_misses_by_half_a_valley():
    horizon = 10**5
    k = (2 * np.sqrt(-valley_law(horizon) * horizon) - np.pi / 2) / (2 * np.pi)
    assert k == pytest.approx(round(k), abs=1e-9)
    opposite = -((3 * np.pi / 2 + 2 * np.pi * round(k)) ** 2) / (4 * horizon)
    assert abs(opposite - minimiser(horizon)) > 100 * 4 / horizon


def test_law_by_index():
    assert valley_law(100, 0) == pytest.approx(-((np.pi / 2) ** 2) / 400, rel=1e-14)
    assert valley_law(100, 2) == pytest.approx(-((4.5 * np.pi) ** 2) / 400, rel=1e-14)


@pytest.mark.parametrize("k", [39, 40, 41])
def test_indexed_valleys_near_the_envelope_minimum_are_local_minima(k):
    horizon = 10**4
    around = valley_law(horizon, k) + np.linspace(-20, 20, 201) / horizon
    assert 0 < np.argmin(exact_loss(around / horizon, horizon)) < 200
