"""The small space in which a tracking network learns: words of the initial weights, widened by what Adam adds.

Back-propagation gives ∂L/∂W = Σ λ hᵀ with h in span{M, W M, …} and λ in span{Z, Wᵀ Z, …}. So gradient descent never
leaves the smallest space that holds M_0, Z_0 and is invariant under W_0 and W_0ᵀ; words of length K in these letters
cut it off. Adam divides entry by entry, ΔW ∝ g ∘ P with P_ij = 1/√V_ij, and leaves it. With the nearest rank-one
P ≈ p qᵀ, ΔW ∝ (p∘λ)(q∘h)ᵀ: hence p∘Z and q∘M are added as letters. That is an approximation. Source: derived here.
"""

import numpy as np

from numerics.common.weights import Weights


def word_basis(columns: np.ndarray, w: np.ndarray, length: int) -> np.ndarray:
    """Orthonormal basis of the words of length ≤ K in {W, Wᵀ} applied to some columns, (N, k).

    :param columns: the columns, (N, c)
    :param w: W, (N, N)
    :param length: K
    """
    layers = [columns]
    for _ in range(length):
        layers.append(np.hstack([w @ layers[-1], w.T @ layers[-1]]))
    left, sizes, _ = np.linalg.svd(np.hstack(layers), full_matrices=False)
    return left[:, sizes > 1e-12 * sizes[0]]


def preconditioner(square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p and q of the rank-one matrix nearest to P_ij = 1/√V_ij, both positive, (N, 1).

    :param square: V, running mean squares of the gradient by W, (N, N)
    """
    left, _, right = np.linalg.svd(1 / (np.sqrt(square) + 1e-8))
    return np.abs(left[:, :1]), np.abs(right[:1].T)


def letters(weights: Weights, square: np.ndarray | None = None) -> np.ndarray:
    """M and Z, and with Adam p∘Z and q∘M, as columns.

    :param weights: the network
    :param square: V of Adam; none for gradient descent
    """
    if square is None:
        return np.hstack([weights.m, weights.z])
    p, q = preconditioner(square)
    return np.hstack([weights.m, weights.z, p * weights.z, q * weights.m])
