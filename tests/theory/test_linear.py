"""The root of an equation that is linear in its unknown, against sympy's general solver, and what is refused."""

import pytest
from sympy import Rational, Symbol, solve

from theory.core.linear import linear_root
from theory.symbols import kappa, lam, sigma_vu, sigma_zm

x = Symbol("x")


@pytest.mark.parametrize(
    "equation",
    [3 * x - 2, lam * x + kappa / (lam - sigma_vu), (x - sigma_zm) / (x + 1), x / (lam - 1) - Rational(1, 2)],
)
def test_the_root_is_that_of_the_general_solver(equation):
    (expected,) = solve(equation, x)
    assert (linear_root(equation, x) - expected).simplify() == 0


@pytest.mark.parametrize("equation", [x**2 - 1, lam + 1])
def test_another_degree_is_refused(equation):
    with pytest.raises(ValueError, match="equation must be linear in x; found degree"):
        linear_root(equation, x)
