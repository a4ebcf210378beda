"""The agent alone and the closed loop as state-space systems, for python-control and scipy.signal.

The agent is the filter s_{t+1} = F s_t + E y_{t+1}, u_t = H s_t: it has read y_t when it acts, and y_t feeds through to
u_t. The textbook form, which reads y_t into the next state, follows with w_t = s_t - E y_t:

    w_{t+1} = F w_t + F E y_t,   u_t = H w_t + H E y_t,   K(z) = Σ_j H F^j E z^{-j} = H E + H (z - F)^{-1} F E.

Around a plant without feedthrough, y_t = C x_t, there is no algebraic loop: y_t needs the state only, and u_t then
needs y_t. The closed loop in (x, w) and in (x, s) differ by the change of basis s = w + E C x, so the poles of
``control.feedback(plant, agent, sign=1)`` are the eigenvalues of the joint matrix. Only the start differs: h_0 = 0 has
not read y_0, which is w_0 = -E C x_0; with w_0 = 0 the agent acts at t = 0 already.

Source of the filter: :mod:`theory.open_loop.imitation`; of the closed loop: :mod:`theory.core.loop`.
"""

from dataclasses import dataclass

import numpy as np

from numerics.common.errors import choice, require
from numerics.common.plants import Plant
from numerics.common.spectrum import agent_step
from numerics.common.weights import Weights
from numerics.interop.state_space import StateSpace, names

DISTURBANCES = ("state", "start", "control")


@dataclass(frozen=True)
class LinearAgent:
    """A linear agent s_{t+1} = F s_t + E y_{t+1}, u_t = H s_t.

    :param transition: F, (k, k)
    :param entry: E, (k, q)
    :param readout: H, (p, k)
    :param states: names of the states
    """

    transition: np.ndarray
    entry: np.ndarray
    readout: np.ndarray
    states: tuple[str, ...]

    @classmethod
    def of_weights(cls, weights: Weights, leak: float = 1.0) -> "LinearAgent":
        """The N linear neurons themselves: F = (1-γ) I + γ W, E = γ M, H = Zᵀ."""
        return cls(agent_step(weights, leak), leak * weights.m, weights.z.T, names("h", weights.neurons))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(k, p, q): numbers of states, controls and observations."""
        return len(self.transition), len(self.readout), self.entry.shape[1]

    def system(self, dt: float | bool) -> StateSpace:
        """The agent from observations y to controls u, in the textbook form (F, F E, H, H E).

        :param dt: sampling time, or True for steps of no stated length
        """
        (_, p, q), F, E, H = self.shape, self.transition, self.entry, self.readout
        states = tuple(f"w_{name}" for name in self.states)
        return StateSpace(F, F @ E, H, H @ E, dt, names("y", q), names("u", p), states)


def closed_loop(plant: Plant, agent: LinearAgent, dt: float | bool, disturbance: str = "state") -> StateSpace:
    """Plant and agent closed on each other, from a disturbance d to observations y and controls u.

    The state is (x_t, s_t) and its matrix the joint matrix, P for neurons and P_eff for the reduced agent. An episode
    from x_0 is the free response from (x_0, 0), e.g. ``control.initial_response(system, T, X0=[*x_0, 0, …])``.
    The disturbance is

    - ``"state"``: x_{t+1} = A x_t + B u_t + d_t, which the agent sees in y_{t+1};
    - ``"start"``: the same, unseen at first: the response to an impulse x_0 is, one step late, the episode from x_0;
    - ``"control"``: x_{t+1} = A x_t + B (u_t + d_t), a load on the plant's input.

    :param dt: sampling time, or True for steps of no stated length
    :param disturbance: ``"state"``, ``"start"`` or ``"control"``
    :raises InputError: if the agent does not fit the plant, or the word is unknown
    """
    (n, p, q), (k, *widths) = plant.shape, agent.shape
    choice("disturbance", disturbance, DISTURBANCES)
    fits = widths == [p, q]
    require(fits, f"agent must have the plant's {p} controls and {q} observations; found {widths[0]} and {widths[1]}")
    A, B, C, F, E, H = plant.A, plant.B, plant.C, agent.transition, agent.entry, agent.readout
    joint = np.block([[A, B @ H], [E @ C @ A, F + E @ C @ B @ H]])
    pushed = B if disturbance == "control" else np.eye(n)
    seen = np.zeros((k, n)) if disturbance == "start" else E @ C @ pushed
    outputs = np.block([[C, np.zeros((q, k))], [np.zeros((p, n)), H]])
    width = pushed.shape[1]
    return StateSpace(
        joint,
        np.vstack([pushed, seen]),
        outputs,
        np.zeros((q + p, width)),
        dt,
        names("d", width),
        names("y", q) + names("u", p),
        names("x", n) + agent.states,
    )
