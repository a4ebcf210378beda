"""Characteristic polynomials and perturbed roots against matrices, exact roots and 60-digit roots."""

from dataclasses import replace

import mpmath
import pytest
from sympy import GoldenRatio, Poly, Rational, cancel, expand, eye, simplify, sqrt

from theory.core.loop import Overlaps, ReducedLoop, symbolic_loop
from theory.core.spectrum import characteristic_polynomial, controller, loop_equation
from theory.double_integrator.spectrum import (
    branch_points,
    cubic,
    cubic_discriminant,
    dominant_modulus,
    double_roots,
    fast_root_perturbative,
    perturbative_root,
    scaling_residual,
    stage_one_polynomial,
    stage_one_roots,
    visible,
)
from theory.symbols import gamma, kappa, lam, lambda_3, sigma_vm, sigma_vu, sigma_zm, sigma_zu

VISIBLE = (sigma_zm, sigma_vu, kappa)
SIZES = [(1, 1, 1, 1, 1), (2, 1, 1, 1, "1/3"), (3, 2, 1, 2, "2/5"), (2, 1, 2, 1, 1), (2, 2, 1, 0, "1/2")]


def roots(coefficients):
    """Roots to 60 digits, the sympy numbers leading first."""
    with mpmath.workdps(60):
        numbers = [mpmath.mpf(c.p) / c.q for c in coefficients]
        return mpmath.polyroots(numbers, maxsteps=400, extraprec=400)


def cubic_at(point):
    return Poly(visible(cubic().as_expr()).subs(dict(zip(VISIBLE, point, strict=True))), lam).all_coeffs()


# characteristic polynomial and loop equation


def test_characteristic_polynomial_of_the_rank_one_double_integrator():
    a, b = sigma_zm, sigma_vu
    typed = lam**3 - (b + 2) * lam**2 + (2 * b - a + 1) * lam + a * b - b - sigma_vm * sigma_zu
    assert expand(characteristic_polynomial(ReducedLoop()).as_expr() - lam * typed) == 0
    assert expand(cubic().as_expr() - typed) == 0


def test_full_joint_matrix_has_the_cubic_and_zeros(network):
    net = network(neurons=5)
    joint = net.joint().charpoly(lam).as_expr()
    assert expand(joint - lam**4 * cubic().as_expr().subs(net.values)) == 0


@pytest.mark.parametrize("sizes", SIZES)
def test_loop_equation_is_the_characteristic_polynomial(network, sizes):
    net = network(*sizes, 2)
    loop = replace(net.loop, overlaps=Overlaps.of_weights(**net.weights))
    assert cancel(loop_equation(loop) - characteristic_polynomial(loop).as_expr()) == 0


def test_loop_equation_holds_for_every_plant_and_leak():
    loop = symbolic_loop(1, 2, 1)
    assert cancel(loop_equation(loop) - characteristic_polynomial(loop).as_expr()) == 0


@pytest.mark.parametrize("sizes", SIZES)
def test_controller_is_the_resolvent_of_the_neurons(network, sizes):
    net = network(*sizes, 4)
    m, z, u, v = net.weights.values()
    transfer = controller(net.loop).subs(net.values)
    for value in (Rational(5, 7), Rational(-4, 3)):
        neurons = (value - 1 + net.loop.leak) * eye(4) - net.loop.leak * u * v.T
        assert transfer.subs(lam, value) == z.T * neurons.inv() * m * net.loop.leak * value


def test_controller_of_rank_one_is_first_order():
    assert cancel(controller(ReducedLoop())[0] - sigma_zm - sigma_zu * sigma_vm / (lam - sigma_vu)) == 0


def test_leak_delays_the_controller():
    transfer = controller(ReducedLoop(rank=0, leak=gamma))[0]
    assert cancel(transfer - gamma * lam * sigma_zm / (lam - 1 + gamma)) == 0


# the visible overlaps


def test_scaling_is_a_change_of_basis():
    assert scaling_residual().is_zero_matrix


def test_product_is_all_that_is_visible():
    assert visible(cubic().as_expr()).free_symbols == {lam, *VISIBLE}


@pytest.mark.parametrize("expression", [sigma_zu, sigma_vm**2 * sigma_zu, sigma_zu / sigma_vm])
def test_expressions_that_see_the_scale_are_refused(expression):
    with pytest.raises(ValueError, match=r"must be invariant under u -> c u, v -> v / c; found"):
        visible(expression)


# special points


def test_exact_optimum_has_a_double_root_at_the_inverse_square_of_the_golden_ratio():
    phi = GoldenRatio.expand(func=True)
    chi = visible(cubic().as_expr()).subs({sigma_zm: -phi, kappa: 2 * phi, sigma_vu: 1 - sqrt(5)})
    assert simplify(chi - lam * (lam - phi**-2) ** 2) == 0


def test_deadbeat_control_is_nilpotent():
    assert cubic_at((-3, -2, 8)) == [1, 0, 0, 0]


def test_stage_one_limit():
    assert expand(stage_one_polynomial().as_expr() - (lam**2 - 2 * lam + 1 - sigma_zm)) == 0
    assert set(stage_one_roots()) == {1 + sqrt(sigma_zm), 1 - sqrt(sigma_zm)}


# discriminant


def test_discriminant_is_the_product_of_squared_differences(rationals):
    for _ in range(40):
        point = rationals(3)
        r = roots(cubic_at(point))
        with mpmath.workdps(60):
            expected = ((r[0] - r[1]) * (r[0] - r[2]) * (r[1] - r[2])) ** 2
            exact = cubic_discriminant().subs(dict(zip(VISIBLE, point, strict=True)))
            assert abs(expected - mpmath.mpf(exact.p) / exact.q) < 1e-40 * (1 + abs(expected))


def test_discriminant_is_negative_where_a_pair_is_complex(rationals):
    kinds = []
    for _ in range(60):
        point = rationals(3)
        sign = cubic_discriminant().subs(dict(zip(VISIBLE, point, strict=True)))
        if sign == 0:
            continue
        real = Poly(cubic_at(point), lam).count_roots()
        kinds.append(real)
        assert (sign < 0) == (real == 1)
    assert set(kinds) == {1, 3}


# perturbed roots

BASES = {"fast": sigma_vu, "plus": 1 + sqrt(sigma_zm), "minus": 1 - sqrt(sigma_zm)}
POINTS = [(Rational(-1, 3), Rational(1, 4)), (Rational(1, 5), Rational(-1, 2))]


def error_order(series, point):
    """Exponent of κ with which a series leaves the nearest root, from κ = 1e-6 and 1e-8."""
    errors = []
    with mpmath.workdps(60):
        for small in (Rational(1, 10**6), Rational(1, 10**8)):
            values = dict(zip(VISIBLE, (*point, small), strict=True))
            number = mpmath.mpmathify(series.subs(values).evalf(60))
            errors.append(min(abs(number - root) for root in roots(cubic_at((*point, small)))))
        return float(mpmath.log(errors[0] / errors[1]) / mpmath.log(100))


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("base", BASES)
def test_series_is_exact_to_its_order(base, order):
    assert error_order(perturbative_root(BASES[base], order), POINTS[order % 2]) == pytest.approx(order + 1, abs=1e-3)


@pytest.mark.parametrize("base", BASES)
def test_a_flipped_second_order_lowers_the_order_of_the_error(base):
    first, second = (perturbative_root(BASES[base], order) for order in (1, 2))
    assert error_order(2 * first - second, POINTS[0]) == pytest.approx(2, abs=1e-3)


def test_newton_step_is_the_first_order():
    typed = sigma_vu + kappa / (sigma_vu**2 - 2 * sigma_vu - sigma_zm + 1)
    assert cancel(fast_root_perturbative() - typed) == 0
    assert cancel(perturbative_root(sigma_vu, 1) - typed) == 0


# the dominant modulus


def test_product_of_the_pair_by_vieta():
    typed = lambda_3**2 - (sigma_vu + 2) * lambda_3 + 2 * sigma_vu - sigma_zm + 1
    assert expand(dominant_modulus().expression - typed) == 0


def test_product_of_the_other_two_roots_is_the_modulus(rationals):
    for _ in range(30):
        point = rationals(3)
        found = sorted(roots(cubic_at(point)), key=lambda root: abs(root.imag))
        values = dict(zip(VISIBLE, point, strict=True))
        with mpmath.workdps(60):
            at_root = dominant_modulus().expression.subs(values).subs(lambda_3, found[0].real)
            assert abs(mpmath.mpmathify(at_root) - found[1] * found[2]) < 1e-40 * (1 + abs(found[1] * found[2]))


def test_product_is_not_the_squared_radius_of_a_real_pair():
    point = (Rational(1, 4), 0, 0)
    largest = max(abs(root) for root in roots(cubic_at(point)))
    product = dominant_modulus().expression.subs(lambda_3, 0).subs(dict(zip(VISIBLE, point, strict=True)))
    assert (float(product), float(largest) ** 2) == (0.75, 2.25)


def test_perturbative_modulus_unfolds_to_the_overlaps():
    named = dominant_modulus(perturbative=True)
    assert dict(named.definitions).keys() == {lambda_3}
    assert visible(named.unfold()).free_symbols == set(VISIBLE)
    assert not dominant_modulus().definitions


# where the series stop converging


def test_branch_points_are_where_two_roots_meet(rationals):
    for _ in range(20):
        zm, vu = rationals(2)
        values = {sigma_zm: zm, sigma_vu: vu}
        for point, root in zip(branch_points(), double_roots(), strict=True):
            with mpmath.workdps(60):
                at, double = (mpmath.mpmathify(e.subs(values).evalf(60)) for e in (point, root))
                a, b = (mpmath.mpf(c.p) / c.q for c in (zm, vu))
                coefficients = [1, -(b + 2), 2 * b - a + 1, b * a - b - at]
                assert all(abs(value) < 1e-50 for value in mpmath.polyval(coefficients, double, derivative=True))


def test_branch_points_in_closed_form():
    tau, D = 1 - sigma_vu, (1 - sigma_vu) ** 2 + 3 * sigma_zm
    for sign, point in zip((-1, 1), branch_points(), strict=True):
        typed = (2 * tau**3 - 18 * tau * sigma_zm + sign * 2 * D * sqrt(D.expand())) / 27
        assert expand(typed - point) == 0
