"""Linear plants: exact entries, shapes that fit, and the integrator chain against its transfer function."""

from dataclasses import FrozenInstanceError

import pytest
from sympy import Matrix, Rational, Symbol, eye, simplify

from theory.core.plant import LinearPlant, double_integrator, integrator_chain, symbolic_plant
from theory.symbols import dt, lam

A, B, C = [[1, 1], [0, 1]], [[0], [1]], [[1, 0]]


def transfer(plant):
    return simplify((Matrix(plant.C) * (lam * eye(plant.n) - plant.A).inv() * plant.B)[0])


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_chain_of_k_integrators_is_the_power_of_one(k):
    assert simplify(transfer(integrator_chain(k, dt)) - (dt / (lam - 1)) ** k) == 0


def test_coupling_on_the_wrong_side_of_the_diagonal_changes_the_transfer_function():
    plant = double_integrator()
    assert transfer(LinearPlant(plant.A.T, plant.B, plant.C)) != transfer(plant)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_control_reaches_the_output_after_k_steps(k):
    plant = integrator_chain(k)
    delays = [(plant.C * plant.A**power * plant.B)[0] for power in range(k)]
    assert delays == [0] * (k - 1) + [1]


def test_default_plant_is_position_velocity_force():
    assert double_integrator() == LinearPlant(A, B, C)


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_floats_are_refused_by_name(name):
    entries = {"A": A, "B": B, "C": C}
    entries[name] = [[0.1 * x for x in row] for row in entries[name]]
    with pytest.raises(TypeError, match=rf"{name} must be exact; .*found the float .*Rational\(1, 10\)"):
        LinearPlant(**entries)


def test_strings_are_read_exactly():
    assert LinearPlant([["1/10"]], [[1]], [[1]]).A[0] == Rational(1, 10)
    with pytest.raises(TypeError, match=r"found the float 0\.1"):
        LinearPlant([["0.1"]], [[1]], [[1]])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (([[1, 1]], B, C), r"A does not fit .*expected \(1, 1\), found \(1, 2\)"),
        ((A, [[1]], C), r"B does not fit A with 2 rows; expected \(2, p\), found \(1, 1\)"),
        ((A, B, [[1], [0]]), r"C does not fit A with 2 rows; expected \(q, 2\), found \(2, 1\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(entries, message):
    with pytest.raises(ValueError, match=message):
        LinearPlant(*entries)


@pytest.mark.parametrize("k", [0, -1])
def test_chain_needs_an_integrator(k):
    with pytest.raises(ValueError, match=f"k must be at least 1; found {k}"):
        integrator_chain(k)


def test_parameters_come_once_in_order_of_appearance():
    a, b, c = (Symbol(x) for x in "abc")
    assert LinearPlant([[c, 1], [0, a + c]], [[0], [b]], [[a, 0]]).parameters == (c, a, b)


def test_symbolic_plant_has_a_letter_for_every_entry():
    plant = symbolic_plant(3, 2, 4)
    assert (plant.n, plant.p, plant.q) == (3, 2, 4)
    assert len(plant.parameters) == 3 * 3 + 3 * 2 + 4 * 3


def test_plants_are_frozen_values():
    plant = double_integrator()
    assert hash(plant) == hash(LinearPlant(A, B, C))
    with pytest.raises(FrozenInstanceError):
        plant.A = A
