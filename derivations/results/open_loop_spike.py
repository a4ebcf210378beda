"""Why open-loop learning passes through an unstable loop: the memory lags behind."""

from itertools import product

from sympy import Expr, Integer, Matrix, Poly, Rational, Symbol, cancel, expand, factor, fraction, sqrt, symbols

from derivations.result import Background, Result, taylor_slopes
from derivations.step import Step, unless
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop
from theory.core.spectrum import controller
from theory.double_integrator.saddle import critical_kappas, loss_slope, saddle_growth
from theory.double_integrator.spectrum import cubic, visible
from theory.open_loop.imitation import axis_slope, first_order, saddle_slope, small_overlap_modulus
from theory.symbols import kappa, lam, noise, open_loop_inputs, sigma_vu, sigma_zm

BACKGROUND = Background(
    assumptions=(
        "White inputs. The plant is the double integrator; the agent is linear, of rank one, without leak.",
        "In step 3 the weights follow the flow of learning-map with $m$ frozen, to first order in $\\sigma_{zu}$, "
        "$\\sigma_{vm}$, and the push along $m\\cdot u$ is left out. Steps 4 to 6 are of first order in the overlaps.",
    ),
    differs="The source shows the spike. That the student's own loop is unstable is derived here; epoch and height are not: "
    "they are predicted by iterating the exact map without batch noise, from the initial Gram matrix and the teacher.",
    checks=(
        "open-loop: epoch of the spike, median",
        "open-loop: log10 of its height, median",
        "open-loop: slope of the path at an oscillating spike",
        "open-loop: the spike is a real root beyond 1 where K(1) > 0",
    ),
)

GRAM = WeightSpace().gram_symbols()
COMPARED = (2, 3)
"""Numbers n_y of inputs with which slopes are compared: both sides are 1/n_y times a number, plus another."""
GAIN = Symbol("L", real=True)


def _sign_mean(count: int, zm: Expr, memory: Expr) -> Expr:
    """The mean squared difference of student and teacher over all sequences of signs ±ς, which are white.

    The student has σ_vu = 0, σ_zu = 1 and σ_vm = κ: the input of the step before acts on it through κ.
    """
    teacher = symbols(f"gbar_0:{count}", real=True)
    total = Integer(0)
    for inputs in product((noise, -noise), repeat=count):
        for k in range(count):
            student = zm * inputs[k] + (memory * inputs[k - 1] if k else 0)
            total += (student - sum(teacher[j] * inputs[k - j] for j in range(k + 1))) ** 2
    return expand(total / (count * 2**count))


def _feedthrough(printed: Expr) -> list[Expr]:
    return [printed.subs(open_loop_inputs, count) - _sign_mean(count, sigma_zm, 0).diff(sigma_zm) for count in COMPARED]


def _memory(printed: Expr) -> list[Expr]:
    return [
        printed.subs(open_loop_inputs, count) - _sign_mean(count, sigma_zm, kappa).diff(kappa).subs(kappa, 0)
        for count in COMPARED
    ]


def _growth(printed: Expr) -> list[Expr]:
    """μ² σ_zu σ_vm less the product of both rates of two neurons with dz/dt = -L_κ σ_vm u and so on, same n_y."""
    m, z, u, v = weights = [Matrix(symbols(f"{name}_1:3", real=True)) for name in "mzuv"]
    values = dict(zip(GRAM, (a.dot(b) for a, b in product(weights, weights)), strict=True))
    dz, du, dv = -GAIN * v.dot(m) * u, -GAIN * v.dot(m) * z, -GAIN * z.dot(u) * m
    rates = expand((dz.dot(u) + z.dot(du)) * dv.dot(m))
    slopes = {count: _sign_mean(count, sigma_zm, kappa).diff(kappa).subs(kappa, 0) for count in COMPARED}
    return [
        expand(printed.subs(open_loop_inputs, count).subs(values) * z.dot(u) * v.dot(m) - rates.subs(GAIN, slope))
        for count, slope in slopes.items()
    ]


def _coefficients() -> tuple[Expr, Expr, Expr]:
    """a_0, a_1, a_2 of the loop written out: plant 1/(λ - 1)², agent σ_zm + κ/(λ - σ_vu)."""
    closed = Poly(expand(((lam - 1) ** 2 - sigma_zm) * (lam - sigma_vu) - kappa), lam).all_coeffs()
    return closed[3], closed[2], closed[1]


def _edge() -> Expr:
    """Π (1 - λ_i λ_j), positive in a stable loop (saddle, step 5)."""
    a_0, a_1, a_2 = _coefficients()
    return expand(1 - a_1 + a_0 * a_2 - a_0**2)


def _jury_inside() -> tuple[Expr, ...]:
    """Zeros if Jury's conditions hold between κ_1 and |σ_zm| for σ_vu = 0, -1 < σ_zm < 0, all of that region covered.

    With s = √(1 + σ_zm), κ = 1 - s + θ s (1 - s), s = 1/(1 + a) and θ = 1/(1 + b), a and b positive, each condition is a
    ratio of polynomials with positive coefficients.
    """
    a, b = symbols("a b", positive=True)
    s, theta = 1 / (1 + a), 1 / (1 + b)
    point = {sigma_vu: 0, sigma_zm: s**2 - 1, kappa: 1 - s + theta * s * (1 - s)}
    a_0, a_1, a_2 = (c.subs(point) for c in _coefficients())
    conditions = (
        1 + a_2 + a_1 + a_0,
        1 - a_2 + a_1 - a_0,
        1 - a_0**2,
        1 - a_0**2 + a_0 * a_2 - a_1,
        1 - a_0**2 - a_0 * a_2 + a_1,
    )
    return tuple(unless(all(c > 0 for c in Poly(part, a, b).coeffs())) for x in conditions for part in _ratio(x))


def _ratio(expression: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator, the latter with positive leading coefficient."""
    top, bottom = fraction(cancel(expression))
    return (top, bottom) if Poly(bottom).LC() > 0 else (-top, -bottom)


def _negative_excess() -> tuple[Expr, ...]:
    """Zeros if (1 - σ_vu/2)² - 1 is negative for 0 < σ_vu < 1: as in :func:`_jury_inside`, with σ_vu = 1/(1 + b)."""
    b = Symbol("b", positive=True)
    excess = (1 - 1 / (1 + b) / 2) ** 2 - 1
    return tuple(unless(all(c > 0 for c in Poly(part, b).coeffs())) for part in _ratio(-excess))


def _learning_steps() -> tuple[Step, ...]:
    """What white noise teaches first: the feedthrough, then, from a saddle, the memory."""
    return (
        Step.solves(
            r"Without memory, $\kappa = 0$, the white-noise loss of $n_y$ inputs is a parabola in $\sigma_{zm}$ around the "
            r"teacher's $\bar g_0$. Slopes are of the form $a + b/n_y$: they agree for every $n_y$ with the mean over all sequences "
            r"$\pm\varsigma$ if they do for two.",
            r"\partial_{zm} L_{\mathrm{open}}|_{\kappa=0}",
            factor(axis_slope()),
            _feedthrough,
        ),
        Step.solves(
            r"There $\sigma_{zu} = \sigma_{vm} = 0$ is a saddle, as in closed loop, with this slope in $\kappa$.",
            r"L_\kappa|_{\kappa=\sigma_{vu}=0}",
            saddle_slope(),
            _memory,
        ),
        Step.solves(
            r"So the memory grows from its initial amplitude at rate $\mu$, to first order, while $\sigma_{zm}$ is on its way "
            r"from the start ($g_{11} = \|m\|^2$, $g_{22} = \|z\|^2$, $g_{33} = \|u\|^2$).",
            r"\mu^2",
            factor(saddle_growth().subs(loss_slope, saddle_slope())),
            _growth,
        ),
    )


def _small_steps() -> tuple[Step, ...]:
    """The student's own loop to first order in the overlaps."""
    modulus, third = small_overlap_modulus()
    a_0, a_1, a_2 = _coefficients()
    unit = {sigma_vu: 0, kappa: 0, sigma_zm: 0}
    tangent = -modulus.diff(sigma_zm) / modulus.diff(kappa)
    return (
        Step.asymptotic(
            r"For small overlaps the fast root of the student's own closed loop is, to first order, that of "
            r"$a_1 \lambda + a_0 = 0$.",
            r"\lambda_3",
            third,
            first_order(expand(-a_0)) / a_1.subs(unit),
        ),
        Step.asymptotic(
            r"By Vieta, $|\lambda_1|^2 = a_1 - \lambda_3(\lambda_1 + \lambda_2)$ with $\lambda_1 + \lambda_2 = -a_2 - "
            r"\lambda_3$, the pair has to first order this squared modulus.",
            r"|\lambda_1|^2",
            modulus,
            first_order(expand(a_1 + third * (a_2 + third))),
        ),
        Step.asymptotic(
            r"Where $|\lambda_1|$ is largest along a path, the path touches a curve of constant $|\lambda_1|$. To first order "
            r"these curves have the following slope, which is also that of $|\lambda_1| = 1$ (step 8) at $\sigma_{zm} = 0$.",
            r"d\kappa/d|\sigma_{zm}|",
            -tangent,
            Rational(1, 2),
            also=(
                taylor_slopes(_edge(), [sigma_zm])[0].subs(unit) * 2 - taylor_slopes(_edge(), [kappa])[0].subs(unit),
            ),
        ),
    )


def _edge_steps() -> tuple[Step, ...]:
    """Where the student's own loop is stable for σ_vu = 0, exactly."""
    edge, root = _edge(), critical_kappas()[0].subs(sigma_vu, 0)
    down, across = (x.subs(sigma_vu, 0) for x in taylor_slopes(edge, [sigma_zm, kappa]))
    return (
        Step.solves(
            r"Exactly, for $\sigma_{vu} = 0$ and $-1 < \sigma_{zm} < 0$: the loop is stable if and only if $\kappa_1 < \kappa < "
            r"|\sigma_{zm}|$. There Jury's conditions hold (stability-region); at $\kappa \geq |\sigma_{zm}|$ one fails, "
            r"$\chi(1) = |\sigma_{zm}| - \kappa$; at $\kappa \leq \kappa_1$ another, $1 - a_1 + a_0 a_2 - a_0^2 = 1 + "
            r"\sigma_{zm} - (1-\kappa)^2$.",
            r"\kappa_1",
            root,
            lambda k: (edge.subs({sigma_vu: 0, kappa: k}), k + sqrt(1 + sigma_zm) - 1),
            also=(edge.subs(sigma_vu, 0) - 1 - sigma_zm + (1 - kappa) ** 2, *_jury_inside()),
        ),
        Step.equal(
            r"So the curve $|\lambda_1| = 1$ rises ever more steeply, from slope $\frac12$ on.",
            r"d\kappa_1/d|\sigma_{zm}|",
            -root.diff(sigma_zm),
            (down / across).subs(kappa, 1 - sqrt(1 + sigma_zm)),
        ),
    )


def _necessary_steps() -> tuple[Step, ...]:
    """What stability takes for any σ_vu, and the second kind of instability."""
    edge, (first, second) = _edge(), critical_kappas()
    middle, spread = expand((first + second) / 2), expand(((second - first) / 2) ** 2)
    chi = expand(visible(cubic().as_expr()).subs(lam, 1))
    return (
        Step.equal(
            r"For any $\sigma_{vu}$ a stable loop has a positive left side (saddle), so $(1 - \sigma_{vu}/2)^2 > -\sigma_{zm}$ "
            r"whatever $\kappa$; and its roots sum to $\sigma_{vu} + 2 < 3$. Together, where $\sigma_{zm} < 0$, it takes "
            r"$\sigma_{vu} < 2(1 - \sqrt{|\sigma_{zm}|})$: at and below $\sigma_{zm} = -1$ it takes $\sigma_{vu} < 0$. This is "
            r"a necessary condition.",
            r"1 - a_1 + a_0 a_2 - a_0^2",
            spread - (kappa - middle) ** 2,
            edge,
            also=(
                _coefficients()[2] + sigma_vu + 2,
                spread - (1 - sigma_vu / 2) ** 2 - sigma_zm,
                *_negative_excess(),
            ),
        ),
        Step.equal(
            r"If instead the memory overshoots, the agent's static gain $K(1) = \sigma_{zm} + \kappa/(1-\sigma_{vu})$ turns "
            r"positive; for $\sigma_{vu} < 1$ then $\chi(1) = -(1 - \sigma_{vu}) K(1) < 0$, and an odd number of real roots lies "
            r"beyond 1: the second kind.",
            r"\chi(1)",
            chi,
            -(1 - sigma_vu) * visible(controller(ReducedLoop())[0].subs(lam, 1)),
        ),
    )


def build() -> Result:
    """The feedthrough moves from the start, the memory lags behind at a saddle; meanwhile the loop is unstable."""
    return Result(
        "open-loop-spike",
        "The spike of the closed-loop test loss in open loop",
        r"Imitation moves $\sigma_{zm}$ towards the teacher's $\bar g_0$ from the start; near its saddle the memory grows "
        r"exponentially, from its initial amplitude. While it lags behind, the student's own loop is unstable: to first order "
        r"$|\lambda_1|^2 = 1 + |\sigma_{zm}| - 2\kappa$; exactly, for $\sigma_{vu} = 0$ and $-1 < \sigma_{zm} < 0$, below $\kappa_1 = 1 - \sqrt{1 - "
        r"|\sigma_{zm}|}$. A memory that overshoots makes a second kind, a real root beyond 1.",
        "the spike: Ger & Barak, arXiv 2505.13567, Fig. 1; its cause derived here",
        _learning_steps() + _small_steps() + _edge_steps() + _necessary_steps(),
        (r"|\lambda_1|^2", r"\mu^2", r"L_\kappa|_{\kappa=\sigma_{vu}=0}", r"\kappa_1", r"d\kappa_1/d|\sigma_{zm}|"),
        BACKGROUND,
    )
