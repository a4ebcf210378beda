"""How far a loss rises again during learning."""

import numpy as np

from numerics.errors import require


def rise(loss: np.ndarray) -> tuple[float, int]:
    """Largest factor by which a loss exceeds its lowest value so far, and the epoch: max_t L_t / min_{s≤t} L_s.

    1 if the loss never rises; infinite if it overflows.

    :param loss: positive losses over epochs, (epochs,)
    :raises InputError: if there is no epoch, or a loss is not positive
    """
    loss = np.asarray(loss, dtype=np.float64)
    require(loss.size > 0, "loss must hold at least one epoch; found none")
    require(bool((loss > 0).all()), "loss must be positive; found zero, negative or NaN values")
    with np.errstate(all="ignore"):
        factors = loss / np.minimum.accumulate(loss)
    factors = np.where(np.isfinite(loss), factors, np.inf)
    peak = int(np.argmax(factors))
    return float(factors[peak]), peak
