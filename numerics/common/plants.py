"""The plant as arrays, for the experiment."""

from dataclasses import dataclass

import numpy as np

from numerics.common.errors import matrix, require


@dataclass(frozen=True)
class Plant:
    """A linear plant x_{t+1} = A x_t + B u_t, y_t = C x_t in float64.

    :param A: state matrix, (n, n)
    :param B: input matrix, (n, p)
    :param C: output matrix, (q, n)
    :raises InputError: if an entry is not finite or the shapes do not fit
    """

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray

    def __post_init__(self) -> None:
        A, B = matrix("A", self.A), matrix("B", self.B)
        C = matrix("C", np.atleast_2d(np.asarray(self.C)))
        n = A.shape[0]
        require(A.shape == (n, n), f"A must be square; found {A.shape}")
        require(B.shape[0] == n, f"B must have a row for each of the {n} states; found {B.shape}")
        require(C.shape[1] == n, f"C must have a column for each of the {n} states; found {C.shape}")
        for name, value in zip("ABC", (A, B, C), strict=True):
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n, p, q): numbers of states, controls and observations."""
        return self.A.shape[0], self.B.shape[1], self.C.shape[0]

    @property
    def values(self) -> tuple[float, ...]:
        """All entries of A, B, C by row."""
        return tuple(np.concatenate([self.A.ravel(), self.B.ravel(), self.C.ravel()]).tolist())


def double_integrator(step: float = 1.0) -> Plant:
    """Position and velocity, force as control, position observed.

    :param step: time step dt
    """
    return Plant(np.array([[1.0, step], [0.0, 1.0]]), np.array([[0.0], [step]]), np.array([[1.0, 0.0]]))
