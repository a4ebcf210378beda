"""Exact plants from floats, and the reduced loop as a system: its poles are the roots of the derived polynomial."""

from fractions import Fraction

import control
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from sympy import Matrix, Rational, pi

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.common.weights import gaussian_weights
from numerics.interop.exact import exact_plant, numeric_plant, reduced_agent, reduced_system, simplest_between
from numerics.interop.neurons import LinearAgent, closed_loop
from numerics.reduced.descent import loop_for
from numerics.reduced.spectra import match, reduced_matrix, reference_roots
from theory import symbols
from theory.core.loop import ReducedLoop
from theory.core.plant import LinearPlant, double_integrator
from theory.core.spectrum import characteristic_polynomial, controller

OVERLAPS = (-0.4, 0.5, 0.3, -0.2)


def pendulum():
    """A damped pendulum about its upright position, sampled every 0.1 by scipy."""
    return signal.StateSpace([[0, 1], [1, -0.2]], [[0], [1]], [[1, 0]], [[0]]).to_discrete(0.1)


def roots(loop, overlaps):
    """Roots of the derived χ at overlaps, from exact coefficients, in 50 digits."""
    values = dict(zip(loop.overlaps.flat, map(Rational, overlaps), strict=True))
    polynomial = characteristic_polynomial(loop).as_expr().subs(values).as_poly(symbols.lam)
    return reference_roots(list(map(float, polynomial.all_coeffs())))


@given(st.fractions(-50, 50, max_denominator=500), st.fractions(-50, 50, max_denominator=500))
def test_the_simplest_fraction_between_two_is_found(one, other):
    low, high = sorted((one, other))
    found = simplest_between(low, high)
    assert low <= found <= high
    for denominator in range(1, found.denominator):
        least = -(-low * denominator // 1)  # no multiple of 1/denominator lies between
        assert Fraction(least, denominator) > high


def test_floats_become_rationals_within_the_stated_tolerance():
    plant = Plant(np.array([[0.1, 1 / 3], [1e-17, 0.9950041652780258]]), np.array([0.0, 0.005]), np.array([1.0, 0.0]))
    found = exact_plant(plant, tolerance=1e-9)
    assert found.A[0, :] == Matrix([[Rational(1, 10), Rational(1, 3)]])
    assert found.A[1, 0] == 0
    assert found.B[1] == Rational(1, 200)
    for tolerance in (1e-3, 1e-6, 1e-9, 1e-12):
        exact = exact_plant(plant, tolerance)
        for name in "ABC":
            values = getattr(plant, name)
            gap = np.abs(np.array((getattr(exact, name) - Matrix(values)).tolist(), dtype=float)).max()
            assert gap <= tolerance * np.abs(values).max() * (1 + 1e-9) + 1e-16


def test_tolerance_zero_keeps_every_bit():
    plant = Plant(np.array([[0.1, 2**-40], [-1 / 3, 0.7]]), np.array([0.3, 1e-20]), np.array([1.0, 0.2]))
    exact = exact_plant(plant, 0)
    assert exact.A[0, 0] == Rational(0.1) != Rational(1, 10)
    assert numeric_plant(exact).values == plant.values


@pytest.mark.parametrize("tolerance", [-1e-9, 0.6, "close", None])
def test_tolerance_must_be_stated_and_small(tolerance):
    with pytest.raises(InputError, match="tolerance must"):
        exact_plant(pendulum(), tolerance)


def test_symbols_need_numbers():
    plant = double_integrator(symbols.dt)
    with pytest.raises(InputError, match="values must give a number to every symbol of A; found none for dt"):
        numeric_plant(plant)
    np.testing.assert_array_equal(numeric_plant(plant, {symbols.dt: 0.1}).B, [[0.0], [0.1]])
    assert numeric_plant(LinearPlant(Matrix([pi]), Matrix([1]), Matrix([1]))).values == (np.pi, 1, 1)


@pytest.mark.parametrize("library", ["control", "scipy"])
@pytest.mark.parametrize("plant", ["double integrator", "pendulum"])
def test_poles_are_the_roots_of_the_characteristic_polynomial(plant, library):
    loop = ReducedLoop() if plant == "double integrator" else ReducedLoop(exact_plant(pendulum(), 1e-12))
    system = reduced_system(loop, OVERLAPS, 0.1)
    poles = system.to_control().poles() if library == "control" else np.linalg.eigvals(system.to_scipy().A)
    expected = roots(loop, OVERLAPS)
    np.testing.assert_allclose(match(expected, poles), expected, rtol=0, atol=1e-12)
    flipped = roots(loop, (OVERLAPS[0], -OVERLAPS[1], *OVERLAPS[2:]))
    assert np.abs(match(flipped, poles) - flipped).max() > 1e-3


def test_the_reduced_system_is_the_reduced_matrix_and_answers_as_a_hundred_neurons(rng):
    plant = Plant(rng.normal(size=(3, 3)) / 3, rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))
    weights = gaussian_weights(rng, 100, 2, 2, 2)
    overlaps = np.concatenate([block.ravel() for block in weights.overlaps().values()])
    loop, parameters = loop_for(plant, 2, 0.3)
    neurons = closed_loop(plant, LinearAgent.of_weights(weights, 0.3), True).to_scipy()
    reduced = reduced_system(loop, overlaps, True, parameters)
    np.testing.assert_allclose(reduced.A, reduced_matrix(loop, overlaps, parameters), atol=1e-14)
    inputs = rng.normal(size=(30, 3))
    expected = signal.dlsim(neurons, inputs)[1]
    np.testing.assert_allclose(
        signal.dlsim(reduced.to_scipy(), inputs)[1], expected, atol=1e-12 * np.abs(expected).max()
    )


@pytest.mark.parametrize("leak", [Rational(1), Rational(1, 4)])
def test_the_agent_has_the_derived_transfer_function(leak):
    loop = ReducedLoop(leak=leak)
    system = reduced_agent(loop, OVERLAPS).system(0.1).to_control()
    exact = controller(loop)[0].subs(dict(zip(loop.overlaps.flat, OVERLAPS, strict=True)))
    for z in (1.5, -0.7 + 0.9j, 3j):
        assert complex(system(z).item()) == pytest.approx(complex(exact.subs(symbols.lam, z)), abs=1e-13)
    assert isinstance(control.tf(system), control.TransferFunction)


def test_what_does_not_fit_the_loop_is_refused():
    with pytest.raises(InputError, match=r"overlaps must fit the loop; expected \(4,\), found \(3,\)"):
        reduced_system(ReducedLoop(), OVERLAPS[:3], 0.1)
    with pytest.raises(InputError, match="parameters must fit the loop; expected 1, found 0"):
        reduced_system(ReducedLoop(double_integrator(symbols.dt)), OVERLAPS, 0.1)
