"""The loop of a nonlinear network with Gaussian weights, and how far its learning closes."""

from dataclasses import fields

from sympy import Expr, Function, ImmutableMatrix, Integer, Matrix, S, Symbol, diff, exp, factor, limit, pi

from derivations.result import Background, Result
from derivations.results.simplifiers import in_the_slope, inside_roots
from derivations.results.small_network import (
    gram_values,
    loss_slope,
    number_of_forms,
    overlap,
    overlap_values,
    stacked,
    trained_slope,
)
from derivations.step import Step, unless
from theory import symbols
from theory.core.learning import BLOCKS, WeightSpace, conserved_forms, flow
from theory.nonlinear.closure import GaussianSpace, readout_sensitivity
from theory.nonlinear.gaussian import GaussianLoop, activation, gain, gaussian_mean
from theory.symbols import (
    kappa_m,
    kappa_u,
    neurons,
    preactivation,
    sigma_mu,
    sigma_uu,
    sigma_vm,
    sigma_vu,
    sigma_zm,
    sigma_zu,
    variance,
)

BACKGROUND = Background(
    assumptions=(
        r"Neurons $\varphi(s) = \mathrm{erf}(\sqrt\pi s/2)$; the rows of the weights are jointly Gaussian; $N \to \infty$.",
        "Learning takes the weights away from Gaussian: the change of the Gram matrix is exact at one instant, and iterating it is an approximation.",
    ),
    differs="The source trains nonlinear networks and analyses linear ones.",
    checks=(
        "main: erf neurons: exponent in N of the trajectory's error",
        "main: erf neurons, N = 30000: XᵀdL/dX against G S",
        "main: erf neurons, N = 1000, 300 epochs: Gaussian closure",
    ),
)

G = Function("G")
STATE = Matrix([Symbol(f"s_{i}1", real=True) for i in (1, 2, 3, 4)])
INPUTS = Matrix([kappa_m, kappa_u])
SPACE, EVERYTHING = GaussianSpace(), GaussianSpace(trained=BLOCKS)
GRAM, SLOPES = SPACE.gram_symbols(), SPACE.gradient_symbols()
SCALE = symbols.scaling


def _gain_steps() -> tuple[Step, ...]:
    s, φ = preactivation, activation()
    return (
        Step.solves(
            r"The activation is the odd function of slope $e^{-\pi s^2/4}$: it has slope 1 at rest and is bounded by 1.",
            r"\varphi(s)",
            φ,
            lambda printed: (
                diff(printed, s) - exp(-pi * s**2 / 4),
                printed.subs(s, 0),
                limit(printed, s, S.Infinity) - 1,
            ),
        ),
        Step.equal(
            r"A pre-activation that is normal with variance $\Delta$ over the neurons has the mean slope "
            r"$\mathrm{E}\,\varphi'(s)$, a Gaussian integral.",
            r"G(\Delta)",
            gain(),
            gaussian_mean(diff(φ, s)),
        ),
        Step.equal(
            r"By parts, $\mathrm{E}[s\,\varphi(s)] = \Delta\,G(\Delta)$, here integrated directly. A weight $w$ that is jointly "
            r"normal with $s$ is $\mathrm{E}[w s]\,s/\Delta$ and a part independent of $s$, so "
            r"$\mathrm{E}[w\,\varphi(s)] = \mathrm{E}[w s]\,G(\Delta)$ (Stein).",
            r"\mathrm{E}[s\,\varphi(s)]",
            variance * gain(),
            gaussian_mean(s * φ),
        ),
    )


def _readout_steps(loop: GaussianLoop) -> tuple[Step, ...]:
    """The variance of the pre-activations and the read-out, put into two neurons of symbols."""
    X = stacked()
    values = {**overlap_values(X, loop.overlaps), neurons: X.rows}
    driven = Matrix.hstack(X[:, 0], X[:, 2]) * INPUTS
    control = (loop.readout * Matrix([0, 0, *(G(variance) * INPUTS)]))[0]
    return (
        Step.solves(
            r"Neurons $h_i = \varphi(m_i \kappa_m + u_i \kappa_u)$, $\kappa_m = y_t$ and $\kappa_u = v^T h_{t-1}$, with rows "
            r"$(m_i, z_i, u_i, v_i)$ of covariance $\Sigma/N$, have pre-activations of this variance; overlaps are sums over "
            r"neurons, $\sigma_{mu} = m^T u$.",
            r"\Delta",
            loop.variance(INPUTS).expand(),
            lambda printed: (printed.subs(values) - (driven.T * driven)[0] / X.rows).expand(),
        ),
        Step.solves(
            r"At given $\kappa_m$, $\kappa_u$ the mean of $z^T h$ over the weights is $N\,\mathrm{E}[z_i s_i]\,G(\Delta)$ by the "
            r"lemma, and $N\,\mathrm{E}[z_i s_i] = z^T m\,\kappa_m + z^T u\,\kappa_u$.",
            r"\mathrm{E}[z^T h]",
            factor(control),
            lambda printed: (printed.subs(values) - G(variance) * (X[:, 1].T * driven)[0]).expand(),
        ),
        Step.asymptotic(
            r"As $N \to \infty$ sums over neurons are their means, with fluctuations of relative order $N^{-1/2}$. So the "
            r"control is that of a linear network times the gain, $\sigma_{zm} a + \sigma_{zu} b$ for $a = G\,\kappa_m$, "
            r"$b = G\,\kappa_u$; $v^T h_t$ likewise.",
            r"z^T h_t",
            factor(control),
            sigma_zm * G(variance) * kappa_m + sigma_zu * G(variance) * kappa_u,
        ),
    )


def _named(loop: GaussianLoop) -> ImmutableMatrix:
    """One step of the loop with the gain as the letter G(Δ)."""
    return ImmutableMatrix.vstack(loop.advance(STATE)[:2, :], G(variance) * loop.drive(STATE))


def _unnamed(loop: GaussianLoop, printed: Matrix) -> Matrix:
    """The letter G(Δ) replaced by the gain at the variance of the state."""
    return printed.subs(G(variance), gain(loop.variance(loop.drive(STATE))))


def _by_hand() -> Matrix:
    """Plant and neurons stepped variable by variable, the gain in front of what drives the neurons."""
    x, v, a, b = STATE
    position, velocity = x + v, v + sigma_zm * a + sigma_zu * b
    return Matrix([position, velocity, G(variance) * position, G(variance) * (sigma_vm * a + sigma_vu * b)])


def _small_gain() -> Expr:
    """N (1 - G(Δ/N)) as N → ∞, less π Δ/4."""
    return limit(neurons * (1 - gain(variance / neurons)), neurons, S.Infinity) - pi * variance / 4


def _balance() -> Expr:
    """d/dt (‖u‖² - ‖v‖²) under the flow, and twice the derivative of the loss along u → (1+ε) u, v → (1-ε) v: their sum."""
    rate, X = flow(SPACE, GRAM, SLOPES), stacked()
    along = 0
    for name in (f.name for f in fields(SLOPES)):
        powers = name.count("u") - name.count("v")
        along += powers * getattr(SLOPES, name)[0] * overlap(X, name)
    return ((rate[2, 2] - rate[3, 3]).subs(gram_values(X, GRAM)) + 2 * along).expand()


def _map_steps(loop: GaussianLoop) -> tuple[Step, ...]:
    """One step of the loop, and the loop at rest."""
    named, ε = _named(loop), Symbol("h")
    at_rest = loop.advance(ε * STATE).diff(ε).subs(ε, 0)
    return (
        Step.equal(
            r"One step of the double integrator in $s = (x, a, b)$: the linear loop with the gain where neurons are driven, "
            r"by $\kappa_m$ and $\kappa_u$ in the places of $a$ and $b$.",
            r"f(s)",
            named,
            _by_hand(),
            also=((_unnamed(loop, named) - loop.advance(STATE)).applyfunc(inside_roots),),
        ),
        Step.solves(
            r"At rest $G = 1$: the Jacobian is $P_{\mathrm{eff}}$.",
            r"\partial f/\partial s|_{s=0}",
            loop.linear.matrix,
            lambda printed: (printed * STATE - at_rest).expand(),
        ),
    )


def _scaling_steps(loop: GaussianLoop) -> tuple[Step, ...]:
    """The loop under its two scalings."""
    named, stretch = _named(loop), Matrix.diag(1, 1, 1, 1 / SCALE)
    larger = loop.advance(SCALE * STATE).subs(neurons, SCALE**2 * neurons)
    letters = {sigma_zu: SCALE * sigma_zu, sigma_vm: sigma_vm / SCALE, sigma_mu: SCALE * sigma_mu}
    letters[sigma_uu] = SCALE**2 * sigma_uu
    moved = loop.advance(stretch * STATE).subs(letters, simultaneous=True)
    return (
        Step.solves(
            r"Scaling $s$ by $c$ and $N$ by $c^2$ scales $f$ by $c$. So $N$ neurons with $x$ of order $\sqrt{N}$ are the loop of "
            r"$N = 1$ with $x$ of order 1, and for fixed $x$ the loop is linear as $N \to \infty$, with $1 - G$ of order $1/N$.",
            r"f(c s;\, c^2 N)",
            SCALE * named,
            lambda printed: _unnamed(loop, printed) - larger,
            also=(_small_gain(),),
            by=inside_roots,
        ),
        Step.solves(
            r"With $u \to c u$, $v \to v/c$, $b \to b/c$ the map is the same in another basis, $f_c(D s) = D f(s)$, $D = "
            r"\mathrm{diag}(1, 1, 1, 1/c)$: $x_t$ sees the seven overlaps through six combinations, and the flow conserves "
            r"$\|u\|^2 - \|v\|^2$, as the loss is invariant.",
            r"f_c(D s)",
            ImmutableMatrix(stretch * named),
            lambda printed: _unnamed(loop, printed) - moved,
            also=(_balance(),),
            by=inside_roots,
        ),
    )


def _projected() -> Matrix:
    """E[w ∂(z φ(s))/∂w] of one neuron w = (m, z, u, v) with covariance Σ, s = m κ_m + u κ_u, by integrals over s alone.

    With c = E[w s], w = c s/Δ and a part independent of s: E[w φ] = c E[s φ]/Δ, and E[w z φ'] = (Σ_wz - c c_z/Δ) E φ' +
    c c_z E[s² φ']/Δ².
    """
    s, φ, direction = preactivation, activation(), Matrix([kappa_m, 0, kappa_u, 0])
    slope, first, second = (gaussian_mean(f) for f in (diff(φ, s), s * φ, s**2 * diff(φ, s)))
    c = GRAM * direction
    by_slope = (GRAM[:, 1] - c * c[1] / variance) * slope + c * c[1] / variance**2 * second
    columns = [direction[k] * by_slope + int(k == 1) * c * first / variance for k in range(4)]
    return Matrix.hstack(*columns)


def _learning_steps() -> tuple[Step, ...]:
    s, φ, X = preactivation, activation(), stacked()
    return (
        Step.solves(
            r"The loss depends on seven overlaps, and $\partial L/\partial X = X S$ for descent of this loss; "
            r"$\partial\sigma_{mm}/\partial m = 2 m$ puts the factors 2 on the diagonal.",
            "S",
            SPACE.sensitivity(SLOPES),
            lambda printed: (X * printed - loss_slope(X, SLOPES)).expand(),
        ),
        Step.equal(
            r"Price: the mean of $\varphi'''$ is twice the slope of the gain.",
            r"\mathrm{E}\,\varphi'''(s)",
            2 * diff(gain(), variance),
            gaussian_mean(diff(φ, s, 3)),
        ),
        Step.solves(
            r"The gradient of the real network at a neuron is a nonlinear function of its weights $w = (m, z, u, v)$. Its "
            r"projection on them is that of the closure: at covariance $\Sigma$ (the units of $N = 1$, $g_{ij}$ its entries), "
            r"with $S_z$ the matrix $S$ of the slopes of the read-out $G(\Delta)(\sigma_{zm}\kappa_m + \sigma_{zu}\kappa_u)$, "
            r"$\mathrm{E}[w\,\partial(z\,\varphi(s))/\partial w] = \Sigma S_z$, and likewise with $v$ for $z$. So as "
            r"$N \to \infty$, at Gaussian weights, $X^T \partial L/\partial X = G S$ and $\dot G = -(G S D + D S G)$. The "
            r"weights do not stay Gaussian: descending $G$ alone is a closure.",
            r"S_z",
            readout_sensitivity(),
            lambda printed: GRAM * printed - _projected(),
            by=in_the_slope,
        ),
    )


def _law_steps() -> tuple[Step, ...]:
    """What is left of the laws of the linear network."""
    X, (form,) = stacked(), conserved_forms(WeightSpace(trained=BLOCKS))
    velocity = -trained_slope(X, SLOPES, EVERYTHING)
    rate = 2 * sum(J * x * v for x, v, J in zip(X, velocity, [-1, 1, -1, 1] * X.rows, strict=True))
    drift = factor((form * flow(EVERYTHING, GRAM, SLOPES)).trace())
    return (
        Step.equal(
            r"No quadratic form of the trained weights is conserved for every function of the seven overlaps as a loss, with $m$ "
            r"frozen or not, unlike in the linear network; $n_J$ counts the forms. The law of step 10 needs a loss that the "
            r"scaling there leaves invariant, as every loss of the trajectory is.",
            r"n_J",
            Integer(len(conserved_forms(SPACE))),
            Integer(number_of_forms(SPACE)),
            also=(unless(number_of_forms(EVERYTHING) == len(conserved_forms(EVERYTHING)) == 0),),
        ),
        Step.solves(
            r"With all weights trained the linear network conserves $\|z\|^2 + \|v\|^2 - \|m\|^2 - \|u\|^2$; here the overlaps "
            r"that set $\Delta$, and they alone, move it.",
            r"\frac{d}{dt}(\|z\|^2 + \|v\|^2 - \|m\|^2 - \|u\|^2)",
            drift,
            lambda printed: (printed.subs(gram_values(X, GRAM)) - rate).expand(),
        ),
    )


def build() -> Result:
    """The gain, the variance, the one-step map, and the gradient by the weights."""
    loop = GaussianLoop()
    return Result(
        "nonlinear-reduction",
        "Nonlinear network with Gaussian weights",
        r"As $N \to \infty$, a rank-one network of $\mathrm{erf}$ neurons with Gaussian weights moves in the four coordinates "
        r"of the linear loop, with a gain $G(\Delta)$ set by three more overlaps, $\sigma_{mm}$, $\sigma_{uu}$, $\sigma_{mu}$. "
        r"In this limit the loss and the instantaneous change of the Gram matrix under learning are exact; their iteration is an "
        r"approximation, because the weights do not stay Gaussian.",
        "mean-field theory of low-rank networks: Mastrogiuseppe & Ostojic 2018, Schuessler et al. 2020, Dubreuil et al. 2022; "
        "the gain is a standard Gaussian integral; closed loop and learning derived here",
        _gain_steps()
        + _readout_steps(loop)
        + _map_steps(loop)
        + _scaling_steps(loop)
        + _learning_steps()
        + _law_steps(),
        (r"\varphi(s)", r"G(\Delta)", r"\Delta", "S"),
        BACKGROUND,
    )
