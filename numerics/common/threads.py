"""How many threads BLAS may use: one for our small matrices, while we compute and no longer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""What a user sets to choose the number; it is then left alone."""


@contextmanager
def single_threaded() -> Iterator[None]:
    """One BLAS thread within the block, unless the user has asked for a number.

    A second thread costs more than it gains on matrices of a hundred rows; large batches bring threads of their own.
    """
    if any(os.environ.get(name) for name in VARIABLES):
        yield
        return
    with threadpool_limits(1, user_api="blas"):
        yield
