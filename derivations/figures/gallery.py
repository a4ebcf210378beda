"""The figures from fresh runs: compute, draw, save."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np

from derivations.progress import Progress
from numerics import plots
from numerics.common.errors import require
from numerics.common.files import atomic, check_folder, make_folder, write_arrays

NUMBERS = (1, 2, 3, 4, 5, 6, 7)
"""1 to 6 are those of arXiv 2505.13567; 7 is about full networks."""


def check(numbers: Sequence[int], folder: Path) -> None:
    """Whether there are such figures, and they can be written.

    :param numbers: numbers of figures
    :param folder: where they are to go
    :raises InputError: if there is no such figure, or it cannot be written
    """
    for number in numbers:
        require(number in NUMBERS, f"NUMBER must be one of {', '.join(map(str, NUMBERS))}; found {number}")
    check_folder(folder, [file.name for number in numbers for file in _files(number, folder)])


def _files(number: int, folder: Path) -> tuple[Path, Path]:
    return folder / f"figure{number}.png", folder / f"figure{number}.npz"


@contextmanager
def drawing() -> Iterator:
    """matplotlib.pyplot in the toolkit's style, without a display."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    with plt.style.context(plots.STYLE), np.errstate(all="ignore"):
        yield plt


def save_picture(path: Path, figure) -> None:
    """Write a figure as PNG, whole or not at all, and close it.

    :param path: the file
    :param figure: the matplotlib figure
    """
    from matplotlib import pyplot as plt

    with atomic(path, "wb") as handle:
        figure.savefig(handle, format="png")
    plt.close(figure)


def make(
    number: int, folder: Path, seed: int | None = None, progress: Progress | None = None
) -> tuple[Path, Path, float]:
    """Gather a figure's numbers, save them, draw it; returns picture, numbers, and the gap theory - simulation.

    :param number: number of the figure
    :param folder: made once the numbers are there
    :param seed: seed of the run that is shown; the figure's own by default
    """
    from derivations.evidence.figures import DATA

    check([number], folder)
    picture, numbers = _files(number, folder)
    module = import_module(f"derivations.figures.figure{number}")
    options = {} if seed is None else {"seed": seed}
    data = DATA[number](progress=progress, **options)
    make_folder(folder)
    write_arrays(numbers, dict(data))
    with drawing():
        save_picture(picture, module.draw(data))
    return picture, numbers, float(data["difference"])
