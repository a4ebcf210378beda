"""The optimum of a long horizon, any control cost: proved among linear agents at rest."""

from sympy import Expr, ImmutableMatrix, Matrix, Poly, Rational, cancel, expand, factor, fraction, radsimp, together

from derivations.result import Background, Result, vector
from derivations.results.regulators import (
    GAINS,
    by_root,
    excess,
    from_the_start,
    geometric,
    mean_of_corners,
    one_step,
    slope_at,
    transformed,
)
from derivations.step import Step, unless
from theory.core.loop import ReducedLoop
from theory.core.plant import double_integrator
from theory.double_integrator.observer import (
    completed_square,
    control,
    control_error,
    control_weight,
    error_row,
    first_observation_error,
    long_horizon_cost,
    mean_square_error,
    observations,
    observed_feedback,
    observer_polynomial,
    observer_root,
    observer_square,
    plant_state,
    read_velocity,
    regulator,
    riccati,
    sequence,
    time_varying_cost,
    velocity_ratio,
)
from theory.double_integrator.optimum import (
    GOLDEN,
    VISIBLE,
    at,
    cheap_lqr,
    infinite_horizon_loss,
    minimal_loop,
    optimum,
)
from theory.symbols import beta, k_1, k_2, lam, lambda_3

BACKGROUND = Background(
    assumptions=(
        "The plant is the double integrator; agents are linear with $h_0 = 0$, of any number of neurons and any rank.",
        r"$T \to \infty$; position and velocity of $x_0$ are uncorrelated; the cost is quadratic, with $Q = I$, so that "
        r"a loop of finite cost comes to rest.",
    ),
    differs=r"$\beta$ weighs $u_t^2$ against $|x_t|^2$, both summed over time. The authors' rank-one code averages "
    r"$|x_t|^2/2$ and sums its penalty: its $\beta$ is this one divided by $2T$, so $0.5, 2, 5$ there are "
    r"$50, 200, 500$ here at $T = 50$.",
    checks=(
        "stages: gain k_2 against full-state LQR's",
        "stages: observer root φ⁻²",
    ),
)

AGENT, FREE, ROOT = r"(\sigma_{zm}, \sigma_{vu}, \kappa)", r"\beta = 0, q = 1", r"\lambda_3|_{q=1}"
VARYING = r"J_{\mathrm{varying}}"


def _square() -> tuple[Step, ...]:
    """The cost as a constant and a square of the control error."""
    return (
        Step.equal(
            r"Let $S$ be the positive definite solution of Riccati's equation. After the state $(p, v)$ a control $u$ changes the cost by $\beta u^2 + "
            r"x_{t+1}^T S\,x_{t+1}$, a parabola in $u$; its coefficient of $u^2$ is the following.",
            "r",
            control_weight(),
            (one_step(1) + one_step(-1)) / 2 - one_step(0),
        ),
        Step.solves(r"It is least at $u = -K x$.", "K", regulator(), slope_at),
        Step.equal(
            r"Completing the square with Riccati's equation $Q = S - A^T S A + r K^T K$. Summed over $t$: for every control that brings "
            r"$x$ to rest, $\sum_t x_t^T Q x_t + \beta u_t^2 = x_0^T S x_0 + r \sum_t e_t^2$ with $e_t = u_t + K x_t$ the "
            r"control error.",
            r"x_t^T Q x_t + \beta u_t^2 + x_{t+1}^T S\,x_{t+1} - x_t^T S\,x_t",
            completed_square(),
            excess(),
        ),
    )


def _one_sequence() -> tuple[Step, ...]:
    """The errors of a time-invariant linear agent that starts at rest are fixed by one sequence."""
    A, C = double_integrator().A, double_integrator().C
    return (
        Step.equal(
            r"The agent does not act before it has read $y_1$, so $u_0 = 0$ and $e_0 = K x_0$. The velocity is not read: from $x_1 = "
            r"(0, 1)$, $y_1 = 0$, the loop is one step later at rest before $(1, 0) + (0, 1)$.",
            r"A\,(0, 1)^T",
            ImmutableMatrix(A * Matrix([0, 1])),
            Matrix([1, 0]) + Matrix([0, 1]),
            also=(C * Matrix([0, 1]),),
        ),
        Step.solves(
            r"With $a_t$ the error at $t$ after $x_1 = (0, 1)$, $a_1 = k_2$, the error after $(1, 0)$ is therefore $a_{t+1} - a_t$, if the "
            r"agent is the same at every step. For $x_0 = (p_0, v_0)$ and $t \geq 1$ the one sequence fixes every error, whatever "
            r"the agent's transfer function.",
            "e_t",
            control_error(),
            transformed,
        ),
    )


def _scalar_regulator() -> Step:
    """The best geometric sequence."""
    polynomial, summed = Poly(observer_polynomial(), lam), geometric()
    square, slope, constant = polynomial.all_coeffs()
    stationary = Poly(fraction(together(summed.diff(lam)))[0], lam).monic()
    return Step.solves(
        r"For $a_{t+1} = \lambda_3 a_t$ the sum over $t \geq 1$ is stationary in $\lambda_3$ where this holds, and is then $(1 - \lambda_3) "
        r"a_1^2$. The two roots are positive with product 1; $\lambda_3$ is the one below 1.",
        r"\lambda_3 + 1/\lambda_3",
        cancel(-slope / square),
        lambda total: (stationary - Poly(lam**2 - total * lam + 1, lam)).as_expr(),
        also=(
            cancel(constant / square) - 1,
            by_root(summed.subs(lam, lambda_3)) - (1 - lambda_3),
            unless(expand((2 + velocity_ratio) ** 2 - 4).is_positive),
        ),
    )


def _lower_bound() -> tuple[Step, ...]:
    """What no time-invariant agent can undercut: the least cost of a scalar regulator."""
    now, later = sequence
    root = observer_root()
    return (
        Step.equal(
            r"For uncorrelated $p_0$, $v_0$ with $E v_0^2 = q\,E p_0^2$ the mean square is the cost of a scalar regulator.",
            r"E e_t^2 / E p_0^2",
            mean_square_error(),
            mean_of_corners(control_error() ** 2),
        ),
        _scalar_regulator(),
        Step.equal(
            r"Completing the square again. Summed, $\sum_{t\geq1} E e_t^2/E p_0^2 = (1 - \lambda_3) a_1^2 + \sum_{t\geq1} (a_{t+1} - "
            r"\lambda_3 a_t)^2/\lambda_3$ with $a_1 = k_2$: least for $a_{t+1} = \lambda_3 a_t$ and for no other sequence.",
            r"E e_t^2/E p_0^2 + (1 - \lambda_3)(a_{t+1}^2 - a_t^2)",
            observer_square(),
            mean_of_corners(control_error() ** 2) + (1 - lambda_3) * (later**2 - now**2),
            by=by_root,
        ),
        Step.equal(
            r"The least cost over $E p_0^2$ of a time-invariant linear agent: start, first step without control, and the geometric sequence.",
            r"J^*",
            long_horizon_cost(),
            from_the_start(k_2**2 * geometric().subs(lam, lambda_3)),
            by=by_root,
        ),
        Step.solves(
            r"For $\Sigma_0 \propto I$, $q = 1$, this root is $\varphi^{-2}$ for every cost.",
            ROOT,
            root,
            lambda root: (root**2 - 3 * root + 1, unless((1 - root).is_positive)),
            also=(radsimp(expand(root - 1 / GOLDEN**2)),),
        ),
    )


def _agent() -> tuple[Step, ...]:
    """The rank-one agent that attains the bound."""
    agent, plant = observed_feedback(), double_integrator()
    readout = Matrix([[ReducedLoop().matrix[1, 2], 0, 1]])

    closed = (lam * Matrix.eye(2) - plant.A + plant.B * GAINS).det()

    def characteristic(place) -> list[Expr]:
        step = minimal_loop().subs(dict(zip(VISIBLE, place, strict=True)), simultaneous=True)
        return Poly(expand((lam * Matrix.eye(3) - step).det() - (lam - lambda_3) * closed), lam).all_coeffs()

    return (
        Step.solves(
            r"A rank-one agent whose loop has the root $\lambda_3$ and those of $A - B K$: match the characteristic polynomials.",
            AGENT,
            vector(agent[letter] for letter in VISIBLE),
            characteristic,
        ),
        Step.solves(
            r"In its loop the control error $u + K x$, this row on $(x, \sigma_{zu} b)$, is a left eigenvector of $\lambda_3$: "
            r"$e_{t+1} = \lambda_3 e_t$ from any state, so it attains the bound if $K$ is LQR's. The sequence fixes every control, so the agent's "
            r"responses $\sigma_{zm}, \kappa, \kappa\sigma_{vu}$ to an observation, and where $\kappa \neq 0$ its overlaps.",
            r"e",
            error_row(),
            lambda row: (
                row - readout - Matrix([[k_1, k_2, 0]]),
                ((row * minimal_loop() - lambda_3 * row).subs(agent)).applyfunc(expand),
            ),
        ),
    )


def _varying() -> tuple[Step, ...]:
    """What a linear agent gains by changing over time."""
    (p, v), r = plant_state, beta + riccati[1, 1]
    after = double_integrator().A * plant_state + double_integrator().B * control
    variance = velocity_ratio - velocity_ratio**2 / (1 + velocity_ratio)
    return (
        Step.equal(
            r"If the agent may change over time, it still knows $y_1 = p_0 + v_0$ alone at $t = 1$. The best $u_1 = g y_1$ leaves the "
            r"variance of $k_2 v_0$ given $y_1$.",
            r"\min_g E e_1^2 / E p_0^2",
            first_observation_error(),
            k_2**2 * variance,
        ),
        Step.solves(
            r"From its second observation on it knows the velocity from two observations and the control $u$ between them. It acts with $u = "
            r"-K x$, and $e_t = 0$.",
            r"x^{(2)}_{t+1}",
            read_velocity(),
            lambda told: told.subs(dict(zip(observations, (p, p + v), strict=True)), simultaneous=True) - after[1],
            also=(after[0] - p - v,),
        ),
        Step.equal(
            r"No linear agent costs less than the following, and one whose answer to the first observation differs from its answer to the "
            r"later ones attains it.",
            VARYING,
            time_varying_cost(),
            from_the_start(k_2**2 * variance),
        ),
        Step.equal(
            r"The best time-invariant agent costs more by this, which is positive for $k_2 \neq 0$ as $0 < \lambda_3 < 1$.",
            rf"J^* - {VARYING}",
            factor(by_root(long_horizon_cost() - time_varying_cost())),
            r * k_2**2 * (1 - lambda_3 - variance),
            by=by_root,
        ),
    )


def _free_control() -> tuple[Step, ...]:
    """The case without control cost, against the certificate."""
    gain, S = cheap_lqr()
    place = {k_1: gain[0], k_2: gain[1], lambda_3: observer_root(), beta: 0, velocity_ratio: 1}
    place |= dict(zip(riccati[:], S[:], strict=True))

    def number(value: Expr) -> Expr:
        return radsimp(expand(value.subs(place)))

    return (
        Step.equal(
            r"Without control cost and for $\Sigma_0 \propto I$, $K = (1/\varphi, \varphi)$, it is the certified optimum.",
            rf"{AGENT}|_{{{FREE}}}",
            vector(number(observed_feedback()[letter]) for letter in VISIBLE),
            vector(optimum()[letter] for letter in VISIBLE),
        ),
        Step.equal(
            r"And so is its cost, $6 + 7\varphi$, about 17.326.",
            rf"J^*|_{{{FREE}}}",
            number(long_horizon_cost()),
            at(infinite_horizon_loss(), optimum()),
            also=(number(long_horizon_cost() - 6 - 7 * GOLDEN),),
        ),
        Step.equal(
            r"An agent that changes over time reaches $6 + 13\varphi/2$, about 16.517.",
            rf"{VARYING}|_{{{FREE}}}",
            number(time_varying_cost()),
            6 + Rational(13, 2) * GOLDEN,
        ),
    )


def build() -> Result:
    """Separation of cost, lower bound, the agent that attains it, agents that change, and the case without control cost."""
    return Result(
        "long-horizon-optimum",
        "The best time-invariant agent for any control cost",
        r"For $T \to \infty$, $Q = I$, any $\beta \geq 0$ and $\Sigma_0 = E p_0^2\,\mathrm{diag}(1, q)$ with $q > 0$, no linear agent with $h_0 = 0$ "
        r"that is the same at every step, of any rank, costs less than $J^*$ (in units of $E p_0^2$), and one of rank one without "
        r"leak attains it: the gains $K$ of full-state LQR and an observer root $\lambda_3$ with $\lambda_3 + 1/\lambda_3 = 2 + q$, "
        r"whatever $\beta$; $\varphi^{-2}$ for $\Sigma_0 \propto I$. Among time-invariant agents the minimum is global, and its "
        r"$(\sigma_{zm}, \kappa, \sigma_{vu})$ are unique where $\kappa \neq 0$. A linear agent whose gains may change over time can "
        rf"cost as little as ${VARYING} < J^*$, and not less. Not covered: nonlinear agents, and finite $T$.",
        "derived here; completing the square as in LQG separation",
        (*_square(), *_one_sequence(), *_lower_bound(), *_agent(), *_varying(), *_free_control()),
        (AGENT, ROOT, r"J^*", VARYING),
        BACKGROUND,
    )
