"""The joint system and its learning in non-commuting letters, one letter a block: proofs for all dimensions.

The letters carry no dimensions, so what holds here holds for every number of plant states, controls, observations and
neurons, and for every rank.
"""

from collections import defaultdict
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Matrix, Mul, Symbol, cancel, diag, expand

from theory import symbols
from theory.symbols import lam


def letter(name: str) -> Symbol:
    """A non-commuting letter; one that ends in ``T``, such as ``UT``, is written as a transpose."""
    return Symbol(name, commutative=False)


def by_words(expression: Expr) -> dict[tuple[Expr, ...], Expr]:
    """The words of a polynomial in non-commuting letters with their coefficients, common denominators cancelled."""
    totals: dict[tuple[Expr, ...], Expr] = defaultdict(lambda: Integer(0))
    for term in Add.make_args(expand(expression)):
        scalars, word = term.args_cnc()
        totals[tuple(word)] += Mul(*scalars)
    return {word: cancel(total) for word, total in totals.items()}


def cancelled(expression: Expr) -> Expr:
    """A polynomial in non-commuting letters with cancelled coefficients: 0 if it is zero."""
    return Add(*(total * Mul(*word) for word, total in by_words(expression).items()))


@dataclass(frozen=True)
class BlockAlgebra:
    """The joint system as 2×2 and 3×3 matrices of letters, and plant and agent closed on each other.

    R stands for the resolvent (s - σ_vu)⁻¹ at s = (λ - 1 + γ)/γ, so that σ_vu = s - R⁻¹ where R occurs.
    """

    A, B, C, M, U, Zt, Vt = map(letter, ("A", "B", "C", "M", "U", "ZT", "VT"))
    zm, zu, vm, vu, R = map(letter, ("sigma_zm", "sigma_zu", "sigma_vm", "sigma_vu", "R"))
    leak = symbols.gamma

    @property
    def joint(self) -> Matrix:
        """P in the blocks (plant, neurons)."""
        A, B, C, M, U, Zt, Vt, γ = self.A, self.B, self.C, self.M, self.U, self.Zt, self.Vt, self.leak
        return Matrix([[A, B * Zt], [γ * M * C * A, (1 - γ) + γ * U * Vt + γ * M * C * B * Zt]])

    @property
    def basis(self) -> Matrix:
        """E, whose columns span (x, M a, U b)."""
        return Matrix([[1, 0, 0], [0, self.M, self.U]])

    @property
    def coefficients(self) -> Matrix:
        """F with P = E F + (1-γ) Π."""
        A, B, C, Zt, γ = self.A, self.B, self.C, self.Zt, self.leak
        return Matrix([[A, B * Zt], [γ * C * A, γ * C * B * Zt], [0, γ * self.Vt]])

    @property
    def reduced(self) -> Matrix:
        """P_eff = F E + (1-γ) Π'."""
        return (self.coefficients * self.basis + (1 - self.leak) * diag(0, 1, 1)).applyfunc(expand)

    @property
    def inner_products(self) -> dict[Expr, str]:
        """The products through which the weights enter P_eff, and the overlap each one is."""
        pairs = {
            "zm": (self.Zt, self.M),
            "zu": (self.Zt, self.U),
            "vm": (self.Vt, self.M),
            "vu": (self.Vt, self.U),
        }
        return {left * right: name for name, (left, right) in pairs.items()}

    @property
    def named(self) -> Matrix:
        """P_eff with a letter for each overlap."""
        names = {product: getattr(self, name) for product, name in self.inner_products.items()}
        return self.reduced.applyfunc(lambda word: word.subs(names))

    @property
    def shifted(self) -> Expr:
        """s = (λ - 1 + γ)/γ, at which the recurrence is resolved."""
        return (lam - 1 + self.leak) / self.leak

    @property
    def controller(self) -> Expr:
        """K(λ) = (λ/s) (σ_zm + σ_zu R σ_vm)."""
        return lam / self.shifted * (self.zm + self.zu * self.R * self.vm)

    @property
    def closed(self) -> Matrix:
        """diag(λ - A - B K C, γ s, γ (s - σ_vu)), whose determinant is that of λ - P_eff."""
        s, γ = self.shifted, self.leak
        return diag(lam - self.A - self.B * self.controller * self.C, γ * s, γ * (s - self.vu)).applyfunc(cancelled)

    def factor_residual(self) -> Matrix:
        """E F + (1-γ) Π - P: zero."""
        product = self.basis * self.coefficients + (1 - self.leak) * diag(0, 1)
        return (product - self.joint).applyfunc(expand)

    def reduction_residual(self) -> Matrix:
        """P E - E P_eff: zero, for any number of neurons."""
        return (self.joint * self.basis - self.basis * self.reduced).applyfunc(expand)


@dataclass(frozen=True)
class SymmetryAlgebra:
    """The gradient flow of U and V in letters, and the symmetry U → U R, V → V R⁻ᵀ, which keeps U Vᵀ.

    The loss depends on σ_zu = ZᵀU, σ_vm = VᵀM, σ_vu = VᵀU and σ_zm; its derivatives by them are d_zu, d_vm, d_vu.
    """

    M, Z, U, V, X = map(letter, "MZUVX")
    Mt, Zt, Ut, Vt, Xt = map(letter, ("MT", "ZT", "UT", "VT", "XT"))
    zu, vm, vu = map(letter, ("d_zu", "d_vm", "d_vu"))
    zut, vmt, vut = map(letter, ("d_zuT", "d_vmT", "d_vuT"))

    @property
    def pairs(self) -> dict[Expr, Expr]:
        """Each letter's transpose."""
        plain = (self.M, self.Z, self.U, self.V, self.X, self.zu, self.vm, self.vu)
        turned = (self.Mt, self.Zt, self.Ut, self.Vt, self.Xt, self.zut, self.vmt, self.vut)
        return dict(zip((*plain, *turned), (*turned, *plain), strict=True))

    def transposed(self, expression: Expr) -> Expr:
        """The transpose of a polynomial in the letters: words reversed, letter by letter transposed."""
        pairs = self.pairs
        return Add(*(c * Mul(*(pairs[x] for x in reversed(word))) for word, c in by_words(expression).items()))

    def trace(self, expression: Expr) -> Expr:
        """The trace of a polynomial in the letters: words that differ by rotation or transposition are one."""
        pairs, total = self.pairs, Integer(0)
        for word, coefficient in by_words(expression).items():
            turned = tuple(pairs[x] for x in reversed(word))
            rotations = [w[k:] + w[:k] for w in (word, turned) for k in range(max(len(w), 1))]
            total += coefficient * Symbol("tr " + min(" ".join(map(str, w)) for w in rotations))
        return total

    @property
    def gradients(self) -> tuple[Expr, Expr]:
        """∂L/∂U = Z d_zu + V d_vu and ∂L/∂V = M d_vmᵀ + U d_vuᵀ."""
        return self.Z * self.zu + self.V * self.vu, self.M * self.vmt + self.U * self.vut

    @property
    def slope(self) -> Expr:
        """E = Uᵀ ∂L/∂U - (∂L/∂V)ᵀ V, the derivative of L(U R, V R⁻ᵀ) by R at R = 1; zero where that is L(U, V)."""
        by_u, by_v = self.gradients
        return expand(self.Ut * by_u - self.transposed(by_v) * self.V)

    @property
    def balance(self) -> Expr:
        """d/dt (UᵀU - VᵀV) = -(E + Eᵀ) under the flow, if U and V are trained."""
        return expand(-self.slope - self.transposed(self.slope))
