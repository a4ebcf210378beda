"""Why the plateau of a full network grows as log N without a random recurrence, not with one."""

from sympy import Matrix, Symbol, diff, expand, log, zeros

from derivations.result import Background, Result, vector
from derivations.step import Step, unless
from theory.full_network.markov_gradient import FlowAlgebra
from theory.full_network.mirror import ALPHA, BETA, A, B, C, invariant, markov, plane, transverse
from theory.full_network.one_neuron import characteristic, jury, weight
from theory.symbols import lam, sigma_zm

BACKGROUND = Background(
    assumptions=(
        "Linear neurons without leak, one input and one output; from the sixth step on the plant is the double integrator.",
        r"$W_0 = 0$; $m_0$ and $z_0$ are orthogonal and of squared length $1/N$, as random ones are for large $N$.",
    ),
    checks=("full-theory: grows as log N",),
)
COUNT = 4


def _matrix_gradient(k: int) -> tuple[Matrix, Matrix, Matrix]:
    """∂g_k/∂m, ∂g_k/∂z, ∂g_k/∂W in the plane, from eight letters that are then put there."""
    m, z = (Matrix([Symbol(f"{n}_1"), Symbol(f"{n}_2")]) for n in "mz")
    W = Matrix(2, 2, lambda i, j: Symbol(f"w_{i}{j}"))
    value = (z.T * W**k * m)[0]
    there = dict(zip((*m, *z, *W), (entry for block in plane() for entry in block), strict=True))
    return tuple(block.applyfunc(lambda x: expand(diff(value, x).subs(there))) for block in (m, z, W))


def _mirror() -> tuple[Step, ...]:
    """The plane is kept, and what is constant in it."""
    m, z, W = plane()
    leaving, drift = [], []
    for k in range(COUNT):
        by_m, by_z, by_w = _matrix_gradient(k)
        leaving += [by_m[0] + by_z[0], by_m[1] - by_z[1], by_w[0, 1] + by_w[1, 0]]
        moved = by_w * W.T + W * by_w.T - by_w.T * W - W.T * by_w
        moved += by_m * m.T + m * by_m.T - by_z * z.T - z * by_z.T
        drift += list(moved.applyfunc(expand))
    swapped = Matrix([[-1, 0], [0, 1]])
    return (
        Step.define(
            r"In the directions of $m - z$ and $m + z$. A mirror exchanges $m$ with $z$ and $W$ with $W^T$ and keeps every $g_k = z^T W^k m$, so "
            r"learning stays on its fixed points, these; the gradients of $g_0 \dots g_3$ have no part that leaves them.",
            r"[m\ z\ W]",
            Matrix.hstack(m, z, W),
            Matrix.hstack(m, swapped * m, Matrix([[A, C], [-C, B]])),
        ),
        Step.equal(
            r"Half an entry of the conserved matrix $W W^T - W^T W + m m^T - z z^T$; under the flow it is $1/2N$ for ever, and that is the only way in which $N$ enters.",
            r"\alpha\beta - c\,(a - b)",
            invariant(),
            ALPHA * BETA - C * (A - B),
            also=(*leaving, *drift),
        ),
    )


def _line() -> tuple[Step, ...]:
    """One neuron, and that it never stabilises."""
    joint = Matrix([[lam - 1, -1, 0], [0, lam - 1, -1], [0, 0, 0]])
    # x⁺ = x + v, v⁺ = v + u, h⁺ = w h + y⁺, u = σ h: the neuron reads x + v
    joint[1, 2] = -sigma_zm
    joint[2, :] = Matrix([[-1, -1, lam - weight]])
    conditions = jury()
    line = {BETA: 0, B: 0, C: 0}
    held = [expand(diff(markov(k), x).subs(line)) for k in range(COUNT) for x in (BETA, C)]
    return (
        Step.equal(
            r"For $N \to \infty$ the constant is zero and so are $\beta$, $c$ and $b$: one neuron, which the gradient does not leave. With $\sigma_{zm} = "
            r"-\alpha^2$ and its weight $w$ on itself, the loop has this characteristic polynomial.",
            r"\chi(\lambda)",
            characteristic(),
            expand(joint.det()),
            also=tuple(held),
        ),
        Step.equal(
            r"Stability requires all of $\chi(1)$, $-\chi(-1)$, $1 - a_0$ and $1 - a_0^2 - (a_1 - a_0 a_2)$ to be positive (Jury). The first and the last are "
            r"$-\sigma_{zm}$ and $\sigma_{zm}$: one neuron never stabilises the double integrator.",
            r"(\chi(1),\ -\chi(-1),\ 1 - a_0,\ 1 - a_0^2 - (a_1 - a_0 a_2))",
            vector(conditions),
            vector([-sigma_zm, 4 + 4 * weight - sigma_zm, 1 + weight, sigma_zm]),
            also=(unless(expand(conditions[0] + conditions[3]) == 0),),
        ),
    )


def _away() -> tuple[Step, ...]:
    """The linear growth away from the line, and the time it takes."""
    d = FlowAlgebra.slopes(COUNT)
    printed = sum((d[k] * transverse(k) for k in range(COUNT)), zeros(2))
    value = expand(sum(d[k] * markov(k) for k in range(COUNT)).subs(B, 0))
    second = [expand(value).coeff(BETA, i).coeff(C, j) for i, j in ((2, 0), (1, 1), (0, 2))]
    oracle = Matrix([[2 * second[0], second[1]], [second[1], 2 * second[2]]])
    rate, size, start = Symbol("mu", positive=True), Symbol("N", positive=True), Symbol("t_0", positive=True)
    return (
        Step.equal(
            r"Near the line the loss depends on $(\beta, c)$ through this matrix, for a loss of $g_0 \dots g_3$; $b$ enters at third order. Its "
            r"coupling, $-2\alpha d_1 + \dots$, makes $\beta$ and $c$ grow together where $d_1 < 0$: the second Markov parameter, velocity, is wanted.",
            r"\frac{\partial^2 L}{\partial(\beta, c)^2}",
            printed.applyfunc(expand),
            oracle.applyfunc(expand),
        ),
        Step.asymptotic(
            r"So $(\beta, c)$ start at $1/2N\alpha$ once $\alpha$ has reached its valley and grow by a factor $e^\mu$ an epoch, $\mu$ the multiplier of the valley's "
            r"2-cycle: stabilisation is late by $\ln N/\mu$. With a random bulk, $g > 0$, $m$ and $z$ turn towards the singular vectors of $W_0$'s words, "
            r"the line is left by a part of order $g$ whatever $N$ is, and the time saturates. The step of finite learning rates breaks the "
            r"constant at second order and cuts the logarithm off beyond $N \approx 10^4$ at the protocol's rate.",
            r"t_{\mathrm{stable}}",
            start + log(size) / rate,
        ),
    )


def build() -> Result:
    """The result."""
    return Result(
        "bulk-and-plateau",
        "Why a random recurrence bounds the plateau",
        r"With $W_0 = 0$ a network of many neurons is led onto a line on which it is a single neuron; a single neuron cannot stabilise the double "
        r"integrator, and the way off the line starts from $1/2N\alpha$, so that the plateau grows as $\log N$. A random $W_0$ leads off the line by itself.",
        "derived here",
        (*_mirror(), *_line(), *_away()),
        (r"\alpha\beta - c\,(a - b)", r"\chi(\lambda)", r"\frac{\partial^2 L}{\partial(\beta, c)^2}"),
        BACKGROUND,
    )
