"""Series of the roots in κ against the symbolic orders, exact roots, and their radius of convergence."""

import numpy as np
import pytest

from numerics.reduced.stages.convergence import convergence_radii, convergence_ratio, series_terms, truncation_errors
from numerics.reduced.stages.perturbation import errors, exact_roots, newton_root, perturbed_roots, visible_overlaps

POINTS = np.array([[-0.05, 0.1, 0.1, 0.1], [-0.3, 0.2, 0.3, -0.4], [-0.9, 1.0, 0.5, -0.3]])
REAL = (-0.05, 0.1)
"""(σ_zm, σ_vu) at which the branch points are real."""
COMPLEX = (-0.6, 0.1)
"""And at which they are complex."""


def at(place, kappa):
    """Overlaps with σ_vm = 1."""
    return np.array([[place[0], kappa, 1.0, place[1]]])


@pytest.mark.parametrize("order", range(1, 5))
def test_terms_sum_to_the_symbolic_series(order):
    sums = np.cumsum(series_terms(POINTS, 6), axis=0)
    np.testing.assert_allclose(sums[order], perturbed_roots(POINTS, order), rtol=1e-12)


def test_first_order_of_the_third_root_is_the_newton_step():
    np.testing.assert_allclose(newton_root(POINTS), perturbed_roots(POINTS, 1)[:, 0].real, rtol=1e-12)


def test_errors_of_the_orders_are_those_of_the_sums():
    by_order, along = errors(POINTS), truncation_errors(POINTS, 3)
    for order, gaps in by_order.items():
        np.testing.assert_allclose(gaps[:, :2], along[order], atol=1e-14)


def test_far_orders_reach_the_exact_roots():
    sums = series_terms(at(REAL, 0.02), 200).sum(axis=0)
    np.testing.assert_allclose(sums, exact_roots(at(REAL, 0.02)), rtol=1e-12)


@pytest.mark.parametrize("place", [REAL, COMPLEX])
def test_radii_are_those_of_the_terms(place):
    """Terms fall as (κ/radius)^k k^{-3/2}, if the branch point is complex times an oscillation."""
    order = 400
    radii = convergence_radii(at(place, 1.0))[0]
    for column, radius in enumerate(radii):
        terms = np.abs(series_terms(at(place, radius), order)[:, 0, column])
        scaled = terms * np.maximum(np.arange(order + 1.0), 1) ** 1.5
        early, late = scaled[150:200].max(), scaled[350:].max()
        assert late == pytest.approx(early, rel=0.02)


def test_third_root_reaches_beyond_the_meeting_of_the_pair():
    radii = convergence_radii(at(REAL, 1.0))[0]
    assert radii[0] > 2 * radii[1]
    between = at(REAL, 1.2 * radii[1])
    sums = np.cumsum(series_terms(between, 200), axis=0)[:, 0]
    zm, vu, kappa = visible_overlaps(between)[0]
    residual = np.abs((sums - vu) * ((sums - 1) ** 2 - zm) - kappa)
    assert residual[200, 0] < 1e-12
    with np.errstate(over="ignore"):
        assert residual[200, 1] > residual[100, 1] > residual[50, 1]


def test_complex_branch_points_bound_both_alike():
    radii = convergence_radii(at(COMPLEX, 1.0))[0]
    assert radii[0] == pytest.approx(radii[1], rel=1e-14)


def test_ratio_is_the_share_of_the_radius():
    path = np.vstack([at(REAL, 0.01), at(REAL, -0.02)])
    np.testing.assert_allclose(convergence_ratio(path), np.array([[0.01], [0.02]]) / convergence_radii(path))
