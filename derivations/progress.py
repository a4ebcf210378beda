"""How long work says where it is."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def named(
    progress: Progress | None, what: str, before: int = 0, whole: int | None = None
) -> Callable[[int, int], None] | None:
    """What work calls that knows only (done, in all); None if nobody listens.

    :param progress: who is told
    :param what: what is being done
    :param before: how much was done before this work began
    :param whole: how much there is, with what comes before and after; what the work says by default
    """
    if progress is None:
        return None
    return lambda done, total: progress(what, before + done, total if whole is None else whole)


def each(items: Sequence[Item], what: str | Callable[[Item], str], progress: Progress | None) -> Iterator[Item]:
    """The items one by one; before each it is said how many are done.

    :param items: what is worked on
    :param what: what is being done, or what is being done with an item
    :param progress: who is told, if anybody listens
    """
    for index, item in enumerate(items):
        if progress:
            progress(what if isinstance(what, str) else what(item), index, len(items))
        yield item
