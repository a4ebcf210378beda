"""The gradient of a full linear network through what a plant sees of it, and what its flow conserves.

A linear loop sees the network through g_k = zᵀ W^k m alone (p = q = 1, no leak). With d_k = ∂L/∂g_k

    ∂L/∂m = Σ d_k (Wᵀ)^k z,   ∂L/∂z = Σ d_k W^k m,   ∂L/∂W = Σ d_k Σ_{j<k} (Wᵀ)^j z mᵀ (Wᵀ)^{k-1-j}.
"""

from dataclasses import dataclass
from functools import reduce
from operator import add, mul

from sympy import Expr, ImmutableMatrix, Integer, Matrix, Symbol, expand, eye, symbols, zeros

from theory.core.block_algebra import cancelled, letter
from theory.symbols import lam


@dataclass(frozen=True)
class FlowAlgebra:
    """The gradient through g_0 … g_{n-1} in non-commuting letters, for any number of neurons, inputs and outputs.

    :param count: n, number of Markov parameters
    """

    count: int = 4
    W, Wt, m, mt, z, zt = map(letter, ("W", "WT", "m", "mT", "z", "zT"))

    @staticmethod
    def slopes(count: int) -> list[Symbol]:
        """d_0, d_1, …, the derivatives of a loss by the Markov parameters.

        :param count: how many
        """
        return [Symbol(f"d_{k}", real=True) for k in range(count)]

    def power(self, base: Expr, exponent: int) -> Expr:
        """A power of a letter, 1 for exponent 0.

        :param base: the letter
        """
        return reduce(mul, [base] * exponent, Integer(1))

    def gradient(self, k: int) -> tuple[Expr, Expr, Expr]:
        """∂g_k/∂m, ∂g_k/∂z and ∂g_k/∂W.

        :param k: which Markov parameter
        """
        inner = [self.power(self.Wt, j) * self.z * self.mt * self.power(self.Wt, k - 1 - j) for j in range(k)]
        return self.power(self.Wt, k) * self.z, self.power(self.W, k) * self.m, reduce(add, inner, Integer(0))

    def drift(self, k: int) -> Expr:
        """(∂g_k/∂W) Wᵀ - Wᵀ (∂g_k/∂W) + (∂g_k/∂m) mᵀ - z (∂g_k/∂z)ᵀ: zero, its sum telescopes.

        With its transpose it is minus the change of W Wᵀ - WᵀW + m mᵀ - z zᵀ under the flow.

        :param k: which Markov parameter
        """
        by_m, _, by_w = self.gradient(k)
        by_zt = self.mt * self.power(self.Wt, k)
        return cancelled(by_w * self.Wt - self.Wt * by_w + by_m * self.mt - self.z * by_zt)


@dataclass(frozen=True)
class SpanAlgebra:
    """m = X μ, z = X ζ, W = X K Xᵀ in non-commuting letters, XᵀX = G: coordinates of the gradient in the span."""

    X, Xt, G, K, Kt = map(letter, ("X_0", "X_0T", "G", "K", "KT"))
    mu, mut, zeta, zetat = map(letter, ("mu", "muT", "zeta", "zetaT"))

    def normal(self, expression: Expr) -> Expr:
        """A polynomial in the letters with XᵀX = G."""
        return cancelled(expand(expression).subs(self.Xt * self.X, self.G))

    def filled(self, flow: FlowAlgebra, expression: Expr) -> Expr:
        """A polynomial in m, z, W and their transposes for weights in the span.

        :param flow: the letters
        """
        values = {
            flow.m: self.X * self.mu,
            flow.mt: self.mut * self.Xt,
            flow.z: self.X * self.zeta,
            flow.zt: self.zetat * self.Xt,
            flow.W: self.X * self.K * self.Xt,
            flow.Wt: self.X * self.Kt * self.Xt,
        }
        return self.normal(expression.subs(values, simultaneous=True))

    def markov(self, k: int) -> Expr:
        """g_k = ζᵀ G (K G)^k μ.

        :param k: which Markov parameter
        """
        return self.zetat * self.G * (self.K * self.G) ** k * self.mu

    def gradient(self, k: int) -> tuple[Expr, Expr, Expr]:
        """Coordinates of ∂g_k/∂m and ∂g_k/∂z (in X) and of ∂g_k/∂W (in X · Xᵀ).

        :param k: which Markov parameter
        """
        turned, forward, back = self.Kt * self.G, self.K * self.G, self.G * self.Kt
        inner = [turned**j * self.zeta * self.mut * back ** (k - 1 - j) for j in range(k)]
        return turned**k * self.zeta, forward**k * self.mu, reduce(add, inner, Integer(0))


@dataclass(frozen=True)
class SmallNetwork:
    """W_0 = 0, one input and output: m = X_0 μ, z = X_0 ζ, W = X_0 K X_0ᵀ, X_0 = [m_0 z_0] with Gram matrix G.

    G never changes; the eight numbers μ, ζ, K move by their own gradient.
    """

    mu = ImmutableMatrix([Symbol("mu_1", real=True), Symbol("mu_2", real=True)])
    zeta = ImmutableMatrix([Symbol("zeta_1", real=True), Symbol("zeta_2", real=True)])
    K = ImmutableMatrix(2, 2, lambda i, j: Symbol(f"k_{i + 1}{j + 1}", real=True))
    G = ImmutableMatrix(2, 2, lambda i, j: Symbol(f"g_{min(i, j) + 1}{max(i, j) + 1}", real=True))

    def markov(self, k: int) -> Expr:
        """g_k = ζᵀ G (K G)^k μ.

        :param k: which Markov parameter
        """
        return (self.zeta.T * self.G * (self.K * self.G) ** k * self.mu)[0]

    def gradient(self, k: int) -> tuple[Matrix, Matrix, Matrix]:
        """Coordinates of ∂g_k/∂m, ∂g_k/∂z (both in X_0) and of ∂g_k/∂W (in X_0 · X_0ᵀ).

        :param k: which Markov parameter
        """
        turned, forward = self.K.T * self.G, self.K * self.G
        inner = [turned**j * self.zeta * self.mu.T * (self.G * self.K.T) ** (k - 1 - j) for j in range(k)]
        return turned**k * self.zeta, forward**k * self.mu, sum(inner, zeros(2))

    @property
    def invariants(self) -> tuple[Expr, Expr]:
        """Trace and determinant of K G, those of the recurrence within the space."""
        product = self.K * self.G
        return product.trace(), product.det()

    @property
    def recursion(self) -> Expr:
        """τ g_1 - δ g_0, which is g_2; and so on for all later Markov parameters."""
        first, second, trace, determinant = self.visible
        return trace * second - determinant * first

    @property
    def transfer(self) -> Expr:
        """(λ g_0 + g_1 - τ g_0)/(λ² - τ λ + δ) in the four visible numbers: ζᵀ G (λ - K G)⁻¹ μ."""
        first, second, trace, determinant = self.visible
        return (lam * first + second - trace * first) / (lam**2 - lam * trace + determinant)

    @property
    def visible(self) -> dict[Symbol, Expr]:
        """The four numbers that the plant sees, g_0, g_1, τ = tr KG and δ = det KG, and what they are."""
        letters = symbols("g_0 g_1 tau delta", real=True)
        return dict(zip(letters, (self.markov(0), self.markov(1), *self.invariants), strict=True))

    def resolvent(self) -> Expr:
        """ζᵀ G (λ - K G)⁻¹ μ by inverting the matrix."""
        return (self.zeta.T * self.G * (lam * eye(2) - self.K * self.G).inv() * self.mu)[0]
