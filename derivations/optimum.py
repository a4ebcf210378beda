"""The optimum, as a certificate."""

from sympy import Rational, expand, factor, fraction, radsimp, sqrt

from derivations.result import RANK_ONE, Background, Result, difference, vector
from derivations.step import Step
from theory.optimum import (
    GOLDEN,
    VISIBLE,
    at,
    cheap_lqr,
    curvature,
    deadbeat,
    infinite_horizon_loss,
    leading_minors,
    minimal_loop,
    minimal_residual,
    optimum,
    riccati_residual,
    stationarity,
)
from theory.spectrum import cubic, visible
from theory.symbols import lam

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"No control cost, $T \to \infty$, $\Sigma_0 \propto I$, $h_0 = 0$.",
    ),
    checks=("stages: optimum: (19 + 7√5)/2 scaled, against the minimum at T = 50",),
)


def _certificate(loss, point, value) -> tuple[Step, ...]:
    """Minimal loop, infinite-horizon loss, vanishing gradient and positive Hessian."""
    slope, minors = stationarity(point), leading_minors(curvature(point))
    return (
        Step(
            r"From the first step on $a_t$ repeats the position, so $(x, \sigma_{zu} b)$ is a state of three dimensions.",
            "M",
            minimal_loop(),
            minimal_residual(),
        ),
        Step(
            r"$J = \sum_t \mathrm{tr}\,x_t x_t^T$ from $\Sigma_0 = I$ follows from $W = Q + M^T W M$, a linear system over "
            r"rational functions, $J = J_N/J_D$ below; at the candidate its value is as follows.",
            "J",
            value,
            difference(value, (19 + 7 * sqrt(5)) / 2),
        ),
        Step(
            r"The gradient in $(\sigma_{zm}, \sigma_{vu}, \kappa)$ vanishes exactly at the candidate.",
            r"\nabla J",
            slope,
            slope,
        ),
        Step(
            r"The Hessian there is positive definite: its leading minors are positive.",
            r"(\Delta_1, \Delta_2, \Delta_3)",
            vector(minors),
            Rational(sum(not minor.is_positive for minor in minors)),
        ),
    )


def _comparison(loss, point) -> tuple[Step, ...]:
    """Eigenvalues at the optimum, cheap LQR, and deadbeat."""
    gain, _ = cheap_lqr()
    chi = expand(visible(cubic().as_expr()).subs(point))
    factored = lam * (lam - 1 / GOLDEN**2) ** 2
    rest = expand((visible(cubic().as_expr())).subs(deadbeat()) - lam**3)
    return (
        Step(
            r"The closed loop has the eigenvalues $0, 0$ and twice $\varphi^{-2}$.",
            r"\chi(\lambda)/\lambda",
            factored,
            radsimp(expand(chi - expand(factored))),
        ),
        Step(
            r"With the full state, cheap LQR has the gain $(1/\varphi, \varphi)$ and the eigenvalues $0$ and $\varphi^{-2}$: "
            r"the agent has them too, and one more $\varphi^{-2}$ for estimating the velocity.",
            r"K_{\mathrm{LQR}}",
            gain,
            riccati_residual(),
        ),
        Step(
            r"The deadbeat agent $(-3, -2, 8)$ puts every eigenvalue at zero and costs more.",
            r"J_{\mathrm{deadbeat}}",
            at(loss, deadbeat()),
            rest,
        ),
    )


def build() -> Result:
    """Minimal loop, infinite-horizon loss, stationarity, Hessian, value, and the comparison with LQR and deadbeat."""
    loss, point = infinite_horizon_loss(), optimum()  # loss = J_N / J_D
    value = at(loss, point)
    steps = (*_certificate(loss, point, value), *_comparison(loss, point))
    return Result(
        "optimum",
        "The optimum",
        r"Without control cost, for $T \to \infty$ and $\Sigma_0 \propto I$, $\sigma_{zm} = -\varphi$, "
        r"$\sigma_{vu} = 1 - \sqrt5$, $\kappa = 2\varphi$ is a strict local minimum, $\varphi$ the golden ratio, with "
        r"$J = (19 + 7\sqrt5)/2 = 6 + 7\varphi$. That it is global is proved under long-horizon-optimum.",
        "derived here",
        steps,
        {
            r"(\sigma_{zm}, \sigma_{vu}, \kappa)": vector(point[letter] for letter in VISIBLE),
            r"J^*": value,
            r"J_N": fraction(loss)[0],
            r"J_D": factor(fraction(loss)[1]),
        },
        BACKGROUND,
    )
