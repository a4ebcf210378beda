"""N neurons as a filter of what they read, K(λ) = λ γ Zᵀ (λ - F)⁻¹ M with F = (1-γ) I + γ W, and its gradients.

A change of the weights changes it by dK = λ γ (dZᵀ R M + γ Zᵀ R dW R M + Zᵀ R dM), R = (λ - F)⁻¹, which
:mod:`theory.core.transfer_algebra` derives for all dimensions.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.common.errors import InputError
from numerics.common.spectrum import agent_step
from numerics.common.weights import Gradients, Weights


def circle(radius: float, count: int) -> np.ndarray:
    """λ = radius e^{2πik/count}, (count,)."""
    return radius * np.exp(2j * np.pi * np.arange(count) / count)


@dataclass(frozen=True)
class Filter:
    """The agent at k points λ.

    :param weights: the agent's weights
    :param leak: γ
    :param points: λ, (k,), no eigenvalues of F
    :param around: whether the points are a :func:`circle` around all eigenvalues of F. Then Σ_{j<k} F^j λ^{-j} stands
        for λ (λ - F)⁻¹, and leaves out what is of the order (spectral radius of F/radius)^k
    :raises InputError: on use, if a point is exactly an eigenvalue of F
    """

    weights: Weights
    leak: float
    points: np.ndarray
    around: bool = False

    @cached_property
    def input_response(self) -> np.ndarray:
        """λ γ R M, from what is read to the neurons, (k, N, q)."""
        return self._resolved(agent_step(self.weights, self.leak), self.leak * self.weights.m)

    @cached_property
    def output_response(self) -> np.ndarray:
        """Zᵀ R, from the neurons to the controls, (k, p, N)."""
        scaled = self._resolved(agent_step(self.weights, self.leak).T, self.weights.z)
        return scaled.swapaxes(1, 2) / self.points[:, None, None]

    @property
    def transfer(self) -> np.ndarray:
        """K(λ), (k, p, q)."""
        return self.weights.z.T @ self.input_response

    def _resolved(self, step: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """λ (λ - step)⁻¹ columns, (k, N, number of columns)."""
        count = len(self.points)
        if self.around:
            return np.fft.fft(_powers(step / self.points[0].real, columns, count), axis=0)
        inverse = self.points[:, None, None] * np.eye(len(step)) - step
        try:
            return self.points[:, None, None] * np.linalg.solve(
                inverse, np.broadcast_to(columns, (count, *columns.shape))
            )
        except np.linalg.LinAlgError:
            what = "weights must have no pole exactly at a frequency; found one, an exact internal model"
            raise InputError(f"{what}; its error is zero there; move the frequency or the pole a little") from None

    def gradients(self, slopes: np.ndarray) -> Gradients:
        """Re Σ_k tr(S_fkᵀ ∂K_k/∂weights) for every f, each (F, *shape of the weights).

        Of a low-rank recurrence, by u and v; of a full one, by w.

        :param slopes: S, (F, k, p, q)
        """
        found = [self._gradients(of_one) for of_one in slopes]
        return {name: np.stack([one[name] for one in found]) for name in found[0]}

    def _gradients(self, slopes: np.ndarray) -> Gradients:
        weights, onto_recurrence = self.weights, slopes @ self.input_response.swapaxes(1, 2)
        back = self.output_response.reshape(-1, weights.neurons).T
        onto_input = (self.points[:, None, None] * slopes).reshape(-1, slopes.shape[2])
        recurrent = self.leak * (back @ onto_recurrence.reshape(-1, weights.neurons)).real
        found = {"m": self.leak * (back @ onto_input).real, "z": onto_recurrence.sum(axis=0).real.T}
        if weights.w is not None:
            found["w"] = recurrent
        if weights.u is not None and weights.v is not None:
            found |= {"u": recurrent @ weights.v, "v": recurrent.T @ weights.u}
        return found


def _powers(step: np.ndarray, start: np.ndarray, count: int) -> np.ndarray:
    """start, step start, step² start, …, (count, N, columns)."""
    found = np.empty((count, *start.shape))
    found[0] = start
    for j in range(1, count):
        np.dot(step, found[j - 1], out=found[j])
    return found
