"""Gains in closed form, from the slow subspace, and measured on trajectories."""

import mpmath
import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.plants import double_integrator
from numerics.common.weights import at_overlaps
from numerics.experiment.observe import regressed_gains
from numerics.experiment.simulate import rollout
from numerics.reduced.gains import closed_form, fast_root, observer_root, slow_subspace
from theory.core.loop import ReducedLoop

POINT = np.array([-0.2, 0.4, 0.25, 0.1])


def test_closed_form_equals_the_slow_subspace():
    np.testing.assert_allclose(closed_form(POINT), slow_subspace(ReducedLoop(), POINT)[0], atol=1e-12)


def test_measured_gains_reach_the_closed_form_at_the_rate_of_the_fast_mode(rng):
    episodes = rollout(double_integrator(), at_overlaps(rng, POINT, 30), rng.normal(size=(20, 2)), 60)
    errors = np.array([np.abs(regressed_gains(episodes, t)[0] - closed_form(POINT)).max() for t in (1, 5, 30)])
    assert errors[0] > 1e-4
    assert errors[1] < 0.1 * errors[0]
    assert errors[2] < 1e-10


def test_gains_place_the_eigenvalues_of_the_closed_plant():
    k_1, k_2 = closed_form(POINT)
    values = np.linalg.eigvals(np.array([[1, 1], [-k_1, 1 - k_2]]))
    cubic = np.roots(
        [1, -(POINT[3] + 2), 2 * POINT[3] - POINT[0] + 1, POINT[3] * POINT[0] - POINT[3] - POINT[1] * POINT[2]]
    )
    for value in values:
        assert np.abs(cubic - value).min() < 1e-12


def test_fast_root_is_the_real_one_beside_a_pair():
    assert fast_root(np.array([0.1 + 1j, 0.1 - 1j, 1.5])) == 1.5
    assert fast_root(np.array([1.0, 0.2, -0.7])) == 0.2


@pytest.mark.parametrize("gap", [1e-4, 1e-6, 1e-8, 0.0])
def test_closed_form_gains_where_the_fast_root_is_nearly_double(gap):
    """λ_3 and a neighbour at 0.4: in floats each is known to √ε only."""
    point = overlaps_with_roots([0.9, 0.4, 0.4 + gap])
    with mpmath.workdps(60):
        zm, zu, vm, vu = map(mpmath.mpf, point.tolist())
        cubic = [1, -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - vm * zu]
        roots = mpmath.polyroots(cubic, maxsteps=1000, extraprec=500)
        complex_pair = [root for root in roots if abs(root.imag) > 1e-40]
        fast = max(root.real for root in roots) if complex_pair else min(root.real for root in roots)
        expected = [-zm - (fast - vu) * (1 - fast), fast - vu]
        np.testing.assert_allclose(closed_form(point), list(map(float, expected)), rtol=1e-14)


def test_regression_needs_a_step(rng):
    episodes = rollout(double_integrator(), at_overlaps(rng, POINT, 10), np.ones((1, 2)), 3)
    with pytest.raises(InputError, match="start must leave at least one of the 3 steps"):
        regressed_gains(episodes, 3)


def overlaps_with_roots(roots):
    """σ_zm, κ, 1, σ_vu of the loop whose cubic has the given roots."""
    _, minus_trace, a_1, a_0 = np.poly(roots).real
    vu = -minus_trace - 2
    zm = 2 * vu + 1 - a_1
    return np.array([zm, vu * zm - vu - a_0, 1.0, vu])


@pytest.mark.parametrize("roots", [(0.9, 0.3 + 0.2j, 0.3 - 0.2j), (0.9, 0.5, -0.5), (0.9, 0.5, 0.5), (0.9, 0.0, 0.0)])
def test_the_slow_subspace_does_not_cut_modes_of_equal_modulus(roots):
    with pytest.raises(InputError, match=r"overlaps must give \|λ_2\| > \|λ_3\|; found both"):
        slow_subspace(ReducedLoop(), overlaps_with_roots(roots))


@pytest.mark.parametrize("roots", [(0.9, 0.5, 0.499), (0.3 + 0.2j, 0.3 - 0.2j, 0.36), (0.9, 0.5, 0.0)])
def test_the_slow_subspace_of_close_but_distinct_moduli_has_its_eigenvalues(roots):
    ((k_1, k_2),) = slow_subspace(ReducedLoop(), overlaps_with_roots(roots))
    np.testing.assert_allclose(np.poly([[1, 1], [-k_1, 1 - k_2]]), np.poly(roots[:2]), atol=1e-9)


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        ([0.8, 0.4 + 0.5j, 0.4 - 0.5j], 0.8),
        ([-0.5, 0.4 + 0.3j, 0.4 - 0.3j], -0.5),
        ([0.003, 0.3, 0.391], 0.391),
        ([0.0, 0.382 + 1e-5j, 0.382 - 1e-5j], 0.382),
    ],
)
def test_third_root_is_beside_the_pair_or_nearest_to_the_observer(roots, expected):
    points = np.array([[overlaps_with_roots(np.array(roots))]])
    found = observer_root(points)
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(expected, abs=1e-9)
