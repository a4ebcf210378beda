"""The loss over a finite horizon."""

from sympy import Matrix, Rational, eye, zeros

from derivations.result import RANK_ONE, Background, Result, difference, taylor_slopes, vector
from derivations.step import Step
from theory.loop import ReducedLoop
from theory.loss import Cost, gradient, horizon_loss
from theory.plant import double_integrator
from theory.symbols import OVERLAPS, beta

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$h_0 = 0$; state and control are weighed by $Q = I$ and $R = \beta$; the second moment of $x_0$ is $\Sigma_0 = I$.",
    ),
    differs=r"The source states the mean of $\|x_t\|^2$; the authors' rank-one code has half of it. The weight is a parameter in the code here.",
    checks=(
        "main: loss L_T",
        "main: gradient by all weights, back-propagation",
        "main: gradient, complex step through P",
    ),
)


def _by_propagation(horizon: int):
    """(1/T) Σ_t tr(S_tᵀ Q_e S_t) by plain matrix products, with Q_e = diag(I, 0) + β KᵀK."""
    loop = ReducedLoop()
    readout = Matrix(loop.readout)
    weight = Matrix.diag(eye(2), zeros(2)) + beta * readout.T * readout
    state = Matrix.vstack(eye(2), zeros(2))
    total = 0
    for _ in range(horizon):
        total += (state.T * weight * state).trace()
        state = Matrix(loop.matrix) * state
    return Rational(1, horizon) * total


def build() -> Result:
    """L_T for short horizons with and without control cost."""
    penalised = Cost.identity(double_integrator(), beta)
    three, four = horizon_loss(3, cost=penalised), horizon_loss(4)
    steps = (
        Step(
            r"$S_{t+1} = P_{\mathrm{eff}} S_t$ from $S_0 = (I, 0, 0)^T$; "
            r"$L_T = \frac1T \sum_{t<T} [\mathrm{tr}(X_t \Sigma_0 X_t^T) + \beta\,\mathrm{tr}(U_t \Sigma_0 U_t^T)]$ "
            r"with $\Sigma_0 = I$ here. A batch of initial states enters only through $\Sigma_0$.",
            r"L_3^{\beta}",
            three,
            difference(three, _by_propagation(3)),
        ),
        Step(
            r"Without control cost, one step further.",
            "L_4",
            four,
            difference(four, _by_propagation(4).subs(beta, 0)),
        ),
        Step(
            r"Its slopes, checked as the first-order coefficients of a small shift.",
            r"\nabla L_4",
            vector(gradient(four)),
            (Matrix(gradient(four)) - Matrix(taylor_slopes(four, OVERLAPS))).expand(),
        ),
    )
    return Result(
        "horizon-loss",
        "Finite-horizon loss",
        r"The time-averaged quadratic cost of $T$ steps is a polynomial in the overlaps for every $T$. For numbers use "
        r"a rollout and its adjoint: the expanded polynomial cancels catastrophically.",
        "Ger & Barak, arXiv 2505.13567, Sec. 2",
        steps,
        {r"L_3^{\beta}": three, "L_4": four, r"\nabla L_4": vector(gradient(four))},
        BACKGROUND,
    )
