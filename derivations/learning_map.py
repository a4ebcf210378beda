"""Learning as an exact map of the Gram matrix."""

from sympy import Matrix, expand, eye

from derivations.result import Background, Result
from derivations.step import Step
from theory.learning import (
    BLOCKS,
    WeightSpace,
    descent,
    flow,
    squared_gradient_norm,
    weight_gradient_residual,
)
from theory.loop import explicit_weights
from theory.symbols import eta

BACKGROUND = Background(
    assumptions=(
        "The loss depends on the weights through the overlaps only, as it does for linear neurons of rank one.",
        "Plain gradient descent, with clipping by the global norm or without. Adam acts on single weights and has no such map.",
    ),
    differs="The source has the flow, for tasks in open loop; finite steps, clipping, frozen blocks and the closed loop are added.",
    checks=(
        "main: overlaps (absolute)",
        "main: final Gram matrix",
        "main: random plant n=3, p=2, q=1, rank 2, leak 0.7",
        "main: flow against descent: order of the error in η",
    ),
)


def _descent_residual(space: WeightSpace, neurons: int = 2) -> Matrix:
    """Gram of the stepped weights less the map of the Gram, for a small network of symbols."""
    weights = explicit_weights(neurons, space.p, space.q, space.rank)
    X = Matrix.hstack(*(weights[block] for block in BLOCKS))
    d = space.gradient_symbols()
    stepped = X - eta * X * space.sensitivity(d) * space.mask
    return Matrix(stepped.T * stepped - descent(space, X.T * X, d, eta)).expand()


def _flow_residual(space: WeightSpace) -> Matrix:
    """Derivative of the descent map by the step at zero, less the flow."""
    G, d = space.gram_symbols(), space.gradient_symbols()
    return Matrix(descent(space, G, d, eta).diff(eta).subs(eta, 0) - flow(space, G, d)).expand()


def _norm_residual(space: WeightSpace, neurons: int = 2):
    """Sum of squares of the trained columns of X S less tr(D S G S D), for a small network of symbols."""
    weights = explicit_weights(neurons, space.p, space.q, space.rank)
    X = Matrix.hstack(*(weights[block] for block in BLOCKS))
    d = space.gradient_symbols()
    gradient = X * space.sensitivity(d) * space.mask
    return expand(sum(g**2 for g in gradient) - squared_gradient_norm(space, X.T * X, d))


def build() -> Result:
    """Gradient by the weights, descent map, flow, gradient norm, and the rates of the overlaps."""
    space = WeightSpace()
    G, d = space.gram_symbols(), space.gradient_symbols()
    rates = space.overlaps(flow(space, G, d)).flat
    Q = eye(space.size) - eta * space.sensitivity(d) * space.mask
    names = dict(zip(("zm", "zu", "vm", "vu"), rates, strict=True))
    steps = (
        Step(
            r"Stack the weights, $X = [m\; z\; u\; v]$, with $G = X^T X$. The loss depends on $X$ through the overlaps "
            r"only; the chain rule gives $\partial L/\partial X = X S$, $d_{ab} = \partial L/\partial\sigma_{ab}$.",
            "S",
            space.sensitivity(d),
            weight_gradient_residual(space),
        ),
        Step(
            r"Gradient descent $X \leftarrow X - \eta c_g X S D$ with $D$ the mask of trained columns ($m$ frozen here) "
            r"is $X \leftarrow X Q$, so $G \leftarrow Q^T G Q$: exact for any step and any $N$.",
            r"Q|_{c_g = 1}",
            Q,
            _descent_residual(space),
        ),
        Step(
            r"Small steps give the flow $\dot G = -(G S D + D S G)$.",
            r"\dot\sigma_{zm}",
            names["zm"],
            _flow_residual(space),
        ),
        Step(
            r"Clipping needs the norm of the gradient, $\|\partial L\|^2 = \mathrm{tr}(D S G S D)$, "
            r"$c_g = \min(1, c_{\max}/(\|\partial L\| + 10^{-6}))$.",
            r"\|\partial L\|^2",
            squared_gradient_norm(space, G, d).expand(),
            _norm_residual(space),
        ),
    )
    return Result(
        "learning-map",
        "Learning as a map of the Gram matrix",
        r"Gradient descent on the $N$-dimensional weights is an exact map of the $4\times 4$ Gram matrix of $m, z, u, v$: "
        r"four visible overlaps and six invisible ones.",
        "flow in open loop: Ger & Barak, arXiv 2605.04115; closed loop, finite steps, clipping, frozen blocks: here",
        steps,
        {
            **{rf"\dot\sigma_{{{name}}}": rate for name, rate in names.items()},
            r"\|\partial L\|^2": squared_gradient_norm(space, G, d).expand(),
        },
        BACKGROUND,
    )
