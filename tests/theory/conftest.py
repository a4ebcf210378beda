"""The oracle of these tests: a plant and N neurons, written out and stepped in exact fractions without sympy."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from sympy import ImmutableMatrix, Rational

from theory.core.loop import ReducedLoop
from theory.core.plant import LinearPlant


def fractions(rng, *shape):
    """Random fractions of numerator at most 4 and denominator at most 3, as an object array."""
    numbers = [Fraction(int(rng.integers(-4, 5)), int(rng.integers(1, 4))) for _ in range(int(np.prod(shape)))]
    return np.array(numbers, dtype=object).reshape(shape)


def product(left, right):
    """Matrix product that gives zeros, not None, over an empty inner dimension."""
    return left @ right if left.shape[1] else np.full((left.shape[0], right.shape[1]), Fraction(0), dtype=object)


def exact(array):
    """An object array of fractions as a sympy matrix."""
    return ImmutableMatrix(*array.shape, [Rational(f.numerator, f.denominator) for f in array.ravel()])


@dataclass(frozen=True)
class Network:
    """x⁺ = A x + B u, h⁺ = (1-γ) h + γ (U Vᵀ h + M C x⁺), u = Zᵀ h, entry by entry."""

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    m: np.ndarray
    z: np.ndarray
    u: np.ndarray
    v: np.ndarray
    leak: Fraction

    def rollout(self, steps):
        """States X_t (n×n), controls U_t (p×n) and neurons H_t (N×n) for t < steps, from x_0 = e_1 … e_n."""
        x, h = np.eye(len(self.A), dtype=int) * Fraction(1), self.m[:, :1] * self.A[:1] * 0
        for _ in range(steps):
            control = self.z.T @ h
            yield exact(x), exact(control), exact(h)
            x = self.A @ x + self.B @ control
            drive = product(self.u, self.v.T @ h) + self.m @ (self.C @ x)
            h = (1 - self.leak) * h + self.leak * drive

    def joint(self):
        """The matrix of one step of (x, h)."""
        recurrence = product(self.u, self.v.T)
        lower = self.leak * self.m @ self.C
        eye = np.eye(len(self.m), dtype=int)
        neurons = (1 - self.leak) * eye + self.leak * recurrence + lower @ self.B @ self.z.T
        return exact(np.block([[self.A, self.B @ self.z.T], [lower @ self.A, neurons]]))

    @property
    def weights(self):
        """The weights as sympy matrices, by name."""
        return {name: exact(getattr(self, name)) for name in "mzuv"}

    @property
    def loop(self):
        """The reduced loop of the same plant and leak, with symbols for the overlaps."""
        plant = LinearPlant(exact(self.A), exact(self.B), exact(self.C))
        return ReducedLoop(plant, self.u.shape[1], Rational(self.leak.numerator, self.leak.denominator))

    @property
    def values(self):
        """The overlaps' symbols with the numbers of this network."""
        blocks = (self.z.T @ self.m, self.z.T @ self.u, self.v.T @ self.m, self.v.T @ self.u)
        return dict(zip(self.loop.overlaps.flat, (x for block in blocks for x in exact(block)), strict=True))


@pytest.fixture
def network(rng):
    """Make a random network: network(n, p, q, rank, leak, neurons); the double integrator if n is None."""

    def make(n=None, p=1, q=1, rank=1, leak=Fraction(1), neurons=4):
        chain = [[[1, 1], [0, 1]], [[0], [1]], [[1, 0]]]
        plant = (
            [np.array(matrix, dtype=object) * Fraction(1) for matrix in chain]
            if n is None
            else [fractions(rng, n, n), fractions(rng, n, p), fractions(rng, q, n)]
        )
        weights = [fractions(rng, neurons, width) for width in (q, p, rank, rank)]
        return Network(*plant, *weights, Fraction(leak))

    return make


@pytest.fixture
def rationals(rng):
    """Draw exact numbers: rationals(k, size) gives k Rationals in [-size, size]."""

    def draw(count, size=2):
        return [Rational(int(rng.integers(-60 * size, 60 * size + 1)), 60) for _ in range(count)]

    return draw
