"""Scalar kernels generated from the theory: rollout, loss and adjoint gradient; one step of learning.

Each kernel is one source text. Called with floats it is plain Python, with arrays it broadcasts over them, and
:func:`numerics.reduced.codegen.jit` compiles it unchanged.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from sympy import Expr, ImmutableMatrix, Symbol, eye

from numerics.reduced.codegen import assignments, build, indent, indexed, tuple_source
from numerics.replay.settings import CLIP_EPSILON
from theory.core.adjoint import Loop, one_step
from theory.core.learning import WeightSpace, descent, flow, squared_gradient_norm
from theory.core.loss import Cost
from theory.symbols import matrix_symbols


@dataclass(frozen=True)
class LossKernel:
    """Loss and gradient of a loop over a finite horizon.

    :param loop: the loop
    :param function: the generated function

    ``function(overlaps, parameters, initial, state_weight, control_weight, horizon)`` returns
    ``(loss, gradient)`` with ``loss = Σ_{t<T} w ‖X_t F‖² + b ‖U_t F‖²`` and the gradient by the overlaps;
    ``initial`` is F by row, a factor of the second moment Σ_0 = F Fᵀ of the initial states, for a linear loop, and one
    initial state for a nonlinear one.
    """

    loop: Loop
    function: Callable

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """Symbols besides the overlaps, in the order of ``parameters``."""
        return self.loop.parameters


@dataclass(frozen=True)
class LearningKernel:
    """One step of learning of a weight space; G is its upper triangle by row, T a k×k matrix by row.

    :param space: the weight space
    :param visible: ``visible(gram)`` gives the overlaps in G
    :param descent: ``descent(gram, transfer, gradient, rate, clip)`` gives ``(gram, transfer, norm)``:
        G ← QᵀGQ, T ← T Q, and the norm of the gradient before clipping
    :param flow: ``flow(gram, gradient)`` gives dG/dt
    :param norm: ``norm(gram, gradient)`` gives the norm of the gradient
    """

    space: WeightSpace
    visible: Callable
    descent: Callable
    flow: Callable
    norm: Callable


@lru_cache(maxsize=64)
def loss_kernel(loop: Loop, penalised: bool = True) -> LossKernel:
    """Generate the loss of a loop and its adjoint gradient, from :func:`theory.core.adjoint.one_step`.

    :param loop: the loop with symbols as overlaps; symbolic plant entries become parameters
    :param penalised: whether the control cost is compiled in; without it the control weight is ignored
    """
    plant = loop.plant
    weight, penalty = Symbol("state_weight"), Symbol("control_weight")
    unit = Cost.identity(plant, penalty if penalised else 0)
    step = one_step(loop, replace(unit, state=weight * unit.state))
    state, adjoint = [str(x) for x in step.state], [str(x) for x in step.adjoint]
    overlaps = [str(x) for x in loop.overlaps.flat]
    totals = [f"d_{name}" for name in overlaps]
    start = [f"initial[{i}]" if i < plant.n * loop.columns else "0.0" for i in range(len(state))]
    increments = [Symbol(total) + term for total, term in zip(totals, step.gradient, strict=True)]
    body = [
        *indexed(overlaps, "overlaps"),
        *indexed(loop.parameters, "parameters"),
        f"{', '.join(state)} = {', '.join(start)}",
        "loss = 0.0",
        "trajectory = []",
        "for _ in range(horizon):",
        *indent([f"trajectory.append({tuple_source(state)})"]),
        *indent(assignments(["loss", *state], [Symbol("loss") + step.cost, *step.following], "x")),
        f"{' = '.join(totals)} = 0.0",
        f"{' = '.join(adjoint)} = 0.0",
        "for t in range(horizon - 1, -1, -1):",
        *indent([f"{tuple_source(state)} = trajectory[t]"]),
        *indent(assignments([*totals, *adjoint], [*increments, *step.adjoint_update], "x")),
        f"return loss, {tuple_source(totals)}",
    ]
    arguments = ["overlaps", "parameters", "initial", "state_weight", "control_weight", "horizon"]
    doc = "Loss over the horizon, adjoint gradient."
    return LossKernel(loop, build("loss_and_gradient", arguments, body, doc, {"sqrt": np.sqrt, "pi": math.pi}))


def triangle(matrix: ImmutableMatrix) -> list[Expr]:
    """The upper triangle of a symmetric matrix, by row.

    :param matrix: the matrix
    """
    return [matrix[i, j] for i in range(matrix.rows) for j in range(i, matrix.cols)]


def _learning_sources(space: WeightSpace) -> dict[str, list[str]]:
    gram, gradients = space.gram_symbols(), space.gradient_symbols()
    names, slopes = [str(g) for g in triangle(gram)], [str(g) for g in gradients.flat]
    read = [*indexed(names, "gram"), *indexed(slopes, "gradient")]
    step = Symbol("step")
    transfer = matrix_symbols("t", space.size, space.size)
    update = eye(space.size) - step * space.sensitivity(gradients) * space.mask
    squared = [
        *assignments(["squared"], [squared_gradient_norm(space, gram, gradients)], "n"),
        "norm = sqrt(maximum(squared, 0.0))",
    ]
    moved = [f"m{i}" for i in range(len(names))]
    carried = [f"c{i}" for i in range(len(transfer))]
    return {
        "visible": [f"return {tuple_source(f'gram[{names.index(str(o))}]' for o in space.overlaps(gram).flat)}"],
        "norm": [*read, *squared, "return norm"],
        "flow": [
            *read,
            *assignments(moved, triangle(flow(space, gram, gradients)), "x"),
            f"return {tuple_source(moved)}",
        ],
        "descent": [
            *read,
            *indexed(list(transfer), "transfer"),
            *squared,
            f"step = rate * minimum(1.0, clip / (norm + {CLIP_EPSILON}))",
            *assignments(
                [*moved, *carried],
                [*triangle(descent(space, gram, gradients, step)), *(transfer * update)],
                "x",
            ),
            f"return {tuple_source(moved)}, {tuple_source(carried)}, norm",
        ],
    }


@lru_cache(maxsize=64)
def learning_kernel(space: WeightSpace, arrays: bool = False) -> LearningKernel:
    """Generate the step of learning of a weight space.

    :param arrays: whether the functions take arrays (numpy's ``minimum`` and ``sqrt``) or floats
    """
    scope = (
        {"minimum": np.minimum, "maximum": np.maximum, "sqrt": np.sqrt}
        if arrays
        else {"minimum": min, "maximum": max, "sqrt": math.sqrt}
    )
    arguments = {
        "visible": ["gram"],
        "norm": ["gram", "gradient"],
        "flow": ["gram", "gradient"],
        "descent": ["gram", "transfer", "gradient", "rate", "clip"],
    }
    sources = _learning_sources(space)
    functions = {
        name: build(name, arguments[name], sources[name], f"Generated {name} of the Gram matrix.", scope)
        for name in arguments
    }
    return LearningKernel(space, **functions)
