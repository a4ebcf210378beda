"""Effective gains against left eigenvectors, N neurons in motion, and the roots of the plant under feedback."""

from itertools import pairwise

import mpmath
import pytest
from sympy import Matrix, Poly, Rational, discriminant, expand

from theory.core.loop import ReducedLoop
from theory.core.plant import double_integrator, integrator_chain, symbolic_plant
from theory.double_integrator.gain import (
    effective_gains,
    gain_stability,
    gain_symbols,
    oscillation_discriminant,
    root_product_and_sum,
    slow_polynomial,
    state_feedback,
)
from theory.double_integrator.spectrum import cubic
from theory.symbols import k_1, k_2, lam, lambda_3, sigma_vm, sigma_vu, sigma_zm, sigma_zu


def loops_with_a_rational_root(rationals, count=12):
    """Overlaps with their λ_3: κ is chosen such that the cubic vanishes there."""
    while count:
        a, b, root = rationals(3)
        product = (root - b) * ((root - 1) ** 2 - a)
        if 0 in (product, root, a):
            continue
        count -= 1
        yield {sigma_zm: a, sigma_vu: b, sigma_zu: product / 3, sigma_vm: 3, lambda_3: root}


def leaves_feedback(values, gains):
    """Whether u + K x is a combination of left eigenvectors of the fast root and of 0, thus absent from the plane."""
    loop = ReducedLoop()
    matrix = loop.matrix.subs(values)
    row = Matrix([[*gains, 0, 0]]).subs(values) + loop.readout.subs(values)
    return (row * matrix * (matrix - values[lambda_3] * Matrix.eye(4))).is_zero_matrix


def test_gains_are_those_of_the_notes():
    first, second = effective_gains()
    assert expand(second - (lambda_3 - sigma_vu)) == 0
    assert expand(first - (-sigma_zm - (lambda_3 - sigma_vu) * (1 - lambda_3))) == 0


def test_control_is_state_feedback_on_the_plane_of_the_slow_pair(rationals):
    assert all(leaves_feedback(values, effective_gains()) for values in loops_with_a_rational_root(rationals))


@pytest.mark.parametrize("signs", [(-1, 1), (1, -1)])
def test_a_flipped_gain_is_noticed(rationals, signs):
    wrong = [sign * gain for sign, gain in zip(signs, effective_gains(), strict=True)]
    assert not any(leaves_feedback(values, wrong) for values in loops_with_a_rational_root(rationals))


def test_plant_under_feedback_has_the_slow_pair():
    gains = dict(zip((k_1, k_2), effective_gains(), strict=True))
    closed = state_feedback().charpoly(lam).as_expr().subs(gains)
    assert expand(closed - slow_polynomial().as_expr()) == 0
    remainder = expand(closed * (lam - lambda_3) - cubic().as_expr())
    assert expand(remainder + cubic().as_expr().subs(lam, lambda_3)) == 0


def test_neurons_approach_feedback_by_the_fast_root_each_step(network):
    net = network(neurons=6)
    with mpmath.workdps(50):
        chi = Poly(cubic().as_expr().subs(net.values), lam).all_coeffs()
        found = mpmath.polyroots([mpmath.mpf(c.p) / c.q for c in chi], maxsteps=300, extraprec=300)
        root = min(found, key=lambda r: abs(r.imag)).real
        numbers = {**net.values, lambda_3: root}
        k = [mpmath.mpmathify(gain.subs(numbers).evalf(50)) for gain in effective_gains()]
        deviations = []
        for x, u, _ in net.rollout(6):
            x, u = (mpmath.matrix([[mpmath.mpf(e.p) / e.q for e in M.row(i)] for i in range(M.rows)]) for M in (x, u))
            deviations.append(u[0, 0] + k[0] * x[0, 0] + k[1] * x[1, 0])
        ratios = [after / before for before, after in pairwise(deviations[1:])]
        assert max(abs(ratio - root) for ratio in ratios) < 1e-30


def test_plant_under_feedback():
    assert state_feedback() == Matrix([[1, 1], [-k_1, 1 - k_2]])


def test_stability_region_of_the_gains_is_the_triangle():
    step, verdicts = Rational(1, 3), set()
    for i in range(-6, 19):
        for j in range(-6, 19):
            first, second = i * step, j * step
            ours = all(c.subs({k_1: first, k_2: second}) > 0 for c in gain_stability())
            assert ours == (0 < first < second and 2 * second < 4 + first)
            verdicts.add(ours)
    assert verdicts == {True, False}


def test_stability_region_agrees_with_the_eigenvalues(rationals):
    verdicts = set()
    for _ in range(60):
        first, second = rationals(2, size=4)
        values = {k_1: first, k_2: second}
        with mpmath.workdps(30):
            coefficients = [1, second - 2, 1 - second + first]
            radius = max(
                abs(r)
                for r in mpmath.polyroots(
                    [mpmath.mpf(c.p) / c.q for c in map(Rational, coefficients)], maxsteps=300, extraprec=200
                )
            )
        ours = all(c.subs(values) > 0 for c in gain_stability())
        assert ours == (radius < 1)
        verdicts.add(ours)
    assert verdicts == {True, False}


def test_discriminant_is_that_of_the_monic_quadratic():
    assert expand(oscillation_discriminant() - (k_2**2 - 4 * k_1)) == 0
    monic = lam**2 - (2 - k_2) * lam + 1 - k_2 + k_1
    assert expand(oscillation_discriminant() - discriminant(monic, lam)) == 0
    product, total = root_product_and_sum()
    assert expand(monic - (lam**2 - total * lam + product)) == 0


def eigenvalues(first, second):
    """Eigenvalues of [[1, 1], [-k_1, 1 - k_2]] from its entries, to 30 digits, where they are real; else None."""
    half, determinant = 1 - second / 2, 1 - second + first
    square = half**2 - determinant
    with mpmath.workdps(30):
        if square < 0:
            return None
        root = mpmath.sqrt(mpmath.mpf(square.p) / square.q)
        return [mpmath.mpf(half.p) / half.q + sign * root for sign in (-1, 1)]


def kinds(first, second):
    """What the theory says of the eigenvalues: complex, no root negative, one negative and smaller or larger, both."""
    values = {k_1: first, k_2: second}
    product, total = (e.subs(values) for e in root_product_and_sum())
    if oscillation_discriminant().subs(values) < 0:
        return "complex"
    if product < 0:
        return "larger negative" if total < 0 else "smaller negative"
    return ("both negative" if product > 0 else "negative and zero") if total < 0 else "none negative"


def kinds_of_roots(first, second):
    roots = eigenvalues(first, second)
    if roots is None:
        return "complex"
    negative = sum(root < -mpmath.mpf("1e-20") for root in roots)
    if negative == 2:
        return "both negative"
    if not negative:
        return "none negative"
    if abs(roots[1]) < 1e-20:
        return "negative and zero"
    return "larger negative" if abs(roots[0]) > abs(roots[1]) + 1e-20 else "smaller negative"


def test_signs_of_the_eigenvalues_by_product_and_sum():
    step, found = Rational(1, 4), set()
    for i in range(-4, 25):
        for j in range(-4, 25):
            assert kinds(i * step, j * step) == kinds_of_roots(i * step, j * step), (i, j)
            found.add(kinds(i * step, j * step))
    assert found == {
        "complex",
        "none negative",
        "smaller negative",
        "larger negative",
        "both negative",
        "negative and zero",
    }


def test_a_real_mode_of_a_stable_plant_may_alternate_in_sign():
    first, second = Rational(3, 10), Rational(8, 5)
    values = {k_1: first, k_2: second}
    assert all(condition.subs(values) > 0 for condition in gain_stability())
    assert oscillation_discriminant().subs(values) > 0
    assert kinds(first, second) == "smaller negative"
    slow, fast = eigenvalues(first, second)[::-1]
    assert (float(slow), float(fast)) == pytest.approx((0.78309518948453, -0.38309518948453), abs=1e-14)
    state = Matrix([1, 0])
    along = Matrix([[-first, 1 - second - Rational(str(slow))]])  # a left eigenvector of the fast root, nearly
    signs = []
    for _ in range(6):
        signs.append((along * state)[0] > 0)
        state = state_feedback().subs(values) * state
    assert signs in ([True, False] * 3, [False, True] * 3)


def test_gains_have_one_letter_an_entry():
    assert tuple(gain_symbols(double_integrator())) == (k_1, k_2)
    assert gain_symbols(integrator_chain(3)).shape == (1, 3)
    several = gain_symbols(symbolic_plant(3, 2))
    assert several.shape == (2, 3)
    assert len(several.free_symbols) == 6
