"""Stage 1: the loop on the σ_zm axis."""

from sympy import QQ, Expr, I, ImmutableMatrix, Matrix, Symbol, cancel, eye, radsimp, sqrt

from derivations.result import RANK_ONE, Background, Result
from derivations.step import Step, unless
from theory.core.loop import ReducedLoop
from theory.double_integrator.spectrum import stage_one_polynomial, stage_one_roots
from theory.double_integrator.stages import T, axis_loss, axis_power
from theory.symbols import OVERLAPS, lam, sigma_zm

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$\sigma_{vu} = \kappa = 0$: the recurrence does not act yet. The loss has $Q = I$, $\Sigma_0 = I$, no control cost.",
    ),
    differs="Where learning comes to rest on the axis is the subject of axis-minimiser.",
    checks=(
        "stages: stage 1: |1 + √σ_zm| at σ_zm = -0.2 against 100 neurons",
        "stages: stage 1: σ_zm from ±0.2 is driven into (-0.1, 0)",
    ),
)

DISTANCE = Symbol("a", positive=True)
"""|σ_zm|."""
LOOP = ImmutableMatrix([[1, 1], [sigma_zm, 1]])
"""Position and velocity under u_t = σ_zm y_t."""
STEP = Symbol("k", integer=True, nonnegative=True)
"""Steps after the first."""
PLUS, MINUS = 1 + sqrt(sigma_zm), 1 - sqrt(sigma_zm)
BEGIN = ImmutableMatrix([[1, 1], [0, 1]])
"""The first step, which no control reaches."""


def _power(steps: Expr) -> ImmutableMatrix:
    """M^k."""
    return axis_power(PLUS**steps, MINUS**steps)


def _cancelled(expression: Expr) -> Expr:
    """The value as a quotient of polynomials in √σ_zm and in λ_±^T, which is 0 only if it vanishes identically."""
    root, plus, minus = (Symbol(name, positive=True) for name in ("r", "p_plus", "p_minus"))
    letters = {PLUS: plus, MINUS: minus, 1 - sigma_zm: plus * minus}

    def raised(base: Expr, power: Expr) -> Expr:
        times = power.coeff(T)
        return letters[base] ** times * base ** (power - times * T)

    powers = expression.replace(lambda e: e.is_Pow and e.base in letters and e.exp.has(T), lambda e: raised(*e.args))
    quotient = powers.subs(sigma_zm, root**2)
    field = QQ.frac_field(*sorted(quotient.free_symbols, key=str))
    return field.to_sympy(field.from_sympy(quotient))


def _summed(loss: Expr) -> tuple[Expr, Expr]:
    """What a closed form of L_T must satisfy: L_1 = 2, and T + 1 times L_{T+1} is T L_T and the square of the next state."""
    after = _power(T - 1) * BEGIN
    return cancel(loss.subs(T, 1)) - 2, (T + 1) * loss.subs(T, T + 1) - T * loss - sum(entry**2 for entry in after)


def _roots() -> tuple[Step, ...]:
    """The loop on the axis and its eigenvalues."""
    plus, minus = stage_one_roots()
    start = ReducedLoop().matrix.subs(dict.fromkeys(OVERLAPS[1:], 0)) * Matrix([[1, 0], [0, 1], [1, 0], [0, 0]])
    return (
        Step.equal(
            r"With $\sigma_{vu} = \kappa = 0$ the agent is proportional control, $u_t = \sigma_{zm} y_t$: after the first step $a$ "
            r"repeats the position, and $x_{t+1} = M x_t$.",
            "M",
            LOOP,
            start[:2, :],
            also=(start[2, :] - start[0, :], start[3, :]),
        ),
        Step.equal(
            r"Its characteristic polynomial.",
            r"\chi_1(\lambda)",
            stage_one_polynomial().as_expr(),
            (lam * eye(2) - LOOP).det(),
        ),
        Step.solves(r"Its roots.", r"\lambda_1", plus, lambda root: (root * eye(2) - LOOP).det()),
        Step.equal(
            r"The other, from the product of both.", r"\lambda_2", minus, radsimp(LOOP.det() / (1 + sqrt(sigma_zm)))
        ),
    )


def _growth(plus, minus) -> tuple[Step, ...]:
    """|λ|² on either side."""
    return (
        Step.equal(
            r"For $\sigma_{zm} < 0$ the pair is complex, $1 \pm i\sqrt{|\sigma_{zm}|}$, and outside the unit circle.",
            r"|\lambda|^2_{\sigma_{zm} < 0}",
            (plus * minus).expand(),
            (1 + I * sqrt(-sigma_zm)) * (1 - I * sqrt(-sigma_zm)),
            also=((plus.subs(sigma_zm, -DISTANCE) - 1) / I - sqrt(DISTANCE), unless(1 + DISTANCE > 1)),
        ),
        Step.solves(
            r"For $\sigma_{zm} > 0$ both roots are real. The square of the larger is an eigenvalue of the squared step: "
            r"at the same $|\sigma_{zm}|$ it exceeds that of the pair by $2\sqrt{|\sigma_{zm}|}$.",
            r"|\lambda_1|^2_{\sigma_{zm} > 0}",
            plus**2,
            lambda square: (
                (square * eye(2) - LOOP**2).det(),
                square.subs(sigma_zm, DISTANCE) - (1 + DISTANCE) - 2 * sqrt(DISTANCE),
            ),
        ),
    )


def _sum() -> tuple[Step, ...]:
    """The powers of the loop, and the loss."""
    return (
        Step.solves(
            r"By induction from $M^0 = I$.",
            "M^k",
            _power(STEP),
            lambda power: (power.subs(STEP, 0) - eye(2), LOOP * power - power.subs(STEP, STEP + 1)),
        ),
        Step.solves(
            r"Geometric series in $\lambda_1^2$, $\lambda_1\lambda_2$, $\lambda_2^2$ sum the squared states of both unit starts, "
            r"for every $T$; by induction from $L_1 = 2$ (except at $\sigma_{zm} = 0$ and $4$, where a ratio is $1$).",
            "L_T",
            axis_loss(),
            _summed,
            by=_cancelled,
        ),
    )


def build() -> Result:
    """The quadratic, its roots and their moduli for both signs of σ_zm, and the loss."""
    return Result(
        "stage-one",
        "Stage 1: proportional control",
        r"On the $\sigma_{zm}$ axis the loop is unstable for every $\sigma_{zm} \neq 0$, but not alike on both sides: "
        r"$|\lambda_1|^2$ is $1 + |\sigma_{zm}|$ for negative, and $(1 + \sqrt{\sigma_{zm}})^2$, which is more, for positive "
        r"$\sigma_{zm}$. The loss of an episode is a sum of three geometric series.",
        "Ger & Barak, arXiv 2505.13567, Sec. 4 (roots); the loss in closed form derived here",
        (*_roots(), *_growth(*stage_one_roots()), *_sum()),
        (r"\chi_1(\lambda)", r"\lambda_1", r"\lambda_2", "L_T"),
        BACKGROUND,
    )
