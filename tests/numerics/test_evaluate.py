"""One point of the overlaps: every number against another route."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.errors import InputError
from numerics.evaluate import evaluate, long_term
from numerics.experiment.simulate import joint_matrix, rollout
from numerics.plants import double_integrator
from numerics.weights import at_overlaps

coordinates = st.floats(-1.25, 1.25, width=32)


@settings(max_examples=40, deadline=None)
@given(coordinates, coordinates, coordinates, coordinates, st.integers(1, 12))
def test_every_number_agrees_with_the_full_network(zm, zu, vm, vu, horizon):
    point = [float(v) for v in (zm, zu, vm, vu)]
    values = evaluate(point, horizon, 0.3)
    network, plant = at_overlaps(np.random.default_rng(1), point, 12), double_integrator()
    P = joint_matrix(plant, network)
    block = np.linalg.matrix_power(P, 3)[:2, :2]
    assert values["L_2"] == pytest.approx(np.sum(block**2), rel=1e-9, abs=1e-9)
    episodes = rollout(plant, network, np.sqrt(2) * np.eye(2), horizon)
    assert values["L_T"] == pytest.approx(np.mean(np.sum(episodes.x**2, axis=2)), rel=1e-9)
    leading = np.sort_complex(np.poly(np.linalg.eigvals(P))[:4])
    np.testing.assert_allclose(np.sort_complex(np.array(values["characteristic_polynomial"]) + 0j), leading, atol=1e-6)
    assert values["surrogate"] == pytest.approx(0.3 * values["L_inf"] + 0.7 * values["L_2"], rel=1e-12)
    assert values["L_inf"] == pytest.approx(values["spectral_radius"] ** (2 * horizon), rel=1e-9)


@pytest.mark.parametrize("point", [(-0.05, 0.1, 0.2, 0.3), (0.3, 0.1, -0.2, 0.1), (-0.8, 1.0, 0.9, -0.2)])
@pytest.mark.parametrize("name", ["L_2", "L_T", "L_inf", "surrogate"])
def test_gradients_are_central_differences(point, name):
    slope, h = np.array(evaluate(point, 7, 0.4)["gradients"][name]), 1e-5
    steps = h * np.eye(4)
    numeric = [(evaluate(point + s, 7, 0.4)[name] - evaluate(point - s, 7, 0.4)[name]) / (2 * h) for s in steps]
    np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-7)


def test_long_term_loss_follows_the_larger_of_a_real_pair():
    value, _ = long_term(np.array([0.25, 0.0, 0.0, 0.0]), 3)
    assert value == pytest.approx(1.5**6, rel=1e-12)


def test_deadbeat_point():
    values = evaluate([-3, 8, 1, -2], 40)
    assert values["spectral_radius"] == 0
    assert values["gains"] == [1.0, 2.0]
    assert values["gradients"]["L_inf"] == [None] * 4
    assert "does not exist" in values["notes"][0]


def test_overflow_is_reported():
    values = evaluate([0.5, 0, 0, 0], 100_000)
    assert values["L_T"] is None
    assert "L_T overflows at horizon 100000" in values["notes"]
    json.dumps(values, allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 0, 0],), "overlaps must be four numbers"),
        (([0, 0, 0, np.nan],), "overlaps must be finite"),
        (([0, 0, 0, 0], 0), "horizon must be at least 1"),
        (([0, 0, 0, 0], 5, 1.5), r"alpha must lie in \[0, 1\]; found 1.5"),
        (([0, 0, 0, 0], 5, np.nan), "alpha must lie"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        evaluate(*arguments)


@pytest.mark.parametrize(
    ("point", "told"),
    [((-0.3, 0.5, 0.9, -0.2), "λ_3 = 1.169, which does not decay fastest"), ((-0.05, 0.1, 0.2, 0.3), "")],
)
def test_gains_off_the_slow_plane_come_with_a_note(point, told):
    notes = evaluate(point)["notes"]
    assert [note.endswith(told) for note in notes] == [True] * bool(told)
