"""Short-term improvement against long-term stability: angles of gradients, the surrogate's paths, where they turn."""

from dataclasses import dataclass

import numpy as np

from numerics.reduced.evaluate import short_term
from numerics.reduced.flow import unpack
from numerics.reduced.gains import cubic_coefficients
from numerics.reduced.long_term import long_term, root_slopes
from numerics.reduced.stages.naive import OverlapDescent, descend_overlaps
from theory.core.learning import WeightSpace

PAIRS = ("zm", "zu", "vm", "vu")


def sensitivities(gradients: np.ndarray, space: WeightSpace) -> np.ndarray:
    """S with ∂L/∂X = X S for rank-one gradients by the overlaps, (..., 4, 4).

    :param gradients: derivatives by σ_zm, σ_zu, σ_vm, σ_vu on the last axis
    """
    S = np.zeros((*gradients.shape[:-1], space.size, space.size))
    for index, pair in enumerate(PAIRS):
        i, j = (space.columns(block).start for block in pair)
        S[..., i, j] = S[..., j, i] = gradients[..., index]
    return S


def inner_product(first: np.ndarray, second: np.ndarray, gram: np.ndarray, space: WeightSpace) -> np.ndarray:
    """Inner product of two gradients in weight space, tr(D S_1 G S_2 D).

    :param first: derivatives by the overlaps, (..., 4)
    :param second: derivatives by the overlaps, (..., 4)
    :param gram: upper triangles of G, (..., 10)
    :param space: the weight space; its mask selects the trained columns
    """
    D = np.array(space.mask.tolist(), dtype=float)
    left, right = (sensitivities(g, space) @ D for g in (first, second))
    return np.trace(np.swapaxes(left, -1, -2) @ unpack(gram, space.size) @ right, axis1=-2, axis2=-1)


@dataclass(frozen=True)
class Competition:
    """Angle and size of ∇L_2 and ∇L_∞^T along a run.

    :param cosine: cosine of their angle as vectors of the four overlaps, (epochs,)
    :param learned_cosine: the same in weight space, where learning happens, (epochs,)
    :param short_norm: ‖∇L_2‖ in the overlaps, (epochs,)
    :param long_norm: ‖∇L_∞^T‖ in the overlaps, (epochs,)
    """

    cosine: np.ndarray
    learned_cosine: np.ndarray
    short_norm: np.ndarray
    long_norm: np.ndarray


def competition(overlaps: np.ndarray, gram: np.ndarray, horizon: int) -> Competition:
    """Compare the gradients of the short-term and the long-term loss along a run.

    :param overlaps: overlaps over epochs, (epochs, 4)
    :param gram: upper triangles of G over epochs, (epochs, 10)
    :param horizon: T of the long-term loss
    """
    space = WeightSpace()
    short = short_term(overlaps)[1]
    long = np.array([long_term(point, horizon)[1] for point in overlaps])
    norms = np.linalg.norm(short, axis=1), np.linalg.norm(long, axis=1)
    dot = inner_product(short, long, gram, space)
    sizes = np.sqrt(inner_product(short, short, gram, space) * inner_product(long, long, gram, space))
    return Competition(np.sum(short * long, axis=1) / (norms[0] * norms[1]), dot / sizes, *norms)


def surrogate_descent(
    start: np.ndarray, horizon: int, alpha: float, epochs: int, rate: float = 1e-3, clip: float = 1.0
) -> OverlapDescent:
    """Gradient descent of α L_∞^T + (1-α) L_2 in the four overlaps with the identity metric.

    The gradient does not exist where the dominant root is repeated; a path that meets such a point ends there.

    Source: arXiv 2505.13567, Fig. 4 (T = 10 there, rate 1e-3, clip 1).

    :param start: σ_zm, σ_zu, σ_vm, σ_vu
    :param horizon: T of the long-term loss
    :param alpha: weight of the long-term loss
    :param epochs: number of steps
    :param clip: largest gradient norm that passes unscaled
    """

    def objective(_: int, point: np.ndarray) -> tuple[float, np.ndarray]:
        short, slope = short_term(point)
        loss, slope = (1 - alpha) * float(short), (1 - alpha) * slope
        if alpha:
            long, long_slope = long_term(point, horizon)
            loss, slope = loss + alpha * long, slope + alpha * long_slope
        return loss, slope

    return descend_overlaps(objective, start, epochs, rate, clip)


def turning_alpha(point: np.ndarray, horizon: int) -> float:
    """The α at which the surrogate's gradient leaves Im λ_1 unchanged: below it rises, above it falls.

    With f = Im λ_1, α = ∇f·∇L_2 / (∇f·∇L_2 - ∇f·∇L_∞^T) in the overlaps.

    :param point: σ_zm, σ_zu, σ_vm, σ_vu with a complex dominant pair
    :param horizon: T of the long-term loss
    """
    point = np.asarray(point, dtype=np.float64)
    roots = np.roots(cubic_coefficients(point))
    dominant = roots[np.argmax(np.abs(roots))]
    upward = root_slopes(point, complex(dominant.real, abs(dominant.imag))).imag
    short, long = float(upward @ short_term(point)[1]), float(upward @ long_term(point, horizon)[1])
    return short / (short - long)
