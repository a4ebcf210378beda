"""All derived results by name, in the order of the paper; each is built when asked for."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

from derivations.progress import Progress, each
from derivations.result import Result
from numerics.common.errors import require

CHAPTERS = {
    "The loop and its reduction": (
        "joint-system",
        "characteristic-polynomial",
        "visible-overlaps",
        "stability-region",
        "effective-gains",
        "horizon-loss",
    ),
    "Stage 1: position control": ("stage-one", "axis-minimiser", "stage-boundaries"),
    "Stage 2: a model of the velocity": (
        "perturbed-roots",
        "convergence-radius",
        "short-term-loss",
        "long-term-loss",
        "saddle",
    ),
    "Stage 3 and the optimum": ("optimum", "long-horizon-optimum"),
    "Learning": ("learning-map", "conservation-laws"),
    "Full networks": ("word-space", "full-network-map", "word-gram-limit", "bulk-and-plateau"),
    "Open loop": ("markov-parameters", "open-loop-loss", "open-loop-spike"),
    "Beyond linear neurons": ("nonlinear-reduction",),
    "Tracking": ("tracking-transfer", "tracking-loss", "tracking-order", "staircase-law", "internal-model"),
}
"""The names of the results by chapter of the book."""

ORDER = tuple(name for names in CHAPTERS.values() for name in names)
"""The names of all results."""


def result(name: str) -> Result:
    """Derive one result.

    :param name: its name, see :data:`ORDER`
    :raises InputError: if there is no such result
    """
    close = get_close_matches(name, ORDER, 1)
    hint = f"did you mean {close[0]}?" if close else f"choose among {', '.join(ORDER)}"
    require(name in ORDER, f"NAME must be a derived result; found {name!r}; {hint}")
    return module(name).build()


def derive(name: str) -> Result:
    """Derive one result, as ``closedloop derive NAME`` does.

    :param name: its name, see :data:`ORDER`
    :raises InputError: if there is no such result
    """
    return result(name)


def module(name: str) -> ModuleType:
    """The module that derives a result.

    :param name: its name, one of :data:`ORDER`
    """
    return import_module(f"derivations.results.{name.replace('-', '_')}")


def about(name: str) -> str:
    """What a result is, in one line, without deriving it.

    :param name: its name, one of :data:`ORDER`
    """
    return (module(name).__doc__ or "").partition("\n")[0]


def results(names: Iterable[str] = (), progress: Progress | None = None) -> list[Result]:
    """Derive several results, or all.

    :param names: their names; all by default
    :raises InputError: if there is no such result
    """
    return [result(name) for name in each(tuple(names) or ORDER, lambda name: f"deriving {name}", progress)]
