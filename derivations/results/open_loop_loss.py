"""The agent in open loop: a filter, its loss against a teacher, and what learning makes of it."""

from sympy import QQ, Expr, ImmutableMatrix, Integer, Matrix, Poly, Rational, Symbol, Tuple, expand, symbols
from sympy.polys.rings import PolyRing

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop
from theory.core.plant import LinearPlant
from theory.open_loop.imitation import AgentFilter, input_moment, teacher_symbols, white_noise_loss
from theory.symbols import gamma, noise, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        "Linear neurons of rank one, $h_0 = 0$; the teacher is any linear filter.",
        "Inputs enter through their second moments; they are white from step 5 on.",
    ),
    differs=r"In the authors' rank-one code the inputs have variance $\varsigma^2 = 2$; here it is a parameter.",
    checks=(
        "open-loop: open-loop overlaps over learning",
        "main: closed-loop test loss, relative",
    ),
)

SHOWN = 4
"""Lags of the impulse response that are printed, and inputs for which the loss of white inputs is."""
INPUTS = 3
"""Inputs for which the moment and the slopes are printed."""


def _outputs(inputs) -> list[Expr]:
    """u_1, u_2, … of the student by stepping it: b ← σ_vm a + σ_vu b, a = y, u = σ_zm a + σ_zu b."""
    controls, a, b = [], Integer(0), Integer(0)
    for y in inputs:
        a, b = y, expand(sigma_vm * a + sigma_vu * b)
        controls.append(expand(sigma_zm * a + sigma_zu * b))
    return controls


def _by_neurons(printed) -> Matrix:
    """u (v·h) + m y of two neurons at h = m a + u b, less m a' + u b' with (a', b') = F (a, b) + (y, 0)."""
    m, u, v = (Matrix(symbols(f"{name}_1:3", real=True)) for name in "muv")
    a, b, y = symbols("a b y", real=True)
    stepped = u * v.dot(m * a + u * b) + m * y
    first, second = Matrix(printed).subs({sigma_vm: v.dot(m), sigma_vu: v.dot(u)}) * Matrix([a, b])
    return (stepped - m * (first + y) - u * second).expand()


def _closure() -> Matrix:
    """The filter closed on a general plant, rank two, leaky, less P_eff."""
    A, B, C = (Matrix(*shape, symbols(f"{name}:{shape[0] * shape[1]}")) for name, shape in SHAPES.items())
    loop = ReducedLoop(LinearPlant(A, B, C), 2, gamma)
    return (AgentFilter.of_loop(loop).closed(loop) - loop.matrix).expand()


def _impulse(count: int) -> list[Expr]:
    """The student's outputs of a unit impulse at the first step."""
    return _outputs([Integer(1)] + [Integer(0)] * (count - 1))


def _recorded(inputs) -> Expr:
    """(1/n_y) Σ_k (u_k - u*_k)², the student stepped and the teacher a convolution."""
    teacher = symbols(f"gbar_0:{len(inputs)}", real=True)
    wanted = [sum(teacher[j] * inputs[k - j] for j in range(k + 1)) for k in range(len(inputs))]
    return sum((u - w) ** 2 for u, w in zip(_outputs(inputs), wanted, strict=True)) / len(inputs)


def _moment(printed) -> Expr:
    """Δgᵀ R Δg with the printed R less the recorded loss."""
    inputs, teacher = symbols(f"y_1:{INPUTS + 1}", real=True), symbols(f"gbar_0:{INPUTS}", real=True)
    gaps = Matrix([g - t for g, t in zip(_impulse(INPUTS), teacher, strict=True)])
    return expand((gaps.T * Matrix(printed) * gaps)[0] - _recorded(inputs))


def _mean(expression: Expr, inputs) -> Expr:
    """A quadratic form of the inputs with ς² for every y_k² and 0 for every y_j y_k."""
    terms = Poly(expression, *inputs).terms()
    return expand(sum(noise**2 * coefficient for powers, coefficient in terms if max(powers) == 2))


def _white(count: int) -> Expr:
    """The mean of the recorded loss over white inputs."""
    inputs = symbols(f"y_1:{count + 1}", real=True)
    return _mean(_recorded(inputs), inputs)


def _white_moment(moment: Matrix) -> Matrix:
    """The mean of R over white inputs less ς² (1 - j/n_y) on the diagonal."""
    inputs, count = symbols(f"y_1:{INPUTS + 1}", real=True), INPUTS
    return Matrix(
        count,
        count,
        lambda i, j: _mean(moment[i, j], inputs) - (noise**2 * Rational(count - j, count) if i == j else 0),
    )


def _by_weights(printed) -> list[Expr]:
    """Derivatives of the white loss by the weights of two neurons less X S, with the printed slopes in S."""
    space = WeightSpace()
    X = Matrix(2, 4, lambda i, j: Symbol(f"x_{i + 1}{j + 1}", real=True))
    m, z, u, v = (X[:, j] for j in range(4))
    values = {sigma_zm: z.dot(m), sigma_zu: z.dot(u), sigma_vm: v.dot(m), sigma_vu: v.dot(u)}
    loss = _white(INPUTS)
    names = [*X, *sorted((loss.free_symbols | Tuple(*printed).free_symbols) - set(values), key=str)]
    domain = PolyRing(names, QQ)
    slopes = dict(zip(space.gradient_symbols().flat, (entry.subs(values) for entry in printed), strict=True))
    moved = X * space.sensitivity(space.gradient_symbols()).subs(slopes)
    seen = domain.from_expr(loss.subs(values))
    gaps = [seen.diff(domain.from_expr(x)) - domain.from_expr(entry) for x, entry in zip(X, moved, strict=True)]
    return [gap.as_expr() for gap in gaps]


SHAPES = {"A": (2, 2), "B": (2, 1), "C": (1, 2)}
"""The general plant for which the filter is closed."""


def _filter_steps(student) -> tuple[Step, ...]:
    """The agent as a filter, closed again on the plant, and its impulse response."""
    return (
        Step.solves(
            r"In $h = M a + U b$ the agent alone is the filter $(a, b)_{k+1} = F (a, b)_k + E y_{k+1}$, $u_k = H (a, b)_k$ with "
            r"$E = (1, 0)$, $H = (\sigma_{zm}, \sigma_{zu})$.",
            "F",
            AgentFilter().transition,
            _by_neurons,
            also=(Matrix(AgentFilter().entry) - Matrix([1, 0]), AgentFilter().readout - Matrix([[sigma_zm, sigma_zu]])),
        ),
        Step.equal(
            r"Driven by the plant's output it is the joint system again (so too for a plant of two states with letters for entries, rank two, "
            r"with leak).",
            r"P_{\mathrm{eff}}",
            AgentFilter().closed(ReducedLoop()),
            Matrix([[1, 1, 0, 0], [0, 1, sigma_zm, sigma_zu], [1, 1, 0, 0], [0, 0, sigma_vm, sigma_vu]]),
            also=(_closure(),),
        ),
        Step.equal(
            r"From $h_0 = 0$, $u_k = \sum_{j<k} g_j y_{k-j}$ with $g_j = H F^j E$, the output after a unit impulse: "
            r"$g_0 = \sigma_{zm}$, then $g_{j+1} = \sigma_{vu}\, g_j$ from $j = 1$ on.",
            r"(g_0, \dots, g_3)",
            vector(g[0] for g in student),
            _impulse(SHOWN),
            also=((AgentFilter().transition - Matrix([[0, 0], [0, sigma_vu]]))[:, 1],),
        ),
    )


def _loss_steps(student, teacher) -> tuple[Step, ...]:
    """The loss of recorded and of white inputs, and what learning makes of it."""
    inputs = [ImmutableMatrix([[y]]) for y in symbols(f"y_1:{INPUTS + 1}", real=True)]
    loss = white_noise_loss(student[:INPUTS], teacher[:INPUTS])
    return (
        Step.solves(
            r"The mean squared difference to a teacher $\bar g$, $\frac{1}{n_y} \sum_k (u_k - u^*_k)^2$, is the quadratic form "
            r"$\Delta g^T R\, \Delta g$ of $\Delta g_j = g_j - \bar g_j$ in the second moment $R$ of the inputs' lags: a batch "
            rf"enters through its mean $R$ only (here $n_y = {INPUTS}$).",
            "R",
            input_moment(inputs),
            _moment,
        ),
        Step.equal(
            r"White inputs of variance $\varsigma^2$ have on average $R_{jj} = \varsigma^2 (1 - j/n_y)$ and no other entries: lags "
            rf"do not mix (here $n_y = {SHOWN}$).",
            r"L_{\mathrm{open}}",
            white_noise_loss(student, teacher),
            _white(SHOWN),
            also=(_white_moment(input_moment(inputs)),),
        ),
        Step.solves(
            r"The loss sees the weights through the four overlaps, so $\partial L/\partial X = X S$ and the maps of the Gram "
            r"matrix are those of closed loop with these slopes in $S$.",
            rf"(\partial_{{zm}}, \partial_{{zu}}, \partial_{{vm}}, \partial_{{vu}}) L_{{\mathrm{{open}}}}|_{{n_y={INPUTS}}}",
            vector(loss.diff(s).factor() for s in (sigma_zm, sigma_zu, sigma_vm, sigma_vu)),
            _by_weights,
        ),
    )


def build() -> Result:
    """Impulse response, recorded and white losses, and why the Gram closure holds here too."""
    student, teacher = AgentFilter().impulse_response(SHOWN), teacher_symbols(SHOWN)
    return Result(
        "open-loop-loss",
        "The agent in open loop",
        r"Without its environment the agent is a filter with impulse response $g_0 = \sigma_{zm}$, "
        r"$g_j = \kappa\,\sigma_{vu}^{j-1}$; imitation of a teacher is a quadratic form of $g - \bar g$, and learning the "
        r"same exact map of the Gram matrix.",
        "teacher-student training: Ger & Barak, arXiv 2505.13567, Sec. 3; flow: arXiv 2605.04115; recorded inputs: here",
        _filter_steps(student) + _loss_steps(student, teacher),
        (r"(g_0, \dots, g_3)", "R", r"L_{\mathrm{open}}"),
        BACKGROUND,
    )
