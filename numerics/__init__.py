"""Numbers: the theory as fast code, and the experiment it is checked against, side by side.

The experiment (``weights``, ``simulate``, ``train``, ``observe``, ``replay``, …) imports neither sympy nor ``theory``.
"""

from numerics.blas import prepare_blas

prepare_blas()
