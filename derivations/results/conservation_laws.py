"""What the gradient flow conserves."""

from sympy import Expr, ImmutableMatrix, Matrix, diag, expand, eye

from derivations.result import Background, Result
from derivations.results.small_network import number_of_forms, stacked, trained_columns, trained_slope
from derivations.step import Step, unless
from theory.core.block_algebra import BlockAlgebra, SymmetryAlgebra
from theory.core.learning import BLOCKS, WeightSpace, conserved_forms, form_drift
from theory.symbols import clip_factor, eta

BACKGROUND = Background(
    assumptions=(
        "Gradient flow, that is infinitely small steps; clipping only changes its speed.",
        "The loss depends on the weights through the overlaps only.",
        "Steps 1, 2 and 5 are of rank one; steps 3 and 4 hold for every rank.",
    ),
    checks=(
        "main: conservation laws along the flow",
        "main: drift of ‖u‖² - ‖v‖² over all epochs of descent",
    ),
)


def _across(X: Matrix, space: WeightSpace) -> Matrix:
    """What projects orthogonally to the frozen columns of two neurons: nothing, or the direction orthogonal to m."""
    return Matrix(eye(2)) if "m" in space.trained else Matrix([[-X[1, 0], X[0, 0]]])


def _rate(form: Matrix, space: WeightSpace) -> Matrix:
    """Rate of X J Xᵀ for two neurons that move down the gradient, projected orthogonally to the frozen columns."""
    X = stacked()
    velocity, across = -trained_slope(X, space.gradient_symbols(), space), _across(X, space)
    return across * (velocity * form * X.T + X * form * velocity.T) * across.T


def _form(reason: str, left: str, space: WeightSpace) -> Step:
    """The one form that is conserved for every loss, scaled to 1 on z."""
    J = conserved_forms(space)[0]
    S, kept = space.sensitivity(space.gradient_symbols()), trained_columns(space)
    frozen = [i for i in range(4) if i not in kept]
    return Step.solves(
        reason,
        left,
        J,
        lambda printed: (
            (S * printed + printed * S).extract(kept, kept),
            _rate(printed, space).expand(),
            printed[1, 1] - 1,
            printed[frozen, :],
        ),
        also=(unless(number_of_forms(space) == len(conserved_forms(space)) == 1),),
    )


def _turned(blocks: BlockAlgebra) -> Matrix:
    """P_eff at U R, V R⁻ᵀ less P_eff in the basis x, a, R⁻¹ b: zero for every plant, rank and leak."""
    R, P = blocks.R, blocks.named
    change, back = diag(1, 1, R**-1), diag(1, 1, R)
    moved = {blocks.zu: blocks.zu * R, blocks.vm: R**-1 * blocks.vm, blocks.vu: R**-1 * blocks.vu * R}
    return (P.subs(moved, simultaneous=True) - change * P * back).applyfunc(expand)


def _change(algebra: SymmetryAlgebra, of_u: Expr, of_v: Expr) -> Expr:
    """dL for small changes of U and V: the trace of Σ d_abᵀ dσ_ab, with d(ZᵀU) = ZᵀdU and so on."""
    a, turned = algebra, algebra.transposed(of_v)
    return expand(a.zut * a.Zt * of_u + a.vmt * turned * a.M + a.vut * (turned * a.U + a.Vt * of_u))


def _balance(algebra: SymmetryAlgebra) -> Expr:
    """Rate of UᵀU - VᵀV by the product rule, U and V moving down the gradients whose traces are checked."""
    a = algebra
    by_u, by_v = a.Z * a.zu + a.V * a.vu, a.M * a.vmt + a.U * a.vut
    first, second = -a.Ut * by_u, -a.Vt * by_v
    return expand(first + a.transposed(first) - second - a.transposed(second))


def _matrix_law(algebra: SymmetryAlgebra) -> tuple[Step, ...]:
    """The symmetry of the loss and the law UᵀU - VᵀV, in letters."""
    a = algebra
    along = _change(a, a.U * a.X, -a.V * a.Xt)
    first, second = (
        a.trace(_change(a, a.X, 0) - a.Xt * (a.Z * a.zu + a.V * a.vu)),
        a.trace(_change(a, 0, a.X) - a.Xt * (a.M * a.vmt + a.U * a.vut)),
    )
    return (
        Step.solves(
            r"$U \to U R$, $V \to V R^{-T}$ keeps $U V^T$. On the reduced state it is the change of basis $b \to R^{-1} b$, so "
            r"that every loss of the trajectory is invariant. Its derivative by $R$ at $R = 1$, with $d_{ab} = \partial L/"
            r"\partial\sigma_{ab}$, is this matrix, and is zero: $U \to U (1 + \epsilon X)$, $V \to V (1 - \epsilon X^T)$ "
            r"changes the loss by $\epsilon\,\mathrm{tr}(X^T E)$ for every $X$.",
            "E",
            a.slope,
            lambda printed: a.trace(along - a.Xt * printed),
            also=(_turned(BlockAlgebra()),),
        ),
        Step.equal(
            r"$U$ and $V$ move by $-\partial L/\partial U = -(Z d_{zu} + V d_{vu})$ and $-\partial L/\partial V = -(M d_{vm}^T + "
            r"U d_{vu}^T)$ if both are trained. So this rate is $-(E + E^T)$, and is zero: the $r \times r$ matrix $U^T U - "
            r"V^T V$ is constant. In rank one it is $\|u\|^2 - \|v\|^2$, and $E = 0$ says $\sigma_{zu} d_{zu} = \sigma_{vm} "
            r"d_{vm}$.",
            r"\frac{d}{dt}(U^T U - V^T V)",
            a.balance,
            _balance(a),
            also=(first, second, expand(a.balance + a.slope + a.transposed(a.slope))),
        ),
    )


def _drift(space: WeightSpace, form: ImmutableMatrix) -> Step:
    """What a finite step adds to a form."""
    kept, X = trained_columns(space), stacked()
    moved = X - eta * clip_factor * trained_slope(X, space.gradient_symbols(), space)
    across = _across(X, space)
    weights = (across * X)[:, kept]
    gained = (across * (moved * form * moved.T - X * form * X.T) * across.T).expand()
    return Step.solves(
        r"Descent breaks the laws at second order in the step. On the trained columns $X_D$, one step changes "
        r"$\Pi X J_m X^T \Pi$ by $\Pi X_D\,\Delta J_m\,X_D^T \Pi$, $\Delta J_m = Q J_m Q^T - J_m$ there.",
        r"\Delta J_m",
        (eta * clip_factor) ** 2 * form_drift(space, form),
        lambda printed: ((weights * printed * weights.T).expand() - gained, printed - printed.T),
    )


def build() -> Result:
    """The forms J with all weights trained and with m frozen; the law of the symmetry; drift of finite steps."""
    everything, frozen = WeightSpace(trained=BLOCKS), WeightSpace()
    steps = (
        _form(
            r"Under the flow $\frac{d}{dt}(X J X^T) = -X (S D J + J D S) X^T$. Solving $S J + J S = 0$ for all $S$ with "
            r"every block trained leaves one form, so $z z^T + v v^T - m m^T - u u^T$ is constant.",
            r"J_{\mathrm{all}}",
            everything,
        ),
        _form(
            r"With $m$ frozen the law holds after projection $\Pi$ orthogonal to $m$: "
            r"$\Pi (z z^T + v v^T - u u^T) \Pi$ is constant, and is all that is for every loss.",
            r"J_{m}",
            frozen,
        ),
        *_matrix_law(SymmetryAlgebra()),
        _drift(frozen, conserved_forms(frozen)[0]),
    )
    return Result(
        "conservation-laws",
        "Conservation laws of the flow",
        r"For every loss of the overlaps the gradient flow of a rank-one network conserves $z z^T + v v^T - m m^T - u u^T$ if "
        r"all weights are trained, and its part orthogonal to $m$ if $m$ is frozen. For every rank it conserves $U^T U - V^T "
        r"V$, in rank one $\|u\|^2 - \|v\|^2$, if $U$ and $V$ are trained and the loss is invariant under $U \to U R$, $V \to "
        r"V R^{-T}$, as every loss of the trajectory is.",
        "derived here; the balance law is that of deep linear networks (Saxe et al. 2014)",
        steps,
        (r"J_{\mathrm{all}}", r"J_{m}", r"\frac{d}{dt}(U^T U - V^T V)", r"\Delta J_m"),
        BACKGROUND,
    )
