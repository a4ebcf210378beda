"""Learning as an exact map of the Gram matrix."""

from sympy import Expr, Matrix, expand, eye

from derivations.result import Background, Result
from derivations.results.small_network import gram_values, loss_slope, overlap, stacked, trained_slope
from derivations.step import Step
from theory.core.learning import WeightSpace, descent, flow, squared_gradient_norm
from theory.symbols import clip_factor, eta

BACKGROUND = Background(
    assumptions=(
        "The loss depends on the weights through the overlaps only, as it does for linear neurons of rank one.",
        "Plain gradient descent, with clipping by the global norm or without. Adam acts on single weights and has no such map.",
        "The printed equations are those with $m$ frozen; $D$ masks any blocks.",
    ),
    differs="The source has the flow, for tasks in open loop; finite steps, clipping, frozen blocks and the closed loop are added.",
    checks=(
        "main: overlaps (absolute)",
        "main: final Gram matrix",
        "main: random plant n=3, p=2, q=1, rank 2, leak 0.7",
        "main: flow against descent: order of the error in η",
    ),
)

SPACE = WeightSpace()
GRAM, SLOPES = SPACE.gram_symbols(), SPACE.gradient_symbols()
PAIRS = ("zm", "zu", "vm", "vu")


def _stepped(X: Matrix) -> Matrix:
    """Two neurons of symbols after a step of descent, weight by weight."""
    return X - eta * clip_factor * trained_slope(X, SLOPES, SPACE)


def _drift(X: Matrix, name: str) -> Expr:
    """The rate of an overlap of two neurons that move down the gradient, weight by weight."""
    value, velocity = overlap(X, name), -trained_slope(X, SLOPES, SPACE)
    return sum(value.diff(weight) * rate for weight, rate in zip(X, velocity, strict=True))


def _moved(X: Matrix) -> tuple[Step, ...]:
    """The gradient by the weights, and a step of descent."""
    S, D, start = SPACE.sensitivity(SLOPES), SPACE.mask, X.T * X
    rate = eta * clip_factor
    Q = eye(4) - rate * S * D
    small = descent(SPACE, GRAM, SLOPES, eta).diff(eta).subs(eta, 0)
    return (
        Step.solves(
            r"Stack the weights, $X = [m\; z\; u\; v]$, with $G = X^T X$. The loss depends on $X$ through the overlaps "
            r"only; the chain rule gives $\partial L/\partial X = X S$, $d_{ab} = \partial L/\partial\sigma_{ab}$.",
            "S",
            S,
            lambda printed: X * printed - loss_slope(X, SLOPES),
        ),
        Step.solves(
            r"Gradient descent $X \leftarrow X - \eta c_g X S D$ with $D$ the mask of trained columns is $X \leftarrow X Q$, "
            r"so $G \leftarrow Q^T G Q$: exact for any step and any $N$.",
            "Q",
            Q,
            lambda printed: (X * printed - _stepped(X)).expand(),
            also=((descent(SPACE, start, SLOPES, rate) - _stepped(X).T * _stepped(X)).expand(),),
        ),
        _rate(
            X,
            "zm",
            r"Small steps give the flow $\dot G = -(G S D + D S G)$, in time $\eta c_g \times$ steps; here the overlaps.",
            also=(
                (small - flow(SPACE, GRAM, SLOPES)).expand(),
                flow(SPACE, GRAM, SLOPES) + GRAM * S * D + D * S * GRAM,
            ),
        ),
    )


def _rate(X: Matrix, name: str, reason: str, also: tuple = ()) -> Step:
    """The rate of an overlap under the flow, against what it is for two neurons."""
    rate = dict(zip(PAIRS, SPACE.overlaps(flow(SPACE, GRAM, SLOPES)).flat, strict=True))[name]

    def gap(printed: Expr) -> Expr:
        return expand(printed.subs(gram_values(X, GRAM)) - _drift(X, name))

    return Step.solves(reason, rf"\dot\sigma_{{{name}}}", rate, gap, also)


def _rest(X: Matrix) -> tuple[Step, ...]:
    """The other overlaps under the flow, and the norm of the gradient."""
    norm = squared_gradient_norm(SPACE, GRAM, SLOPES).expand()
    squares = sum(slope**2 for slope in trained_slope(X, SLOPES, SPACE))
    return (
        _rate(X, "zu", r"Both $z$ and $u$ move."),
        _rate(X, "vm", r"Of $v$ and $m$ only $v$ moves."),
        _rate(X, "vu", r"Both $v$ and $u$ move."),
        Step.solves(
            r"Clipping scales the gradient by $c_g = \min(1, c_{\max}/(\|\partial L\| + 10^{-6}))$ and needs its norm over the "
            r"trained weights, $\|\partial L\|^2 = \mathrm{tr}(D S G S D)$.",
            r"\|\partial L\|^2",
            norm,
            lambda printed: expand(printed.subs(gram_values(X, GRAM)) - squares),
        ),
    )


def build() -> Result:
    """Gradient by the weights, descent map, flow, gradient norm, and the rates of the overlaps."""
    X = stacked()
    return Result(
        "learning-map",
        "Learning as a map of the Gram matrix",
        r"Gradient descent on the $N$-dimensional weights is an exact map of the $4\times 4$ Gram matrix of $m, z, u, v$: "
        r"four visible overlaps and six invisible ones.",
        "flow in open loop: Ger & Barak, arXiv 2605.04115; closed loop, finite steps, clipping, frozen blocks: here",
        (*_moved(X), *_rest(X)),
        (*(rf"\dot\sigma_{{{name}}}" for name in PAIRS), r"\|\partial L\|^2"),
        BACKGROUND,
    )
