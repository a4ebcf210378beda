"""A batch in two halves on two threads. numpy leaves the interpreter to other threads while it computes.

How a batch is cut depends on sizes alone and the halves are summed in order, so a run does not depend on the machine's
load or number of cores. BLAS should have one thread of its own (``OPENBLAS_NUM_THREADS=1``); more of them compete.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np

from numerics.common.weights import Gradients, Weights

WORTH = 250_000
"""Products batch · N² of a step from which two threads gain more than they cost."""


def batch_parts(weights: Weights, batch: int) -> list[slice]:
    """The rows of every part of a batch: two halves if a step multiplies by a large W, otherwise all."""
    half = (batch + 1) // 2
    large = weights.w is not None and half < batch and batch * weights.neurons**2 >= WORTH
    return [slice(0, half), slice(half, batch)] if large else [slice(0, batch)]


def helpers() -> Executor:
    """The thread for the second part, to be closed by ``with``; it starts when it is first needed."""
    return ThreadPoolExecutor(max_workers=1)


def mean_of_parts(
    work: Callable[[int], tuple[float, Gradients]], rows: Sequence[slice], pool: Executor
) -> tuple[float, Gradients]:
    """Loss and gradients averaged over the batch, from those averaged over each part.

    :param work: mean loss and gradients of part i
    :param rows: the rows of every part, from :func:`batch_parts`
    """
    handling = np.geterr()  # of floating-point errors; threads do not share it

    def guarded(i: int) -> tuple[float, Gradients]:
        with np.errstate(**handling):
            return work(i)

    others = [pool.submit(guarded, i) for i in range(1, len(rows))]
    found = [work(0), *(other.result() for other in others)]
    if len(found) == 1:
        return found[0]
    shares = [(part.stop - part.start) / rows[-1].stop for part in rows]
    loss = sum(share * value for share, (value, _) in zip(shares, found, strict=True))
    names = found[0][1]
    return loss, {name: sum(s * g[name] for s, (_, g) in zip(shares, found, strict=True)) for name in names}
