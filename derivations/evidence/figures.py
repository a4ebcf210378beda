"""What every figure shows, by its number."""

from collections.abc import Callable

import numpy as np

from derivations.evidence import axis, comparison, plateau, refinement, small_networks, tracking

DATA: dict[int, Callable[..., dict[str, np.ndarray]]] = {
    1: comparison.figure,
    2: comparison.plane,
    3: axis.figure,
    4: plateau.figure,
    5: refinement.figure,
    6: tracking.figure,
    7: small_networks.figure,
}
"""Each takes ``seed`` and ``progress``, and answers the numbers that are saved beside the picture."""
