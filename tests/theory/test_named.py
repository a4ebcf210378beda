"""Folded expressions and roots kept as letters."""

import mpmath
import pytest
from sympy import (
    Poly,
    Rational,
    S,
    cancel,
    ccode,
    fcode,
    jscode,
    lambdify,
    latex,
    pycode,
    simplify,
    sqrt,
    symbols,
    sympify,
)

from theory.core.loop import Overlaps, ReducedLoop
from theory.core.named import Named, Root
from theory.core.plant import double_integrator
from theory.double_integrator.spectrum import cubic, dominant_modulus, fast_root
from theory.nonlinear.gaussian import GaussianLoop
from theory.symbols import OVERLAPS, lam, lambda_3
from theory.tracking.loop import TrackingLoop

x, y, z = symbols("x y z", positive=True)
SQUARE_ROOT = Root(y, Poly(z**2 - 2 * z + 1 - x, z))  # y = 1 ± √x
POINT = [Rational(*pair) for pair in ((-2, 3), (3, 4), (5, 6), (1, 5))]


def test_later_definitions_may_use_earlier_ones():
    named = Named(z + y, ((y, x + 1), (z, y**2)))
    assert named.unfold() == (x + 1) ** 2 + x + 1


def test_nothing_to_unfold():
    assert Named(x + 1, ()).unfold() == x + 1


def test_folded_expression_prints_with_its_definitions():
    assert Named(x + y, ((y, x**2),))._repr_latex_() == r"$x + y,\quad y = x^{2}$"


@pytest.mark.parametrize(
    ("printer", "expected"),
    [
        (pycode, "x**4 + x + z"),
        (ccode, "pow(x, 4) + x + z"),
        (jscode, "Math.pow(x, 4) + x + z"),
        (fcode, "      x**4 + x + z"),
        (str, "x**4 + x + z"),
        (latex, "x^{4} + x + z"),
    ],
)
def test_code_and_text_are_of_the_unfolded_expression(printer, expected):
    named = Named(y + x, ((y, x**4),))
    assert printer(z + named) == printer(named + z) == expected
    if printer is not str:
        assert printer(named) == expected.replace(" + z", "")


def test_sympy_computes_with_the_unfolded_expression():
    named = dominant_modulus(perturbative=True)
    assert sympify(named) == named.unfold()
    assert lambdify(OVERLAPS, S(2) * named)(*POINT) == 2 * named.unfold().subs(dict(zip(OVERLAPS, POINT, strict=True)))


@pytest.mark.parametrize(
    "shown",
    [double_integrator(), Overlaps.symbolic(), ReducedLoop(), GaussianLoop(), TrackingLoop(double_integrator())],
    ids=lambda shown: type(shown).__name__,
)
def test_notebooks_show_models_as_formulas(shown):
    text = shown._repr_latex_()
    assert text.startswith("$")
    assert r"\left[\begin{matrix}" in text
    assert not [letter for letter in ("sigma_{v \\mu}", "ImmutableDenseMatrix") if letter in text]


def test_value_is_the_polynomial_at_the_letter():
    assert SQUARE_ROOT.value.expand() == (y**2 - 2 * y + 1 - x).expand()


@pytest.mark.parametrize("sign", [1, -1])
def test_derivative_of_an_explicit_root(sign):
    root = 1 + sign * sqrt(x)
    assert simplify(SQUARE_ROOT.derivative(x).subs(y, root) - root.diff(x)) == 0
    assert simplify(SQUARE_ROOT.derivative(x).subs(y, root) + root.diff(x)) != 0


def test_gradient_is_the_total_derivative():
    expression = x * y**3 + x
    root = 1 + sqrt(x)
    (slope,) = SQUARE_ROOT.gradient(expression, (x,))
    assert simplify(slope.subs(y, root) - expression.subs(y, root).diff(x)) == 0


def real_root(point):
    """The one real root of the cubic at these overlaps, to 60 digits."""
    chi = [
        mpmath.mpf(c.p) / c.q
        for c in Poly(cubic().as_expr().subs(dict(zip(OVERLAPS, point, strict=True))), lam).all_coeffs()
    ]
    return min(mpmath.polyroots(chi, maxsteps=400, extraprec=400), key=lambda r: abs(r.imag)).real


def shifted(index, step):
    return [value + step if i == index else value for i, value in enumerate(POINT)]


def value(expression, root, point=POINT):
    return mpmath.mpmathify(expression.subs(dict(zip(OVERLAPS, point, strict=True))).subs(lambda_3, root))


@pytest.mark.parametrize("index", range(4))
def test_fast_root_moves_as_its_derivative_says(index):
    step = Rational(1, 10**12)
    with mpmath.workdps(60):
        rate = value(fast_root().derivative(OVERLAPS[index]), real_root(POINT))
        ends = [real_root(shifted(index, s)) for s in (step, -step)]
        assert abs((ends[0] - ends[1]) / (2 * mpmath.mpf(10) ** -12) - rate) < 1e-20
        assert abs(rate) > 1e-3


@pytest.mark.parametrize("index", range(4))
def test_modulus_moves_as_its_gradient_says(index):
    step, modulus = Rational(1, 10**12), dominant_modulus().expression
    with mpmath.workdps(60):
        rate = value(fast_root().gradient(modulus)[index], real_root(POINT))
        points = [shifted(index, s) for s in (step, -step)]
        ends = [value(modulus, real_root(point), point) for point in points]
        assert abs((ends[0] - ends[1]) / (2 * mpmath.mpf(10) ** -12) - rate) < 1e-20
        assert abs(rate) > 1e-3


def test_hessian_is_the_second_total_derivative():
    expression = x * y**3 + x**2
    (entry,) = SQUARE_ROOT.hessian(expression, (x,))
    assert simplify(entry.subs(y, 1 + sqrt(x)) - expression.subs(y, 1 + sqrt(x)).diff(x, 2)) == 0


def test_hessian_of_the_modulus_is_the_slope_of_its_gradient():
    step, modulus, root = Rational(1, 10**12), dominant_modulus().expression, fast_root()
    slopes, hessian = root.gradient(modulus), root.hessian(modulus)
    with mpmath.workdps(60):
        for index in range(4):
            points = [shifted(index, s) for s in (step, -step)]
            for slope, entry in zip(slopes, hessian.row(index), strict=True):
                ends = [value(slope, real_root(point), point) for point in points]
                rate = value(entry, real_root(POINT))
                assert abs((ends[0] - ends[1]) / (2 * mpmath.mpf(10) ** -12) - rate) < 1e-20


def test_gradient_by_an_absent_letter_is_zero():
    assert cancel(SQUARE_ROOT.gradient(y, (x, z))[1]) == 0
