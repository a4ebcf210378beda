"""Learning as an exact map of the Gram matrix of the weights.

Stack the weights as columns, X = [M Z U V] ∈ R^{N×k}, and let G = XᵀX. The loss sees the weights only through
the overlaps, so its gradient is ∂L/∂X = X S with a symmetric S that holds the derivatives by the overlaps.
With the diagonal mask D of trained columns, gradient descent is

    flow     dG/dt = -(G S D + D S G)
    descent  G ← Qᵀ G Q,  Q = 1 - η c S D          (exact at finite step size and finite N)
    clipping ‖∂L‖² = tr(D S G S D),  c = min(1, c_max / (‖∂L‖ + 1e-6))

Sources: the flow for open-loop tasks, Ger & Barak, arXiv 2605.04115; finite steps, clipping, frozen blocks and
the closed loop are derived here.
"""

from dataclasses import dataclass

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, diag, eye, linear_eq_to_matrix, zeros

from theory.core.loop import Overlaps
from theory.symbols import clip_factor, eta, matrix_symbols

BLOCKS = ("m", "z", "u", "v")


@dataclass(frozen=True)
class WeightSpace:
    """The columns of X: widths of the blocks m, z, u, v and which of them are trained.

    :param p: number of controls (columns of z)
    :param q: number of observations (columns of m)
    :param rank: rank r of the recurrence (columns of u and of v)
    :param trained: names of the trained blocks; the input weights m are frozen by default
    :raises ValueError: if a name in ``trained`` is not a block
    """

    p: int = 1
    q: int = 1
    rank: int = 1
    trained: tuple[str, ...] = ("z", "u", "v")

    def __post_init__(self) -> None:
        unknown = [name for name in self.trained if name not in BLOCKS]
        if unknown:
            raise ValueError(f"trained must name blocks among {', '.join(BLOCKS)}; found {unknown[0]!r}")

    @property
    def widths(self) -> dict[str, int]:
        """Number of columns of each block."""
        return {"m": self.q, "z": self.p, "u": self.rank, "v": self.rank}

    @property
    def size(self) -> int:
        """Number k of columns of X."""
        return sum(self.widths.values())

    def columns(self, block: str) -> slice:
        """Where a block sits among the columns of X.

        :param block: m, z, u or v
        """
        start = sum(self.widths[name] for name in BLOCKS[: BLOCKS.index(block)])
        return slice(start, start + self.widths[block])

    @property
    def mask(self) -> ImmutableMatrix:
        """The diagonal mask D: 1 on trained columns, 0 on frozen ones."""
        return ImmutableMatrix(diag(*(eye(self.widths[b]) * int(b in self.trained) for b in BLOCKS)))

    @property
    def signature(self) -> ImmutableMatrix:
        """J = diag(-1, 1, -1, 1) by blocks, which anticommutes with every S."""
        return ImmutableMatrix(diag(*(eye(self.widths[b]) * s for b, s in zip(BLOCKS, (-1, 1, -1, 1), strict=True))))

    def gram_symbols(self) -> ImmutableMatrix:
        """G as a symmetric matrix of symbols."""
        return matrix_symbols("g", self.size, self.size, symmetric=True)

    def overlaps(self, gram: ImmutableMatrix) -> Overlaps:
        """The visible blocks of a Gram matrix.

        :param gram: G, k×k
        """
        z, v, m, u = (self.columns(block) for block in "zvmu")
        return Overlaps(gram[z, m], gram[z, u], gram[v, m], gram[v, u])

    def sensitivity(self, gradients: Overlaps) -> ImmutableMatrix:
        """S with ∂L/∂X = X S, from the derivatives of the loss by the overlaps.

        :param gradients: ∂L/∂σ_zm, ∂L/∂σ_zu, ∂L/∂σ_vm, ∂L/∂σ_vu, shaped as the overlaps
        """
        S = zeros(self.size)
        for row, column in ("zm", "zu", "vm", "vu"):
            block = getattr(gradients, row + column)
            S[self.columns(row), self.columns(column)] = block
            S[self.columns(column), self.columns(row)] = block.T
        return ImmutableMatrix(S)

    def gradient_symbols(self) -> Overlaps:
        """Symbols for the derivatives of the loss by the overlaps."""
        shapes = {name: (self.widths[name[0]], self.widths[name[1]]) for name in ("zm", "zu", "vm", "vu")}
        return Overlaps(**{name: matrix_symbols(f"d_{name}", *shape) for name, shape in shapes.items()})


def flow(space: WeightSpace, gram: ImmutableMatrix, gradients: Overlaps) -> ImmutableMatrix:
    """dG/dt = -(G S D + D S G), time in units of learning rate × steps.

    :param gram: G, k×k
    :param gradients: derivatives of the loss by the overlaps
    """
    S, D = space.sensitivity(gradients), space.mask
    return ImmutableMatrix(-(gram * S * D + D * S * gram))


def descent(
    space: WeightSpace, gram: ImmutableMatrix, gradients: Overlaps, rate: Expr = eta * clip_factor
) -> ImmutableMatrix:
    """One step of gradient descent, G ← Qᵀ G Q with Q = 1 - η c S D.

    :param gram: G, k×k
    :param gradients: derivatives of the loss by the overlaps
    :param rate: the step η c
    """
    Q = eye(space.size) - rate * space.sensitivity(gradients) * space.mask
    return ImmutableMatrix(Q.T * gram * Q)


def squared_gradient_norm(space: WeightSpace, gram: ImmutableMatrix, gradients: Overlaps) -> Expr:
    """‖∂L/∂X‖² over the trained weights, tr(D S G S D).

    :param gram: G, k×k
    :param gradients: derivatives of the loss by the overlaps
    """
    S, D = space.sensitivity(gradients), space.mask
    return (D * S * gram * S * D).trace()


def conserved_forms(space: WeightSpace) -> list[ImmutableMatrix]:
    """All quadratic laws: a basis of the symmetric J with Π X J Xᵀ Π constant under the flow for every loss.

    Under the flow d/dt(X J Xᵀ) = -X (S D J + J D S) Xᵀ; projecting orthogonally to the frozen columns leaves
    the block of trained rows and columns, which must vanish for every S. The forms that live on the frozen
    columns alone are trivial and left out.
    """
    k, S, D = space.size, space.sensitivity(space.gradient_symbols()), space.mask
    trained = [i for i in range(k) if D[i, i] == 1]
    index = [(i, j) for i in trained for j in trained if i <= j]
    unknown = {pair: Symbol(f"j_{pair[0]}_{pair[1]}") for pair in index}
    J = Matrix(k, k, lambda i, j: unknown.get((min(i, j), max(i, j)), 0))
    change = (S * D * J + J * D * S).extract(trained, trained)
    letters = sorted(S.free_symbols, key=str)
    equations = [entry.expand().coeff(letter) for entry in change for letter in letters]
    system, _ = linear_eq_to_matrix([e for e in equations if e != 0], list(unknown.values()))
    forms = []
    for vector in system.nullspace():
        values = dict(zip(unknown.values(), vector, strict=True))
        forms.append(ImmutableMatrix(J.subs(values)))
    return forms


def form_drift(space: WeightSpace, form: ImmutableMatrix) -> ImmutableMatrix:
    """Change of J per step² under descent: Q J Qᵀ - J = η² c² S D J D S for a conserved form J.

    Finite steps break the conservation laws at second order in the step; this is the exact amount,
    restricted to trained columns.

    :param form: a form J from :func:`conserved_forms`
    """
    S, D = space.sensitivity(space.gradient_symbols()), space.mask
    trained = [i for i in range(space.size) if D[i, i] == 1]
    return ImmutableMatrix((S * D * form * D * S).extract(trained, trained))
