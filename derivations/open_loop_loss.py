"""The agent in open loop: a filter, its loss against a teacher, and what learning makes of it."""

from sympy import ImmutableMatrix, Matrix, Symbol, expand, symbols

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.learning import WeightSpace
from theory.loop import symbolic_loop
from theory.open_loop import (
    AgentFilter,
    input_moment,
    recorded_loss,
    teacher_symbols,
    white_noise_loss,
)
from theory.symbols import noise, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        "Linear neurons of rank one, $h_0 = 0$; the teacher is any linear filter.",
        "Inputs enter through their second moments; they are white from step 4 on.",
    ),
    differs=r"In the authors' rank-one code the inputs have variance $\varsigma^2 = 2$; here it is a parameter.",
    checks=(
        "open-loop: open-loop overlaps over learning",
        "main: closed-loop test loss, relative",
    ),
)

SHOWN = 4  # lags that are printed and checked


def _closure() -> Matrix:
    """The filter closed on a general plant, rank two, leaky, less P_eff."""
    loop = symbolic_loop(2, 1, 1, 2)
    return (AgentFilter.of_loop(loop).closed(loop) - loop.matrix).expand()


def _quadratic_residual():
    """The loss of a recorded sequence by convolution less the quadratic form of its lags."""
    inputs = [ImmutableMatrix([[y]]) for y in symbols(f"y_1:{SHOWN + 1}", real=True)]
    student, teacher = AgentFilter().impulse_response(SHOWN), teacher_symbols(SHOWN)
    gap = ImmutableMatrix.hstack(*(g - t for g, t in zip(student, teacher, strict=True)))
    return expand((gap * input_moment(inputs) * gap.T)[0] - recorded_loss(student, teacher, inputs))


def _expectation_residual():
    """The moment of sequences with y_a y_b → ς² δ_ab inserted, less the white-noise loss."""
    letters = symbols(f"y_1:{SHOWN + 1}", real=True)
    student, teacher = AgentFilter().impulse_response(SHOWN), teacher_symbols(SHOWN)
    loss = recorded_loss(student, teacher, [ImmutableMatrix([[y]]) for y in letters]).expand()
    squares = sum(loss.coeff(y, 2) for y in letters) * noise**2
    return expand(squares - white_noise_loss(student, teacher))


def _sensitivity_residual():
    """Derivatives by the weights of a two-neuron student less X S, with S from the loss's own derivatives."""
    space, loss = WeightSpace(), white_noise_loss(AgentFilter().impulse_response(3), teacher_symbols(3))
    letters = (sigma_zm, sigma_zu, sigma_vm, sigma_vu)
    X = Matrix(2, 4, lambda i, j: Symbol(f"x_{i + 1}{j + 1}", real=True))
    values = dict(zip(letters, space.overlaps(ImmutableMatrix(X.T * X)).flat, strict=True))
    slopes = dict(zip(space.gradient_symbols().flat, (loss.diff(s) for s in letters), strict=True))
    S = space.sensitivity(space.gradient_symbols()).subs(slopes).subs(values)
    return (X.applyfunc(loss.subs(values).diff) - X * S).expand()


def _filter_steps(student) -> tuple[Step, ...]:
    """The agent as a filter and its impulse response."""
    return (
        Step(
            r"In $h = M a + U b$ the agent alone is a filter; fed with the plant's output it is $P_{\mathrm{eff}}$ again "
            r"(checked for a general plant, rank two, with leak).",
            r"F",
            AgentFilter().transition,
            _closure(),
        ),
        Step(
            r"From $h_0 = 0$, $u_k = \sum_{j<k} g_j y_{k-j}$ with $g_j = H F^j E$: $g_0 = \sigma_{zm}$, "
            r"$g_j = \sigma_{zu}\sigma_{vu}^{j-1}\sigma_{vm}$.",
            r"(g_0, \dots, g_3)",
            vector(g[0] for g in student),
            Matrix([g[0] for g in student])
            - Matrix([sigma_zm, *(sigma_zu * sigma_vu**j * sigma_vm for j in range(SHOWN - 1))]),
        ),
    )


def _loss_steps(student, teacher) -> tuple[Step, ...]:
    """The loss of recorded and of white inputs, and what learning makes of it."""
    return (
        Step(
            r"The mean squared difference to a teacher is a quadratic form of $\Delta g_j = g_j - \bar g_j$ in the second "
            r"moment $R$ of the inputs' lags: a batch enters through $R$ only.",
            r"\Delta g^T R\, \Delta g - \tfrac1K \sum_k (u_k - u^*_k)^2",
            _quadratic_residual(),
            _quadratic_residual(),
        ),
        Step(
            r"White inputs of variance $\varsigma^2$ have $R_{jj} = \varsigma^2 (K-j)/K$ and no more: lags do not talk to "
            rf"each other (here $K = {SHOWN}$).",
            r"L_{\mathrm{open}}",
            white_noise_loss(student, teacher),
            _expectation_residual(),
        ),
        Step(
            r"The loss sees the weights through the four overlaps, so $\partial L/\partial X = X S$ and the maps of the Gram "
            r"matrix are those of closed loop with these slopes in $S$.",
            r"(\partial_{zm}, \partial_{zu}, \partial_{vm}, \partial_{vu}) L_{\mathrm{open}}|_{K=3}",
            vector(
                white_noise_loss(student[:3], teacher[:3]).diff(s).factor()
                for s in (sigma_zm, sigma_zu, sigma_vm, sigma_vu)
            ),
            _sensitivity_residual(),
        ),
    )


def build() -> Result:
    """Impulse response, recorded and white losses, and why the Gram closure holds here too."""
    student, teacher = AgentFilter().impulse_response(SHOWN), teacher_symbols(SHOWN)
    white = white_noise_loss(student, teacher)
    return Result(
        "open-loop-loss",
        "The agent in open loop",
        r"Without its environment the agent is a filter with impulse response $g_0 = \sigma_{zm}$, "
        r"$g_j = \kappa\,\sigma_{vu}^{j-1}$; imitation of a teacher is a quadratic form of $g - \bar g$, and learning the "
        r"same exact map of the Gram matrix.",
        "teacher-student training: Ger & Barak, arXiv 2505.13567, Sec. 3; flow: arXiv 2605.04115; recorded inputs: here",
        _filter_steps(student) + _loss_steps(student, teacher),
        {rf"g_{j}": g[0] for j, g in enumerate(student)} | {r"L_{\mathrm{open}}": white},
        BACKGROUND,
    )
