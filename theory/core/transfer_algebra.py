"""The joint system at one frequency, in non-commuting letters: proofs for all plants, agents and dimensions.

Sources: transfer functions, Kailath, Linear Systems (1980); the sensitivities are derived here.
"""

from dataclasses import dataclass

from sympy import Expr, Matrix, Symbol, expand

from theory import symbols
from theory.symbols import lam


@dataclass(frozen=True)
class TransferAlgebra:
    """The joint system at frequency λ in non-commuting letters: what holds here holds for all dimensions.

    R stands for the agent's resolvent (λ - F)⁻¹, F = (1-γ) + γ W, and Q for the closed one (λ - A - B K C)⁻¹, so
    that F = λ - R⁻¹ and A = λ - Q⁻¹ - B K C by definition.
    """

    B, C, D, M, Zt, R, Q = (Symbol(name, commutative=False) for name in ("B", "C", "D", "M", "Z^T", "R", "Q"))
    dZt, dM, dW, dK, V = (Symbol(name, commutative=False) for name in ("dZ^T", "dM", "dW", "dK", "V"))
    leak = symbols.gamma

    @property
    def agent(self) -> Expr:
        """K = λ γ Zᵀ R M."""
        return lam * self.leak * self.Zt * self.R * self.M

    def residual(self) -> Matrix:
        """The joint equations at x = Q B K D, λ h = λ F h + …, for the reference λ^t: zero, for all dimensions."""
        K = self.agent
        x = self.Q * self.B * K * self.D
        h = lam * self.leak * self.R * self.M * (self.C * x + self.D)
        A, F = lam - self.Q**-1 - self.B * K * self.C, lam - self.R**-1
        plant = A * x + self.B * self.Zt * h - lam * x
        neurons = F * h + self.leak * self.M * lam * (self.C * x + self.D) - lam * h
        return Matrix([plant, neurons]).applyfunc(expand)

    def sensitivity_residual(self) -> Expr:
        """The plant's equation to first order in dK at dx = Q B dK (C x + D): zero."""
        K, ε = self.agent, symbols.small
        x = self.Q * self.B * K * self.D
        moved = x + ε * self.Q * self.B * self.dK * (self.C * x + self.D)
        closed = self.Q**-1 - ε * self.B * self.dK * self.C
        return expand(closed * moved - self.B * (K + ε * self.dK) * self.D).coeff(ε, 1)

    def agent_slope(self) -> Expr:
        """dK = λ γ (dZᵀ R M + γ Zᵀ R dW R M + Zᵀ R dM)."""
        γ, R = self.leak, self.R
        through = γ * self.Zt * R * self.dW * R * self.M
        return expand(lam * γ * (self.dZt * R * self.M + through + self.Zt * R * self.dM))

    def weight_residual(self) -> Expr:
        """K of changed weights less K less ε dK, to first order, with the changed resolvent R + ε γ R dW R: zero.

        That this is the resolvent is checked beside it: (R⁻¹ - ε γ dW)(R + ε γ R dW R) = 1 to first order.
        """
        ε, γ = symbols.small, self.leak
        resolvent = self.R + ε * γ * self.R * self.dW * self.R
        inverse = expand((self.R**-1 - ε * γ * self.dW) * resolvent).coeff(ε, 1)
        moved = lam * γ * (self.Zt + ε * self.dZt) * resolvent * (self.M + ε * self.dM)
        return expand(expand(moved).coeff(ε, 1) - self.agent_slope()) + inverse * self.V

    def feedback_residual(self) -> Expr:
        """(1 - G_o K_p) Ĝ - G_o with G_o = C Q_0 B, Ĝ = C Q B, Q⁻¹ = Q_0⁻¹ - B K_p C, multiplied out: zero.

        Q - Q_0 - Q_0 B K_p C Q, times Q_0⁻¹ from the left and Q⁻¹ from the right.
        """
        K, free = self.dK, self.V  # K_p and Q_0
        inverse = free**-1 - self.B * K * self.C
        gap = self.Q - free - free * self.B * K * self.C * self.Q
        return expand(expand(free**-1 * gap * self.Q**-1).subs(self.Q**-1, inverse))
