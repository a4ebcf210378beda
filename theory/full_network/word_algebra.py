"""Why a full linear network never leaves the space of words in its initial recurrence, in non-commuting letters.

E has orthonormal columns that span the smallest space that holds M_0 and Z_0 and is invariant under W_0 and W_0ᵀ. One
step of the forward pass, of its adjoint and of the update keeps M = E M̂, Z = E Ẑ, W = W_0 + E D Eᵀ, h = E ĥ
and η = E η̂; the letters carry no dimensions, so this holds for all of them, for every leak and for every environment.
"""

from dataclasses import dataclass
from itertools import pairwise

from sympy import Add, Expr, Integer, Mul, expand

from theory import symbols
from theory.core.block_algebra import by_words, letter


@dataclass(frozen=True)
class WordAlgebra:
    """Networks of N and of d neurons in letters, and the rules of their space: EᵀE = 1, W_0 E = E Ŵ_0, W_0ᵀE = E Ŵ_0ᵀ.

    A letter that ends in ``T`` is a transpose; those of the small network end in ``hat``.
    """

    E, Et, W0, W0t = map(letter, ("E", "ET", "W_0", "W_0T"))
    Mh, Zh, Dh, Wh = map(letter, ("Mhat", "Zhat", "D", "What_0"))
    Mht, Zht, Dht, Wht = map(letter, ("MhatT", "ZhatT", "DT", "What_0T"))
    h, hT, a, aT = map(letter, ("hhat", "hhatT", "etahat", "etahatT"))
    y, yT, s, sT = map(letter, ("y", "yT", "s", "sT"))
    leak, step = symbols.gamma, symbols.eta * symbols.clip_factor

    @property
    def rules(self) -> dict[tuple[Expr, Expr], Expr]:
        """What two neighbouring letters are, by their order."""
        return {
            (self.Et, self.E): Integer(1),
            (self.W0, self.E): self.E * self.Wh,
            (self.W0t, self.E): self.E * self.Wht,
        }

    def normal(self, expression: Expr) -> Expr:
        """A polynomial in the letters by the rules, until none applies.

        :param expression: the polynomial
        """
        return Add(*(c * self._word(list(word)) for word, c in by_words(expression).items()))

    def _word(self, word: list[Expr]) -> Expr:
        for k, pair in enumerate(pairwise(word)):
            if pair in self.rules:
                found = self.rules[pair]
                middle = [] if found.is_commutative else list(found.args)
                return self._word([*word[:k], *middle, *word[k + 2 :]])
        return Mul(*word)

    @property
    def recurrence(self) -> Expr:
        """W = W_0 + E D Eᵀ."""
        return self.W0 + self.E * self.Dh * self.Et

    @property
    def small_step(self) -> Expr:
        """ĥ_{t+1} = (1-γ) ĥ + γ ((Ŵ_0 + D) ĥ + M̂ y): the forward pass of the d neurons."""
        return expand((1 - self.leak) * self.h + self.leak * ((self.Wh + self.Dh) * self.h + self.Mh * self.y))

    @property
    def small_adjoint(self) -> Expr:
        """(1-γ) η̂ + γ (Ŵ_0 + D)ᵀ η̂ + Ẑ s: the adjoint of the d neurons, s = ∂L/∂u through all that u moves."""
        return expand((1 - self.leak) * self.a + self.leak * (self.Wht + self.Dht) * self.a + self.Zh * self.s)

    @property
    def small_gradients(self) -> dict[str, Expr]:
        """What a step in time adds to the gradients of the d neurons, by matrix."""
        return {"m": self.leak * self.a * self.yT, "z": self.h * self.sT, "w": self.leak * self.a * self.hT}

    @property
    def small_update(self) -> Expr:
        """D - η c Γ for the gradient Γ of the d neurons' recurrence at one step in time."""
        return expand(self.Dh - self.step * self.small_gradients["w"])
