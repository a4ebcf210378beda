"""The saddle of stage 2: how the plateau is left."""

from itertools import product

from sympy import Matrix, diff, expand, sqrt, symbols

from derivations.result import RANK_ONE, Background, Result, difference, vector
from derivations.step import Step
from theory.learning import WeightSpace
from theory.loss import horizon_loss
from theory.stages import loss_slope, saddle_growth, saddle_rates, stage_one_shift
from theory.symbols import sigma_vm, sigma_vu, sigma_zu

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        r"$m$ is not trained; $\sigma_{zu}$ and $\sigma_{vm}$ are small, and the slope of the loss in $\sigma_{zm}$ averages to zero over the zigzag. The flow is that of learning-map.",
    ),
    checks=(
        "stages: plateau: rank correlation with the saddle law",
        "stages: plateau: median predicted/measured length",
    ),
)


def _invisible(horizon: int):
    """∂L/∂σ_vu on the saddle, where κ = 0: zero."""
    return expand(diff(horizon_loss(horizon), sigma_vu).subs({sigma_zu: 0, sigma_vm: 0}))


def _product_slope(horizon: int):
    """σ_zu ∂_zu L - σ_vm ∂_vm L: zero, since L depends on their product."""
    loss = horizon_loss(horizon)
    return expand(sigma_zu * diff(loss, sigma_zu) - sigma_vm * diff(loss, sigma_vm))


def _by_weights(rates) -> tuple:
    """The rates less those of two neurons whose weights follow the slopes, dz/dt = -∂L/∂z and so on, m frozen."""
    space = WeightSpace()
    m, z, u, v = weights = [Matrix(symbols(f"{name}_1:3", real=True)) for name in "mzuv"]
    gram = {g: a.dot(b) for g, (a, b) in zip(space.gram_symbols(), product(weights, weights), strict=True)}
    push = space.gradient_symbols().zm[0]
    slope_zu, slope_vm = loss_slope * v.dot(m), loss_slope * z.dot(u)
    dz, du, dv = -(push * m + slope_zu * u), -slope_zu * z, -slope_vm * m
    small = {sigma_zu: z.dot(u), sigma_vm: v.dot(m)}
    by_product_rule = (dz.dot(u) + z.dot(du), dv.dot(m))
    return tuple(expand((a.subs(small).subs(gram)) - b) for a, b in zip(rates, by_product_rule, strict=True))


def _push_alone():
    """dσ_zu/dσ_zm less m·u/m·m: with dz/dt = -∂_zm L m alone, z·u changes by m·u where z·m changes by m·m."""
    gram = WeightSpace().gram_symbols()
    return stage_one_shift() - gram[0, 2] / gram[0, 0]


def build() -> Result:
    """Rates near the saddle, growth rate, and the push of stage 1 through the invisible overlap m·u."""
    rates, growth, shift = saddle_rates(), saddle_growth(), stage_one_shift()
    steps = (
        Step(
            r"The loss depends on $\sigma_{zu}$, $\sigma_{vm}$ through $\kappa$ only, so "
            r"$\partial_{zu}L = L_\kappa\sigma_{vm}$, $\partial_{vm}L = L_\kappa\sigma_{zu}$ (checked at $T = 6$).",
            r"\sigma_{zu}\partial_{zu}L - \sigma_{vm}\partial_{vm}L",
            _product_slope(6),
            _product_slope(6),
        ),
        Step(
            r"At $\kappa = 0$ it does not depend on $\sigma_{vu}$.",
            r"\partial_{vu}L|_{\kappa = 0}",
            _invisible(6),
            _invisible(6),
        ),
        Step(
            r"The flow of the Gram matrix with $m$ frozen, to first order ($g$ are its entries: $g_{11} = \|m\|^2$, "
            r"$g_{13} = m\cdot u$, $g_{22} = \|z\|^2$, $g_{33} = \|u\|^2$).",
            r"(\dot\sigma_{zu}, \dot\sigma_{vm})",
            vector(rates),
            Matrix(_by_weights(rates)),
        ),
        Step(
            r"Where $\partial_{zm}L$ vanishes on average this is a saddle with growth rate $\pm\,\mu$.",
            r"\mu^2",
            growth,
            difference(growth, loss_slope**2 * vector(saddle_rates())[1].coeff(loss_slope).coeff(sigma_zu)
                       * vector(saddle_rates())[0].coeff(loss_slope).coeff(sigma_vm)),
        ),
        Step(
            r"During stage 1, while $\partial_{zm}L$ dominates, $\sigma_{zu}$ is pushed along with $\sigma_{zm}$ through "
            r"the invisible overlap $m\cdot u$.",
            r"d\sigma_{zu}/d\sigma_{zm}",
            shift,
            _push_alone(),
        ),
    )  # fmt: skip
    return Result(
        "saddle",
        "Stage 2: leaving the saddle",
        r"The plateau is the neighbourhood of a saddle at $\sigma_{zu} = \sigma_{vm} = 0$. It is left at the rate "
        r"$|L_\kappa|\sqrt{\|m\|^2(\|u\|^2 + \|z\|^2)}$, with the clipped slope $c_g L_\kappa$ averaged over the zigzag.",
        "derived here",
        steps,
        {r"\mu": sqrt(growth), r"d\sigma_{zu}/d\sigma_{zm}": shift},
        BACKGROUND,
    )
