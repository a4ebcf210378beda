"""Learning without initial recurrence: two neurons for one input and output."""

from sympy import Expr, Matrix, Symbol, cancel, expand, zeros

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.full_network.markov_gradient import FlowAlgebra, SmallNetwork, SpanAlgebra
from theory.symbols import clip_factor, eta

BACKGROUND = Background(
    assumptions=(
        "Neurons are linear, without leak; one input, one output; the plant is any.",
        r"$W_0 = 0$, and $m_0$, $z_0$ are linearly independent: $X_0 = [m_0\ z_0]$, $m = X_0 \mu$, $z = X_0 \zeta$, $W = X_0 K X_0^T$, $G = X_0^T X_0$.",
        r"The loss depends on the agent through $g_k = z^T W^k m$; $d_k = \partial L/\partial g_k$.",
    ),
    checks=("full-theory: learn exactly as",),
)
NEURONS, COUNT = 3, 3


class _Network:
    """Three neurons with a letter for every initial weight, and their Markov parameters by every weight."""

    def __init__(self, small: SmallNetwork) -> None:
        self.small = small
        self.start = Matrix(NEURONS, 2, lambda i, j: Symbol(f"x_{i}{j}", real=True))
        self.m, self.z = (Matrix([Symbol(f"{n}_{i}", real=True) for i in range(NEURONS)]) for n in "mz")
        self.W = Matrix(NEURONS, NEURONS, lambda i, j: Symbol(f"w_{i}{j}", real=True))
        self.gram = dict(zip(small.G, self.start.T * self.start, strict=True))
        found = (self.start * small.mu, self.start * small.zeta, self.start * small.K * self.start.T)
        self.values = {
            letter: value
            for block, filled in zip((self.m, self.z, self.W), found, strict=True)
            for letter, value in zip(block, filled, strict=True)
        }

    def markov(self, k: int) -> Expr:
        """zᵀ W^k m of the weights as letters."""
        return (self.z.T * self.W**k * self.m)[0]

    def in_space(self, expression):
        """An expression in the weights, for weights in the span of X_0."""
        return expression.subs(self.values, simultaneous=True)


def _gradients(algebra: SpanAlgebra, flow: FlowAlgebra) -> tuple[Step, ...]:
    """Coordinates of the three gradients of g_3, against the gradients by the weights, in letters."""
    X, k = algebra.X, 3
    by_m, by_z, by_w = algebra.gradient(k)
    lifted = X * by_m, X * by_z, X * by_w * algebra.Xt
    direct = flow.Wt**k * flow.z, flow.W**k * flow.m, _inner(flow, k)
    names = (r"\partial g_3/\partial m", r"\partial g_3/\partial z", r"\partial g_3/\partial W")
    reasons = (
        r"The gradients of $g_3$, and likewise of every $g_k$, in the span of $X_0$, by $X_0^T X_0 = G$: $\partial g_k/\partial m = (W^T)^k z$, with "
        r"coordinates $(K^T G)^k \zeta$.",
        r"$\partial g_k/\partial z = W^k m$, with coordinates $(K G)^k \mu$.",
        r"$\partial g_k/\partial W = \sum_{j<k} (W^T)^j z\, m^T (W^T)^{k-1-j}$, one factor $W$ moved at a time.",
    )
    return tuple(
        Step.equal(reason, name, algebra.normal(printed), algebra.filled(flow, found))
        for reason, name, printed, found in zip(reasons, names, lifted, direct, strict=True)
    )


def _visible(small: SmallNetwork, network: _Network) -> tuple[Step, ...]:
    """What the plant sees: Markov parameters, their recursion, the transfer function."""
    by_hand = [network.in_space(network.markov(k)) for k in range(COUNT)]
    trace, determinant = small.invariants
    a, b = (Matrix([Symbol(f"{n}_1", real=True), Symbol(f"{n}_2", real=True)]) for n in "ab")
    rank_one = dict(zip(small.K, a * b.T, strict=True))
    return (
        Step.solves(
            r"The Markov parameters $g_k = \zeta^T G (K G)^k \mu$, all that the plant sees; here $g_0$ and $g_1$.",
            "(g_0, g_1)",
            vector([small.markov(0), small.markov(1)]),
            lambda printed: tuple(
                expand(p.subs(network.gram, simultaneous=True) - f) for p, f in zip(printed, by_hand, strict=False)
            ),
        ),
        Step.equal(
            r"By Cayley and Hamilton, and so on for all later ones: with $\tau = \mathrm{tr}\,KG$ and $\delta = \det KG$ the loop depends on "
            r"four numbers, $g_0$, $g_1$, $\tau$, $\delta$.",
            r"\tau g_1 - \delta g_0 = g_2",
            small.recursion,
            small.markov(2),
        ),
        Step.equal(
            r"The agent's transfer function over $\lambda$, of order two. It is that of a rank-one network with $\sigma_{zm} = g_0$, "
            r"$\kappa = g_1$, $\sigma_{vu} = \tau$ if and only if $\delta = 0$.",
            r"z^T (\lambda - W)^{-1} m",
            cancel(small.transfer),
            small.resolvent(),
        ),
        Step.equal(
            r"With $K = a b^T$, $W$ of rank one, $\delta = 0$ and every Markov parameter is $\tau$ times the one before, from the second on.",
            r"g_2 = \tau g_1",
            expand((trace * small.markov(1)).subs(rank_one)),
            expand(small.markov(2).subs(rank_one)),
            also=(expand(determinant.subs(rank_one)),),
        ),
    )


def _law() -> Step:
    """The matrix that the flow conserves."""
    flow = FlowAlgebra()
    k = 3
    by_m, _, by_w = flow.gradient(k)
    other = expand(flow.Wt * _inner(flow, k) + flow.z * flow.mt * flow.Wt**k)
    return Step.equal(
        r"For $L = g_3$, and likewise for every $g_k$, where the sums telescope: the identity that follows from $W \to S W S^{-1}$, $m \to S m$, "
        r"$z \to S^{-T} z$, which keeps every $g_k$. With its transpose it says that the flow keeps $W W^T - W^T W + m m^T - z z^T$, an "
        r"$N \times N$ matrix; with $m$ and $W_0$ frozen parts are lost. With $W_0 = 0$ it fixes how far $W$ is from normal.",
        r"\frac{\partial L}{\partial W} W^T + \frac{\partial L}{\partial m} m^T = W^T \frac{\partial L}{\partial W} + z \Bigl(\frac{\partial L}{\partial z}\Bigr)^T",
        expand(by_w * flow.Wt + by_m * flow.mt),
        other,
        also=tuple(flow.drift(j) for j in range(6)),
    )


def _inner(flow: FlowAlgebra, k: int) -> Expr:
    """∂g_k/∂W by moving one factor W of zᵀ W⋯W m at a time: the letters left of it and right of it, transposed."""
    return sum(flow.Wt**j * flow.z * flow.mt * flow.Wt ** (k - 1 - j) for j in range(k))


def _first(small: SmallNetwork) -> Step:
    """The gradient of the recurrence at W = 0."""
    silent = dict.fromkeys(small.K, 0)
    d = FlowAlgebra.slopes(COUNT)
    found = sum((d[k] * small.gradient(k)[2].subs(silent) for k in range(COUNT)), zeros(2))
    return Step.equal(
        r"At $W = 0$ only $g_1 = z^T W m$ is felt: $\partial L/\partial W = d_1 z m^T$. So $W$ first grows with rank one, along $z m^T$, and the "
        r"full network is the rank-one network with $u \parallel z$, $v \parallel m$; $\delta$ grows with the rest.",
        r"\partial_K L\,|_{K = 0}",
        found,
        d[1] * small.zeta * small.mu.T,
    )


def _update(small: SmallNetwork) -> Step:
    """One step of descent."""
    d = FlowAlgebra.slopes(2)
    step = eta * clip_factor
    moved = small.mu - step * sum((d[k] * small.gradient(k)[0] for k in range(2)), zeros(2, 1))
    by_hand = small.mu - step * (d[0] * small.zeta + d[1] * small.K.T * small.G * small.zeta)
    return Step.equal(
        r"One update of $\mu$, for a loss of $g_0$ and $g_1$; $\zeta$ and $K$ move likewise, and $G$ never: the map of eight numbers is exact at "
        r"any finite step. The plant enters through $d_k$ alone.",
        r"\mu'",
        moved.applyfunc(expand),
        by_hand.applyfunc(expand),
    )


def build() -> Result:
    """The result."""
    small = SmallNetwork()
    network = _Network(small)
    return Result(
        "full-network-map",
        "Learning of a full network from no recurrence",
        r"With $W_0 = 0$ the weights of a full network with one input and one output stay $m = X_0 \mu$, $z = X_0 \zeta$, $W = X_0 K X_0^T$, and "
        r"$\mu, \zeta, K$ move by their own gradients. The plant sees four numbers of them. $W$ starts to grow with rank one along "
        r"$z m^T$ and has rank two at most. The flow keeps the $N \times N$ matrix $W W^T - W^T W + m m^T - z z^T$, for every $W_0$ and every loss.",
        "derived here; for deep linear networks the law is that of Saxe et al. 2014",
        (
            *_visible(small, network),
            *_gradients(SpanAlgebra(), FlowAlgebra()),
            _first(small),
            _update(small),
            _law(),
        ),
        ("(g_0, g_1)", r"z^T (\lambda - W)^{-1} m", r"\partial_K L\,|_{K = 0}", r"\mu'"),
        BACKGROUND,
    )
