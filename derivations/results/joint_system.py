"""The joint system of plant and agent and its exact reduction."""

from sympy import ImmutableMatrix, Matrix, Rational, Symbol, diag, expand, eye

from derivations.result import Background, Result
from derivations.results.small_network import overlap_values, stacked
from derivations.step import Step, unless
from theory.core.block_algebra import BlockAlgebra, cancelled
from theory.core.loop import Overlaps, ReducedLoop, joint_matrix
from theory.core.plant import LinearPlant, double_integrator
from theory.symbols import gamma, lam

BACKGROUND = Background(
    assumptions=(
        "Linear neurons and a linear plant with constant coefficients.",
        "The recurrence has rank $r$, $W = U V^T$, and $h_0 = 0$.",
    ),
    differs=r"The source has rank one, no leak and a plant with $C B = 0$; in general $P$ has the further terms in $\gamma$ and $M C B Z^T$.",
    checks=(
        "main: spectrum of P: coefficients of the cubic",
        "main: bulk of P with leak 0.5: multiplicity of 1-γ",
    ),
)

NEURONS, OBSERVED, RANK = (Symbol(name, integer=True, positive=True) for name in ("N", "q", "r"))


def _letters(names: str) -> list[Symbol]:
    return [Symbol(name, commutative=False) for name in names]


def _coefficients(rows: tuple, states: tuple) -> Matrix:
    """The matrix of expressions that are linear in some letters, those on the right of each word."""
    others = [{state: int(state == chosen) for state in states} for chosen in states]
    return Matrix(len(rows), len(states), lambda i, j: expand(rows[i].subs(others[j])))


def _stepped(blocks: BlockAlgebra) -> Matrix:
    """One step of plant and neurons, written out in x and h."""
    (x, h), γ = _letters("xh"), blocks.leak
    plant = blocks.A * x + blocks.B * blocks.Zt * h
    neurons = (1 - γ) * h + γ * (blocks.U * blocks.Vt * h + blocks.M * blocks.C * plant)
    return _coefficients((plant, neurons), (x, h))


def _written_directions(blocks: BlockAlgebra) -> Matrix:
    x, a, b = _letters("xab")
    return _coefficients((x, blocks.M * a + blocks.U * b), (x, a, b))


def _without_weights(blocks: BlockAlgebra) -> bool:
    """Whether no weight is left in the reduced blocks once inner products have names."""
    return not blocks.named.free_symbols & {blocks.M, blocks.U, blocks.Zt, blocks.Vt}


def _reduction(blocks: BlockAlgebra) -> tuple[Step, ...]:
    """P, its factors, and the invariant subspace."""
    E, F, P, γ = blocks.basis, blocks.coefficients, blocks.joint, gamma
    return (
        Step.equal(
            r"Plant $x_{t+1} = A x_t + B u_t$, $y_t = C x_t$ and agent "
            r"$h_{t+1} = (1-\gamma) h_t + \gamma (U V^T h_t + M y_{t+1})$, $u_t = Z^T h_t$ are one linear system in $(x, h)$.",
            "P",
            P,
            _stepped(blocks),
        ),
        Step.define(
            r"The columns of $E$ span plant and written directions, $h = M a + U b$.",
            "E",
            E,
            _written_directions(blocks),
        ),
        Step.solves(
            r"$P = E F + (1-\gamma)\,\Pi$ with $\Pi$ the projector on the neurons.",
            "F",
            F,
            lambda printed: E * printed + (1 - γ) * diag(0, 1) - P,
        ),
        Step.solves(
            r"Swapping the factors, with $\Pi'$ the projector on $(a, b)$, gives the matrix $P_{\mathrm{eff}}$ for which "
            r"$P E = E P_{\mathrm{eff}}$, for any number of neurons; the weights enter it only through inner products.",
            r"F E + (1-\gamma)\,\Pi'",
            blocks.reduced,
            lambda printed: P * E - E * printed,
            also=(F * E + (1 - γ) * diag(0, 1, 1) - blocks.reduced, unless(_without_weights(blocks))),
        ),
    )


def _bordered(blocks: BlockAlgebra, printed: Matrix) -> list[Matrix]:
    """What the two eliminations in T = [[Λ, E], [F, 1]] say to be zero, with 1 - F Λ⁻¹ E as printed."""
    E, F, bulk = blocks.basis, blocks.coefficients, lam - 1 + gamma
    shift, inverse = diag(lam, bulk), diag(1 / lam, 1 / bulk)
    upper = Matrix.vstack(Matrix.hstack(eye(2), -E), Matrix.hstack(Matrix.zeros(3, 2), eye(3)))
    right = Matrix.vstack(Matrix.hstack(eye(2), -inverse * E), Matrix.hstack(Matrix.zeros(3, 2), eye(3)))
    bordered = Matrix.vstack(Matrix.hstack(shift, E), Matrix.hstack(F, eye(3)))
    lower = Matrix.vstack(Matrix.hstack(lam * eye(2) - blocks.joint, Matrix.zeros(2, 3)), Matrix.hstack(F, eye(3)))
    other = Matrix.vstack(Matrix.hstack(shift, Matrix.zeros(2, 3)), Matrix.hstack(F, printed))
    return [upper * bordered - lower, bordered * right - other]


def _networks() -> list[tuple[dict, LinearPlant, dict]]:
    """Small networks in numbers, with N, q, r and leak: N above, at and below q + r."""
    chain, plain = double_integrator(), LinearPlant([[2]], [[1]], [[1], [3]])
    found = []
    for plant, neurons, rank in ((chain, 4, 1), (chain, 2, 1), (plain, 3, 2)):
        widths = {"m": plant.q, "z": plant.p, "u": rank, "v": rank}
        weights = {
            name: ImmutableMatrix(neurons, width, lambda i, j, k=k: (3 * i + 5 * j + 2 * k) % 7 - 2)
            for k, (name, width) in enumerate(widths.items())
        }
        found.append((weights, plant, {NEURONS: neurons, OBSERVED: plant.q, RANK: rank, gamma: Rational(1, 3)}))
    return found


def _determinants(printed) -> list:
    """det(λ - P) less the printed factor times det(λ - P_eff) at a number λ, for small networks in numbers."""
    left = []
    for weights, plant, sizes in _networks():
        w, at, leak = weights["u"] * weights["v"].T, Rational(5, 7), sizes[gamma]
        joint = joint_matrix(plant, weights["m"], weights["z"], w, leak)
        small = ReducedLoop(plant, sizes[RANK], leak, Overlaps.of_weights(**weights)).matrix
        full, reduced = ((at * eye(matrix.rows) - matrix).det() for matrix in (joint, small))
        left.append(full - printed.subs(sizes).subs(lam, at) * reduced)
    return left


def _spectrum(blocks: BlockAlgebra) -> tuple[Step, ...]:
    """det(λ - P) in that of P_eff, for every size."""
    bulk = lam - 1 + gamma
    scaled = (lam * eye(3) - blocks.reduced) * diag(1 / lam, 1 / bulk, 1 / bulk)
    return (
        Step.solves(
            r"Write $\lambda - P = \Lambda - E F$, $\Lambda = \lambda - (1-\gamma)\,\Pi$, and let $T$ have the block rows "
            r"$(\Lambda, E)$ and $(F, 1)$. Products of $T$ with unipotent matrices give $\det T = \det(\Lambda - E F)$ and "
            r"$\det T = \det\Lambda\,\det(1 - F \Lambda^{-1} E)$. The last matrix is $(\lambda - P_{\mathrm{eff}})\,"
            r"\Lambda'^{-1}$ with $\Lambda' = \lambda - (1-\gamma)\,\Pi'$.",
            r"1 - F \Lambda^{-1} E",
            scaled.applyfunc(cancelled),
            lambda printed: _bordered(blocks, printed),
            by=cancelled,
        ),
        Step.solves(
            r"So $\det(\lambda - P) = \det\Lambda\,\det(\lambda - P_{\mathrm{eff}})/\det\Lambda'$, where $\Lambda$ has $N$ "
            r"entries $\lambda - 1 + \gamma$ and $\Lambda'$ has $q + r$ of them. Put into networks of two to four neurons.",
            r"\det(\lambda - P)/\det(\lambda - P_{\mathrm{eff}})",
            bulk ** (NEURONS - OBSERVED - RANK),
            _determinants,
        ),
    )


def _double_integrator(loop: ReducedLoop) -> tuple[Step, ...]:
    """P_eff and the read-out of the smallest case, against two neurons of symbols."""
    X = stacked()
    values, plain = overlap_values(X, loop.overlaps), eye(2)
    m, z, u, v = (X[:, k] for k in range(4))
    joint = joint_matrix(double_integrator(), m, z, u * v.T)
    basis = diag(plain, Matrix.hstack(m, u))
    held = Matrix.hstack(Matrix.zeros(1, 2), z.T * m, z.T * u)
    return (
        Step.solves(
            r"For the double integrator, rank one and no leak, with names for the overlaps; $P E = E P_{\mathrm{eff}}$ is put "
            r"into two neurons with a symbol for every weight.",
            r"P_{\mathrm{eff}}",
            loop.matrix,
            lambda printed: joint * basis - basis * printed.subs(values),
        ),
        Step.solves(
            r"The control is $u_t = Z^T (M a_t + U b_t)$.",
            r"K_{\mathrm{out}}",
            loop.readout,
            lambda printed: held - printed.subs(values),
        ),
    )


def build() -> Result:
    """P, its factors, the invariant subspace, the spectrum, and P_eff of the double integrator."""
    blocks = BlockAlgebra()
    return Result(
        "joint-system",
        "Joint system and its exact reduction",
        r"A linear network of any size $N$ with recurrence of rank $r$, started from $h_0 = 0$, moves exactly in the "
        r"$n+q+r$ coordinates $(x, a, b)$. For $N \geq q + r$ the spectrum of $P$ is that of $P_{\mathrm{eff}}$ and "
        r"$1-\gamma$, $N-q-r$ times.",
        "Ger & Barak, arXiv 2505.13567, Sec. 3 (rank one, no leak); any plant, rank and leak derived here",
        (*_reduction(blocks), *_spectrum(blocks), *_double_integrator(ReducedLoop())),
        (r"P_{\mathrm{eff}}", r"K_{\mathrm{out}}"),
        BACKGROUND,
    )
