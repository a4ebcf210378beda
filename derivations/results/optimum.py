"""The optimum without control cost, as a certificate."""

from functools import cache

from sympy import (
    Expr,
    Matrix,
    Poly,
    cancel,
    expand,
    eye,
    factor,
    fraction,
    prod,
)

from derivations.result import RANK_ONE, Background, Result, vector
from derivations.results.lyapunov import (
    boundary,
    cost_to_go,
    expansion,
    improvement,
    number,
    numbers,
    pivots,
    second_moments,
    summed_at_rest,
)
from derivations.step import Step, unless
from theory.core.loop import ReducedLoop
from theory.core.plant import double_integrator
from theory.double_integrator.optimum import (
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
from theory.double_integrator.spectrum import cubic, visible
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
            r"denominator is the product of all $1 - \lambda_i \lambda_j$, $i \leq j$; it has no zero where the loop is stable.",
            "J_D",
            factor(below),
            boundary(),
        ),
        Step.equal(
            r"The numerator; the second moments $X = M X M^T + S_1 S_1^T$ of all states, $S_1$ those after the first step, give "
            r"the same $J = 2 + \mathrm{tr}\,Q X$.",
            "J_N",
            above,
            expand(cancel(second_moments() * below)),
        ),
    )


def _certificate(best: Expr, point: dict) -> tuple[Step, ...]:
    """Vanishing gradient, value, and positive Hessian."""
    expanded, place = cache(expansion), vector(point[letter] for letter in VISIBLE)
    value, _, hessian = expanded(place)
    curved = curvature(point)
    minors = leading_minors(curved)
    return (
        Step.solves(
            r"A stationary point: the three derivatives of $J$ vanish, as functions of the overlaps and from the Lyapunov "
            r"equation differentiated there.",
            POINT,
            place,
            lambda printed: expanded(printed)[1] if not printed.free_symbols else printed,
            also=(stationarity(point),),
        ),
        Step.equal(
            r"The cost there; it is $6 + 7\varphi$.",
            "J^*",
            best,
            value,
            also=(number(value - 6 - 7 * GOLDEN),),
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
            vector(pivots(hessian)),
            also=tuple(unless(minor.is_positive) for minor in minors),
        ),
    )


def _comparison(point: dict) -> tuple[Step, ...]:
    """Eigenvalues at the optimum, and LQR."""
    gain, plant, slow = cheap_lqr()[0], double_integrator(), number(GOLDEN**-2)
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
                number(chi.subs(lam, slow)),
                number(chi.diff(lam).subs(lam, slow)),
                chi.subs(lam, 0),
                unless(slow < 1),
            ),
        ),
        Step.solves(
            r"With the full state: the gain that no control at one step improves on, by its own cost to go $S$, which is "
            r"positive definite. It is $(1/\varphi, \varphi)$.",
            LQR,
            gain,
            improvement,
            also=(
                (gain - Matrix([[1 / GOLDEN, GOLDEN]])).applyfunc(number),
                *(unless(minor.is_positive) for minor in leading_minors(cost_to_go(gain))),
            ),
        ),
        Step.equal(
            r"LQR's loop has the eigenvalues $0$ and $\varphi^{-2}$. The agent's has them too, and both once more.",
            rf"\det(\lambda - A + B {LQR})",
            lam * expand(closed / lam),
            lam**2 - trace * lam,
            also=(number(trace - slow), *numbers(lam * chi - closed**2)),
        ),
    )


def _deadbeat(loss: Expr, best: Expr) -> tuple[Step, ...]:
    """The agent that comes to rest at once, and what that costs."""
    point = deadbeat()
    value = at(loss, point)
    return (
        Step.solves(
            r"The deadbeat agent puts every eigenvalue at zero, $\chi = \lambda^4$.",
            rf"{POINT}_{{\mathrm{{deadbeat}}}}",
            vector(point[letter] for letter in VISIBLE),
            lambda place: numbers(
                (lam * eye(3) - minimal_loop().subs(dict(zip(VISIBLE, place, strict=True)))).det() - lam**3
            ),
        ),
        Step.equal(
            r"It is at rest after four steps, and costs more.",
            r"J_{\mathrm{deadbeat}}",
            value,
            summed_at_rest(point),
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
