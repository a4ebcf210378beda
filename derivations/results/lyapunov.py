"""The infinite-horizon loss by other routes than :mod:`theory.double_integrator.optimum`: what its printed values are compared with."""

from collections.abc import Callable
from functools import cache

from sympy import ZZ, Expr, ImmutableMatrix, Integer, Matrix, Poly, Tuple, expand, eye, radsimp, solve, symbols
from sympy.matrices import kronecker_product
from sympy.polys.matrices import DomainMatrix

from theory.core.plant import double_integrator
from theory.double_integrator.optimum import FIELD, VISIBLE, element, minimal_loop
from theory.double_integrator.spectrum import cubic, visible
from theory.symbols import lam

COST = Matrix.diag(1, 1, 0)
"""Q on the minimal state."""
START = Matrix.vstack(double_integrator().A, Matrix([[0, 0]]))
"""The states after the uncontrolled first step, from both unit starts."""
PAIRS = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
"""Entries of a symmetric matrix of three rows."""
DOUBLE = Matrix(9, 6, lambda k, column: int(PAIRS[column] == tuple(sorted(divmod(k, 3)))))
"""All entries, by row, from those of :data:`PAIRS`."""


def number(value: Expr) -> Expr:
    """A number of Q(√5) as a + b √5."""
    return expand(radsimp(expand(value)))


def numbers(polynomial: Expr) -> list[Expr]:
    """Coefficients in λ, as numbers of Q(√5).

    :param polynomial: a polynomial in λ over Q(√5)
    """
    return [number(entry) for entry in Poly(expand(polynomial), lam).all_coeffs()]


def _symmetric(product: Matrix) -> Matrix:
    """W - (product of W by row), on the entries of a symmetric W."""
    return (DOUBLE - product * DOUBLE)[[3 * i + j for i, j in PAIRS], :]


def second_moments() -> Expr:
    """J by the second moments of all states, X = M X Mᵀ + S_1 S_1ᵀ: an oracle without the cost to go."""
    system = _symmetric(kronecker_product(Matrix(minimal_loop()), Matrix(minimal_loop())))
    source = Matrix([(START * START.T)[pair] for pair in PAIRS])
    left, right = (DomainMatrix.from_Matrix(part).convert_to(ZZ[VISIBLE]) for part in (system, source))
    X, denominator = left.solve_den(right)
    total = 2 * denominator + X[0, 0].element + X[PAIRS.index((1, 1)), 0].element
    above, below = total.cancel(denominator)
    return above.as_expr() / below.as_expr()


def boundary() -> Expr:
    """Π (1 - λ_i λ_j) over i ≤ j by Vieta, with the elementary symmetric functions e_k of the roots of the cubic."""
    chi = Poly(visible(cubic().as_expr()), lam)
    e_1, e_2, e_3 = (sign * e for sign, e in zip((-1, 1, -1), chi.all_coeffs()[1:], strict=True))
    return chi.eval(1) * -chi.eval(-1) * (1 - e_2 + e_1 * e_3 - e_3**2)


def _in_field(matrix: Matrix) -> DomainMatrix:
    """A matrix over Q(√5)."""
    return DomainMatrix([[element(entry) for entry in row] for row in matrix.tolist()], matrix.shape, FIELD)


def _lyapunov(M: ImmutableMatrix) -> Callable[[DomainMatrix], DomainMatrix]:
    """Solves W - Mᵀ W M = source for a symmetric W."""
    inverse = _in_field(_symmetric(kronecker_product(Matrix(M.T), Matrix(M.T)))).inv()

    def solved(source: DomainMatrix) -> DomainMatrix:
        right = DomainMatrix([[source[pair].element] for pair in PAIRS], (6, 1), FIELD)
        entries = dict(zip(PAIRS, (inverse * right).to_list_flat(), strict=True))
        return DomainMatrix([[entries[min(i, j), max(i, j)] for j in range(3)] for i in range(3)], (3, 3), FIELD)

    return solved


def expansion(place: Tuple) -> tuple[Expr, list[Expr], ImmutableMatrix]:
    """J, its gradient and its Hessian at a point of Q(√5), without J as a function of the overlaps.

    W = Q + Mᵀ W M at the point, and this equation differentiated once and twice; M is linear in the overlaps.

    :param place: values of the visible overlaps
    """
    step, moment = minimal_loop().subs(dict(zip(VISIBLE, place, strict=True))), START * START.T
    turns = [_in_field(minimal_loop().diff(letter)) for letter in VISIBLE]
    M, solved = _in_field(step), _lyapunov(step)

    def cost(W: DomainMatrix) -> Expr:
        return FIELD.to_sympy(sum(int(moment[i, j]) * W[i, j].element for i in range(3) for j in range(3)))

    @cache
    def second(i: int, j: int) -> Expr:
        half = turns[i].transpose() * (first[j] * M + W * turns[j]) + turns[j].transpose() * first[i] * M
        return cost(solved(half + half.transpose()))

    W = solved(_in_field(COST))
    first = [solved(E.transpose() * W * M + M.transpose() * W * E) for E in turns]
    hessian = ImmutableMatrix(3, 3, lambda i, j: second(min(i, j), max(i, j)))
    return 2 + cost(W), [cost(part) for part in first], hessian


def pivots(matrix: ImmutableMatrix) -> list[Expr]:
    """Leading minors as products of the pivots of Gaussian elimination: an oracle without determinants.

    :param matrix: a symmetric matrix over Q(√5)
    """
    rows, minors = [list(row) for row in matrix.tolist()], [Integer(1)]
    for k, pivot in enumerate(rows):
        minors.append(number(minors[-1] * pivot[k]))
        for row in rows[k + 1 :]:
            share = number(row[k] / pivot[k])
            row[:] = [number(x - share * y) for x, y in zip(row, pivot, strict=True)]
    return minors[1:]


def cost_to_go(gain: ImmutableMatrix) -> ImmutableMatrix:
    """S = I + (A - B K)ᵀ S (A - B K) of a gain.

    :param gain: K, over Q(√5)
    """
    plant, letters = double_integrator(), symbols("s_11 s_12 s_22", real=True)
    cost = ImmutableMatrix([letters[:2], letters[1:]])
    step = plant.A - plant.B * gain
    residual = eye(2) + step.T * cost * step - cost
    found = solve([residual[0, 0], residual[0, 1], residual[1, 1]], letters)
    return cost.subs(found).applyfunc(number)


def improvement(gain: ImmutableMatrix) -> ImmutableMatrix:
    """(Bᵀ S B) K - Bᵀ S A with the gain's own cost to go: zero if no other control at one step costs less.

    :param gain: K, over Q(√5)
    """
    plant, cost = double_integrator(), cost_to_go(gain)
    return (plant.B.T * cost * (plant.B * gain - plant.A)).applyfunc(number)


def summed_at_rest(point: dict) -> Expr:
    """J of a loop that is at rest after four steps, state by state.

    :param point: values of the visible overlaps
    """
    step, states, total = minimal_loop().subs(point), START, Integer(2)
    for _ in range(3):
        total += (states.T * COST * states).trace()
        states = step * states
    return total
