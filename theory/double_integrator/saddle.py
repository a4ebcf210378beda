"""Stage 2 as laws: the saddle at σ_zu = σ_vm = 0, the zigzag beside it, and the κ at which the loop becomes stable.

Near the saddle the loss depends on σ_zu, σ_vm through κ and not on σ_vu, so ∂_zu L = L_κ σ_vm, ∂_vm L = L_κ σ_zu and
∂_vu L = 0; m is frozen. On the axis itself only ∂_zm L moves the weights, z ← z - η c ∂_zm L m.

Source: derived here; stage 2 is described in Ger & Barak, arXiv 2505.13567, Sec. 4.
"""

from functools import cache

from sympy import Expr, Matrix, Poly, Symbol, cancel, expand, eye, sqrt

from theory.core.learning import WeightSpace, descent, flow, squared_gradient_norm
from theory.core.loop import Overlaps
from theory.double_integrator.spectrum import visible_cubic
from theory.symbols import clip, eta, kappa, lam, sigma_vm, sigma_zm, sigma_zu

loss_slope = Symbol("L_kappa", real=True)
"""∂L/∂κ on the axis."""
axis_gradient = Symbol("d_zm", real=True)
"""∂L/∂σ_zm on the axis."""
shift = Symbol("d", real=True)
"""How far stage 1 moves σ_zm."""

SPACE = WeightSpace()


def saddle_rates() -> tuple[Expr, Expr]:
    """dσ_zu/dt and dσ_vm/dt near σ_zu = σ_vm = 0, to first order.

    dσ_zu/dt = -L_κ (‖u‖² + ‖z‖²) σ_vm - ∂_zm L · m·u,   dσ_vm/dt = -L_κ ‖m‖² σ_zu.
    """
    G, d = SPACE.gram_symbols(), SPACE.gradient_symbols()
    rates, names = SPACE.overlaps(flow(SPACE, G, d)), SPACE.overlaps(G)
    near = {d.zu[0]: loss_slope * sigma_vm, d.vm[0]: loss_slope * sigma_zu, d.vu[0]: 0}
    named = {names.zu[0]: sigma_zu, names.vm[0]: sigma_vm}
    return tuple(expand(rate[0].subs(near).subs(named)) for rate in (rates.zu, rates.vm))


def saddle_growth() -> Expr:
    """Square of the growth rate of the saddle's unstable direction, L_κ² ‖m‖² (‖u‖² + ‖z‖²)."""
    jacobian = Matrix(saddle_rates()).jacobian([sigma_zu, sigma_vm])
    return expand(-(jacobian - eye(2) * jacobian.trace() / 2).det())


def _axis_step(rate: Expr) -> Matrix:
    """G after one step of descent with ∂_zm L alone."""
    return descent(SPACE, SPACE.gram_symbols(), Overlaps(*(Matrix([[d]]) for d in (axis_gradient, 0, 0, 0))), rate)


def stage_one_push() -> tuple[Expr, Expr]:
    """(Δσ_zu, Δ‖z‖²) while learning on the axis moves σ_zm by d, however many steps that takes.

    Every step adds a multiple of m to z, so all of them do: z → z + d m/‖m‖², which leaves u, v and σ_vm alone:

        Δσ_zu = d m·u/‖m‖²,   Δ‖z‖² = (2 d σ_zm + d²)/‖m‖².
    """
    G, step = SPACE.gram_symbols(), Symbol("step")
    names, moved = SPACE.overlaps(G), _axis_step(step)
    length = -shift / (axis_gradient * G[0, 0])
    changes = [(moved[i, j] - G[i, j]).subs(step, length).subs(names.zm[0], sigma_zm) for i, j in ((1, 2), (1, 1))]
    return cancel(changes[0]), cancel(changes[1])


def clipped_step() -> Expr:
    """Length of the step of σ_zm where the gradient is clipped on the axis: η c_max ‖m‖, whatever the gradient.

    The direction is that of -∂_zm L. The 10⁻⁶ that the protocol adds to the gradient's norm is left out.
    """
    G, gradient = SPACE.gram_symbols(), Symbol("d_zm", positive=True)
    alone = Overlaps(*(Matrix([[d]]) for d in (gradient, 0, 0, 0)))
    norm = sqrt(squared_gradient_norm(SPACE, G, alone))
    moved = _axis_step(eta * clip / norm).subs(axis_gradient, gradient)
    return sqrt(cancel((G[0, 1] - moved[0, 1]) ** 2))


@cache
def edge_condition() -> Expr:
    """Π_{i<j} (1 - λ_i λ_j) of the cubic's roots, 1 - a_1 + a_0 a_2 - a_0²; positive where the loop is stable.

    A complex pair crosses the unit circle where it vanishes.
    """
    _, a_2, a_1, a_0 = Poly(visible_cubic(), lam).all_coeffs()
    return expand(1 - a_1 + a_0 * a_2 - a_0**2)


def critical_kappas() -> tuple[Expr, Expr]:
    """The two κ at which the edge condition, of degree two in κ, vanishes; it is positive between them.

    κ_c = 1 - σ_vu/2 + σ_vu σ_zm ∓ √((1 - σ_vu/2)² + σ_zm), real where σ_zm ≥ -(1 - σ_vu/2)².
    """
    a, b, c = Poly(edge_condition(), kappa).all_coeffs()
    middle, spread = expand(-b / (2 * a)), sqrt(expand((b**2 - 4 * a * c) / (4 * a**2)))
    return middle - spread, middle + spread
