"""Benchmarks: exact descent and direct training beside an autograd loop, costs against sizes, long horizons.

Run ``python -m benchmarks`` from the root of the repository, or ``make bench``.
"""

import numerics  # noqa: F401  its settings of OpenBLAS come before numpy
