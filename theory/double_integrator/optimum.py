"""The optimum of the rank-one loop over an infinite horizon, and what it is compared with.

Without leak a_t repeats the observation from the first step on, so (x, σ_zu b) is a minimal state of three
dimensions. The infinite-horizon loss follows from its Lyapunov equation as a rational function of the visible
overlaps; a strict local minimum is certified by an exactly vanishing gradient and a positive definite Hessian.
"""

from collections.abc import Callable
from functools import cache

from sympy import (
    QQ,
    ZZ,
    Expr,
    ImmutableMatrix,
    Matrix,
    Poly,
    cancel,
    diag,
    expand,
    eye,
    fraction,
    radsimp,
    solve,
    sqrt,
    symbols,
)
from sympy.polys.domains.domainelement import DomainElement
from sympy.polys.matrices import DomainMatrix
from sympy.polys.rings import PolyElement

from theory.core.loop import ReducedLoop
from theory.core.plant import double_integrator
from theory.double_integrator.spectrum import visible, visible_cubic
from theory.symbols import kappa, lam, matrix_symbols, sigma_vu, sigma_zm, sigma_zu

VISIBLE = (sigma_zm, sigma_vu, kappa)
"""The visible overlaps, in which the loss is a function."""

GOLDEN = (1 + sqrt(5)) / 2
"""The golden ratio φ."""

INDEPENDENT = [0, 1, 3]
"""Rows of the reduced state (x^(1), x^(2), a, b) that are independent once a = x^(1)."""


def embedding() -> ImmutableMatrix:
    """E with (x, a, b) = E (x, σ_zu b): the observation a = C x read, and b; 4×3."""
    observed = ImmutableMatrix.hstack(double_integrator().C, Matrix([[0]]))
    rows = diag(1, 1, 1 / sigma_zu)
    return ImmutableMatrix.vstack(rows[:2, :], observed, rows[2:, :])


@cache
def minimal_loop() -> ImmutableMatrix:
    """M, one step of (x^(1), x^(2), σ_zu b), 3×3, in the visible overlaps: P_eff E = E M.

    x⁺ = A x + B (σ_zm C x + β),  β⁺ = κ C x + σ_vu β.
    """
    E = embedding()
    step = E.extract(INDEPENDENT, range(3)).inv() * (ReducedLoop().matrix * E).extract(INDEPENDENT, range(3))
    return ImmutableMatrix(step.applyfunc(lambda entry: visible(expand(entry))))


@cache
def infinite_horizon_loss() -> Expr:
    """J = Σ_t tr(x_t x_tᵀ) from Σ_0 = I, a rational function of (σ_zm, σ_vu, κ), where the loop is stable.

    With W = Q + Mᵀ W M, J = tr(I) + tr(S_1ᵀ W S_1), S_1 = (A, 0) the states after the uncontrolled first step.
    """
    step, start = minimal_loop(), Matrix.vstack(double_integrator().A, Matrix([[0, 0]]))
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    letters = symbols("w:6")
    index = {pair: letter for pair, letter in zip(pairs, letters, strict=True)}
    W = Matrix(3, 3, lambda i, j: index[min(i, j), max(i, j)])
    residual = W - step.T * W * step
    system = Matrix([residual[pair] for pair in pairs]).jacobian(letters)
    cost = Matrix([int(pair in {(0, 0), (1, 1)}) for pair in pairs])
    moment = start * start.T
    weights = Matrix([[moment[i, j] * (1 if i == j else 2) for i, j in pairs]])
    left, right, row = (_polynomial(matrix) for matrix in (system, cost, weights))
    solution, denominator = left.solve_den(right)
    total = (row * solution)[0, 0].element + 2 * denominator
    numerator, denominator = total.cancel(denominator)
    return numerator.as_expr() / denominator.as_expr()


def _polynomial(matrix: Matrix) -> DomainMatrix:
    """A matrix over the polynomials in the visible overlaps."""
    return DomainMatrix.from_Matrix(matrix).convert_to(ZZ[VISIBLE])


def optimum() -> dict:
    """σ_zm = -φ, σ_vu = 1 - √5, κ = 2 φ: the stationary point of J with φ the golden ratio."""
    return {sigma_zm: -GOLDEN, sigma_vu: 1 - sqrt(5), kappa: 2 * GOLDEN}


@cache
def deadbeat() -> dict:
    """σ_zm = -3, σ_vu = -2, κ = 8: every eigenvalue zero, χ/λ = λ³, the state at rest after four steps."""
    _, square, slope, constant = Poly(visible_cubic(), lam).all_coeffs()
    return _eliminate({sigma_vu: square, sigma_zm: slope, kappa: constant})


def _eliminate(equations: dict) -> dict:
    """Letters for which expressions vanish, each determined by one of them; of several real roots the largest.

    :param equations: the expressions by the letter that each is solved for, in this order
    """
    found: dict = {}
    for letter, equation in equations.items():
        root = solve(cancel(equation.subs(found)), letter)[-1]
        found = {**{earlier: value.subs(letter, root) for earlier, value in found.items()}, letter: root}
    return found


def _exact(polynomial: Expr, point: dict) -> Expr:
    """A polynomial at a point of Q(√5), as a + b √5."""
    return expand(polynomial.subs(point))


def at(expression: Expr, point: dict) -> Expr:
    """A rational function at a point with entries in Q(√5), exactly.

    :param expression: a rational function of the visible overlaps
    :param point: values of the visible overlaps
    """
    numerator, denominator = fraction(expression)
    return radsimp(_exact(numerator, point) / _exact(denominator, point))


FIELD = QQ.algebraic_field(sqrt(5))
"""Q(√5), in which the optimum lies."""


def element(value: Expr) -> DomainElement:
    """A number a + b √5 as an element of :data:`FIELD`; by far faster than the search for a primitive element.

    :param value: the number, a and b rational
    :raises ValueError: if it is no such number
    """
    value = expand(value)
    root = value.coeff(sqrt(5))
    rest = value - root * sqrt(5)
    if not (root.is_Rational and rest.is_Rational):
        raise ValueError(f"value must be a + b sqrt(5) with rational a and b; found {value}")
    return FIELD([QQ(root.p, root.q), QQ(rest.p, rest.q)])


@cache
def _quotient() -> tuple:
    """Ring of polynomials in the visible overlaps over Q(√5), and in it N and D of J = N/D."""
    ring = FIELD[VISIBLE].ring
    return ring, *(ring.from_expr(part) for part in fraction(infinite_horizon_loss()))


def _at_point(point: dict) -> Callable[..., DomainElement]:
    """Values at a point of Q(√5), as field elements: a function of a polynomial and of what to differentiate by."""
    ring, _, _ = _quotient()
    place = [(x, element(point[letter])) for x, letter in zip(ring.gens, VISIBLE, strict=True)]

    def value(polynomial: PolyElement, *by: int) -> DomainElement:
        for index in by:
            polynomial = polynomial.diff(ring.gens[index])
        return polynomial.evaluate(place)

    return value


def stationarity(point: dict) -> ImmutableMatrix:
    """Gradient of J at a point, exactly: with J = N/D, (N_x - J D_x)/D.

    :param point: values of the visible overlaps in Q(√5)
    """
    _, N, D = _quotient()
    value = _at_point(point)
    J = value(N) / value(D)
    return ImmutableMatrix([FIELD.to_sympy((value(N, i) - J * value(D, i)) / value(D)) for i in range(3)])


def curvature(point: dict) -> ImmutableMatrix:
    """Hessian of J at a stationary point, exactly: with J = N/D, (N_xy - J D_xy)/D there.

    :param point: values of the visible overlaps in Q(√5) at which the gradient vanishes
    """
    _, N, D = _quotient()
    value = _at_point(point)
    J = value(N) / value(D)

    @cache
    def entry(i: int, j: int) -> Expr:
        return FIELD.to_sympy((value(N, i, j) - J * value(D, i, j)) / value(D))

    return ImmutableMatrix(3, 3, lambda i, j: entry(min(i, j), max(i, j)))


def leading_minors(matrix: ImmutableMatrix) -> tuple[Expr, ...]:
    """Determinants of the leading blocks: all positive exactly if the symmetric matrix is positive definite.

    :param matrix: a symmetric matrix
    """
    return tuple(radsimp(expand(matrix[:k, :k].det())) for k in range(1, matrix.rows + 1))


@cache
def cheap_lqr() -> tuple[ImmutableMatrix, ImmutableMatrix]:
    """Full-state LQR of the double integrator without control cost: gain K = (1/φ, φ) and Riccati matrix S.

    K = (Bᵀ S B)⁻¹ Bᵀ S A and S = Q + Aᵀ S (A - B K), S positive definite, Q = I.
    """
    plant, S = double_integrator(), matrix_symbols("s", 2, 2, symmetric=True)
    K = (plant.B.T * S * plant.B).inv() * plant.B.T * S * plant.A
    residual = eye(2) + plant.A.T * S * (plant.A - plant.B * K) - S
    found = _eliminate({S[1, 1]: residual[0, 0], S[0, 0]: residual[0, 1], S[0, 1]: residual[1, 1]})
    gain, S = (matrix.subs(found).applyfunc(lambda entry: expand(radsimp(expand(entry)))) for matrix in (K, S))
    return ImmutableMatrix(gain), ImmutableMatrix(S)
