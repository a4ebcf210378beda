"""Stage 1 in numbers, against stepping the loop and searching a grid; where learning on the axis stops."""

from contextlib import suppress

import mpmath
import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.weights import Weights, at_overlaps
from numerics.reduced.descent import descend
from numerics.reduced.stages.axis import exact_loss, geometric, minimiser, valley_law, valleys
from numerics.reduced.stages.detection import AXIS_GROWTH
from numerics.replay.closed_loop import Replay
from numerics.replay.settings import Settings


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


# every valley

FIRST = {50: -1.0842, 200: -0.9374, 10**4: -0.6393, 10**5: -0.6080, 10**6: -0.6094}
"""T σ_zm of the first valley from the right."""


def turning(scaled, horizon):
    """Newton's step towards a zero of the slope of the exact sum, in 60 digits."""
    step, at = mpmath.mpf(10) ** -15, mpmath.mpf(scaled)
    low, middle, high = (precise_loss(at + k * step, horizon) for k in (-1, 0, 1))
    return float(-(high - low) / 2 / (high - 2 * middle + low) * step), high - 2 * middle + low > 0


@pytest.mark.parametrize(("horizon", "scaled"), FIRST.items())
def test_first_valley_of_the_exact_sum(horizon, scaled):
    found = valleys(horizon)
    assert found.bottoms[0] * horizon == pytest.approx(scaled, abs=5.1e-5)
    with mpmath.workdps(60):
        for ends, least in ((found.bottoms[[0, -1]], True), (found.ridges[[0, -1]], False)):
            for end in ends:
                correction, convex = turning(end * horizon, horizon)
                assert abs(correction) < 1e-8
                assert convex == least


@pytest.mark.parametrize("horizon", [3, 5, 20, 50, 200])
def test_valleys_are_those_of_the_stepped_sum(horizon):
    """Also nearer to 0 and farther away than they are sought."""
    grid = -(np.linspace(np.sqrt(1e-3), np.sqrt(15.0), 20_001) ** 2)
    values = stepped(grid / horizon, horizon)
    inner = values[1:-1]
    found = [
        grid[1:-1][(inner < values[:-2]) & (inner < values[2:])],
        grid[1:-1][(inner > values[:-2]) & (inner > values[2:])],
    ]
    for scaled, exact in zip(found, (valleys(horizon).bottoms, valleys(horizon).ridges), strict=True):
        np.testing.assert_allclose(scaled, exact * horizon, atol=2e-3)


def test_deepest_of_the_valleys_is_the_minimiser():
    for horizon in (50, 200, 10**4):
        bottoms = valleys(horizon).bottoms
        assert bottoms[np.argmin(exact_loss(bottoms, horizon))] * horizon == pytest.approx(minimiser(horizon), abs=1e-9)


def test_two_valleys_at_fifty_steps_and_the_first_is_not_the_minimum():
    found = valleys(50)
    np.testing.assert_allclose(found.bottoms, [-0.0217, -0.0417], atol=5e-5)
    np.testing.assert_allclose(found.ridges, [-0.0306], atol=5e-5)
    assert minimiser(50) / 50 == pytest.approx(found.bottoms[1], abs=1e-12)
    assert found.downhill([0.2, 0.0, -0.0305, -0.0306, -0.5]).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("horizon", [10**5, 10**6])
def test_valleys_end_at_their_limits_and_are_as_many_as_turns_between(horizon):
    """From 4/3 + W(-4/3 e^(-4/3)) to 4 + W(-4 e^(-4)), to within two turns at either end."""
    ends = np.array([0.605859977919, 3.920690394873])
    bottoms = -valleys(horizon).bottoms * horizon
    gaps = np.array([bottoms[0] - ends[0], ends[1] - bottoms[-1]])
    assert np.all(np.abs(gaps) < 2 * np.pi * np.sqrt(ends / horizon))
    turns = np.sqrt(horizon) * np.diff(np.sqrt(ends))[0] / np.pi
    assert bottoms.size == pytest.approx(turns, abs=2)


@pytest.mark.parametrize("horizon", [10**4, 10**5, 10**6])
def test_deepest_valley_is_the_nearest_to_the_minimum_of_the_lower_envelope(horizon):
    """Where two are equally deep, the whole number k* is half-way but for (2 s* - 3)/(8π (s* - 1)) = 0.0126."""
    lowest, other = tied(horizon)
    index = (2 * np.sqrt(AXIS_GROWTH * lowest) - np.pi / 2) / (2 * np.pi)
    assert index % 1 + (2 * AXIS_GROWTH - 3) / (8 * np.pi * (AXIS_GROWTH - 1)) == pytest.approx(
        0.5, abs=2 / np.sqrt(horizon)
    )
    assert other


def tied(horizon):
    """The episode length from a given one on at which the deepest valley changes to the next."""

    def change(length):
        k = np.floor((2 * np.sqrt(AXIS_GROWTH * horizon) - np.pi / 2) / (2 * np.pi)) + 1
        a, b = (valley_law(length, k + i) / length for i in (0, 1))
        around = np.linspace(-2, 2, 4001) / length**2
        return exact_loss(a + around, length).min() - exact_loss(b + around, length).min()

    low, high = horizon, horizon + int(2 * np.pi / np.sqrt(AXIS_GROWTH / horizon) * 3)
    signs = change(low) < 0, change(high) < 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (change(middle) < 0) == signs[0] else (low, middle)
    return high, signs[0] and not signs[1]


# where learning on the axis stops


def resting(start, horizon, rate, epochs):
    """Mean σ_zm over the second half of descent of networks without recurrence, and the longest step there."""
    rng = np.random.default_rng(0)
    drawn, none = at_overlaps(rng, (start, 0, 0, 0)), np.zeros((100, 1))
    replay = Replay(
        Weights(drawn.m, drawn.z, none, none),
        rng.uniform(-2, 2, (epochs, 100, 2)),
        Settings(horizon=horizon, learning_rate=rate),
    )
    path = descend(replay).overlaps
    assert np.all(path[:, 1:] == 0)
    later = path[epochs // 2 :, 0]
    return later.mean(), np.abs(np.diff(later)).max()


@pytest.mark.parametrize(("start", "valley"), [(0.05, 0), (-0.003, 0), (-0.012, 3)])
def test_learning_by_short_steps_stops_in_the_first_valley(start, valley):
    found = valleys(200)
    assert found.downhill(start) == valley
    rest, step = resting(start, 200, 0.001, 500)
    assert np.argmin(np.abs(found.bottoms - rest)) == valley
    assert step < np.diff(-found.bottoms)[0] / 3


def test_learning_by_steps_longer_than_a_valley_passes_over_it():
    found = valleys(200)
    rest, step = resting(-0.003, 200, 0.01, 200)
    assert step > np.diff(-found.bottoms)[0]
    assert np.argmin(np.abs(found.bottoms - rest)) > 0
