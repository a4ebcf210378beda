"""The space of words: where the weights of a full linear network stay while it learns.

States lie in the span of W^k M, adjoints in that of (Wᵀ)^k Z, so gradient descent never leaves the smallest space that
holds M_0, Z_0 (and U_0, V_0, if there is a low-rank part) and is invariant under W_0 and W_0ᵀ. It is spanned by all
products of W_0 and W_0ᵀ, words, applied to these columns; words of length K or less span its truncation.
"""

from dataclasses import dataclass

import numpy as np

from numerics.common.weights import Weights

ROUNDING = 1e-13
"""Directions that a letter adds with a smaller part of its norm are rounding."""


@dataclass(frozen=True)
class WordSpace:
    """An orthonormal basis of the words of length up to K, and whether longer ones add nothing.

    :param basis: E, (N, d)
    :param words: length K of the longest words
    :param closed: whether the space is invariant under W_0 and W_0ᵀ, so that learning in it is exact
    """

    basis: np.ndarray
    words: int
    closed: bool

    @property
    def dimension(self) -> int:
        """d: how many neurons learn as the N do."""
        return self.basis.shape[1]

    def reduce(self, weights: Weights) -> Weights:
        """The network of d neurons: EᵀM, EᵀZ, EᵀU, EᵀV and EᵀW E.

        :param weights: the network of N neurons
        """
        E, found = self.basis, weights.arrays()
        small = {name: E.T @ array for name, array in found.items()}
        return Weights(**small) if weights.w is None else Weights(**(small | {"w": small["w"] @ E}))

    def restore(self, initial: Weights, small: Weights) -> Weights:
        """The network of N neurons whose change since the start is that of the small one.

        :param initial: the network of N neurons at the start
        :param small: the network of d neurons now
        """
        E, start = self.basis, self.reduce(initial).arrays()
        change = {name: E @ (array - start[name]) for name, array in small.arrays().items()}
        if "w" in change:
            change["w"] = change["w"] @ E.T
        return initial.updated({name: array + change[name] for name, array in initial.arrays().items()})


def generators(weights: Weights) -> np.ndarray:
    """The columns to which words are applied, [M Z] or [M Z U V].

    :param weights: the network
    """
    return np.hstack([array for name, array in weights.arrays().items() if name != "w"])


def word_spaces(weights: Weights):
    """The spaces of words of length 0, 1, 2, … up to the first that is closed.

    :param weights: the initial weights, with a full recurrence
    """
    w = np.zeros((weights.neurons, weights.neurons)) if weights.w is None else weights.w
    size = float(np.linalg.norm(w)) / np.sqrt(weights.neurons)  # between the singular values' mean and largest
    columns = generators(weights)
    norms = np.linalg.norm(columns, axis=0)
    if not norms.any():  # nothing is read, written or learned
        yield WordSpace(np.eye(weights.neurons), 0, True)
        return
    basis = np.zeros((weights.neurons, 0))
    fresh = _added(basis, columns[:, norms > 0] / norms[norms > 0], 1.0)
    words = 0
    while True:
        basis = np.hstack([basis, fresh])
        fresh = _added(basis, np.hstack([w @ fresh, w.T @ fresh]), size)
        yield WordSpace(basis, words, not fresh.shape[1])
        if not fresh.shape[1]:
            return
        words += 1


def _added(basis: np.ndarray, columns: np.ndarray, size: float) -> np.ndarray:
    """Orthonormal directions of columns that a basis does not hold, (N, k).

    :param basis: the basis, (N, d)
    :param columns: the columns, (N, c)
    :param size: a norm beside which what is rounding is small
    """
    free = basis.shape[0] - basis.shape[1]
    rest = columns - basis @ (basis.T @ columns)
    rest -= basis @ (basis.T @ rest)  # twice is enough
    if not rest.shape[1] or not free:
        return rest[:, :0]
    left, values, _ = np.linalg.svd(rest, full_matrices=False)
    kept = left[:, values > ROUNDING * size * np.sqrt(len(values))][:, :free]
    return np.linalg.qr(kept - basis @ (basis.T @ kept))[0] if kept.shape[1] else kept
