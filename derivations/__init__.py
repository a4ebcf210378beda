"""Derived results, each with its derivation, its LaTeX and its check against the experiment; and the command line."""

import numerics  # noqa: F401  its settings of OpenBLAS come before numpy
