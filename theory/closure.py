"""Learning of a nonlinear network with Gaussian weights: its Gram matrix, exactly and in the Gaussian closure.

The loss sees seven overlaps, :class:`theory.nonlinear.GaussianOverlaps`, so that descending it moves the weights by
X S, S now with entries for σ_mm, σ_uu, σ_mu too; the maps of :mod:`theory.learning` hold with this S.

Exact, as N → ∞ with Gaussian weights: the loss, and Xᵀ ∂L/∂X = G S, hence the flow dG/dt = -(G S D + D S G) at that
moment. Approximate: the gradient of the nonlinear network at a neuron is X S only in projection on the weights, so
the weights do not stay Gaussian; the rest adds to dG in second order of the step, and to the norm in clipping.
Descending G by itself is the Gaussian closure.
"""

from dataclasses import dataclass
from functools import cache

from sympy import ImmutableMatrix, Matrix, diff, simplify, zeros

from theory import symbols
from theory.learning import WeightSpace
from theory.loop import Overlaps
from theory.nonlinear import GaussianOverlaps, activation, gain, gaussian_mean


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


@cache
def projection_residual() -> ImmutableMatrix:
    """E[w ∂(z φ(s))/∂w]ᵀ less Σ S for one neuron w = (m, z, u, v) ~ N(0, Σ), s = m κ_m + u κ_u: zero.

    The left side is how a read-out zᵀh of many neurons changes when all move by a linear map of w; with Stein's lemma
    once and twice, E[w φ] = c E φ' and E[w z φ'] = Σ_wz E φ' + c c_z E φ''', c = E[w s]. The right side is the chain
    rule through F = G(Δ)(σ_zm κ_m + σ_zu κ_u). So the gradient of the nonlinear network, projected on the weights
    themselves, is X S, although at each neuron it is a nonlinear function of its weights.
    """
    space, s = GaussianSpace(), symbols.preactivation
    Σ, d = space.gram_symbols(), Matrix([symbols.kappa_m, 0, symbols.kappa_u, 0])
    c, Δ = Σ * d, (d.T * Σ * d)[0]
    slope, third = (gaussian_mean(diff(activation(), s, k)).subs(symbols.variance, Δ) for k in (1, 3))
    by_weight = zeros(4)
    for k, direction in enumerate(d):
        by_weight[:, k] = direction * (Σ[:, 1] * slope + c * c[1] * third)
    by_weight[:, 1] += c * slope
    readout = gain(Δ) * c[1]
    visible = space.overlaps(Σ).flat
    partials = dict(zip(space.gradient_symbols().flat, (diff(readout, o) for o in visible), strict=True))
    return ImmutableMatrix(
        (by_weight - Σ * space.sensitivity(space.gradient_symbols()).subs(partials)).applyfunc(simplify)
    )
