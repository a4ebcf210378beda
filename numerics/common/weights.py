"""Weights of the agent: initial distributions, overlaps, and sampling at prescribed overlaps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from numerics.common.errors import InputError, matrix, require

WEIGHT_NAMES = ("m", "z", "u", "v", "w")
Gradients = dict[str, np.ndarray]
"""The gradient of a loss by every weight matrix, by name."""
RANK_ONE_OVERLAPS = ("sigma_zm", "sigma_zu", "sigma_vm", "sigma_vu")


@dataclass(frozen=True)
class Weights:
    """Weights of N neurons, h_{t+1} = (1-γ) h_t + γ φ((W + U Vᵀ) h_t + M y_{t+1}), u_t = Zᵀ h_t.

    One-dimensional arrays are read as one column. Without ``u`` and ``v`` the recurrence is the full ``w``;
    without ``w`` it is U Vᵀ.

    :param m: input weights, (N, q)
    :param z: read-out weights, (N, p)
    :param u: left factor of the recurrence, (N, r)
    :param v: right factor of the recurrence, (N, r)
    :param w: full recurrence, (N, N)
    :raises InputError: if a matrix is not finite or the shapes do not fit
    """

    m: np.ndarray
    z: np.ndarray
    u: np.ndarray | None = None
    v: np.ndarray | None = None
    w: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name, value in self.arrays().items():
            object.__setattr__(self, name, matrix(name, value))
        neurons = self.m.shape[0]
        require(neurons > 0, f"m must have a row for each neuron; found {self.m.shape}")
        require((self.u is None) == (self.v is None), "u and v must be given together; found only one of them")
        require(
            self.u is not None or self.w is not None,
            "recurrence must be given as u and v, or as w; found neither",
        )
        if self.u is not None and self.v is not None:
            same = self.u.shape[1] == self.v.shape[1]
            expected = (neurons, self.u.shape[1])
            require(same, f"u and v must have the same rank; expected v {expected}, found {self.v.shape}")
        for name, value in self.arrays().items():
            fits = value.shape[0] == neurons
            require(fits, f"{name} must have a row for each of the {neurons} neurons of m; found {value.shape}")
        if self.w is not None:
            require(self.w.shape == (neurons, neurons), f"w must be square; found {self.w.shape}")

    def arrays(self) -> dict[str, np.ndarray]:
        """The weight matrices that are present, by name."""
        present = {name: getattr(self, name) for name in WEIGHT_NAMES}
        return {name: value for name, value in present.items() if value is not None}

    def updated(self, arrays: dict[str, np.ndarray]) -> "Weights":
        """New weights with some matrices replaced.

        :param arrays: matrices by name
        """
        if not all(_alike(getattr(self, name), array) for name, array in arrays.items()):
            return replace(self, **arrays)
        found = object.__new__(Weights)
        found.__dict__.update(vars(self), **arrays)
        return found

    @property
    def neurons(self) -> int:
        """Number N of neurons."""
        return self.m.shape[0]

    @property
    def rank(self) -> int:
        """Rank r of U Vᵀ, 0 if the recurrence is a full matrix only."""
        return 0 if self.u is None else self.u.shape[1]

    @property
    def recurrence(self) -> np.ndarray:
        """The whole recurrent matrix W + U Vᵀ, (N, N)."""
        total = np.zeros((self.neurons, self.neurons)) if self.w is None else self.w
        return total if self.u is None or self.v is None else total + self.u @ self.v.T

    @property
    def stack(self) -> np.ndarray:
        """X = [M Z U V], (N, q + p + 2r).

        :raises InputError: if the recurrence is not a low-rank product
        """
        low_rank = self.u is not None and self.v is not None and self.w is None
        require(low_rank, "weights must be m, z, u, v to have overlaps; found a full recurrence w")
        return np.hstack([self.m, self.z, self.u, self.v])  # type: ignore[list-item]

    @property
    def gram(self) -> np.ndarray:
        """G = XᵀX, symmetric; infinite where it overflows."""
        stack = self.stack
        with np.errstate(all="ignore"):
            return stack.T @ stack

    def overlaps(self) -> dict[str, np.ndarray]:
        """The blocks σ_zm = ZᵀM, σ_zu = ZᵀU, σ_vm = VᵀM, σ_vu = VᵀU by name."""
        pairs = {
            "zm": (self.z, self.m),
            "zu": (self.z, self.u),
            "vm": (self.v, self.m),
            "vu": (self.v, self.u),
        }
        return {f"sigma_{name}": left.T @ right for name, (left, right) in pairs.items()}  # type: ignore[union-attr]


def _alike(present: np.ndarray | None, array: np.ndarray) -> bool:
    """Whether an array can stand for the present one without a closer look: same kind and shape, finite."""
    same = isinstance(array, np.ndarray) and present is not None and array.shape == present.shape
    return same and array.dtype == np.float64 and bool(np.isfinite(array).all())


def rank_one_weights(rng: np.random.Generator, neurons: int = 100) -> Weights:
    """Initial weights of the rank-one protocol: m, z uniform on ±1/√N; u, v normal with variance 1/N."""
    bound = 1 / np.sqrt(neurons)
    m, z = rng.uniform(-bound, bound, (2, neurons, 1))
    u, v = rng.normal(0.0, bound, (2, neurons, 1))
    return Weights(m, z, u, v)


def full_weights(rng: np.random.Generator, neurons: int = 100, strength: float = 0.1) -> Weights:
    """Initial weights of the full protocol: W normal with std g/√N, m and z normal with std 1/N."""
    m, z = rng.normal(0.0, 1 / neurons, (2, neurons, 1))
    return Weights(m, z, w=rng.normal(0.0, strength / np.sqrt(neurons), (neurons, neurons)))


def tracking_weights(rng: np.random.Generator, neurons: int = 100, strength: float = 0.2, q: int = 4) -> Weights:
    """Initial weights of the tracking protocol: W normal with std g/√N, M and Z uniform on ±1/√N, drawn W, M, Z."""
    bound = 1 / np.sqrt(neurons)
    w = rng.normal(0.0, strength * bound, (neurons, neurons))
    return Weights(rng.uniform(-bound, bound, (neurons, q)), rng.uniform(-bound, bound, (neurons, 2)), w=w)


def gaussian_weights(rng: np.random.Generator, neurons: int, p: int = 1, q: int = 1, rank: int = 1) -> Weights:
    """Normal weights with variance 1/N for any widths."""
    widths = (q, p, rank, rank)
    return Weights(*(rng.normal(0.0, 1 / np.sqrt(neurons), (neurons, width)) for width in widths))


def correlated_weights(rng: np.random.Generator, covariance: np.ndarray, neurons: int) -> Weights:
    """Rank-one weights whose rows (m_i, z_i, u_i, v_i) are normal with covariance Σ/N; the Gram matrix tends to Σ.

    :param covariance: Σ, positive definite, (4, 4)
    :raises InputError: if Σ is not a symmetric positive definite 4×4 matrix
    """
    covariance = matrix("covariance", covariance)
    require(covariance.shape == (4, 4), f"covariance must be (4, 4) for m, z, u, v; found {covariance.shape}")
    symmetric = bool(np.allclose(covariance, covariance.T))
    require(symmetric, "covariance must be symmetric; found an asymmetric matrix")
    least = np.linalg.eigvalsh(covariance)[0]
    require(least > 0, f"covariance must be positive definite; found the eigenvalue {least:g}")
    rows = rng.normal(size=(neurons, 4)) @ np.linalg.cholesky(covariance).T / np.sqrt(neurons)
    return Weights(*np.split(rows, 4, axis=1))


def at_overlaps(rng: np.random.Generator, overlaps: Iterable[float], neurons: int = 100) -> Weights:
    """Rank-one weights drawn as :func:`rank_one_weights` does, moved as little as possible to prescribed overlaps.

    z and v get the least-norm correction in the span of m and u.

    :param rng: source of randomness
    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu
    :param neurons: number N of neurons, at least 2
    :raises InputError: if the overlaps are not four finite numbers or N < 2
    """
    target = matrix("overlaps", list(overlaps))
    require(target.size == 4, f"overlaps must be four numbers {', '.join(RANK_ONE_OVERLAPS)}; found {target.size}")
    require(neurons >= 2, f"neurons must be at least 2 to prescribe four overlaps; found {neurons}")
    start = rank_one_weights(rng, neurons)
    span = np.hstack([start.m, start.u])  # type: ignore[list-item]
    readers = np.hstack([start.z, start.v])  # type: ignore[list-item]
    gap = target.reshape(2, 2).T - span.T @ readers
    readers = readers + span @ np.linalg.solve(span.T @ span, gap)
    return Weights(start.m, readers[:, :1], start.u, readers[:, 1:])


def at_gram(rng: np.random.Generator, gram: np.ndarray, neurons: int, p: int = 1, q: int = 1) -> Weights:
    """Weights with a prescribed Gram matrix of [M Z U V], in a random orientation.

    :param gram: G, positive semidefinite, (k, k) with k = q + p + 2r
    :param neurons: number N of neurons, at least k
    :raises InputError: if G is not symmetric positive semidefinite or N < k
    """
    gram = matrix("gram", gram)
    size = gram.shape[0]
    require(bool(np.allclose(gram, gram.T)), "gram must be symmetric; found an asymmetric matrix")
    require(neurons >= size, f"neurons must be at least {size} to realise the Gram matrix; found {neurons}")
    values, vectors = np.linalg.eigh(gram)
    floor = -1e-12 * max(1.0, values.max())
    require(values.min() >= floor, f"gram must be positive semidefinite; found the eigenvalue {values.min():g}")
    frame, _ = np.linalg.qr(rng.normal(size=(neurons, size)))
    stack = frame @ (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    rank = (size - p - q) // 2
    m, z, u, v = np.split(stack, [q, q + p, q + p + rank], axis=1)
    return Weights(m, z, u, v)


def contents(arrays: Mapping[str, np.ndarray]) -> str:
    """The names in a file, for a message."""
    return ", ".join(sorted(arrays)) or "nothing"


def load_weights(arrays: Mapping[str, np.ndarray], path: str | Path, prefix: str = "") -> Weights:
    """Weights from the arrays of a file.

    :param prefix: what the names start with, e.g. ``"teacher_"``
    :raises InputError: if m, z or the recurrence is missing, or shapes do not fit
    """
    for name in ("m", "z"):
        given = prefix + name in arrays
        require(given, f"{path} must contain the array {prefix}{name}; found {contents(arrays)}")
    complete = {f"{prefix}u", f"{prefix}v"} <= set(arrays) or f"{prefix}w" in arrays
    wanted = f"{prefix}u and {prefix}v, or {prefix}w"
    require(complete, f"{path} must contain {wanted}; found {contents(arrays)}")
    try:
        return Weights(**{name: arrays[prefix + name] for name in WEIGHT_NAMES if prefix + name in arrays})
    except InputError as error:
        raise InputError(f"{prefix}{error}") from None
