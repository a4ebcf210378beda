"""The saddle of stage 2: how the plateau is left."""

from itertools import product
from math import prod

from sympy import Expr, Matrix, Poly, Symbol, cancel, exp, expand, log, sqrt, symbols

from derivations.result import RANK_ONE, Background, Result, vector
from derivations.step import Step
from theory.core.learning import WeightSpace
from theory.core.loss import horizon_loss
from theory.double_integrator.saddle import (
    axis_gradient,
    clipped_step,
    critical_kappas,
    edge_condition,
    loss_slope,
    saddle_growth,
    saddle_rates,
    shift,
    stage_one_push,
)
from theory.symbols import clip, eta, kappa, lam, sigma_vm, sigma_vu, sigma_zm, sigma_zu, small

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$m$ is not trained; time is learning rate $\times$ steps. Steps 2 to 4 and 6 are of the flow of learning-map, to "
        r"first order in $\sigma_{zu}$, $\sigma_{vm}$, with constant norms; for descent $L_\kappa$ stands for the mean of "
        r"$c_g L_\kappa$ over the zigzag.",
    ),
    differs="The source describes the plateau; the law of its length is derived here.",
    checks=(
        "stages: plateau: rank correlation with the saddle law",
        "stages: plateau: median of the law's over the measured length",
        "stages: plateau predicted from the initial Gram matrix",
        "stages: plateau without batch noise",
    ),
)

GRAM = WeightSpace().gram_symbols()
STEPS = 5
"""Horizon T for which the loss is written out."""
START, EDGE, PLACE = Symbol("p_0", positive=True), Symbol("kappa_c", positive=True), Symbol("p", positive=True)


def _neurons() -> list[Matrix]:
    """The weights m, z, u, v of two neurons, letter by letter."""
    return [Matrix(symbols(f"{name}_1:3", real=True)) for name in "mzuv"]


def _gram_of(weights: list[Matrix]) -> dict:
    """Values of the Gram matrix's letters."""
    return dict(zip(GRAM, (a.dot(b) for a, b in product(weights, weights)), strict=True))


def _stepped_loss(zu: Expr, vm: Expr) -> Expr:
    """L_T by stepping plant and agent from both unit states, with the overlaps as given."""
    total, agent = Poly(0, sigma_zm, sigma_vu, zu.free_symbols.union(vm.free_symbols).pop()), (0, 0)
    for position, velocity in ((1, 0), (0, 1)):
        x, w, (a, b) = position, velocity, agent
        for _ in range(STEPS):
            total += x**2 + w**2
            control = sigma_zm * a + zu * b
            x, w, b = expand(x + w), expand(w + control), expand(vm * a + sigma_vu * b)
            a = x
    return total.as_expr() / STEPS


def _slopes_by_product(printed) -> list[Expr]:
    """The printed slopes, with L_κ of the stepped loss, less the linear part of those of the loss."""
    loss = horizon_loss(STEPS)
    along = _stepped_loss(sigma_zu**0, kappa).expand().coeff(kappa, 1)
    value = {sigma_zu: small * sigma_zu, sigma_vm: small * sigma_vm}
    linear = [
        sum(loss.diff(letter).subs(value, simultaneous=True).expand().coeff(small, k) for k in (0, 1))
        for letter in (sigma_zu, sigma_vm, sigma_vu)
    ]
    return [entry.subs(loss_slope, along) - part for entry, part in zip(printed, linear, strict=True)]


def _rates_by_weights(printed) -> list[Expr]:
    """The printed rates less those of two neurons with dz/dt = -∂L/∂z and so on: the product rule, m frozen."""
    m, z, u, v = weights = _neurons()
    slope_zu, slope_vm = loss_slope * v.dot(m), loss_slope * z.dot(u)
    dz, du, dv = -(axis_gradient * m + slope_zu * u), -slope_zu * z, -slope_vm * m
    overlaps = {sigma_zu: z.dot(u), sigma_vm: v.dot(m)}
    by_product_rule = (dz.dot(u) + z.dot(du), dv.dot(m))
    return [rate.subs(overlaps).subs(_gram_of(weights)) - b for rate, b in zip(printed, by_product_rule, strict=True)]


def _push_by_weights(printed) -> list[Expr]:
    """The printed changes less those of two neurons after z → z + s m, with s such that z·m has moved by d."""
    m, z, u, _ = weights = _neurons()
    moved = z + shift / m.dot(m) * m
    changes = (moved.dot(u) - z.dot(u), moved.dot(moved) - z.dot(z))
    found = [entry.subs(sigma_zm, z.dot(m)).subs(_gram_of(weights)) for entry in printed]
    return [cancel(entry - change) for entry, change in zip(found, changes, strict=True)]


def _step_by_weights(printed: Expr) -> Expr:
    """The printed step less the length of that of z·m under z → z - η c ∂_zm L m with c = c_max/‖∂_zm L m‖."""
    m = _neurons()[0]
    gradient = axis_gradient * m
    moved = eta * clip * gradient.dot(m)
    return printed.subs(GRAM[0, 0], m.dot(m)) - sqrt(cancel(moved**2 / gradient.dot(gradient)))


def _edge_by_roots() -> Expr:
    """Π (1 - λ_i λ_j) in the coefficients, less the same in the roots: zero for every monic cubic."""
    first, second, third = roots = symbols("r_1:4")
    _, a_2, a_1, a_0 = Poly(prod(lam - r for r in roots), lam).all_coeffs()
    factors = (1 - first * second) * (1 - first * third) * (1 - second * third)
    return expand(1 - a_1 + a_0 * a_2 - a_0**2 - factors)


def _own_edge() -> Expr:
    """The same product for the loop written out: plant 1/(λ - 1)², agent σ_zm + κ/(λ - σ_vu)."""
    closed = ((lam - 1) ** 2 - sigma_zm) * (lam - sigma_vu) - kappa
    _, a_2, a_1, a_0 = Poly(expand(closed), lam).all_coeffs()
    return expand(1 - a_1 + a_0 * a_2 - a_0**2)


def _positive_norms(entry: Expr) -> Expr:
    """An expression with ‖m‖² = n_m² and ‖u‖² + ‖z‖² = n² in the place of the Gram matrix's letters, cancelled."""
    n_m, n = symbols("n_m n", positive=True)
    return cancel(expand(entry.subs({GRAM[0, 0]: n_m**2, GRAM[2, 2]: n**2 - GRAM[1, 1]})))


def _flow_steps() -> tuple[Step, ...]:
    """The loss near the saddle, the rates there, and the growing direction."""
    rates, growth = saddle_rates(), saddle_growth()
    still = Matrix([rate.subs(axis_gradient, 0) for rate in rates])
    seen = sqrt(GRAM[1, 1] + GRAM[2, 2]), sqrt(GRAM[0, 0])
    sides = sigma_zu / seen[0] + sigma_vm / seen[1]
    characteristic = still.jacobian([sigma_zu, sigma_vm]).charpoly(lam).as_expr()
    return (
        Step.solves(
            r"The loss depends on $\sigma_{zu}$, $\sigma_{vm}$ through $\kappa$ only, and at $\kappa = 0$ not on "
            r"$\sigma_{vu}$ (visible-overlaps). Near $\sigma_{zu} = \sigma_{vm} = 0$ its slopes are therefore, to first order "
            rf"and with $L_\kappa = \partial_\kappa L$ at $\kappa = 0$, these (written out for $T = {STEPS}$).",
            r"(\partial_{zu}L, \partial_{vm}L, \partial_{vu}L)",
            vector((loss_slope * sigma_vm, loss_slope * sigma_zu, 0)),
            _slopes_by_product,
        ),
        Step.solves(
            r"The flow of the Gram matrix with $m$ frozen, to first order ($g$ are its entries: $g_{11} = \|m\|^2$, "
            r"$g_{13} = m\cdot u$, $g_{22} = \|z\|^2$, $g_{33} = \|u\|^2$; $d_{zm} = \partial_{zm}L$).",
            r"(\dot\sigma_{zu}, \dot\sigma_{vm})",
            vector(rates),
            _rates_by_weights,
        ),
        Step.solves(
            r"Where $\partial_{zm}L$ vanishes this is a saddle: the rates have the eigenvalues $\mu$ and $-\mu$.",
            r"\mu^2",
            growth,
            lambda squared: [characteristic.subs(lam, sign * sqrt(squared)) for sign in (1, -1)],
        ),
        Step.equal(
            r"With $\mu = |L_\kappa|\, \|m\| \sqrt{\|u\|^2 + \|z\|^2}$ grows, where $L_\kappa < 0$, the direction in which "
            r"$\kappa > 0$: $p = \frac12 [\sigma_{zu}/\sqrt{\|u\|^2 + \|z\|^2} + \sigma_{vm}/\|m\|]$.",
            r"\dot p/p",
            -loss_slope * sqrt(cancel(growth / loss_slope**2)),
            (still[0] / seen[0] + still[1] / seen[1]) / sides,
            by=_positive_norms,
        ),
    )


def _exit_steps() -> tuple[Step, ...]:
    """Where the plateau ends and how long it lasts."""
    first, second = critical_kappas()
    edge, mu = _own_edge(), Symbol("mu", positive=True)
    norms = sqrt(GRAM[0, 0] * (GRAM[1, 1] + GRAM[2, 2]))
    spread = sqrt((1 - sigma_vu / 2) ** 2 + sigma_zm)
    return (
        Step.equal(
            r"Where the three roots $r_1$, $r_2$, $r_3$ of the cubic lie inside the unit circle this product is positive: a real "
            r"pair gives a positive factor, and so do conjugates, alone or as a product. In the coefficients it is "
            r"$1 - a_1 + a_0 a_2 - a_0^2$.",
            r"(1 - r_1 r_2)(1 - r_1 r_3)(1 - r_2 r_3)",
            edge_condition(),
            edge,
            also=(_edge_by_roots(),),
        ),
        Step.solves(
            r"As a function of $\kappa$ it is a parabola that opens downwards; for $\sigma_{zm} \geq -(1 - \sigma_{vu}/2)^2$ it "
            r"has real zeros, $2\sqrt{(1 - \sigma_{vu}/2)^2 + \sigma_{zm}}$ apart. Below the smaller, $\kappa_{c}$, the loop is "
            r"unstable.",
            r"\kappa_{c}",
            first,
            lambda least: (edge.subs(kappa, least), second - least - 2 * spread),
            also=(edge + (kappa - first) * (kappa - second),),
        ),
        Step.equal(
            r"In the growing direction $\sigma_{zu} = p \sqrt{\|u\|^2 + \|z\|^2}$ and $\sigma_{vm} = p\, \|m\|$; so "
            r"$\kappa = \sigma_{zu}\sigma_{vm}$ grows at twice the rate.",
            r"\kappa",
            PLACE**2 * norms,
            PLACE * sqrt(GRAM[1, 1] + GRAM[2, 2]) * PLACE * sqrt(GRAM[0, 0]),
            by=_positive_norms,
        ),
        Step.solves(
            r"With $p = p_0 e^{\mu t}$ it reaches $\kappa_{c}$ in this time.",
            "t",
            log(EDGE / (START**2 * norms)) / (2 * mu),
            lambda t: START**2 * exp(2 * mu * t) * norms - EDGE,
        ),
    )


def _axis_steps() -> tuple[Step, ...]:
    """What stage 1 leaves behind, and the zigzag."""
    return (
        Step.solves(
            r"As long as $\partial_{zm}L$ alone moves the weights, which it nearly does in stage 1, every step adds a multiple "
            r"of $m$ to $z$. When $\sigma_{zm}$ has moved by $d$, $\sigma_{zu}$ has been pushed along through the invisible "
            r"overlap $m\cdot u$ (primes: afterwards).",
            r"(\sigma_{zu}' - \sigma_{zu}, \|z'\|^2 - \|z\|^2)",
            vector(stage_one_push()),
            _push_by_weights,
        ),
        Step.solves(
            r"On the axis a clipped step of descent has the same length whatever the gradient and so whatever the batch (the "
            r"$10^{-6}$ added to the gradient's norm left out). Two points so far apart, with slopes $\partial_{zm}L$ of opposite "
            r"signs towards each other and both clipped, are a 2-cycle: the zigzag.",
            r"|\sigma_{zm}' - \sigma_{zm}|",
            clipped_step(),
            _step_by_weights,
        ),
    )


def build() -> Result:
    """Rates near the saddle, growth rate, where it ends, what stage 1 leaves behind, and the zigzag."""
    return Result(
        "saddle",
        "Stage 2: leaving the saddle",
        r"The plateau is the neighbourhood of a saddle at $\sigma_{zu} = \sigma_{vm} = 0$. To first order it is left at the "
        r"rate $|L_\kappa|\sqrt{\|m\|^2(\|u\|^2 + \|z\|^2)}$ and cannot end below $\kappa = \kappa_{c}$.",
        "derived here",
        (*_flow_steps(), *_exit_steps(), *_axis_steps()),
        (
            r"\mu^2",
            r"\kappa_{c}",
            "t",
            r"(\sigma_{zu}' - \sigma_{zu}, \|z'\|^2 - \|z\|^2)",
            r"|\sigma_{zm}' - \sigma_{zm}|",
        ),
        BACKGROUND,
    )
