"""The optimum of a long horizon, any control cost: proved among linear agents at rest."""

from itertools import product

from sympy import ImmutableMatrix, Matrix, expand, radsimp, sqrt

from derivations.result import Background, Result, difference, vector
from derivations.step import Step
from theory.observer import (
    completed_square_residual,
    control_error,
    control_weight,
    error_row,
    long_horizon_cost,
    mean_square_error,
    observed_feedback,
    observer_polynomial,
    observer_root,
    observer_square_residual,
    position,
    riccati,
    sequence,
    shift_residual,
    velocity,
    velocity_ratio,
)
from theory.optimum import GOLDEN, VISIBLE, cheap_lqr, minimal_loop, optimum
from theory.spectrum import cubic, visible
from theory.symbols import beta, k_1, k_2, kappa, lam, lambda_3

BACKGROUND = Background(
    assumptions=(
        "The plant is the double integrator; the agent is any linear one with $h_0 = 0$, constant in time.",
        r"$T \to \infty$; position and velocity of $x_0$ are uncorrelated; costs are quadratic and the loop comes to rest.",
    ),
    checks=(
        "stages: gain k_2 against full-state LQR's",
        "stages: observer root φ⁻²",
    ),
)

FREE = r"\beta = 0"


def _stepped_errors(steps: int) -> ImmutableMatrix:
    """The error of the rank-one loop stepped from (p_0, v_0), less its form in a_t and a_{t+1}, at t = 1 … steps."""
    row, step = error_row(), minimal_loop()
    start = Matrix([position + velocity, velocity, 0])
    answers = [(row * step**t * Matrix([0, 1, 0]))[0] for t in range(steps + 1)]
    form = [control_error().subs(dict(zip(sequence, answers[t : t + 2], strict=True))) for t in range(steps)]
    return ImmutableMatrix([difference((row * step**t * start)[0], form[t]) for t in range(steps)])


def _error_drift(agent: dict) -> ImmutableMatrix:
    """(row) M - λ_3 (row) in the loop of an agent, zero if e_{t+1} = λ_3 e_t from any state."""
    row = error_row()
    return ImmutableMatrix((row * minimal_loop() - lambda_3 * row).subs(agent).applyfunc(expand))


def _square() -> Step:
    """The cost as a constant and a square of the control error."""
    return Step(
        r"Completing the square with $S = Q + A^T S A - r K^T K$, $r K = B^T S A$: for every control that brings $x$ to rest "
        r"$\sum_t x_t^T Q x_t + \beta u_t^2 = x_0^T S x_0 + r \sum_t e_t^2$, $e_t = u_t + K x_t$ the control error.",
        "r",
        control_weight(),
        completed_square_residual(),
    )


def _one_sequence() -> tuple[Step, ...]:
    """The errors of a linear agent that starts at rest are fixed by one sequence."""
    return (
        Step(
            r"The agent does not act before it has read $y_1$, so $e_0 = K x_0$. The velocity is not read: from $x_1 = (0, 1)$ "
            r"the loop is, one step later, at rest before $(1, 0) + (0, 1)$ (the row is $P_{\mathrm{eff}}(0,1,0,0)^T$ less "
            r"these two; the argument holds for a linear agent of any rank).",
            "0",
            vector(shift_residual()),
            shift_residual(),
        ),
        Step(
            r"With $a_t$ the error at $t$ after $x_1 = (0, 1)$, the error after $(1, 0)$ is therefore $a_{t+1} - a_t$. For "
            r"$x_0 = (p_0, v_0)$ and $t \geq 1$ the one sequence, $a_1 = k_2$ given, fixes every error.",
            "e_t",
            control_error(),
            _stepped_errors(3),
        ),
    )


def _mean_of_corners():
    """E e_t² over the four equally likely p_0 = ±1, v_0 = ±√q."""
    corners = product((1, -1), (sqrt(velocity_ratio), -sqrt(velocity_ratio)))
    return expand(sum(control_error().subs({position: p, velocity: v}) ** 2 for p, v in corners) / 4)


def _lower_bound() -> tuple[Step, ...]:
    """What no such agent can undercut: the least cost of a scalar regulator."""
    return (
        Step(
            r"For uncorrelated $p_0$, $v_0$ with $E v_0^2 = q\,E p_0^2$ the mean square is the cost of a scalar regulator.",
            r"E e_t^2 / E p_0^2",
            mean_square_error(),
            _mean_of_corners() - mean_square_error(),
        ),
        Step(
            r"Its Riccati equation, with $v a^2$ the cost to go and $v = 1 - \lambda_3$.",
            "0",
            observer_polynomial().subs(lam, lambda_3),
            difference(observer_polynomial(), lam**2 - (2 + velocity_ratio) * lam + 1),
        ),
        Step(
            r"Completing the square again, $\sum_{t\geq1} E e_t^2/E p_0^2 = (1 - \lambda_3) k_2^2 + \sum (a_{t+1} - \lambda_3 "
            r"a_t)^2/\lambda_3$: least for $a_{t+1} = \lambda_3 a_t$ and for no other sequence. The least cost is as follows.",
            r"J^*",
            long_horizon_cost(),
            observer_square_residual(),
        ),
        Step(
            r"For $\Sigma_0 \propto I$, $q = 1$, this root is $\varphi^{-2}$ for every cost.",
            r"\lambda_3",
            observer_root(),
            difference(observer_root() * GOLDEN**2, 1),
        ),
    )


def _agent() -> tuple[Step, ...]:
    """The rank-one agent that attains the bound."""
    agent = observed_feedback()
    factored = (lam - lambda_3) * (lam**2 - (2 - k_2) * lam + 1 - k_2 + k_1)
    return (
        Step(
            r"A rank-one agent has the gains $k_1$, $k_2$ beside the root $\lambda_3$: match the cubic.",
            r"(\sigma_{zm}, \sigma_{vu}, \kappa)",
            vector(agent[letter] for letter in VISIBLE),
            difference(visible(cubic().as_expr()).subs(agent), factored),
        ),
        Step(
            r"In its loop the control error, this row on $(x, \sigma_{zu} b)$, is a left eigenvector of $\lambda_3$: "
            r"$e_{t+1} = \lambda_3 e_t$ from any state, so it attains the bound if $K$ is LQR's.",
            r"e",
            error_row(),
            _error_drift(agent),
        ),
    )


def _free_control() -> tuple[Step, ...]:
    """The case without control cost, against the certificate."""
    gain, S = cheap_lqr()
    at = {k_1: gain[0], k_2: gain[1], lambda_3: observer_root(), beta: 0, velocity_ratio: 1}
    at |= dict(zip(riccati[:], S[:], strict=True))
    point = {letter: radsimp(expand(value.subs(at))) for letter, value in observed_feedback().items()}
    value = radsimp(expand(long_horizon_cost().subs(at)))
    return (
        Step(
            r"Without control cost, $K = (1/\varphi, \varphi)$, it is the certified optimum.",
            rf"(\sigma_{{zm}}, \sigma_{{vu}}, \kappa)|_{{{FREE}}}",
            vector(point[letter] for letter in VISIBLE),
            ImmutableMatrix([radsimp(expand(point[x] - optimum()[x])) for x in VISIBLE]),
        ),
        Step(
            r"And so is its cost.",
            rf"J^*|_{{{FREE}}}",
            value,
            radsimp(expand(value - 6 - 7 * GOLDEN)),
        ),
    )


def build() -> Result:
    """Separation of cost, lower bound, the agent that attains it, and the case without control cost."""
    agent = observed_feedback()
    return Result(
        "long-horizon-optimum",
        "The optimum for any control cost",
        r"For $T \to \infty$, any $\beta \geq 0$ and $\Sigma_0 = E p_0^2\,\mathrm{diag}(1, q)$ with $q > 0$, no linear agent with $h_0 = 0$, of any "
        r"rank, costs less than $J^*$ (in units of $E p_0^2$), and one of rank one without leak attains it: the gains $K$ of full-state LQR "
        r"and an observer root $\lambda_3$ with $\lambda_3 + 1/\lambda_3 = 2 + q$, whatever $\beta$; $\varphi^{-2}$ for "
        r"$\Sigma_0 \propto I$. The minimum is global, and its $(\sigma_{zm}, \kappa, \sigma_{vu})$ are unique where "
        r"$\kappa \neq 0$. Not covered: agents that are nonlinear or change over time, and finite $T$.",
        "derived here; completing the square as in LQG separation",
        (_square(), *_one_sequence(), *_lower_bound(), *_agent(), *_free_control()),
        {
            r"\sigma_{zm}": agent[VISIBLE[0]],
            r"\sigma_{vu}": agent[VISIBLE[1]],
            r"\kappa": agent[kappa],
            r"\lambda_3|_{q=1}": observer_root(),
            r"J^*": long_horizon_cost(),
        },
        BACKGROUND,
    )
