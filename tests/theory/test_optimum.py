"""The certificate of the optimum, against sums in 40 digits and numerical derivatives."""

import mpmath
import pytest
from sympy import ImmutableMatrix, Matrix, Rational, eye, lambdify, simplify, sqrt, zeros

from theory.core.loop import ReducedLoop
from theory.double_integrator.optimum import (
    FIELD,
    GOLDEN,
    VISIBLE,
    at,
    cheap_lqr,
    curvature,
    deadbeat,
    element,
    embedding,
    infinite_horizon_loss,
    leading_minors,
    minimal_loop,
    optimum,
    stationarity,
)
from theory.symbols import kappa, sigma_vm, sigma_vu, sigma_zm, sigma_zu

STABLE = {sigma_zm: Rational(-3, 2), sigma_vu: -Rational(11, 10), kappa: Rational(29, 10)}


def summed(zm, vu, ka, steps):
    """Σ_t |x_t|² over both unit starts, by stepping plant and controller u_t = σ_zm y_t + b_t."""
    total = 0
    for x, y in ((1, 0), (0, 1)):
        b, first = 0, True
        for _ in range(steps):
            total += x**2 + y**2
            position = x
            x, y = x + y, y + (0 if first else zm * position + b)
            b, first = (0, False) if first else (ka * position + vu * b, False)
    return total


def loss():
    return lambdify(VISIBLE, infinite_horizon_loss(), "mpmath")


def test_loss_is_the_sum_over_the_trajectory():
    point = [mpmath.mpf(STABLE[x].p) / STABLE[x].q for x in VISIBLE]
    with mpmath.workdps(40):
        assert abs(loss()(*point) / summed(*point, 400) - 1) < mpmath.mpf(10) ** -14


def test_deadbeat_loss_is_a_finite_sum():
    point = deadbeat()
    values = [point[x] for x in VISIBLE]
    assert at(infinite_horizon_loss(), point) == summed(*values, 6) == summed(*values, 60)


def test_value_at_the_optimum():
    value = at(infinite_horizon_loss(), optimum())
    assert simplify(value - (6 + 7 * GOLDEN)) == 0
    assert value < at(infinite_horizon_loss(), deadbeat())


def test_gradient_is_the_numerical_one_away_from_the_optimum():
    exact = stationarity(STABLE)
    with mpmath.workdps(40):
        function, point = loss(), [mpmath.mpf(STABLE[x].p) / STABLE[x].q for x in VISIBLE]
        for i in range(3):
            order = tuple(int(i == j) for j in range(3))
            slope = mpmath.diff(function, tuple(point), order)
            assert abs(slope / mpmath.mpf(str(exact[i].evalf(30))) - 1) < mpmath.mpf(10) ** -12


def test_gradient_vanishes_at_the_optimum_only():
    assert stationarity(optimum()) == zeros(3, 1)
    for letter in VISIBLE:
        moved = {**optimum(), letter: optimum()[letter] + Rational(1, 1000)}
        assert stationarity(moved) != zeros(3, 1)


def test_hessian_is_the_numerical_one():
    exact = curvature(optimum())
    with mpmath.workdps(40):
        function, point = loss(), [mpmath.mpf(str(optimum()[x].evalf(40))) for x in VISIBLE]
        for i, j in ((0, 0), (0, 1), (1, 2), (2, 2)):
            order = tuple(int(i == k) + int(j == k) for k in range(3))
            second = mpmath.diff(function, tuple(point), order)
            assert abs(second / mpmath.mpf(str(exact[i, j].evalf(30))) - 1) < mpmath.mpf(10) ** -10


def test_hessian_is_positive_definite():
    assert all(minor.is_positive for minor in leading_minors(curvature(optimum())))


def test_leading_minors_tell_a_saddle():
    signs = [minor.is_positive for minor in leading_minors(ImmutableMatrix([[1, 2, 0], [2, 1, 0], [0, 0, 1]]))]
    assert signs == [True, False, False]


def test_eigenvalues_at_the_optimum():
    matrix = Matrix(minimal_loop().subs(optimum()))
    slow = 1 / GOLDEN**2
    assert simplify(matrix.det()) == 0
    assert simplify(matrix.trace() - 2 * slow) == 0
    minors = sum(matrix.extract([i, j], [i, j]).det() for i, j in ((0, 1), (0, 2), (1, 2)))
    assert simplify(minors - slow**2) == 0


def test_deadbeat_loop_is_nilpotent():
    assert minimal_loop().subs(deadbeat()) ** 3 == zeros(3, 3)


def test_minimal_loop_is_exact():
    """P_eff E = E M, entry by entry, with κ = σ_zu σ_vm."""
    step, E = minimal_loop().subs(kappa, sigma_zu * sigma_vm), embedding()
    assert (ReducedLoop().matrix * E - E * step).applyfunc(simplify) == zeros(4, 3)
    assert minimal_loop() == ImmutableMatrix([[1, 1, 0], [sigma_zm, 1, 1], [kappa, 0, sigma_vu]])


def test_deadbeat_and_optimum_are_the_points_of_the_notes():
    assert [deadbeat()[letter] for letter in VISIBLE] == [-3, -2, 8]
    assert [simplify(optimum()[x] - y) for x, y in zip(VISIBLE, (-GOLDEN, 1 - sqrt(5), 2 * GOLDEN), strict=True)] == [
        0
    ] * 3


def test_elements_are_numbers_of_the_field():
    assert FIELD.to_sympy(element(2 - 3 * sqrt(5) / 7) * element(sqrt(5))) == 2 * sqrt(5) - Rational(15, 7)
    with pytest.raises(ValueError, match=r"value must be a \+ b sqrt\(5\) with rational a and b; found sqrt\(3\)"):
        element(sqrt(3))


def test_cheap_lqr_is_the_limit_of_riccati_iteration():
    S, A, B = mpmath.matrix(2, 2), mpmath.matrix([[1, 1], [0, 1]]), mpmath.matrix([0, 1])
    with mpmath.workdps(30):
        for _ in range(200):
            M = A.T * S * A
            gain = (B.T * S * B)[0] + mpmath.mpf(10) ** -25
            S = mpmath.eye(2) + M - (A.T * S * B) * (B.T * S * A) / gain
        K = (B.T * S * A) / (B.T * S * B)[0]
        for found, exact in zip(K, cheap_lqr()[0], strict=True):
            assert abs(found - mpmath.mpf(str(exact.evalf(25)))) < mpmath.mpf(10) ** -20


def test_riccati_equation_holds_and_another_matrix_breaks_it():
    K, S = cheap_lqr()
    A, B = Matrix([[1, 1], [0, 1]]), Matrix([0, 1])
    assert (eye(2) + A.T * S * (A - B * K) - S).applyfunc(simplify) == zeros(2, 2)
    assert (B.T * S * B * K - B.T * S * A).applyfunc(simplify) == zeros(1, 2)
    wrong = S + Matrix([[1, 0], [0, 0]])
    assert (eye(2) + A.T * wrong * (A - B * K) - wrong).applyfunc(simplify) != zeros(2, 2)


def test_at_evaluates_in_the_field_of_root_five():
    assert simplify(at(1 / (sigma_zm + kappa), {sigma_zm: -1, kappa: sqrt(5)}) - (1 + sqrt(5)) / 4) == 0
