"""The saddle from explicit weights, the push of stage 1, the clipped step, and the edge of stability from roots."""

from itertools import product

import numpy as np
import pytest
from sympy import Matrix, Poly, Rational, Symbol, cancel, expand, sqrt

from theory.core.learning import WeightSpace
from theory.double_integrator.saddle import (
    axis_gradient,
    clipped_step,
    critical_kappas,
    edge_condition,
    loss_slope,
    saddle_growth,
    saddle_rates,
    shift,
    stage_one_push,
)
from theory.symbols import clip, eta, kappa, sigma_vm, sigma_vu, sigma_zm, sigma_zu


def explicit_rates(m, z, u, v, slope, zm_slope):
    """d(z·u)/dt and d(v·m)/dt from ż = -(m ∂_zm + u ∂_zu), u̇ = -(z ∂_zu), v̇ = -(m ∂_vm), m frozen."""
    by_zu, by_vm = slope * v.dot(m), slope * z.dot(u)
    return -(m * zm_slope + u * by_zu).dot(u) - z.dot(z * by_zu), -(m * by_vm).dot(m)


def numbers():
    m, z, u, v = Matrix([1, -2, 3]), Matrix([2, 1, 5]), Matrix([-1, 4, 2]), Matrix([3, 1, 1])
    space = WeightSpace()
    stack = Matrix.hstack(m, z, u, v)
    gram = stack.T * stack
    values = {space.gram_symbols()[i, j]: gram[i, j] for i in range(4) for j in range(4)}
    values |= {sigma_zu: z.dot(u), sigma_vm: v.dot(m), loss_slope: Rational(7, 3), space.gradient_symbols().zm[0]: 5}
    return (m, z, u, v), values


def test_saddle_rates_are_those_of_explicit_weights():
    weights, values = numbers()
    assert tuple(rate.subs(values) for rate in saddle_rates()) == explicit_rates(*weights, Rational(7, 3), 5)


def test_saddle_rates_depend_on_both_norms():
    (m, z, u, v), values = numbers()
    assert saddle_rates()[0].subs(values) != explicit_rates(m, 0 * z, u, v, Rational(7, 3), 5)[0]


def test_growth_rate_is_the_eigenvalue_of_the_rates():
    _, values = numbers()
    space = WeightSpace()
    still = [rate.subs(space.gradient_symbols().zm[0], 0) for rate in saddle_rates()]
    jacobian = Matrix(still).jacobian([sigma_zu, sigma_vm]).subs(values)
    assert all(value**2 == saddle_growth().subs(values) for value in jacobian.eigenvals())


def test_stage_one_pushes_through_the_invisible_overlap():
    """Three steps along m, of any lengths, do what one does."""
    (m, z, u, _), values = numbers()
    moved = z
    for length in (Rational(1, 2), -3, Rational(7, 5)):
        moved = moved + length * m
    point = {**values, shift: (moved - z).dot(m), sigma_zm: z.dot(m)}
    found = [entry.subs(point) for entry in stage_one_push()]
    assert found == [(moved - z).dot(u), moved.dot(moved) - z.dot(z)]


@pytest.mark.parametrize("gradient", [Rational(-3, 7), 20, 10**6])
def test_a_clipped_step_has_one_length(gradient):
    (m, z, _, _), values = numbers()
    step = -eta * clip / sqrt((gradient * m).dot(gradient * m)) * gradient * m
    length = clipped_step().subs(values)
    assert cancel(sqrt(((z + step).dot(m) - z.dot(m)) ** 2 / length**2)) == 1


def cubic_roots(zm, vu, product_):
    return np.roots([1, -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - product_])


def value(expression, zm, vu):
    return float(expression.subs({sigma_zm: zm, sigma_vu: vu}))


@pytest.mark.parametrize(("zm", "vu"), list(product((-0.7, -0.3, -0.02), (-0.15, 0.0, 0.15))))
def test_below_the_critical_kappa_the_loop_is_unstable_and_above_it_stable(zm, vu):
    first, second = (value(k, zm, vu) for k in critical_kappas())
    assert first < second
    radius = {k: np.abs(cubic_roots(zm, vu, first + k)).max() for k in (-0.01 * abs(zm), 0.0, 0.01 * abs(zm))}
    below, at, above = radius.values()
    assert below > 1 > above
    assert at == pytest.approx(1, abs=1e-12)


def test_edge_condition_is_the_product_over_pairs_of_roots(rng):
    for zm, vu, k in rng.uniform(-2, 2, (20, 3)):
        r = cubic_roots(zm, vu, k)
        pairs = np.prod([1 - r[i] * r[j] for i, j in ((0, 1), (0, 2), (1, 2))])
        found = float(edge_condition().subs({sigma_zm: zm, sigma_vu: vu, kappa: k}))
        assert found == pytest.approx(pairs.real, abs=1e-10)


def test_critical_kappa_of_the_notes():
    """|σ|/2 (1 + |σ|/4 - 3 σ_vu/2) for small overlaps; 1 - √(1 + σ_zm) without recurrence."""
    s = Symbol("s", positive=True)
    small = critical_kappas()[0].subs({sigma_zm: -s, sigma_vu: s * Rational(1, 3)}).series(s, 0, 3).removeO()
    assert expand(small - s / 2 * (1 + s / 4 - s / 2)) == 0
    assert critical_kappas()[0].subs(sigma_vu, 0) == 1 - sqrt(1 + sigma_zm)


@pytest.mark.parametrize("zm", [-1.0, -1.5, -3.0, -6.0])
def test_below_minus_one_a_stable_loop_has_negative_recurrence(zm):
    """By brute force: no κ at σ_vu on or above 2 (1 - √|σ_zm|); some κ just below."""
    bound = 2 * (1 - np.sqrt(-zm))
    kappas = np.linspace(-1, 30, 6201)

    def least(vu):
        return min(np.abs(cubic_roots(zm, vu, k)).max() for k in kappas)

    assert all(least(vu) >= 1 for vu in (bound, bound + 0.2, 0.0, 0.5))
    assert least(bound - 0.05) < 1


def test_the_edge_is_a_parabola_in_kappa():
    assert Poly(edge_condition(), kappa).all_coeffs()[0] == -1
    first, second = critical_kappas()
    assert expand(edge_condition() + (kappa - first) * (kappa - second)) == 0


def test_letters_of_the_rates():
    assert axis_gradient == WeightSpace().gradient_symbols().zm[0]
    assert saddle_rates()[0].has(sigma_vm, axis_gradient)
    assert not saddle_rates()[1].has(sigma_vm)
