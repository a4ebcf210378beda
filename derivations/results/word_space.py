"""Why a full linear network learns as a small one: the space of words in its recurrence."""

from sympy import Add, Expr, Integer, Mul, Symbol, expand

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.core.block_algebra import by_words
from theory.full_network.word_algebra import WordAlgebra
from theory.symbols import clip_factor, eta

BACKGROUND = Background(
    assumptions=(
        "Neurons are linear; the plant, its delays, noise and references, the recorded inputs and the loss are any.",
        r"$E$ has orthonormal columns that span the smallest space that holds the columns of $M_0$ and $Z_0$ and is invariant under $W_0$ and $W_0^T$.",
        "Any of the three matrices may be frozen.",
    ),
    checks=("full-theory: learn exactly as",),
)


def _transposed(algebra: WordAlgebra, expression: Expr) -> Expr:
    """The transpose of a polynomial in the letters."""
    a = algebra
    plain = (a.E, a.W0, a.Mh, a.Zh, a.Dh, a.Wh, a.h, a.a, a.y, a.s)
    turned = (a.Et, a.W0t, a.Mht, a.Zht, a.Dht, a.Wht, a.hT, a.aT, a.yT, a.sT)
    pairs = dict(zip((*plain, *turned), (*turned, *plain), strict=True))
    return Add(*(c * Mul(*(pairs[x] for x in reversed(word))) for word, c in by_words(expression).items()))


def _passes(a: WordAlgebra) -> tuple[Step, ...]:
    """One step forward and one step back in time, N neurons against d."""
    h, eta_, W, γ = a.E * a.h, a.E * a.a, a.recurrence, a.leak
    forward = (1 - γ) * h + γ * (W * h + a.E * a.Mh * a.y)
    backward = (1 - γ) * eta_ + γ * _transposed(a, W) * eta_ + a.E * a.Zh * a.s
    return (
        Step.define(
            r"Where the recurrence is after any number of updates, $D = 0$ at the start; likewise $M = E \hat M$, $Z = E \hat Z$.",
            "W",
            a.recurrence,
            a.W0 + a.E * a.Dh * a.Et,
        ),
        Step.equal(
            r"Forward, from $h_0 = 0$: if $h_t = E \hat h$ then so is $(1-\gamma) h_t + \gamma (W h_t + M y)$, whatever $y$ is, by "
            r"$E^T E = 1$ and $W_0 E = E \hat W_0$. The bracket is the step of $d$ neurons.",
            "h_{t+1}",
            expand(a.E * a.small_step),
            a.normal(forward),
        ),
        Step.equal(
            r"What the environment and the loss see is that of the $d$ neurons, $Z^T h_t$.",
            "u_t",
            a.Zht * a.h,
            a.normal(a.Zht * a.Et * h),
        ),
        Step.equal(
            r"Backward: if $\eta_{t+1} = \partial L/\partial h_{t+1} = E \hat\eta$ then so is $\eta_t = (1-\gamma) \eta_{t+1} + \gamma W^T "
            r"\eta_{t+1} + Z s$, $s$ the slope of all that $u_t$ moves, by $W_0^T E = E \hat W_0^T$.",
            r"\eta_t",
            expand(a.E * a.small_adjoint),
            a.normal(backward),
        ),
    )


def _learning(a: WordAlgebra) -> tuple[Step, ...]:
    """Gradients, their norm, and an update."""
    h, back, γ = a.E * a.h, a.E * a.a, a.leak
    small = a.small_gradients
    lifted = vector([a.E * small["m"], a.E * small["z"], a.E * small["w"] * a.Et])
    direct = vector([γ * back * a.yT, h * a.sT, γ * back * _transposed(a, h)])
    gradient = a.E * small["w"] * a.Et
    momentum, velocity = Symbol("mu", nonnegative=True), a.E * a.Dh * a.Et
    return (
        Step.equal(
            r"What this step in time adds to $\partial L/\partial M$, $\partial L/\partial Z$ and $\partial L/\partial W$: the gradients of "
            r"the $d$ neurons, carried by $E$. Sums over time and episodes keep this form.",
            r"(\gamma\, \eta\, y^T,\ h\, s^T,\ \gamma\, \eta\, h^T)",
            lifted,
            direct,
        ),
        Step.equal(
            r"$\Gamma = \gamma\,\hat\eta\,\hat h^T$ is the small gradient. The trace of this product, the squared norm, is that of "
            r"$\Gamma^T \Gamma$ because $E^T E = 1$: clipping by the global norm is the same for both networks.",
            r"(E \Gamma E^T)^T (E \Gamma E^T)",
            expand(a.E * _transposed(a, small["w"]) * small["w"] * a.Et),
            a.normal(_transposed(a, gradient) * gradient),
        ),
        Step.equal(
            r"So $W$ stays what it was taken to be, and $D$ moves as the recurrence of $d$ neurons: learning is that of the small "
            r"network from $\hat M = E^T M_0$, $\hat Z = E^T Z_0$, $\hat W_0 = E^T W_0 E$, for ever.",
            r"W - \eta c\, E \Gamma E^T",
            expand(a.W0 + a.E * a.small_update * a.Et),
            expand(a.recurrence - eta * clip_factor * gradient),
        ),
        Step.equal(
            r"Heavy-ball momentum keeps it too: a velocity $E \hat V E^T$, here with $\hat V = D$, stays of that form. Adam does not: "
            r"it divides every entry of the gradient by a number of its own, which no change of basis keeps.",
            r"\mu\, E \hat V E^T + c\, E \Gamma E^T",
            expand(a.E * (momentum * a.Dh + clip_factor * small["w"]) * a.Et),
            expand(momentum * velocity + clip_factor * gradient),
        ),
    )


def _sizes() -> tuple[Step, ...]:
    """Number of words."""
    length, letter = Symbol("K", integer=True, nonnegative=True), Symbol("k", integer=True)
    counted = Integer(2) ** (length + 1) - 1
    return (
        Step.solves(
            r"Words of length up to $K$ in $W_0$ and $W_0^T$, so that $(q + p)$ times as many directions hold all of them; with $W_0 = 0$ "
            r"the empty word alone counts and $d \le q + p$, exactly. The number $n_K$ of words obeys $n_K = 2 n_{K-1} + 1$, $n_0 = 1$.",
            r"\sum_{k \le K} 2^k",
            counted,
            lambda printed: (
                expand(printed - 2 * printed.subs(length, length - 1) - 1),
                printed.subs(length, 0) - 1,
                printed.subs(length, letter).subs(letter, 3) - 15,
            ),
        ),
    )


def build() -> Result:
    """The result."""
    algebra = WordAlgebra()
    return Result(
        "word-space",
        "A full linear network learns as a small one",
        r"Gradient descent on all weights of a linear network, with clipping by the global norm and with momentum, never leaves the "
        r"smallest space that holds the columns of $M_0$ and $Z_0$ and is invariant under $W_0$ and $W_0^T$. In an orthonormal basis "
        r"of it the $N$ neurons learn exactly as $d$ neurons do, with the same loss at every update, in closed loop, in open loop "
        r"and with references, noise or a clamp in the environment. With $W_0 = 0$ as few as $q + p$ neurons suffice.",
        "derived here",
        (*_passes(algebra), *_learning(algebra), *_sizes()),
        ("h_{t+1}", r"\eta_t", r"W - \eta c\, E \Gamma E^T", r"\sum_{k \le K} 2^k"),
        BACKGROUND,
    )
