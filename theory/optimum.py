"""The optimum of the rank-one loop over an infinite horizon, and what it is compared with.

Without leak a_t repeats the observation from the first step on, so (x, σ_zu b) is a minimal state of three
dimensions. The infinite-horizon loss follows from its Lyapunov equation as a rational function of the visible
overlaps; the optimum is certified by an exactly vanishing gradient and a positive definite Hessian.
"""

from functools import cache

from sympy import Expr, ImmutableMatrix, Matrix, cancel, expand, eye, fraction, radsimp, sqrt, symbols
from sympy.polys.matrices import DomainMatrix

from theory.loop import ReducedLoop
from theory.symbols import kappa, sigma_vm, sigma_vu, sigma_zm, sigma_zu

VISIBLE = (sigma_zm, sigma_vu, kappa)
"""The visible overlaps, in which the loss is a function."""

GOLDEN = (1 + sqrt(5)) / 2
"""The golden ratio φ."""


def minimal_loop() -> ImmutableMatrix:
    """One step of (x^(1), x^(2), σ_zu b), 3×3, in the visible overlaps.

    x⁺ = A x + B (σ_zm C x + β),  β⁺ = κ C x + σ_vu β.
    """
    return ImmutableMatrix([[1, 1, 0], [sigma_zm, 1, 1], [kappa, 0, sigma_vu]])


def minimal_residual() -> ImmutableMatrix:
    """P_eff E - E M on states with a = C x: zero, so the minimal loop is exact from the first step on."""
    embedding = Matrix([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1 / sigma_zu]])
    step = minimal_loop().subs(kappa, sigma_zu * sigma_vm)
    return ImmutableMatrix((ReducedLoop().matrix * embedding - embedding * step).applyfunc(cancel))


@cache
def infinite_horizon_loss() -> Expr:
    """J = Σ_t tr(x_t x_tᵀ) from Σ_0 = I, a rational function of (σ_zm, σ_vu, κ), where the loop is stable.

    With W = Q + Mᵀ W M, J = tr(I) + tr(S_1ᵀ W S_1), S_1 = (A, 0) the states after the uncontrolled first step.
    """
    step, start = minimal_loop(), Matrix([[1, 1], [0, 1], [0, 0]])
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    letters = symbols("w:6")
    index = {pair: letter for pair, letter in zip(pairs, letters, strict=True)}
    W = Matrix(3, 3, lambda i, j: index[min(i, j), max(i, j)])
    residual = W - step.T * W * step
    system = Matrix([residual[pair] for pair in pairs]).jacobian(letters)
    cost = Matrix([int(pair in {(0, 0), (1, 1)}) for pair in pairs])
    W_entries = _solve(system, cost)
    moment = start * start.T
    weights = Matrix([[moment[i, j] * (1 if i == j else 2) for i, j in pairs]])
    return cancel(2 + (weights * W_entries)[0])


def _solve(system: Matrix, right: Matrix) -> Matrix:
    """Solution of a linear system over rational functions."""
    left, side = DomainMatrix.from_Matrix(system).to_field().unify(DomainMatrix.from_Matrix(right).to_field())
    return left.lu_solve(side).to_Matrix()


def optimum() -> dict:
    """σ_zm = -φ, σ_vu = 1 - √5, κ = 2 φ: the stationary point of J with φ the golden ratio."""
    return {sigma_zm: -GOLDEN, sigma_vu: 1 - sqrt(5), kappa: 2 * GOLDEN}


def deadbeat() -> dict:
    """σ_zm = -3, σ_vu = -2, κ = 8: every eigenvalue zero, the state at rest after four steps."""
    return {sigma_zm: -3, sigma_vu: -2, kappa: 8}


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


def stationarity(point: dict) -> ImmutableMatrix:
    """Gradient of J at a point, exactly: with J = N/D, (N_x - J D_x)/D.

    :param point: values of the visible overlaps
    """
    N, D = fraction(infinite_horizon_loss())
    value, d = at(N / D, point), _exact(D, point)
    slopes = [[_exact(e.diff(letter), point) for e in (N, D)] for letter in VISIBLE]
    return ImmutableMatrix([radsimp(expand(n_x - value * d_x) / d) for n_x, d_x in slopes])


def curvature(point: dict) -> ImmutableMatrix:
    """Hessian of J at a stationary point, exactly: with J = N/D, (N_xy - J D_xy)/D there.

    :param point: values of the visible overlaps at which the gradient vanishes
    """
    N, D = fraction(infinite_horizon_loss())
    value, d = at(N / D, point), _exact(D, point)

    @cache
    def entry(i: int, j: int) -> Expr:
        n_xy, d_xy = (_exact(e.diff(VISIBLE[i], VISIBLE[j]), point) for e in (N, D))
        return radsimp(expand(n_xy - value * d_xy) / d)

    return ImmutableMatrix(3, 3, lambda i, j: entry(min(i, j), max(i, j)))


def leading_minors(matrix: ImmutableMatrix) -> tuple[Expr, ...]:
    """Determinants of the leading blocks: all positive exactly if the symmetric matrix is positive definite.

    :param matrix: a symmetric matrix
    """
    return tuple(radsimp(expand(matrix[:k, :k].det())) for k in range(1, matrix.rows + 1))


def cheap_lqr() -> tuple[ImmutableMatrix, ImmutableMatrix]:
    """Full-state LQR of the double integrator without control cost: gain K = (1/φ, φ) and Riccati matrix S.

    K = (Bᵀ S B)⁻¹ Bᵀ S A and S = Q + Aᵀ S (A - B K).
    """
    S = ImmutableMatrix([[1 + GOLDEN, GOLDEN], [GOLDEN, 1 + GOLDEN]])
    A, B = Matrix([[1, 1], [0, 1]]), Matrix([0, 1])
    K = ((B.T * S * B).inv() * B.T * S * A).applyfunc(radsimp)
    return ImmutableMatrix(K), S


def riccati_residual() -> ImmutableMatrix:
    """Q + Aᵀ S (A - B K) - S for the matrices of :func:`cheap_lqr`: zero."""
    K, S = cheap_lqr()
    A, B = Matrix([[1, 1], [0, 1]]), Matrix([0, 1])
    return ImmutableMatrix((eye(2) + A.T * S * (A - B * K) - S).applyfunc(lambda entry: radsimp(expand(entry))))
