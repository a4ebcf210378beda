"""One point of the overlaps: every number against another route."""

import json

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.common.errors import InputError
from numerics.common.plants import double_integrator
from numerics.common.spectrum import joint_matrix
from numerics.common.weights import at_overlaps
from numerics.experiment.simulate import rollout
from numerics.reduced.evaluate import evaluate
from numerics.reduced.long_term import long_term

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
    assert values["gradients"]["L_inf"] == [0.0] * 4
    assert values["notes"] == []
    once = evaluate([-3, 8, 1, -2], 1)
    assert once["gradients"]["L_inf"] == [None] * 4
    assert "gradient of L_inf does not exist" in once["notes"][0]


@pytest.mark.parametrize("point", [(30, 5, -7, 40), (-3, 8, 1, -2), (-11, 40, 1, -4)])
def test_a_part_of_the_surrogate_with_weight_0_does_not_count(point):
    short = evaluate(point, 1000, 0.0)
    assert short["surrogate"] == short["L_2"]
    assert short["gradients"]["surrogate"] == short["gradients"]["L_2"]
    assert not [note for note in short["notes"] if "surrogate" in note]


GOLDEN = (1 + np.sqrt(5)) / 2


def at_roots(*roots):
    """Overlaps with σ_vm = 1 at which the cubic has these roots."""
    _, a, b, c = np.poly(roots).real
    vu = -a - 2
    zm = 2 * vu + 1 - b
    return [zm, vu * zm - vu - c, 1.0, vu]


def precise_loss(point, horizon):
    """ρ^{2T} in 60 digits, by mpmath's own iteration from the exact overlaps."""
    with mpmath.workdps(60):
        zm, zu, vm, vu = map(mpmath.mpf, point)
        roots = mpmath.polyroots([1, -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - vm * zu], maxsteps=2000, extraprec=1500)
        return max(abs(root) for root in roots) ** (2 * horizon)


def precise_slope(point, horizon):
    """∇ρ^{2T} by central differences in 60 digits."""
    with mpmath.workdps(60):
        h = mpmath.mpf(10) ** -25
        exact = [mpmath.mpf(float(value)) for value in point]
        moved = [[[x + s * h * (i == k) for i, x in enumerate(exact)] for s in (1, -1)] for k in range(4)]
        return [float((precise_loss(up, horizon) - precise_loss(down, horizon)) / (2 * h)) for up, down in moved]


@pytest.mark.parametrize("angle", [1e-8, 1e-7, 5e-6, 1e-3, 1.0])
@pytest.mark.parametrize("horizon", [1, 3])
def test_gradient_of_a_complex_pair_that_nearly_meets(angle, horizon):
    point = at_roots(0.9 * np.exp(1j * angle), 0.9 * np.exp(-1j * angle), 0.2)
    values = evaluate(point, horizon)
    if values["eigenvalues"][0][1]:  # rounding may have made a close pair real
        np.testing.assert_allclose(values["gradients"]["L_inf"], precise_slope(point, horizon), rtol=1e-9)
    close = [note for note in values["notes"] if "nearly double" in note]
    assert bool(close) == (angle <= 1e-5)


def test_gradient_at_the_optimum_without_control_cost():
    point = [-GOLDEN, 2 * GOLDEN, 1.0, 1 - np.sqrt(5)]
    values = evaluate(point, 1, 1.0)
    assert values["eigenvalues"][0][1] > 0
    np.testing.assert_allclose(values["gradients"]["L_inf"], precise_slope(point, 1), rtol=1e-9)
    assert "nearly double" in values["notes"][0]


@pytest.mark.parametrize("roots", [(0.9, 0.9, 0.3), (1.02, 1.02, -0.4), (0.7, 0.7, 0.7), (0.97, 0.97, 0.97)])
def test_long_term_loss_where_roots_meet(roots):
    """From coefficients rounded to floats it was off by 3e-6 and more at double roots, by 4e-4 at triple ones."""
    point = at_roots(*roots)
    expected = float(precise_loss(point, 50))
    for value in (evaluate(point, 50)["L_inf"], long_term(np.array(point), 50)[0]):
        assert value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("turned", [False, True])
def test_gradient_of_the_long_term_loss_beside_a_double_root(gap, turned):
    """From rounded coefficients it was off by 3e-3 at the gap 1e-6, and without a digit at 1e-8."""
    rng = np.random.default_rng(4)
    for _ in range(3):
        size, third = rng.uniform(0.5, 1.1), rng.uniform(-0.4, 0.4)
        pair = size * np.exp([1j * gap, -1j * gap]) if turned else size * np.array([1, 1 - gap])
        point = at_roots(*pair, third)
        expected = precise_slope(point, 50)
        for slope in (evaluate(point, 50)["gradients"]["L_inf"], long_term(np.array(point), 50)[1]):
            np.testing.assert_allclose(slope, expected, rtol=1e-9 if gap > 1e-3 else 1e-13)


@settings(max_examples=40, deadline=None)
@given(coordinates, coordinates, coordinates, coordinates)
def test_long_term_loss_is_right_wherever_its_root_is_simple(zm, zu, vm, vu):
    point = np.array([zm, zu, vm, vu])
    values = evaluate(point, 20)
    loss, slope = long_term(point, 20)
    assert (loss, values["L_inf"]) == pytest.approx((float(precise_loss(point, 20)),) * 2, rel=1e-11)
    if None not in values["gradients"]["L_inf"]:
        scale = max(map(abs, values["gradients"]["L_inf"]))
        np.testing.assert_allclose(slope, values["gradients"]["L_inf"], rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("step", [0, 1, -1])
def test_of_two_roots_of_one_modulus_the_larger_has_the_gradient(step):
    """0.5 and -0.5 to begin with; one float further the larger is known, and that the other is close is told."""
    point = at_roots(0.5, -0.5, 0.125)
    point[0] = float(point[0] + step * np.spacing(point[0]))
    values = evaluate(point, 2)
    notes = [note for note in values["notes"] if "nearly the largest modulus" in note]
    assert bool(notes) == bool(step)
    if step:
        np.testing.assert_allclose(values["gradients"]["L_inf"], precise_slope(point, 2), rtol=1e-12)
    else:
        assert values["gradients"]["L_inf"] == [None] * 4


@pytest.mark.parametrize("roots", [(2j, -2j, -2), (0.5, -0.5, 0.125), (0.5, 0.5, 0.125)])
def test_roots_that_share_the_largest_modulus_leave_no_gradient(roots):
    values = evaluate(at_roots(*roots), 2)
    assert values["L_inf"] == pytest.approx(abs(roots[0]) ** 4, rel=1e-12)
    assert values["gradients"]["L_inf"] == [None] * 4
    assert "gradient of L_inf does not exist (roots share the largest modulus)" in values["notes"][0]


@pytest.mark.parametrize("roots", [(0.6, 0.6, 0.6), (0.9, 0.9, 0.3), (0.7, 0.7, 0.1)])
def test_repeated_roots_are_noted_however_rounding_splits_them(roots):
    values = evaluate(at_roots(*roots), 5)
    told = values["gradients"]["L_inf"] == [None] * 4 or any("nearly double" in note for note in values["notes"])
    assert told


def test_conjugates_stay_together_among_roots_of_equal_modulus():
    found = [complex(*root) for root in evaluate(at_roots(2j, -2j, -2), 2)["eigenvalues"]]
    assert found == [2j, -2j, -2, 0]


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
