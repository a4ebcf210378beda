"""The loop of a nonlinear network with Gaussian weights, and how far its learning closes."""

from sympy import Expr, Function, Matrix, Rational, diff, factor_terms, simplify

from derivations.result import Background, Result
from derivations.step import Step
from theory.closure import GaussianSpace, projection_residual
from theory.learning import BLOCKS, conserved_forms, flow, weight_gradient_residual
from theory.loop import explicit_weights
from theory.nonlinear import (
    GaussianLoop,
    GaussianOverlaps,
    activation,
    gain,
    gaussian_mean,
    linearisation_residual,
    scaling_residual,
    symmetry_residual,
)
from theory.symbols import kappa_m, kappa_u, matrix_symbols, preactivation, variance

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


def _gain_steps() -> tuple[Step, ...]:
    s, φ = preactivation, activation()
    slope = gaussian_mean(diff(φ, s))
    return (
        Step(
            r"The activation has slope 1 at rest and is bounded by 1.",
            r"\varphi(s)",
            φ,
            diff(φ, s).subs(s, 0) - 1,
        ),
        Step(
            r"A pre-activation that is normal with variance $\Delta$ over the neurons has the mean slope "
            r"$\mathrm{E}\,\varphi'(s)$, a Gaussian integral.",
            r"G(\Delta)",
            gain(),
            simplify(slope - gain()),
        ),
        Step(
            r"By parts, $\mathrm{E}[s\,\varphi(s)] = \Delta\,G(\Delta)$, here integrated directly. A weight $w$ that is jointly "
            r"normal with $s$ is $\mathrm{E}[w s]\,s/\Delta$ and a part independent of $s$, so "
            r"$\mathrm{E}[w\,\varphi(s)] = \mathrm{E}[w s]\,G(\Delta)$ (Stein).",
            r"\mathrm{E}[s\,\varphi(s)]",
            variance * gain(),
            simplify(gaussian_mean(s * φ) - variance * gain()),
        ),
    )


def _variance_residual(loop: GaussianLoop, inputs: Matrix, size: int = 2) -> Expr:
    """Mean square of the pre-activations of a small network of symbols less Δ at its overlaps."""
    weights = explicit_weights(size)
    driven = Matrix.hstack(weights["m"], weights["u"]) * inputs
    mean = (driven.T * driven)[0]
    values = dict(zip(loop.overlaps.flat, GaussianOverlaps.of_weights(**weights).flat, strict=True))
    return (mean / size - loop.variance(inputs).subs({**values, loop.neurons: size})).expand()


def _loop_steps(loop: GaussianLoop) -> tuple[Step, ...]:
    state = matrix_symbols("s", loop.dimension, 2)[:, 0]
    drive, o = loop.drive(state), loop.overlaps
    inputs = Matrix([kappa_m, kappa_u])
    named = Matrix.vstack(loop.advance(state)[: loop.plant.n, :], G(variance) * drive)
    unnamed = named.subs(G(variance), gain(loop.variance(drive)))
    readout = G(variance) * (o.zm * inputs[:1, :] + o.zu * inputs[1:, :])[0]
    held = (loop.readout * Matrix([0, 0, *(G(variance) * inputs)]))[0]
    return (
        Step(
            r"Neurons $h_i = \varphi(m_i \kappa_m + u_i \kappa_u)$, $\kappa_m = y_t$ and $\kappa_u = v^T h_{t-1}$, with rows "
            r"$(m_i, z_i, u_i, v_i)$ of covariance $\Sigma/N$, have pre-activations of this variance; overlaps are sums over "
            r"neurons, $\sigma_{mu} = m^T u$.",
            r"\Delta",
            loop.variance(inputs).expand(),
            _variance_residual(loop, inputs),
        ),
        Step(
            r"So the control is that of a linear network times the gain, up to fluctuations of relative order $N^{-1/2}$; "
            r"$v^T h_t$ likewise. It equals $\sigma_{zm} a + \sigma_{zu} b$ for $a = G\,\kappa_m$, $b = G\,\kappa_u$.",
            r"z^T h_t",
            factor_terms(readout),
            (readout - held).expand(),
        ),
        Step(
            r"One step of the double integrator in $s = (x, a, b)$: the linear loop with the gain where neurons are driven, "
            r"by $\kappa_m$ and $\kappa_u$ in the places of $a$ and $b$.",
            r"f(s)",
            named,
            (unnamed - loop.advance(state)).applyfunc(simplify),
        ),
        Step(
            r"At rest $G = 1$: the Jacobian is $P_{\mathrm{eff}}$.",
            r"\partial f/\partial s|_{s=0}",
            loop.linear.matrix,
            linearisation_residual(loop),
        ),
        Step(
            r"Scaling $s$ by $c$ and $N$ by $c^2$ scales $f$ by $c$. So $N$ neurons with $x$ of order $\sqrt{N}$ are the loop of "
            r"$N = 1$ with $x$ of order 1, and for fixed $x$ the loop is linear as $N \to \infty$, with $1 - G$ of order $1/N$.",
            r"f(c s;\, c^2 N) - c f(s;\, N)",
            scaling_residual(loop),
            scaling_residual(loop),
        ),
        Step(
            r"The map keeps the symmetry $u \to c u$, $v \to v/c$, $b \to b/c$: six combinations of the seven overlaps are "
            r"visible in $x_t$, and the flow conserves $\|u\|^2 - \|v\|^2$.",
            r"f_{c} - f",
            symmetry_residual(loop),
            symmetry_residual(loop),
        ),
    )


def _learning_steps(space: GaussianSpace) -> tuple[Step, ...]:
    s, φ = preactivation, activation()
    third = gaussian_mean(diff(φ, s, 3))
    everything, gram, slopes = GaussianSpace(trained=BLOCKS), space.gram_symbols(), space.gradient_symbols()
    o = space.overlaps(gram)
    drift = 4 * (o.mm * slopes.mm + o.uu * slopes.uu + o.mu * slopes.mu)[0]
    return (
        Step(
            r"The loss depends on seven overlaps, and $\partial L/\partial X = X S$ for descent of this loss; "
            r"$\partial\sigma_{mm}/\partial m = 2 m$ puts the factors 2 on the diagonal.",
            "S",
            space.sensitivity(space.gradient_symbols()),
            weight_gradient_residual(space),
        ),
        Step(
            r"Price: the mean of $\varphi'''$ is twice the slope of the gain.",
            r"\mathrm{E}\,\varphi'''(s)",
            2 * diff(gain(), variance),
            simplify(third - 2 * diff(gain(), variance)),
        ),
        Step(
            r"The gradient of the real network at a neuron is a nonlinear function of its weights. Its projection on them is "
            r"$X S$: for every read-out $z^T h$, Stein's lemma once and twice gives $\mathrm{E}[w\,\partial(z\varphi)/\partial w]"
            r" = \Sigma S$. Hence $X^T \partial L/\partial X = G S$ and $\dot G = -(G S D + D S G)$ at Gaussian weights. "
            r"The weights do not stay Gaussian: descending $G$ alone is a closure.",
            r"\mathrm{E}[w\,\partial(z\varphi)/\partial w] - \Sigma S",
            projection_residual(),
            projection_residual(),
        ),
        Step(
            r"No quadratic form of the weights is conserved for every loss, unlike in the linear network; of its laws only "
            r"that of the symmetry is left; $n_J$ counts the forms.",
            r"n_J",
            Rational(len(conserved_forms(space))),
            Rational(len(conserved_forms(space))),
        ),
        Step(
            r"With all weights trained the linear network conserves $\|z\|^2 + \|v\|^2 - \|m\|^2 - \|u\|^2$; here the overlaps "
            r"that set $\Delta$, and they alone, move it.",
            r"\frac{d}{dt}(\|z\|^2 + \|v\|^2 - \|m\|^2 - \|u\|^2)",
            drift,
            ((everything.signature * flow(everything, gram, slopes)).trace() - drift).expand(),
        ),
    )


def build() -> Result:
    """The gain, the variance, the one-step map, and the gradient by the weights."""
    loop, space = GaussianLoop(), GaussianSpace()
    s = preactivation
    return Result(
        "nonlinear-reduction",
        "Nonlinear network with Gaussian weights",
        r"As $N \to \infty$, a rank-one network of $\mathrm{erf}$ neurons with Gaussian weights moves in the four coordinates "
        r"of the linear loop, with a gain $G(\Delta)$ set by three more overlaps, $\sigma_{mm}$, $\sigma_{uu}$, $\sigma_{mu}$. "
        r"The loss and the instantaneous change of the Gram matrix under learning are exact; their iteration is an "
        r"approximation, because the weights do not stay Gaussian.",
        "mean-field theory of low-rank networks: Mastrogiuseppe & Ostojic 2018, Schuessler et al. 2020, Dubreuil et al. 2022; "
        "the gain is a standard Gaussian integral; closed loop and learning derived here",
        (*_gain_steps(), *_loop_steps(loop), *_learning_steps(space)),
        {
            r"\varphi(s)": activation(s),
            r"G(\Delta)": gain(),
            r"\Delta": loop.variance(Matrix([kappa_m, kappa_u])).expand(),
            "S": space.sensitivity(space.gradient_symbols()),
        },
        BACKGROUND,
    )
