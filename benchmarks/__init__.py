"""Benchmarks: exact descent and direct training beside an autograd loop, costs against sizes, long horizons.

Run ``python -m benchmarks`` from the root of the repository, or ``make bench``.
"""

import os

# One BLAS thread, before numpy loads: the products are too small to share, and a second thread waits for its core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
