"""Systems of python-control and scipy.signal, in and out, and what is refused."""

import control
import numpy as np
import pytest
from scipy import signal

from numerics.common.errors import InputError
from numerics.common.plants import Plant
from numerics.interop.state_space import StateSpace, plant_from, plant_system, read_system

A, B, C = np.array([[0.9, 0.2], [-0.1, 0.8]]), np.array([[0.1], [0.3]]), np.array([[1.0, 0.5]])
PLANT = Plant(A, B, C)
ZERO = np.zeros((1, 1))

WRITTEN = {
    "control": lambda dt: control.ss(A, B, C, 0, dt),
    "scipy StateSpace": lambda dt: signal.StateSpace(A, B, C, ZERO, dt=dt),
    "scipy dlti": lambda dt: signal.dlti(A, B, C, ZERO, dt=dt),
    "tuple": lambda dt: (A, B, C, ZERO, dt),
    "ours to control": lambda dt: plant_system(PLANT, dt).to_control(),
    "ours to scipy": lambda dt: plant_system(PLANT, dt).to_scipy(),
}


@pytest.mark.parametrize("dt", [0.1, True])
@pytest.mark.parametrize("library", WRITTEN)
def test_matrices_survive_exactly(library, dt):
    system = WRITTEN[library](dt)
    found = plant_from(system)
    for name in "ABC":
        np.testing.assert_array_equal(getattr(found, name), getattr(PLANT, name))
    assert read_system(system).dt == dt


def test_random_plants_of_many_inputs_survive(rng):
    plant = Plant(rng.normal(size=(4, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 4)))
    for back in (plant_system(plant, 0.5).to_control(), plant_system(plant, 0.5).to_scipy()):
        assert plant_from(back).values == plant.values


NUMERATOR, DENOMINATOR = [0.2, 0.1], [1.0, -1.5, 0.7]


@pytest.mark.parametrize(
    "system",
    [
        control.tf(NUMERATOR, DENOMINATOR, 0.1),
        signal.dlti(NUMERATOR, DENOMINATOR, dt=0.1),
        signal.dlti(*signal.tf2zpk(NUMERATOR, DENOMINATOR), dt=0.1),
    ],
    ids=["control", "scipy", "scipy zeros and poles"],
)
def test_transfer_functions_keep_their_response(system):
    plant, g = plant_from(system), np.zeros(12)
    x = plant.B
    for k in range(1, 12):
        g[k], x = (plant.C @ x).item(), plant.A @ x
    pulse = np.zeros(12)
    pulse[0] = 1
    np.testing.assert_allclose(g, signal.lfilter([0, *NUMERATOR], DENOMINATOR, pulse), atol=1e-13)


def test_sampling_is_that_of_the_library():
    continuous = (np.array([[0.0, 1.0], [-4.0, -0.3]]), np.array([[0.0], [1.0]]), np.array([[1.0, 0.0]]), ZERO)
    by_scipy = plant_from(signal.cont2discrete(continuous, 0.1))
    by_method = plant_from(signal.StateSpace(*continuous).to_discrete(0.1))
    by_control = plant_from(control.c2d(control.ss(*continuous), 0.1))
    np.testing.assert_allclose(by_scipy.values, by_control.values, atol=1e-14)
    assert by_scipy.values == by_method.values


DISCRETISE = r"control\.c2d\(system, dt\) or scipy\.signal\.cont2discrete"
REFUSED = {
    "continuous control": (lambda: control.ss(A, B, C, 0), f"discrete time; found a continuous one; .*{DISCRETISE}"),
    "continuous tf": (lambda: control.tf([1.0], [1.0, 1.0]), f"found a continuous one; .*{DISCRETISE}"),
    "continuous scipy": (lambda: signal.StateSpace(A, B, C, ZERO), f"found a continuous one; .*{DISCRETISE}"),
    "no timebase": (
        lambda: control.ss(A, B, C, 0, None),
        f"must state its sampling time dt; found None; .*{DISCRETISE}",
    ),
    "tuple without timebase": (lambda: (A, B, C, ZERO, None), "dt must be given"),
    "tuple with dt = 0": (lambda: (A, B, C, ZERO, 0.0), "dt must be a finite number above 0; found 0"),
    "four entries": (lambda: (A, B, C, ZERO), r"tuple \(A, B, C, D, dt\); found 4 entries"),
    "feedthrough": (lambda: control.ss(A, B, C, 2, 0.1), "D must be zero, .* found an entry of size 2"),
    "no system": (lambda: {"A": A}, "of python-control or scipy.signal, .* found dict"),
    "improper": (
        lambda: control.tf([1.0, 0.0, 0.0], [1.0, 0.5], 0.1),
        "must have a state space; found TransferFunction",
    ),
    "not finite": (lambda: (A * np.inf, B, C, ZERO, 0.1), "A must be finite"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line(case):
    make, message = REFUSED[case]
    with np.errstate(all="ignore"):
        system = make()
    with pytest.raises(InputError, match=message) as caught:
        plant_from(system)
    assert "\n" not in str(caught.value)


def test_dt_must_be_given_on_the_way_out():
    with pytest.raises(InputError, match="dt must be given"):
        plant_system(PLANT, None)
    with pytest.raises(InputError, match="dt must be a number; found False"):
        StateSpace(A, B, C, ZERO, False)


def test_without_python_control_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "control", None)
    with pytest.raises(InputError, match=r"control must be installed .* pip install 'closedloop-rnn\[control\]'"):
        plant_system(PLANT, 0.1).to_control()
    assert plant_from(plant_system(PLANT, 0.1).to_scipy()).values == PLANT.values
