"""The catalogue: complete, verified, and unable to verify a wrong formula."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from sympy import Matrix, MatrixBase, Poly, expand, nan, ones, pi, sqrt, zeros

from derivations import catalogue
from derivations.result import Result, Step, difference
from numerics.errors import InputError
from theory.named import Named, Root
from theory.symbols import (
    k_1,
    k_2,
    kappa,
    kappa_m,
    kappa_u,
    lam,
    lambda_3,
    neurons,
    sigma_mm,
    sigma_mu,
    sigma_uu,
    sigma_vm,
    sigma_vu,
    sigma_zm,
    sigma_zu,
    variance,
)

FOLDER = Path(catalogue.__file__).parent


# the catalogue


def test_every_module_that_builds_a_result_is_listed():
    builders = {
        path.stem for path in FOLDER.glob("*.py") if "def build() -> Result" in path.read_text(encoding="utf-8")
    }
    assert builders == {name.replace("-", "_") for name in catalogue.ORDER}


def test_names_are_unique_and_those_of_the_results(results):
    assert len(set(catalogue.ORDER)) == len(catalogue.ORDER)
    assert tuple(results) == catalogue.ORDER
    assert len({result.title for result in results.values()}) == len(results)


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_every_step_is_verified(results, name):
    result = results[name]
    assert result.verified
    assert all(step.verified for step in result.steps)


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_result_is_complete(results, name):
    result = results[name]
    assert result.statement.endswith(".")
    assert result.source
    assert result.steps
    assert result.expressions
    for text in (result.statement, *(step.reason for step in result.steps)):
        assert text.endswith(".")
        assert text.count("$") % 2 == 0
        assert text.count("{") == text.count("}")


def test_results_come_in_the_order_asked_for():
    assert [r.name for r in catalogue.results(["stage-one", "visible-overlaps"])] == ["stage-one", "visible-overlaps"]


def test_unknown_name_gets_a_suggestion():
    with pytest.raises(InputError, match=r"found 'stage-on'; did you mean stage-one\?"):
        catalogue.result("stage-on")
    with pytest.raises(InputError, match="choose among joint-system, characteristic-polynomial"):
        catalogue.result("xyzzy")


# formulas of the notes

NOTES = {
    ("joint-system", r"P_{\mathrm{eff}}"): Matrix(
        [[1, 1, 0, 0], [0, 1, sigma_zm, sigma_zu], [1, 1, 0, 0], [0, 0, sigma_vm, sigma_vu]]
    ),
    ("characteristic-polynomial", r"\chi(\lambda)/\lambda|_{\kappa}"): lam**3
    - (sigma_vu + 2) * lam**2
    + (2 * sigma_vu - sigma_zm + 1) * lam
    + sigma_vu * sigma_zm
    - sigma_vu
    - kappa,
    ("short-term-loss", "L_2"): 11
    + 14 * sigma_zm
    + 15 * sigma_zm**2
    + (2 + 10 * sigma_zm) * sigma_zu * sigma_vm
    + 2 * sigma_zu**2 * sigma_vm**2,
    ("long-term-loss", r"\rho^2"): lambda_3**2 - (sigma_vu + 2) * lambda_3 + 2 * sigma_vu - sigma_zm + 1,
    ("effective-gains", "k_1"): -sigma_zm - (lambda_3 - sigma_vu) * (1 - lambda_3),
    ("effective-gains", "k_2"): lambda_3 - sigma_vu,
    ("effective-gains", r"\Delta_K"): k_2**2 - 4 * k_1,
    ("conservation-laws", r"J_{\mathrm{all}}"): Matrix.diag(-1, 1, -1, 1),
    ("conservation-laws", "J_{m}"): Matrix.diag(0, 1, -1, 1),
    ("nonlinear-reduction", r"G(\Delta)"): 1 / sqrt(1 + pi * variance / 2),
    ("nonlinear-reduction", r"\Delta"): (
        sigma_mm * kappa_m**2 + sigma_uu * kappa_u**2 + 2 * sigma_mu * kappa_m * kappa_u
    )
    / neurons,
}


@pytest.mark.parametrize(("name", "left"), NOTES)
def test_expression_is_the_one_of_the_notes(results, name, left):
    gap = results[name].expressions[left] - NOTES[name, left]
    assert gap.expand() == (zeros(*gap.shape) if isinstance(gap, MatrixBase) else 0)


@pytest.mark.parametrize(
    ("name", "loss", "slope"), [("short-term-loss", "L_2", r"\nabla L_2"), ("horizon-loss", "L_4", r"\nabla L_4")]
)
def test_printed_slopes_are_those_of_the_printed_loss(results, name, loss, slope):
    found, value = results[name].expressions[slope], results[name].expressions[loss]
    for entry, letter in zip(found, (sigma_zm, sigma_zu, sigma_vm, sigma_vu), strict=True):
        assert expand(entry - value.diff(letter)) == 0


# a wrong formula is not verified


def bent(value):
    """A value made wrong."""
    if isinstance(value, Poly):
        return Poly(value.as_expr() + sigma_zm, value.gen)
    if isinstance(value, MatrixBase):
        return value + ones(*value.shape)
    if isinstance(value, Named):
        return replace(value, expression=bent(value.expression))
    if isinstance(value, Root):
        return replace(value, polynomial=bent(value.polynomial))
    if isinstance(value, (tuple, list)):
        return type(value)([bent(value[0]), *value[1:]])
    if isinstance(value, dict):
        return {letter: bent(entry) for letter, entry in value.items()}
    return value + sigma_zm


def built_with(monkeypatch, name, function):
    """The result built while one function of the theory gives wrong values in its derivation."""
    module = import_module(f"derivations.{name.replace('-', '_')}")
    right = getattr(module, function)
    monkeypatch.setattr(module, function, lambda *args, **kwargs: bent(right(*args, **kwargs)))
    return module.build()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("characteristic-polynomial", "characteristic_polynomial"),
        ("characteristic-polynomial", "cubic"),
        ("characteristic-polynomial", "loop_equation"),
        ("characteristic-polynomial", "stage_one_polynomial"),
        ("visible-overlaps", "controller"),
        ("stage-one", "stage_one_polynomial"),
        ("stage-one", "stage_one_roots"),
        ("stability-region", "stability_region"),
        ("perturbed-roots", "fast_root_perturbative"),
        ("perturbed-roots", "perturbative_root"),
        ("convergence-radius", "branch_points"),
        ("convergence-radius", "cubic_discriminant"),
        ("convergence-radius", "meeting_roots"),
        ("long-horizon-optimum", "completed_square_residual"),
        ("long-horizon-optimum", "control_error"),
        ("long-horizon-optimum", "error_row"),
        ("long-horizon-optimum", "long_horizon_cost"),
        ("long-horizon-optimum", "minimal_loop"),
        ("long-horizon-optimum", "observed_feedback"),
        ("long-horizon-optimum", "observer_polynomial"),
        ("long-horizon-optimum", "observer_root"),
        ("short-term-loss", "short_term_loss"),
        ("horizon-loss", "horizon_loss"),
        ("long-term-loss", "dominant_modulus"),
        ("long-term-loss", "fast_root"),
        ("long-term-loss", "surrogate"),
        ("effective-gains", "effective_gains"),
        ("effective-gains", "gain_stability"),
        ("effective-gains", "slow_polynomial"),
        ("effective-gains", "state_feedback"),
        ("learning-map", "descent"),
        ("learning-map", "flow"),
        ("learning-map", "squared_gradient_norm"),
        ("conservation-laws", "conserved_forms"),
        ("conservation-laws", "form_drift"),
        ("nonlinear-reduction", "gain"),
        ("nonlinear-reduction", "gaussian_mean"),
        ("markov-parameters", "scalar_responses"),
        ("markov-parameters", "changed_response"),
        ("markov-parameters", "rank_one_responses"),
        ("tracking-transfer", "joint_polynomial"),
        ("tracking-transfer", "planar_gain"),
        ("tracking-loss", "tone_loss"),
        ("tracking-loss", "tone_slope"),
        ("tracking-order", "needed_control"),
        ("tracking-order", "silent_loss"),
        ("tracking-order", "silent_slope"),
        ("tracking-order", "response_from_rest"),
        ("tracking-order", "horizon_loss"),
        ("tracking-order", "best_feedforward"),
        ("internal-model", "mismatch"),
        ("internal-model", "pole_error"),
        ("internal-model", "present_error"),
        ("internal-model", "recurrent_eigenvalue"),
        ("internal-model", "regulated_error"),
        ("internal-model", "robust_error"),
        ("internal-model", "shifted_pole"),
        ("internal-model", "tracking_error"),
    ],
)
def test_a_wrong_formula_is_not_verified(monkeypatch, name, function):
    assert not built_with(monkeypatch, name, function).verified


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("characteristic-polynomial", "controller"),
        ("characteristic-polynomial", "cubic_discriminant"),
        ("short-term-loss", "gradient"),
        ("short-term-loss", "hessian_matrix"),
        ("horizon-loss", "gradient"),
        ("long-term-loss", "gradient"),
        ("long-term-loss", "fast_root_perturbative"),
        ("long-term-loss", "long_term_loss"),
        ("effective-gains", "oscillation_discriminant"),
    ],
)
def test_every_printed_expression_is_covered_by_a_step(monkeypatch, name, function):
    assert not built_with(monkeypatch, name, function).verified


def test_printed_slope_of_the_modulus_is_covered_by_a_step(monkeypatch):
    right = Root.gradient
    monkeypatch.setattr(Root, "gradient", lambda *args: bent(right(*args)))
    assert not catalogue.result("long-term-loss").verified


# what verified means


def result_with(residual):
    return Result(
        "name", "Title", "Statement.", "source", (Step("Reason.", "x", lam), Step("Reason.", "x", lam, residual))
    )


@pytest.mark.parametrize("residual", [0, difference(lam, lam), zeros(2, 3)])
def test_zero_residuals_verify(residual):
    assert result_with(residual).verified


@pytest.mark.parametrize("residual", [1, lam, nan, Matrix([[0, 0, lam]]), difference((lam + 1) ** 2, lam**2 + 1)])
def test_one_residual_that_is_not_zero_spoils_the_result(residual):
    assert not result_with(residual).verified


def test_difference_is_expanded():
    assert difference((lam + 1) ** 2, lam**2 + 2 * lam + 1) == 0
