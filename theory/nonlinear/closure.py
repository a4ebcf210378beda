"""Learning of a nonlinear network with Gaussian weights: its Gram matrix, exactly and in the Gaussian closure.

The loss sees seven overlaps, :class:`theory.nonlinear.gaussian.GaussianOverlaps`, so that descending it moves the
weights by X S, S now with entries for σ_mm, σ_uu, σ_mu too; the maps of :mod:`theory.core.learning` hold with this S.

Exact, as N → ∞ with Gaussian weights: the loss, and Xᵀ ∂L/∂X = G S, hence the flow dG/dt = -(G S D + D S G) at that
moment. Approximate: the gradient of the nonlinear network at a neuron is X S only in projection on the weights, so
the weights do not stay Gaussian; the rest adds to dG in second order of the step, and to the norm in clipping.
Descending G by itself is the Gaussian closure.
"""

from dataclasses import dataclass

from sympy import Expr, ImmutableMatrix, Matrix, diff

from theory import symbols
from theory.core.learning import WeightSpace
from theory.core.loop import Overlaps
from theory.nonlinear.gaussian import GaussianOverlaps, gain


@dataclass(frozen=True)
class GaussianSpace(WeightSpace):
    """Weights whose loss sees all visible overlaps of :class:`GaussianOverlaps`.

    :param p: number of controls (columns of z)
    :param q: number of observations (columns of m)
    :param rank: rank r of the recurrence (columns of u and of v)
    :param trained: names of the trained blocks; the input weights m are frozen by default
    :raises ValueError: if a name in ``trained`` is not a block
    """

    def overlaps(self, gram: ImmutableMatrix) -> GaussianOverlaps:
        """The visible blocks of a Gram matrix.

        :param gram: G, k×k
        """
        linear = super().overlaps(gram)
        m, u = self.columns("m"), self.columns("u")
        return GaussianOverlaps(linear.zm, linear.zu, linear.vm, linear.vu, gram[m, m], gram[u, u], gram[m, u])

    def sensitivity(self, gradients: Overlaps) -> ImmutableMatrix:
        """S with ∂L/∂X = X S: squared norms enter twice, d(uᵀu) = 2 uᵀdu.

        :param gradients: derivatives of the loss by the visible overlaps, shaped as they are
        :raises TypeError: if they lack those by σ_mm, σ_uu, σ_mu
        """
        if not isinstance(gradients, GaussianOverlaps):
            raise TypeError(f"gradients must be GaussianOverlaps, with mm, uu, mu; found {type(gradients).__name__}")
        S = Matrix(super().sensitivity(gradients))
        m, u = self.columns("m"), self.columns("u")
        for block, place in ((gradients.mm, m), (gradients.uu, u)):
            S[place, place] = block + ImmutableMatrix.diag(*block.diagonal())
        S[m, u], S[u, m] = gradients.mu, gradients.mu.T
        return ImmutableMatrix(S)

    def gradient_symbols(self) -> GaussianOverlaps:
        """Symbols for the derivatives of the loss by the overlaps."""
        linear = super().gradient_symbols()
        shapes = {"mm": (self.q, self.q), "uu": (self.rank, self.rank), "mu": (self.q, self.rank)}
        own = {n: symbols.matrix_symbols(f"d_{n}", *s, symmetric=n[0] == n[1]) for n, s in shapes.items()}
        return GaussianOverlaps(linear.zm, linear.zu, linear.vm, linear.vu, **own)


def readout_sensitivity() -> ImmutableMatrix:
    """S of one read-out zᵀh = G(Δ) (σ_zm κ_m + σ_zu κ_u) of rank one, in Δ, κ_m, κ_u and the Gram matrix.

    Its slopes by the overlaps, through Δ = σ_mm κ_m² + σ_uu κ_u² + 2 σ_mu κ_m κ_u too (N = 1), at their places.
    """
    space, (by_m, by_u) = GaussianSpace(), (symbols.kappa_m, symbols.kappa_u)
    o = space.overlaps(space.gram_symbols())
    readout = gain() * (o.zm * by_m + o.zu * by_u)[0]
    spread = (o.mm * by_m**2 + o.uu * by_u**2 + 2 * o.mu * by_m * by_u)[0]

    def slope(overlap: Expr) -> Expr:
        return diff(readout, overlap) + diff(readout, symbols.variance) * diff(spread, overlap)

    blocks = (o.zm, o.zu, o.vm, o.vu, o.mm, o.uu, o.mu)
    return space.sensitivity(GaussianOverlaps(*(block.applyfunc(slope) for block in blocks)))
