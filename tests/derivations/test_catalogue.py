"""The catalogue: complete, and the formulas of the notes. What the mark of a proof means: test_marks."""

from pathlib import Path

import pytest
from sympy import Matrix, MatrixBase, expand, pi, sqrt, zeros

from derivations import catalogue
from numerics.common.errors import InputError
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

FOLDER = Path(catalogue.__file__).parent / "results"


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
