"""Generated functions: broadcasting, dtype, and one source for Python, arrays and numba."""

import numpy as np
import pytest
from sympy import I, Integer, Rational, Symbol, sqrt

from numerics.reduced.codegen import assignments, build, jit, vectorise

x, y = Symbol("x"), Symbol("y")


def test_constants_and_integers_broadcast_to_float64():
    f = vectorise([Integer(1), x**2, Rational(1, 3)], [x, y])
    out = f(np.arange(3), np.zeros((2, 1), dtype=int))
    assert out.shape == (2, 3, 3)
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out[1, :, 0], 1.0)
    np.testing.assert_array_equal(out[0, :, 1], [0.0, 1.0, 4.0])


def test_large_integers_do_not_wrap():
    assert vectorise([x**5], [x])(np.array([10**5]))[0, 0] == 1e25


def test_complex_arguments_give_complex_values():
    out = vectorise([x**2, Integer(2)], [x])(np.array([1j]))
    np.testing.assert_array_equal(out, [[-1, 2]])


@pytest.mark.parametrize(
    ("expressions", "arguments", "values", "expected"),
    [
        ([I * x], [x], [1.0], [1j]),
        ([I * x, x], [x], [2.0], [2j, 2]),
        ([I], [], [], [1j]),
        ([2 + I, x], [x], [np.ones((2, 3))], np.full((2, 3, 2), [2 + 1j, 1])),
    ],
)
def test_imaginary_expressions_give_complex_values(expressions, arguments, values, expected):
    out = vectorise(expressions, arguments)(*values)
    assert out.dtype == np.complex128
    np.testing.assert_array_equal(out, expected)


def test_real_expressions_stay_real_outside_their_domain():
    out = vectorise([sqrt(x)], [x])(-1.0)
    assert out.dtype == np.float64
    assert np.isnan(out).all()


def test_scalars_give_one_axis():
    assert vectorise([x + y, x - y], [x, y])(3, 1).tolist() == [4.0, 2.0]


def test_missing_argument_is_named():
    with pytest.raises(ValueError, match="missing y"):
        vectorise([x + y], [x])


def test_powers_are_products_and_never_raise_on_overflow():
    lines = assignments(["out"], [x**3], "t")
    assert "**" not in "".join(lines)
    f = build("f", ["x"], [*lines, "return out"], "cube")
    assert f(1e200) == float("inf")


def test_numba_compiles_the_same_source():
    pytest.importorskip("numba")
    f = build("f", ["x", "y"], [*assignments(["a", "b"], [x * y + x**2, x - y], "t"), "return a, b"], "pair")
    assert jit(f)(1.5, -0.25) == f(1.5, -0.25)
