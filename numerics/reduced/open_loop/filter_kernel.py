"""Scalar kernel of the open-loop loss, generated from the theory of the agent as a filter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sympy import Matrix, Symbol, diff

from numerics.reduced.codegen import assignments, build, indent, indexed, tuple_source
from theory.core.adjoint import grid
from theory.open_loop.imitation import AgentFilter


@dataclass(frozen=True)
class FilterKernel:
    """Loss and gradient of an agent against a teacher's impulse response.

    :param agent: the agent as a filter
    :param response: ``response(overlaps, parameters, length)`` gives [g_0 … g_{K-1}] as an array (K q, p)
    :param function: ``function(overlaps, parameters, moment, target, length)`` gives ``(loss, gradient)`` with
        ``loss = Σ_o δ_oᵀ R δ_o``; ``moment`` is R, (K q, K q), ``target`` the teacher's response, (K q, p)
    """

    agent: AgentFilter
    response: Callable
    function: Callable


@lru_cache(maxsize=64)
def filter_kernel(agent: AgentFilter) -> FilterKernel:
    """Generate the response of an agent, its loss, and the adjoint gradient by the overlaps.

    With S_0 = E, S_{j+1} = F S_j and g_j = H S_j the adjoint is derived from the Hamiltonian ⟨∂L/∂g_j, H S_j⟩ +
    ⟨Λ_{j+1}, F S_j⟩: Λ_j is its derivative by S_j, and ∂L/∂σ the sum of its derivatives by σ.

    :param agent: the agent with symbols as overlaps; a symbolic leak becomes a parameter
    """
    state = grid("s", agent.q + agent.rank, agent.q)
    cells = [f"[k * {agent.q} + {i}, {o}]" for o in range(agent.p) for i in range(agent.q)]
    forward, backward = _forward(agent, state, cells), _backward(agent, state, cells)
    scope, common = {"empty": np.empty}, ["overlaps", "parameters"]
    whole = [*common, "moment", "target", "length"]
    response = build("response", [*common, "length"], [*forward, "return response"], "Impulse response.", scope)
    body = [*forward, *backward]
    return FilterKernel(agent, response, build("filter_loss", whole, body, "Open-loop loss, adjoint gradient.", scope))


def _forward(agent: AgentFilter, state: Matrix, cells: list[str]) -> list[str]:
    """Lines that step S_j and write g_j, leaving the S_j in ``trajectory``."""
    names, parameters = [str(x) for x in state], sorted(agent.leak.free_symbols, key=str)
    return [
        *indexed(agent.overlaps.flat, "overlaps"),
        *indexed(parameters, "parameters"),
        *assignments(names, list(agent.entry), "x"),
        f"response = empty((length * {agent.q}, {agent.p}))",
        "trajectory = []",
        "for k in range(length):",
        *indent([f"trajectory.append({tuple_source(names)})"]),
        *indent(assignments([f"response{cell}" for cell in cells], list(agent.readout * state), "x")),
        *indent(assignments(names, list(agent.transition * state), "y")),
    ]


def _backward(agent: AgentFilter, state: Matrix, cells: list[str]) -> list[str]:
    """Lines that give the loss and, from the last lag to the first, its gradient."""
    adjoint, slope = grid("l", *state.shape), grid("w", agent.p, agent.q)
    hamiltonian = sum(slope.multiply_elementwise(agent.readout * state))
    hamiltonian += sum(adjoint.multiply_elementwise(agent.transition * state))
    costates, totals = [str(x) for x in adjoint], [f"d_{name}" for name in agent.overlaps.flat]
    increments = [Symbol(t) + diff(hamiltonian, o) for t, o in zip(totals, agent.overlaps.flat, strict=True)]
    return [
        "error = response - target",
        "pull = moment @ error",
        "loss = (error * pull).sum()",
        f"{' = '.join(totals)} = 0.0",
        f"{' = '.join(costates)} = 0.0",
        "for k in range(length - 1, -1, -1):",
        *indent([f"{tuple_source(str(x) for x in state)} = trajectory[k]"]),
        *indent([f"{w} = 2.0 * pull{cell}" for w, cell in zip(slope, cells, strict=True)]),
        *indent(assignments([*totals, *costates], [*increments, *(diff(hamiltonian, x) for x in state)], "x")),
        f"return loss, {tuple_source(totals)}",
    ]
