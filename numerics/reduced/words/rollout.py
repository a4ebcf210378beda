"""Loss and gradient of a small linear network on a task, in plain numpy or compiled."""

from collections.abc import Callable
from functools import cache

import numpy as np

from numerics.common.spectrum import agent_step
from numerics.common.weights import Gradients, Weights
from numerics.reduced.codegen import has_numba, jit
from numerics.reduced.iterate import resolve_backend
from numerics.reduced.words import kernel
from numerics.reduced.words.tasks import Batch, Task

COMPILED_UP_TO = 128
"""Dimension up to which compiled code beats numpy, whose products take over."""
STEP = 10
"""Time of a step in plain numpy, in steps of a network of rank one: whether compiling pays."""


@cache
def _passes(backend: str) -> tuple[Callable, Callable]:
    """Forward pass and adjoint."""
    if backend == "numba":
        add = jit(kernel.add_product_by_entries)
        return jit(kernel.make_forward(add)), jit(kernel.make_backward(add))
    return kernel.make_forward(kernel.add_product), kernel.make_backward(kernel.add_product)


class Rollout:
    """The task with memory for its episodes.

    :param task: the task
    :param neurons: number d of neurons
    :param backend: ``"auto"``, ``"python"`` or ``"numba"``
    """

    def __init__(self, task: Task, neurons: int, backend: str = "auto") -> None:
        steps, pays = len(task.control_weights), neurons <= COMPILED_UP_TO
        wanted = backend if backend != "auto" or (pays and has_numba()) else "python"
        self.backend = resolve_backend(wanted, task.epochs * steps * STEP)
        self._passes = _passes(self.backend)
        self.task, self.neurons = task, neurons
        self._buffers: tuple[np.ndarray, ...] = ()
        matrices = [getattr(task.plant, name) for name in "ABC"]
        self._plant = tuple(map(np.ascontiguousarray, [*matrices, *(each.T for each in matrices)]))

    def loss_and_gradient(self, weights: Weights, epoch: int) -> tuple[float, Gradients]:
        """Loss and gradient of an update by every weight matrix.

        :param weights: the small network
        :param epoch: the update
        """
        task, batch = self.task, self.task.batch(epoch)
        loss, gradients, x = self._evaluate(weights, batch, np.inf)
        if task.whole is not None and batch.mix is not None and not _peak(batch.mix, x) < task.clamp:
            loss, gradients, _ = self._evaluate(weights, task.whole(epoch), task.weighted_clamp)
        return loss, gradients

    def _evaluate(self, weights: Weights, batch: Batch, clamp: float) -> tuple[float, Gradients, np.ndarray]:
        task = self.task
        count = len(batch.x0)
        agent = weights.m, weights.z, agent_step(weights, task.leak)
        alpha, beta = task.state_weights[:, None], task.control_weights[:, None, None]
        facts = task.leak, task.first, clamp, alpha, beta
        x, *buffers = self._memory(count)
        x[0] = batch.x0
        targets = batch.x_target, batch.u_target
        with np.errstate(all="ignore"):
            loss, by_m, by_z, by_w = kernel.evaluate(
                *self._passes, self._plant, agent, facts, batch.added, x, *targets, tuple(buffers)
            )
            gradients = {"m": by_m, "z": by_z}
            if weights.u is not None and weights.v is not None:
                gradients |= {"u": by_w @ weights.v, "v": by_w.T @ weights.u}
            if weights.w is not None:
                gradients["w"] = by_w
        return float(loss), gradients, x

    def _memory(self, count: int) -> tuple[np.ndarray, ...]:
        """x, h, y, u and the slopes by x, h, u."""
        if not self._buffers or self._buffers[0].shape[1] != count:
            (n, p, q), steps = self.task.plant.shape, len(self.task.control_weights)
            widths = (n, self.neurons, q, p, n, self.neurons, p)
            self._buffers = tuple(np.zeros((steps, count, width)) for width in widths)
        return self._buffers


def _peak(mix: np.ndarray, x: np.ndarray) -> float:
    """Largest modulus of a state in the episodes mixed from these; NaN if any is."""
    with np.errstate(all="ignore"):
        flat = np.moveaxis(x[1:], 1, 0).reshape(mix.shape[1], -1)
        mixed = mix @ flat
    return float(max(mixed.max(), -mixed.min()))
