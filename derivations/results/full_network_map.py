"""Learning without initial recurrence: two neurons for one input and output."""

from sympy import Expr, Matrix, Symbol, cancel, expand, zeros

from derivations.result import Background, Result
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
COUNT = 3


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


def _visible(small: SmallNetwork, algebra: SpanAlgebra, flow: FlowAlgebra) -> tuple[Step, ...]:
    """What the plant sees: Markov parameters, their recursion, the transfer function."""
    a, b = (Matrix([Symbol(f"{n}_1", real=True), Symbol(f"{n}_2", real=True)]) for n in "ab")
    rank_one = dict(zip(small.K, a * b.T, strict=True))
    _, second, trace, determinant = small.visible

    def told(expression: Expr) -> Expr:
        """An expression in the four visible numbers, in the coordinates of the network."""
        return expression.subs(small.visible, simultaneous=True)

    return (
        Step.equal(
            r"The Markov parameters $g_k = z^T W^k m$ are all that the plant sees. In the span of $X_0$, by $X_0^T X_0 = G$, they are "
            r"$\zeta^T G (K G)^k \mu$; here for $k = 2$.",
            "g_2",
            expand(algebra.markov(2)),
            algebra.filled(flow, flow.zt * flow.W**2 * flow.m),
        ),
        Step.solves(
            r"By Cayley and Hamilton, and so on for all later ones: with $\tau = \mathrm{tr}\,KG$ and $\delta = \det KG$ the loop depends on "
            r"four numbers, $g_0$, $g_1$, $\tau$, $\delta$.",
            r"\zeta^T G (K G)^2 \mu",
            small.recursion,
            lambda printed: expand(told(printed) - small.markov(2)),
        ),
        Step.solves(
            r"The agent's transfer function over $\lambda$, of order two. Where $\delta = 0$ it is that of a rank-one network with $\sigma_{zm} = g_0$, "
            r"$\kappa = g_1$, $\sigma_{vu} = \tau$.",
            r"z^T (\lambda - W)^{-1} m",
            small.transfer,
            lambda printed: cancel(told(printed) - small.resolvent()),
        ),
        Step.solves(
            r"With $K = a b^T$, $W$ of rank one, $\delta = 0$ and from $g_1$ on every Markov parameter is $\tau$ times the one before; here $g_2$.",
            r"\zeta^T G (a b^T G)^2 \mu",
            trace * second,
            lambda printed: expand((told(printed) - small.markov(2)).subs(rank_one)),
            also=(expand(told(determinant).subs(rank_one)),),
        ),
    )


def _law(flow: FlowAlgebra) -> Step:
    """The matrix that the flow conserves."""
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


def _update(algebra: SpanAlgebra) -> Step:
    """One step of descent."""
    d = FlowAlgebra.slopes(2)
    step = eta * clip_factor
    moved = algebra.mu - step * sum(d[k] * algebra.gradient(k)[0] for k in range(2))
    by_hand = algebra.mu - step * (d[0] * algebra.zeta + d[1] * algebra.Kt * algebra.G * algebra.zeta)
    return Step.equal(
        r"One update of $\mu$, for a loss of $g_0$ and $g_1$; $\zeta$ and $K$ move likewise, and $G$ never: the map of eight numbers is exact at "
        r"any finite step. The plant enters through $d_k$ alone.",
        r"\mu'",
        expand(moved),
        expand(by_hand),
    )


def build() -> Result:
    """The result."""
    small = SmallNetwork()
    algebra, flow = SpanAlgebra(), FlowAlgebra()
    return Result(
        "full-network-map",
        "Learning of a full network from no recurrence",
        r"With $W_0 = 0$ the weights of a full network with one input and one output stay $m = X_0 \mu$, $z = X_0 \zeta$, $W = X_0 K X_0^T$, and "
        r"$\mu, \zeta, K$ move by their own gradients. The plant sees four numbers of them. $W$ starts to grow with rank one along "
        r"$z m^T$ and has rank two at most. The flow keeps the $N \times N$ matrix $W W^T - W^T W + m m^T - z z^T$, for every $W_0$ and every loss.",
        "derived here; for deep linear networks the law is that of Saxe et al. 2014",
        (
            *_visible(small, algebra, flow),
            *_gradients(algebra, flow),
            _first(small),
            _update(algebra),
            _law(flow),
        ),
        ("g_2", r"z^T (\lambda - W)^{-1} m", r"\partial_K L\,|_{K = 0}", r"\mu'"),
        BACKGROUND,
    )
