"""The spike of a loss during learning: how far it rises again, and when."""

from dataclasses import dataclass

import numpy as np

from numerics.common.errors import require

THRESHOLD = 10.0
"""Rise from which on a bump of the test loss counts as a spike."""


@dataclass(frozen=True)
class Spike:
    """The largest rise of a loss above what had been reached before.

    :param epoch: where the ratio of the loss to its running minimum is largest
    :param height: the loss there
    :param rise: that ratio, 1 if the loss never rises
    """

    epoch: int
    height: float
    rise: float

    @property
    def found(self) -> bool:
        """Whether the rise is at least tenfold."""
        return self.rise >= THRESHOLD


def spike(loss: np.ndarray) -> Spike:
    """The spike of a loss over epochs.

    :param loss: positive losses, (epochs,); may be infinite
    :raises InputError: if it is empty, or a loss is not positive
    """
    loss = np.asarray(loss, dtype=np.float64)
    require(loss.size > 0, "loss must hold at least one epoch; found none")
    require(bool((loss > 0).all()), "loss must be positive; found zero, negative or NaN values")
    with np.errstate(all="ignore"):
        rise = loss / np.minimum.accumulate(loss)
    rise = np.where(np.isfinite(loss), rise, np.inf)
    epoch = int(np.argmax(rise))
    return Spike(epoch, float(loss[epoch]), float(rise[epoch]))
