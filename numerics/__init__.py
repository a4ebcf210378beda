"""Numbers: the theory as fast code, and the experiment it is checked against, side by side.

The theory's core is here; ``stages``, ``open_loop`` and ``tracking`` hold what it says of each. ``experiment`` holds
the neurons and imports neither sympy nor ``theory``. Both answer in the same ``results`` to the same ``replay``.
"""

from numerics.blas import prepare_blas

prepare_blas()
