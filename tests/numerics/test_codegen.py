"""Generated functions: broadcasting, dtype, and one source for Python, arrays and numba."""

import numpy as np
import pytest
from sympy import Integer, Rational, Symbol

from numerics.codegen import assignments, build, jit, vectorise

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
