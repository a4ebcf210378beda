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
        r"$W_0 = 0$, $m_0$ and $z_0$ are of equal length and both trained; for the value $1/2N$ they are also orthogonal, of squared length $1/N$. "
        r"Random ones differ from this by $O(1/\sqrt{N})$.",
    ),
    checks=("full-theory: later by a near constant delay",),
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
            r"In the directions of $m - z$ and $m + z$, for $m$ and $z$ of equal length. A mirror exchanges $m$ with $z$ and $W$ with $W^T$ and keeps "
            r"every $g_k = z^T W^k m$, so learning stays on its fixed points, these, at any step and with clipping; the gradients of $g_0 \dots g_3$ "
            r"have no part that leaves them.",
            r"[m\ z\ W]",
            Matrix.hstack(m, z, W),
            Matrix.hstack(m, swapped * m, Matrix([[A, C], [-C, B]])),
        ),
        Step.equal(
            r"Half an entry of the conserved matrix $W W^T - W^T W + m m^T - z z^T$; the flow keeps it. From $\alpha = \beta = 1/\sqrt{2N}$ it is $1/2N$; "
            r"$N$ enters through this starting point alone.",
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
            r"On the line $\beta = c = b = 0$, which the gradient does not leave, the network is one neuron. With $\sigma_{zm} = -\alpha^2$ and its weight "
            r"$w$ on itself the loop has this characteristic polynomial.",
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
            r"coupling, $-2\alpha d_1 + \dots$, makes $\beta$ and $c$ grow together, with opposite signs, where $d_1 < 0$: the second Markov parameter, which acts "
            r"on velocity, is wanted.",
            r"\frac{\partial^2 L}{\partial(\beta, c)^2}",
            printed.applyfunc(expand),
            oracle.applyfunc(expand),
        ),
        Step.asymptotic(
            r"While $\alpha$ grows to its valley the flow's constant leaves $\beta \approx 1/2N\alpha$. If $(\beta, c)$ then grow by a constant factor $e^\mu$ an "
            r"epoch, stabilisation is late by $\ln N/\mu$. Finite steps break the constant at second order: at the protocol's rate 6 % of it "
            r"are lost at $N = 100$ and two thirds at $6400$; for larger $N$ the first steps are the seed, and the time grows no more. With a random "
            r"bulk, $g > 0$, gradients along $W_0 m$ and $W_0^T z$ leave the line by a part of order $g$ whatever $N$ is.",
            r"t_{\mathrm{stable}}",
            start + log(size) / rate,
        ),
    )


def build() -> Result:
    """The result."""
    return Result(
        "bulk-and-plateau",
        "Why a random recurrence bounds the plateau",
        r"With $W_0 = 0$ and $|m_0| = |z_0|$ learning stays in a mirror plane and comes close to a line on which the network is a single neuron. A single "
        r"neuron never stabilises the double integrator, and the part off the line is about $1/2N\alpha$, as long as steps are small enough: so "
        r"the plateau grows about as $\log N$. A random $W_0$ leads off the line by itself.",
        "derived here",
        (*_mirror(), *_line(), *_away()),
        (r"\alpha\beta - c\,(a - b)", r"\chi(\lambda)", r"\frac{\partial^2 L}{\partial(\beta, c)^2}"),
        BACKGROUND,
    )
