"""What the gradient flow conserves."""

from sympy import Matrix, expand

from derivations.result import Background, Result
from derivations.step import Step
from theory.learning import BLOCKS, WeightSpace, conserved_forms, form_drift, scaling_law_residual
from theory.loss import horizon_loss
from theory.symbols import clip_factor, eta, sigma_vm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        "Gradient flow, that is infinitely small steps; clipping only changes its speed.",
        "The loss depends on the weights through the overlaps only.",
    ),
    checks=(
        "main: conservation laws along the flow",
        "main: drift of ‖u‖² - ‖v‖² over all epochs of descent",
    ),
)


def _form_residual(space: WeightSpace) -> Matrix:
    """Number of forms found less one, and S D J + J D S on the trained columns for each: zero."""
    S, D = space.sensitivity(space.gradient_symbols()), space.mask
    trained = [i for i in range(space.size) if D[i, i] == 1]
    forms = conserved_forms(space)
    changes = [(S * D * J + J * D * S).extract(trained, trained) for J in forms]
    return Matrix.vstack(Matrix([[len(forms) - 1] * len(trained)]), *changes)


def _balance_residual(horizon: int) -> Matrix:
    """The law's residual, and the symmetry it rests on for a loss of the loop: σ_zu ∂_zu L - σ_vm ∂_vm L."""
    loss = horizon_loss(horizon)
    symmetry = expand(sigma_zu * loss.diff(sigma_zu) - sigma_vm * loss.diff(sigma_vm))
    return Matrix([scaling_law_residual()[0], symmetry])


def build() -> Result:
    """The forms J with all weights trained and with m frozen; the scaling law; drift of finite steps."""
    everything, frozen = WeightSpace(trained=BLOCKS), WeightSpace()
    all_form, frozen_form = conserved_forms(everything)[0], conserved_forms(frozen)[0]
    drift = (eta * clip_factor) ** 2 * form_drift(frozen, frozen_form)
    steps = (
        Step(
            r"Under the flow $\frac{d}{dt}(X J X^T) = -X (S D J + J D S) X^T$. Solving $S J + J S = 0$ for all $S$ with "
            r"every block trained leaves one form, so $z z^T + v v^T - m m^T - u u^T$ is constant.",
            r"J_{\mathrm{all}}",
            all_form,
            _form_residual(everything),
        ),
        Step(
            r"With $m$ frozen the law holds after projection $\Pi$ orthogonal to $m$: "
            r"$\Pi (z z^T + v v^T - u u^T) \Pi$ is constant.",
            r"J_{m}",
            frozen_form,
            _form_residual(frozen),
        ),
        Step(
            r"The loss is invariant under $u \to c\,u$, $v \to v/c$, so "
            r"$\sigma_{zu}\partial_{zu} L = \sigma_{vm}\partial_{vm} L$ and $\|u\|^2 - \|v\|^2$ is constant whenever both are trained.",
            r"\tfrac{d}{dt}(\|u\|^2 - \|v\|^2)",
            scaling_law_residual(frozen)[0],
            _balance_residual(4),
        ),
        Step(
            r"Descent breaks the laws at second order in the step: $Q J Q^T - J$ on the trained columns is as follows.",
            r"\Delta J_m",
            drift,
            _quadratic_residual(frozen, frozen_form, drift),
        ),
    )
    return Result(
        "conservation-laws",
        "Conservation laws of the flow",
        r"The gradient flow conserves quadratic forms of the weights that depend only on which blocks are trained, and "
        r"the balance $\|u\|^2 - \|v\|^2$.",
        "derived here; the balance law is that of deep linear networks (Saxe et al. 2014)",
        steps,
        {r"J_{\mathrm{all}}": all_form, r"J_{m}": frozen_form, r"\Delta J_m": drift},
        BACKGROUND,
    )


def _quadratic_residual(space: WeightSpace, form, drift) -> Matrix:
    S, D = space.sensitivity(space.gradient_symbols()), space.mask
    trained = [i for i in range(space.size) if D[i, i] == 1]
    Q = Matrix.eye(space.size) - eta * clip_factor * S * D
    return Matrix((Q * form * Q.T - form).extract(trained, trained) - drift).expand()
