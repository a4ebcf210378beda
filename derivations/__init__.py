"""Derived results, each with its derivation, its LaTeX and its check against the experiment; and the command line."""

import os

# Our matrices are small: a second BLAS thread costs more than it gains, and full networks use two threads themselves.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
