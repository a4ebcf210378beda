"""The public names of ``theory``, ``numerics`` and ``derivations`` in one place: ``import closedloop as cl``."""

from typing import TYPE_CHECKING

import derivations
import numerics
import theory

if TYPE_CHECKING:
    from derivations import *  # noqa: F403
    from numerics import *  # noqa: F403
    from theory import *  # noqa: F403

PACKAGES = (theory, numerics, derivations)

__all__ = sorted(name for package in PACKAGES for name in package.__all__)


def __getattr__(name: str) -> object:
    for package in PACKAGES:
        if name in package.__all__:
            return getattr(package, name)
    raise AttributeError(f"module closedloop has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
