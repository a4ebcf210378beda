"""Where stage 1 drives σ_zm: the minimum of the loss on the axis."""

from sympy import Matrix, cancel, expand, simplify, sin, sqrt

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step
from theory.loss import horizon_loss
from theory.stages import (
    T,
    axis_loss,
    axis_power_residual,
    envelope_minimiser,
    envelope_residual,
    nearest_valley,
    scaled_axis_loss,
    valley,
)
from theory.symbols import sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\sigma_{vu} = \kappa = 0$ and $\Sigma_0 \propto I$; $T$ is large. The law is asymptotic: at $T = 50$ the corrections are visible.",
    ),
    differs="The source shows the asymmetry of the loss; the law of its minimum is new.",
    checks=("stages: stage 1: T σ* of the deepest valley, T = 10⁶, law against exact sum",),
)


def _sum_residual(horizon: int):
    """The closed form at a fixed T less the polynomial of the recurrence."""
    axis = horizon_loss(horizon).subs({sigma_zu: 0, sigma_vm: 0, sigma_vu: 0})
    return cancel(expand(axis_loss().subs(T, horizon) - axis))


def build() -> Result:
    """The exact sum on the axis, its scaling form, the envelope's minimiser and the valleys."""
    envelope = envelope_minimiser()
    steps = (
        Step(
            r"On the axis $x_{t+1} = M x_t$ after the first step; $M^k$ follows from $\lambda_\pm = 1 \pm \sqrt{\sigma_{zm}}$.",
            "M",
            Matrix([[1, 1], [sigma_zm, 1]]),
            axis_power_residual(),
        ),
        Step(
            r"Summing the geometric series in $\lambda_+^2$, $\lambda_+\lambda_-$, $\lambda_-^2$ gives $L_T$ in closed form; "
            r"here the first of its growth factors, checked against the recurrence at $T = 5$.",
            r"\lambda_+^2",
            (1 + sqrt(sigma_zm)) ** 2,
            _sum_residual(5),
        ),
        Step(
            r"For large $T$ on the scale $s = -T\sigma_{zm}$ the starting velocity swings the position to "
            r"$1/\sqrt{|\sigma_{zm}|}$, and $L_T \approx T/2$ times the following.",
            r"f_T(s)",
            scaled_axis_loss(),
        ),
        Step(
            r"Its envelope $(e^s - 1)/s^2$ is least where $s e^s = 2(e^s - 1)$, that is $(s-2)e^{s-2} = -2e^{-2}$.",
            r"s^*",
            envelope,
            envelope_residual(),
        ),
        Step(
            r"The oscillation vanishes in size as $T^{-1/2}$ but its slope does not: the axis has valleys at "
            r"$2\sqrt{s T} = \pi/2 + 2\pi k$, and the deepest is one of the two beside $s^*$.",
            r"T\sigma_{zm}^{(k)}",
            valley(),
            simplify(sin(simplify(2 * sqrt(-valley() * T))) - 1),
        ),
    )
    return Result(
        "axis-minimiser",
        "Where stage 1 ends: the minimum on the axis",
        r"The minimum of $L_T$ on the $\sigma_{zm}$ axis obeys $T\sigma_{zm}^* \to -(2 + W_0(-2e^{-2})) = -1.5936$ with a "
        r"correction of order $T^{-1/2}$, the distance to the deepest valley, which is one of the two beside it.",
        "derived here; the asymmetry that drives it is that of Ger & Barak, arXiv 2505.13567, Sec. 4",
        steps,
        {r"s^*": envelope, r"T\sigma_{zm}^{(k)}": valley(), r"k^*": nearest_valley(), r"f_T(s)": scaled_axis_loss()},
        BACKGROUND,
    )
