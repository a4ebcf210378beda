"""The optimum without control cost, as a certificate."""

from collections.abc import Callable
from functools import cache

from sympy import (
    ZZ,
    Expr,
    ImmutableMatrix,
    Integer,
    Matrix,
    Poly,
    Tuple,
    cancel,
    expand,
    eye,
    factor,
    fraction,
    prod,
    radsimp,
    solve,
    symbols,
)
from sympy.matrices import kronecker_product
from sympy.polys.matrices import DomainMatrix

from derivations.result import RANK_ONE, Background, Result, vector
from derivations.step import Step, unless
from theory.loop import ReducedLoop
from theory.optimum import (
    FIELD,
    GOLDEN,
    VISIBLE,
    at,
    cheap_lqr,
    curvature,
    deadbeat,
    element,
    embedding,
    infinite_horizon_loss,
    leading_minors,
    minimal_loop,
    optimum,
    stationarity,
)
from theory.plant import double_integrator
from theory.spectrum import cubic, visible
from theory.symbols import kappa, lam, sigma_vm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"No control cost, $T \to \infty$, $h_0 = 0$, $\Sigma_0 = I$; for $\Sigma_0 \propto I$ losses scale alike.",
    ),
    checks=("stages: optimum: (19 + 7√5)/2 scaled, against the minimum at T = 50",),
)

POINT = r"(\sigma_{zm}, \sigma_{vu}, \kappa)"
LQR = r"K_{\mathrm{LQR}}"
COST = Matrix.diag(1, 1, 0)
"""Q on the minimal state."""
START = Matrix.vstack(double_integrator().A, Matrix([[0, 0]]))
"""The states after the uncontrolled first step, from both unit starts."""


PAIRS = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
"""Entries of a symmetric matrix of three rows."""
DOUBLE = Matrix(9, 6, lambda k, column: int(PAIRS[column] == tuple(sorted(divmod(k, 3)))))
"""All entries, by row, from those of :data:`PAIRS`."""


def _symmetric(product: Matrix) -> Matrix:
    """W - (product of W by row), on the entries of a symmetric W."""
    return (DOUBLE - product * DOUBLE)[[3 * i + j for i, j in PAIRS], :]


def _number(value: Expr) -> Expr:
    """A number of Q(√5) as a + b √5."""
    return expand(radsimp(expand(value)))


def _moments() -> Expr:
    """J by the second moments of all states, X = M X Mᵀ + S_1 S_1ᵀ: an oracle without the cost to go."""
    system = _symmetric(kronecker_product(Matrix(minimal_loop()), Matrix(minimal_loop())))
    source = Matrix([(START * START.T)[pair] for pair in PAIRS])
    left, right = (DomainMatrix.from_Matrix(part).convert_to(ZZ[VISIBLE]) for part in (system, source))
    X, denominator = left.solve_den(right)
    total = 2 * denominator + X[0, 0].element + X[PAIRS.index((1, 1)), 0].element
    above, below = total.cancel(denominator)
    return above.as_expr() / below.as_expr()


def _boundary() -> Expr:
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


def _expansion(place: Tuple) -> tuple[Expr, list[Expr], ImmutableMatrix]:
    """J, its gradient and its Hessian at a point of Q(√5), without J as a function of the overlaps.

    W = Q + Mᵀ W M at the point, and this equation differentiated once and twice; M is linear in the overlaps.
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


def _pivots(matrix: ImmutableMatrix) -> list[Expr]:
    """Leading minors as products of the pivots of Gaussian elimination: an oracle without determinants."""
    rows, minors = [list(row) for row in matrix.tolist()], [Integer(1)]
    for k, pivot in enumerate(rows):
        minors.append(_number(minors[-1] * pivot[k]))
        for row in rows[k + 1 :]:
            share = _number(row[k] / pivot[k])
            row[:] = [_number(x - share * y) for x, y in zip(row, pivot, strict=True)]
    return minors[1:]


def _loss(loss: Expr) -> tuple[Step, ...]:
    """Minimal loop and infinite-horizon loss."""
    above, below = fraction(loss)
    P, E = ReducedLoop().matrix, embedding()
    return (
        Step.solves(
            r"From the first step on $a_t$ repeats the position, so $(x, \sigma_{zu} b)$ is a state of three dimensions, "
            r"$(x, a, b) = E\,(x, \sigma_{zu} b)$ with $E$ of full rank; $P_{\mathrm{eff}} E = E M$ fixes its step.",
            "M",
            minimal_loop(),
            lambda M: (P * E - E * M).subs(sigma_vm, kappa / sigma_zu),
            also=(unless(E.rank() == 3),),
        ),
        Step.equal(
            r"$J = \sum_t \mathrm{tr}\,x_t x_t^T$ from $\Sigma_0 = I$ follows where the loop is stable from $W = Q + M^T W M$, a "
            r"linear system over rational functions: $J = J_N/J_D$. With the roots $\lambda_i$ of $\chi/\lambda$ the "
            r"denominator is $\prod_{i \leq j} (1 - \lambda_i \lambda_j)$, without a zero where the loop is stable.",
            "J_D",
            factor(below),
            _boundary(),
        ),
        Step.equal(
            r"The numerator; the second moments $X = M X M^T + S_1 S_1^T$ of all states, $S_1$ those after the first step, give "
            r"the same $J = 2 + \mathrm{tr}\,Q X$.",
            "J_N",
            above,
            expand(cancel(_moments() * below)),
        ),
    )


def _certificate(best: Expr, point: dict) -> tuple[Step, ...]:
    """Vanishing gradient, value, and positive Hessian."""
    expansion, place = cache(_expansion), vector(point[letter] for letter in VISIBLE)
    value, _, hessian = expansion(place)
    curved = curvature(point)
    minors = leading_minors(curved)
    return (
        Step.solves(
            r"A stationary point: the three derivatives of $J$ vanish, as functions of the overlaps and from the Lyapunov "
            r"equation differentiated there.",
            POINT,
            place,
            lambda printed: expansion(printed)[1] if not printed.free_symbols else printed,
            also=(stationarity(point),),
        ),
        Step.equal(
            r"The cost there; it is $6 + 7\varphi$.",
            "J^*",
            best,
            value,
            also=(_number(value - 6 - 7 * GOLDEN),),
        ),
        Step.equal(
            r"The Hessian of $J$ there, again the same from the Lyapunov equation, differentiated twice.",
            "H",
            curved,
            hessian,
        ),
        Step.equal(
            r"Its leading minors are positive, so the minimum is a strict one.",
            r"(\Delta_1, \Delta_2, \Delta_3)",
            vector(minors),
            vector(_pivots(hessian)),
            also=tuple(unless(minor.is_positive) for minor in minors),
        ),
    )


def _cost_to_go(gain: ImmutableMatrix) -> ImmutableMatrix:
    """S = I + (A - B K)ᵀ S (A - B K) of a gain."""
    plant, letters = double_integrator(), symbols("s_11 s_12 s_22", real=True)
    cost = ImmutableMatrix([letters[:2], letters[1:]])
    step = plant.A - plant.B * gain
    residual = eye(2) + step.T * cost * step - cost
    found = solve([residual[0, 0], residual[0, 1], residual[1, 1]], letters)
    return cost.subs(found).applyfunc(_number)


def _improvement(gain: ImmutableMatrix) -> ImmutableMatrix:
    """(Bᵀ S B) K - Bᵀ S A with the gain's own cost to go: zero if no other control at one step costs less."""
    plant, cost = double_integrator(), _cost_to_go(gain)
    return (plant.B.T * cost * (plant.B * gain - plant.A)).applyfunc(_number)


def _comparison(point: dict) -> tuple[Step, ...]:
    """Eigenvalues at the optimum, and LQR."""
    gain, plant, slow = cheap_lqr()[0], double_integrator(), _number(GOLDEN**-2)
    at_rest = ReducedLoop().matrix.subs({sigma_vm: kappa, sigma_zu: 1}).subs(point)
    coefficients = [element(entry) for entry in Poly(visible(cubic().as_expr()).subs(point), lam).all_coeffs()]
    chi = prod(part.as_expr() ** power for part, power in Poly(coefficients, lam, domain=FIELD).sqf_list()[1])
    closed = expand((lam * eye(2) - plant.A + plant.B * gain).det())
    trace = (plant.A - plant.B * gain).trace()
    return (
        Step.equal(
            r"With the eigenvalue 0 of $a_t$ the loop has the eigenvalues $0, 0$ and twice $\varphi^{-2} < 1$: it is stable.",
            r"\chi(\lambda)",
            lam * chi,
            expand((lam * eye(4) - at_rest).det(method="berkowitz")),
            also=(
                _number(chi.subs(lam, slow)),
                _number(chi.diff(lam).subs(lam, slow)),
                chi.subs(lam, 0),
                unless(slow < 1),
            ),
        ),
        Step.solves(
            r"With the full state: the gain that no control at one step improves on, by its own cost to go $S$, which is "
            r"positive definite. It is $(1/\varphi, \varphi)$.",
            LQR,
            gain,
            _improvement,
            also=(
                (gain - Matrix([[1 / GOLDEN, GOLDEN]])).applyfunc(_number),
                *(unless(minor.is_positive) for minor in leading_minors(_cost_to_go(gain))),
            ),
        ),
        Step.equal(
            r"LQR's loop has the eigenvalues $0$ and $\varphi^{-2}$. The agent's has them too, and both once more.",
            rf"\det(\lambda - A + B {LQR})",
            lam * expand(closed / lam),
            lam**2 - trace * lam,
            also=(_number(trace - slow), *_numbers(lam * chi - closed**2)),
        ),
    )


def _numbers(polynomial: Expr) -> list[Expr]:
    """Coefficients in λ, as numbers of Q(√5)."""
    return [_number(entry) for entry in Poly(expand(polynomial), lam).all_coeffs()]


def _summed(point: dict) -> Expr:
    """J of a loop that is at rest after four steps, state by state."""
    step, states, total = minimal_loop().subs(point), START, Integer(2)
    for _ in range(3):
        total += (states.T * COST * states).trace()
        states = step * states
    return total


def _deadbeat(loss: Expr, best: Expr) -> tuple[Step, ...]:
    """The agent that comes to rest at once, and what that costs."""
    point = deadbeat()
    value = at(loss, point)
    return (
        Step.solves(
            r"The deadbeat agent puts every eigenvalue at zero, $\chi = \lambda^4$.",
            rf"{POINT}_{{\mathrm{{deadbeat}}}}",
            vector(point[letter] for letter in VISIBLE),
            lambda place: _numbers(
                (lam * eye(3) - minimal_loop().subs(dict(zip(VISIBLE, place, strict=True)))).det() - lam**3
            ),
        ),
        Step.equal(
            r"It is at rest after four steps, and costs more.",
            r"J_{\mathrm{deadbeat}}",
            value,
            _summed(point),
            also=(minimal_loop().subs(point) ** 3, unless((value - best).is_positive)),
        ),
    )


def build() -> Result:
    """Minimal loop, infinite-horizon loss, stationarity, value, Hessian, and the comparison with LQR and deadbeat."""
    loss, point = infinite_horizon_loss(), optimum()
    best = at(loss, point)
    return Result(
        "optimum",
        "The optimum",
        r"Without control cost, for $T \to \infty$ and $\Sigma_0 = I$, $\sigma_{zm} = -\varphi$, "
        r"$\sigma_{vu} = 1 - \sqrt5$, $\kappa = 2\varphi$ is a strict local minimum of the rank-one loss, $\varphi$ the golden "
        r"ratio, with $J = (19 + 7\sqrt5)/2 = 6 + 7\varphi$. That it is the global one is proved under long-horizon-optimum.",
        "derived here",
        (*_loss(loss), *_certificate(best, point), *_comparison(point), *_deadbeat(loss, best)),
        (POINT, "J^*", "J_N", "J_D"),
        BACKGROUND,
    )
