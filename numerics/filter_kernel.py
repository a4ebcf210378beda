"""Scalar kernel of the open-loop loss, generated from the theory of the agent as a filter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sympy import Symbol, diff

from numerics.codegen import assignments, build, indent, indexed, tuple_source
from theory.adjoint import grid
from theory.open_loop import AgentFilter


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
    d, p, q = agent.q + agent.rank, agent.p, agent.q
    state, adjoint, slope = grid("s", d, q), grid("l", d, q), grid("w", p, q)
    heard, following = agent.readout * state, agent.transition * state
    hamiltonian = sum(slope.multiply_elementwise(heard)) + sum(adjoint.multiply_elementwise(following))
    names, costates = [str(x) for x in state], [str(x) for x in adjoint]
    overlaps = [str(x) for x in agent.overlaps.flat]
    totals = [f"d_{name}" for name in overlaps]
    increments = [Symbol(t) + diff(hamiltonian, o) for t, o in zip(totals, agent.overlaps.flat, strict=True)]
    cells = [f"[k * {q} + {i}, {o}]" for o in range(p) for i in range(q)]
    parameters = sorted(agent.leak.free_symbols, key=str)
    begin = [
        *indexed(overlaps, "overlaps"),
        *indexed(parameters, "parameters"),
        *assignments(names, list(agent.entry), "x"),
        f"response = empty((length * {q}, {p}))",
        "trajectory = []",
        "for k in range(length):",
        *indent([f"trajectory.append({tuple_source(names)})"]),
        *indent(assignments([f"response{cell}" for cell in cells], list(heard), "x")),
        *indent(assignments(names, list(following), "y")),
    ]
    body = [
        *begin,
        "error = response - target",
        "pull = moment @ error",
        "loss = (error * pull).sum()",
        f"{' = '.join(totals)} = 0.0",
        f"{' = '.join(costates)} = 0.0",
        "for k in range(length - 1, -1, -1):",
        *indent([f"{tuple_source(names)} = trajectory[k]"]),
        *indent([f"{w} = 2.0 * pull{cell}" for w, cell in zip(slope, cells, strict=True)]),
        *indent(assignments([*totals, *costates], [*increments, *(diff(hamiltonian, x) for x in state)], "x")),
        f"return loss, {tuple_source(totals)}",
    ]
    scope, common = {"empty": np.empty}, ["overlaps", "parameters"]
    whole = [*common, "moment", "target", "length"]
    response = build("response", [*common, "length"], [*begin, "return response"], "Impulse response.", scope)
    return FilterKernel(agent, response, build("filter_loss", whole, body, "Open-loop loss, adjoint gradient.", scope))
