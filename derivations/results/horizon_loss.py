"""The loss over a finite horizon."""

from collections.abc import Sequence

from sympy import Expr, ImmutableMatrix, Matrix, Rational, Symbol, expand, eye

from derivations.result import RANK_ONE, Background, Result, taylor_slopes, vector
from derivations.step import Step
from theory.core.loop import ReducedLoop
from theory.core.loss import Cost, gradient, horizon_loss
from theory.symbols import OVERLAPS, beta, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$h_0 = 0$; state and control are weighed by $Q = I$ and $R = \beta$; the second moment of $x_0$ is $\Sigma_0 = I$.",
    ),
    differs=r"The source states the mean of $\|x_t\|^2$; the authors' rank-one code has half of it and sums its penalty over time, "
    r"$\frac{1}{2T} \sum_t \|x_t\|^2 + \beta_{\mathrm{code}} \sum_t u_t^2$. That is half of this $L_T$ with $\beta = 2 "
    r"\beta_{\mathrm{code}} T$; in the code here, where the weight of the state is a parameter, it is the state weight $1/2$ and the "
    r"control penalty $\beta_{\mathrm{code}} T$.",
    checks=(
        "main: loss L_T",
        "main: gradient by all weights, back-propagation",
        "main: gradient, complex step through P",
    ),
)

BATCH = tuple((Symbol(f"x_{k}", real=True), Symbol(f"v_{k}", real=True)) for k in (1, 2))
"""Two initial states, position and velocity."""


def _episode(start: Sequence[Expr], horizon: int) -> Expr:
    """Mean over time of |x_t|² + β u_t² of one episode, variable by variable."""
    (x, v), a, b, total = start, 0, 0, 0
    for _ in range(horizon):
        u = sigma_zm * a + sigma_zu * b
        total += x**2 + v**2 + beta * u**2
        x, v, b = x + v, v + u, sigma_vm * a + sigma_vu * b
        a = x
    return expand(Rational(1, horizon) * total)


def _from_units(horizon: int) -> Expr:
    """The sum over episodes from the two unit vectors, whose second moments add to I."""
    return _episode((1, 0), horizon) + _episode((0, 1), horizon)


def _of_a_batch(horizon: int) -> Expr:
    """The loss for Σ_0 = (1/B) Σ x_0 x_0ᵀ of two symbolic initial states, less the mean over their episodes."""
    starts = [Matrix(start) for start in BATCH]
    moment = ImmutableMatrix(sum((x * x.T for x in starts), Matrix.zeros(2)) / len(starts))
    cost = Cost(ImmutableMatrix(eye(2)), ImmutableMatrix(eye(1)), moment, beta)
    mean = sum(_episode(start, horizon) for start in BATCH) / len(BATCH)
    return horizon_loss(horizon, cost=cost) - mean


def build() -> Result:
    """L_T for short horizons with and without control cost."""
    penalised = Cost.identity(ReducedLoop().plant, beta)
    three, four = horizon_loss(3, cost=penalised), horizon_loss(4)
    steps = (
        Step.equal(
            r"$S_{t+1} = P_{\mathrm{eff}} S_t$ from $S_0 = (I, 0, 0)^T$; "
            r"the loss $L_T$ is the mean over $t < T$ of $\mathrm{tr}(X_t \Sigma_0 X_t^T) + \beta\,\mathrm{tr}(U_t \Sigma_0 U_t^T)$, "
            r"with $\Sigma_0 = I$ here. States are polynomials in the overlaps. A batch of initial states enters only through "
            r"$\Sigma_0$, put in for a batch of two.",
            r"L_3^{\beta}",
            three,
            _from_units(3),
            also=(_of_a_batch(3),),
        ),
        Step.equal(
            r"Without control cost, one step further.",
            "L_4",
            four,
            _from_units(4).subs(beta, 0),
        ),
        Step.equal(
            r"Its slopes by the overlaps, the first-order coefficients of a small shift.",
            r"\nabla L_4",
            vector(gradient(four)),
            vector(taylor_slopes(four, OVERLAPS)),
        ),
    )
    return Result(
        "horizon-loss",
        "Finite-horizon loss",
        r"The time-averaged quadratic cost of $T$ steps is a polynomial in the overlaps for every $T$, printed for "
        r"$T = 3$ and $4$. Numbers for long $T$ come from a rollout and its adjoint, not from the expanded polynomial.",
        "Ger & Barak, arXiv 2505.13567, Sec. 2",
        steps,
        (r"L_3^{\beta}", "L_4", r"\nabla L_4"),
        BACKGROUND,
    )
