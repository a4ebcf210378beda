"""The law of the staircase: growth, clock and competition, by other algebra and in numbers."""

import math

import pytest
from sympy import I, Rational, cancel, exp, lambdify, pi

from theory.symbols import amplitude, dt, gain_p, gain_r, gamma, lam, omega, plant_gain
from theory.tracking.internal_model import tracking_error
from theory.tracking.staircase import (
    AGE,
    CHANGE_P,
    CHANGE_R,
    DECAY,
    PATH,
    READ,
    ROOT,
    WEIGHT,
    WRITTEN,
    adam_clock,
    adam_rate,
    early_clock,
    flow_needed,
    growth,
    real_part,
    second_order_path,
    suffered,
    turning_cosine,
    two_neuron_agent,
)


def test_path_of_two_neurons_is_their_impulse_response():
    """Stepped: h_1 ← (1-γ) h_1 + γ μ y, h_2 ← (1-γ) h_2 + γ w ζ μ h_1(before), u = ζ h_2; a sum over λ^-t."""
    leak, mu, zeta, w, at = 0.3, 0.7, 1.3, -0.4, 1.5
    first = second = total = 0.0
    for t in range(400):
        read = mu if t == 0 else 0.0
        first, second = (1 - leak) * first + leak * read, (1 - leak) * second + leak * w * zeta * mu * first
        total += zeta * second * at**-t
    found = two_neuron_agent().subs({gamma: leak, READ: mu, WRITTEN: zeta, PATH: w, lam: at})
    assert float(found) == pytest.approx(total, rel=1e-12)


def test_real_part_is_that_of_the_response():
    for angle in (0.06, 0.2, 1.0):
        value = complex(second_order_path().subs({lam: exp(I * angle), gamma: Rational(1, 10)}))
        assert float(real_part().subs({omega: angle, gamma: 0.1})) == pytest.approx(value.real, rel=1e-10)


def test_slow_and_fast_sinusoids_of_the_task_want_paths_of_opposite_sign():
    signs = [float(real_part().subs({omega: 2 * pi * f * Rational(1, 10), gamma: Rational(1, 10)})) for f in (0.1, 0.2)]
    assert signs[0] > 0 > signs[1]
    turning = math.acos(turning_cosine().subs(gamma, Rational(1, 10))) / (2 * math.pi * 0.1)
    assert 0.16 < turning < 0.17


def test_flow_is_needed_control_over_the_growth_of_unit_response():
    path = second_order_path()
    per_unit = cancel(growth() / ((path + path.subs(lam, 1 / lam)) / 2))
    needed = -(2 - lam - 1 / lam) / dt**2
    values = {dt: 0.1, amplitude: 2.31, WEIGHT: 1 / 9}
    for angle in (0.06, 0.25):
        ratio = complex((needed / per_unit).subs(values).subs(lam, exp(I * angle)))
        assert ratio.real == pytest.approx(float(flow_needed().subs(values).subs(omega, angle)), rel=1e-9)
        assert abs(ratio.imag) < 1e-6 * ratio.real


@pytest.mark.parametrize("epochs", [30, 1000, 5000])
def test_clock_adds_up_adams_rates(epochs):
    """A sum over epochs of 1/√v̂, at the middle of each."""
    rate = lambdify([AGE, DECAY, ROOT], adam_rate())
    summed = sum(rate(t + 0.5, 0.999, 0.004) for t in range(epochs))
    found = float(adam_clock().subs({AGE: epochs, DECAY: 0.999, ROOT: 0.004}))
    assert found == pytest.approx(summed, rel=2e-3)
    early = float(early_clock().subs({AGE: epochs, DECAY: 0.999, ROOT: 0.004}))
    assert (early == pytest.approx(summed, rel=0.03)) == (epochs == 30)


def test_what_an_acquired_sinusoid_suffers_is_the_error_of_the_changed_agent():
    values = {plant_gain: 0.3 + 0.2j, gain_p: -1.1, lam: 0.9 + 0.3j, CHANGE_P: 0.05, CHANGE_R: -0.02j}
    tracked = (1 / values[plant_gain] - values[gain_p]) / values[lam]
    error = tracking_error(feedback=gain_p + CHANGE_P, forward=gain_r + CHANGE_R).subs({gain_r: tracked, **values})
    assert complex(error) == pytest.approx(complex(suffered().subs(values)), rel=1e-10)
