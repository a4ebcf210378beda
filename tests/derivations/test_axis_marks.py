"""Laws of the axis that look alike but are wrong lose their mark: another oscillation, another limit, another branch."""

import pytest
from sympy import LambertW, Rational, exp, pi, sin, sqrt

from derivations.results import axis_minimiser, stage_boundaries, stage_one
from theory.double_integrator.stages import T, axis_loss, envelope, s, scaled_axis_loss
from theory.double_integrator.valleys import first_valleys, lower_shift, valley, valley_index
from theory.symbols import sigma_zm


def told(module, name, wrong, left, monkeypatch):
    """Whether the step of a left-hand side notices that a function of the theory gives something else."""
    monkeypatch.setattr(module, name, lambda: wrong)
    result = module.build()
    return not next(step for step in result.steps if step.left == left).holds


OSCILLATIONS = {
    "none": envelope(),
    "larger": envelope() + 7 * (scaled_axis_loss() - envelope()),
    "mirrored": 2 * envelope() - scaled_axis_loss(),
    "of another frequency": envelope() - sqrt(s / T) / 2 * exp(s) * sin(sqrt(s * T)) / s**2,
    "of another size": envelope() + 7 * sqrt(s) * sin(sqrt(s * T)),
}


@pytest.mark.parametrize("wrong", OSCILLATIONS.values(), ids=OSCILLATIONS)
@pytest.mark.parametrize("module", [axis_minimiser, stage_boundaries])
def test_another_oscillation_is_told(module, wrong, monkeypatch):
    assert told(module, "scaled_axis_loss", wrong, "f_T(s)", monkeypatch)


def test_the_right_oscillation_is_not(monkeypatch):
    for module in (axis_minimiser, stage_boundaries):
        assert not told(module, "scaled_axis_loss", scaled_axis_loss(), "f_T(s)", monkeypatch)


@pytest.mark.parametrize(
    "wrong", [LambertW(-2 * exp(-2), -1) + 2, 2 + LambertW(-2 * exp(-2)) / 2, -LambertW(-2 * exp(-2))]
)
def test_another_branch_or_value_of_the_envelope_minimum_is_told(wrong, monkeypatch):
    assert told(axis_minimiser, "envelope_minimiser", wrong, "s_0", monkeypatch)


def test_limits_the_wrong_way_round_are_told(monkeypatch):
    right, left = first_valleys()
    for name in ("right", "left"):
        assert told(axis_minimiser, "first_valleys", (left, right), rf"s_{{\mathrm{{{name}}}}}", monkeypatch)


def test_a_correction_of_the_other_sign_or_of_one_percent_more_is_told(monkeypatch):
    for factor in (-1, Rational(101, 100)):
        assert told(axis_minimiser, "lower_shift", factor * lower_shift(), "s_T", monkeypatch)


def test_touches_at_the_crests_are_told(monkeypatch):
    crest = -((3 * pi / 2 + 2 * pi * valley_index) ** 2) / (4 * T)
    assert told(axis_minimiser, "valley", crest, r"T\sigma_{zm}^{(k)}", monkeypatch)
    assert told(
        axis_minimiser, "valley", valley().subs(valley_index, valley_index + 1), r"T\sigma_{zm}^{(k)}", monkeypatch
    )


def test_a_sum_of_one_term_more_is_told(monkeypatch):
    longer = axis_loss().subs(T, T + 1) * (T + 1) / T
    for wrong in (longer, axis_loss() + sigma_zm / T):
        assert told(stage_one, "axis_loss", wrong, "L_T", monkeypatch)
