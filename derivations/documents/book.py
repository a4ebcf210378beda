"""The catalogue as a book: chapters, symbols, figures, and what was measured against the experiment."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from derivations import catalogue
from derivations.check import Check
from derivations.documents.letters import symbols_of
from derivations.result import Result
from derivations.wording import decided_by
from numerics.common.errors import InputError, require
from numerics.common.files import read_arrays
from theory.symbols import TABLE, Entry

TITLE = "How recurrent networks learn in closed loop"
SUBTITLE = "Derivations, each line with its kind; proofs were verified as this document was built"

LINE = 66
"""Width of a line of mathematics, as :func:`derivations.linebreak.printed_width` counts."""

PREFACE = (
    r"A plant $x_{t+1} = A x_t + B u_t$, $y_t = C x_t$ and an agent "
    r"$h_{t+1} = (1-\gamma) h_t + \gamma\,\varphi(W h_t + M y_{t+1})$, $u_t = Z^T h_t$, $h_0 = 0$, act on each other. "
    r"Where nothing else is said the neurons are linear, $\varphi(s) = s$, and have no leak, $\gamma = 1$; the recurrence "
    r"has rank one, $W = u v^T$; and the plant is the double integrator with time step 1, of which the position is "
    r"observed: $A = \left[\begin{matrix}1 & 1\\0 & 1\end{matrix}\right]$, "
    r"$B = \left[\begin{matrix}0\\1\end{matrix}\right]$, $C = \left[\begin{matrix}1 & 0\end{matrix}\right]$.",
    r"Every step of a derivation is an equation with its reason. A check mark says that the equation, as it is printed, was "
    r"proved when this document was built: the printed right-hand side was compared with a second way to the left-hand "
    r"side, or put back into the equation that defines it, with a remainder that computer algebra finds to be exactly "
    r"zero. Other lines say what they are: a definition; an assumption; asymptotic, a limit or leading order without a "
    r"bound on what is left out; or checked numerically, by the claim of ``closedloop validate`` that the line names.",
    r"Names are kept: $\lambda_3$, $\kappa$ or $\rho$ stand in long expressions for what they were defined to be; "
    r"$d_{zm}$ is $\partial L/\partial\sigma_{zm}$, $g_{ij}$ an entry of the Gram matrix of the columns $m, z, u, v$, "
    r"$s_{ij}$ an entry of a symmetric matrix $S$, and $Q$, $R$ weigh state and control in a loss.",
    r"``closedloop derive NAME --format latex`` prints one result to copy, ``--format json`` its expressions as sympy "
    r"reads them; the name stands under each heading. The numerical checks are lines of ``closedloop validate``, which "
    r"sets the theory beside networks of 100 neurons simulated and trained directly.",
)
"""Paragraphs with mathematics between dollar signs and commands between double backquotes."""

FIGURES = {
    1: ("open-loop-loss", "Closed and open loop: the same network, the same initial weights, two ways to learn."),
    2: (
        "open-loop-loss",
        "Closed and open loop in the plane of gains (green: stable; dark: with a complex pair; star: LQR), and the spike predicted.",
    ),
    3: ("stage-one", "Stage 1: the loss on the axis, and how it drives the overlap to negative values."),
    4: (
        "short-term-loss",
        "Stage 2: plateau, opposing gradients, paths under the surrogate and for episode lengths from one start, its length.",
    ),
    5: (
        "optimum",
        "Stage 3 under the control costs β of the paper, which averages the state and sums the control: 0, 25, 100 and 250 in the "
        "loss of this toolkit. The way to the optimum, the third root, gains, and the best agent by cost.",
    ),
    6: ("tracking-order", "Tracking: the staircase, loss by frequency, eigenvalues, one episode, the order."),
    7: (
        "word-gram-limit",
        "Full networks: 100 neurons and the small network dashed over them, longer words, stabilisation against their number.",
    ),
}
"""A result of the chapter, and the caption, by the number of the figure."""


@dataclass(frozen=True)
class Picture:
    """A figure drawn by ``closedloop figure``.

    :param file: the picture
    :param caption: what it shows
    """

    number: int
    file: Path
    caption: str

    @property
    def command(self) -> str:
        """The command that draws it."""
        return f"closedloop figure {self.number}"


@dataclass(frozen=True)
class Measured:
    """What ``validate`` decides about a result.

    :param command: the command that decides it
    :param words: words of the claim
    :param lines: the claims that hold these words in the reports at hand
    """

    command: str
    words: str
    lines: tuple[Check, ...] = ()

    @property
    def worst(self) -> Check | None:
        """The line that comes nearest to its tolerance or exceeds it; None without a report."""
        return max(self.lines, key=_share, default=None)

    def told(self, text: Callable[[str], str], number: Callable[[float, int], str], fails: str) -> str:
        """The worst line as a sentence, or the claim's words without a report.

        :param text: writes a plain text in the language of the document
        :param number: writes a number with so many digits
        :param fails: the verdict on a claim that does not hold
        """
        line = self.worst
        if line is None:
            return text(self.words) + "."
        several = f" (worst of {len(self.lines)})" if len(self.lines) > 1 else ""
        return f"{text(line.claim)}{several}: {self.numbers(number, fails)}."

    def numbers(self, number: Callable[[float, int], str], fails: str) -> str:
        """The numbers of the worst line; nothing without a report.

        :param number: writes a number with so many digits
        :param fails: the verdict on a claim that does not hold
        """
        line = self.worst
        if line is None:
            return ""
        found = f"theory {number(line.theory, 6)}, simulation {number(line.simulation, 6)}"
        gap = f"difference {number(line.difference, 2)}, tolerance {number(line.tolerance, 2)}"
        return f"{found}, {gap}{'' if line.passed else '; ' + fails}"


def measured_by(check: str, lines: Sequence[Check]) -> Measured:
    """What reports say of a line of ``validate``.

    :param check: ``"JOB: words"``
    :param lines: the lines of the reports
    """
    command, words = decided_by(check)
    return Measured(command, words, tuple(line for line in lines if words in line.claim))


def _share(line: Check) -> float:
    """Difference in units of the tolerance; an undecided line is worst."""
    if np.isnan(line.difference):
        return np.inf
    return line.difference / line.tolerance if line.tolerance else np.inf * line.difference if line.difference else 0.0


@dataclass(frozen=True)
class Chapter:
    """A chapter of the book.

    :param title: heading
    :param pictures: its figures
    """

    title: str
    results: tuple[Result, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Book:
    """Everything that a printed book needs.

    :param chapters: in the order of the paper
    :param measured: the claims of the reports at hand
    """

    chapters: tuple[Chapter, ...]
    measured: tuple[Check, ...] = ()

    @property
    def results(self) -> list[Result]:
        """All results."""
        return [result for chapter in self.chapters for result in chapter.results]

    @property
    def pictures(self) -> list[Picture]:
        """All figures."""
        return [picture for chapter in self.chapters for picture in chapter.pictures]

    @property
    def whole(self) -> bool:
        """Whether it holds the whole catalogue."""
        return len(self.results) == len(catalogue.ORDER)

    @cached_property
    def symbols(self) -> dict[str, Entry]:
        """The table's letters in use; all of them in a book of the whole catalogue."""
        used = symbols_of(self.results)
        return {name: entry for name, entry in TABLE.items() if self.whole or name in used}

    def pieces(self, paragraph: str) -> Iterator[tuple[str, str]]:
        """The pieces of prose: ``words``, ``math``, ``code``, and the ``name`` of a result in this book.

        :param paragraph: prose with mathematics between dollar signs and commands between double backquotes
        """
        names = "|".join(re.escape(result.name) for result in self.results if "-" in result.name) or r"\b\B"
        pattern = re.compile(rf"\$(?P<math>[^$]*)\$|``(?P<code>.+?)``|(?<![\w-])(?P<name>{names})(?![\w-])")
        end = 0
        for match in pattern.finditer(paragraph):
            yield "words", paragraph[end : match.start()]
            yield str(match.lastgroup), str(match[str(match.lastgroup)])
            end = match.end()
        yield "words", paragraph[end:]

    def decided(self, checks: Sequence[str]) -> list[Measured]:
        """The lines of ``validate`` that checks of a result, or of a claim of the paper, name.

        :param checks: the checks, each ``"JOB: words"``
        """
        return [measured_by(check, self.measured) for check in checks]


def compose(results: Sequence[Result], figures: Path | None = None, reports: Sequence[Path] = ()) -> Book:
    """A book of some results.

    :param results: the results; the book has them in the catalogue's order
    :param figures: a folder with pictures by ``closedloop figure``, for the chapters that have results
    :param reports: folders of ``closedloop validate --out``
    :raises InputError: if a folder holds no figure or no report
    """
    drawn = pictures(figures) if figures else {}
    by_name = {result.name: result for result in results}
    chapters = []
    for title, names in catalogue.CHAPTERS.items():
        inside = tuple(by_name[name] for name in names if name in by_name)
        if inside:
            chapters.append(Chapter(title, inside, tuple(p for name in names for p in drawn.get(name, ()))))
    return Book(tuple(chapters), tuple(line for folder in reports for line in read_report(folder)))


def pictures(folder: Path) -> dict[str, list[Picture]]:
    """The figures in a folder, by a result of their chapter.

    :param folder: where ``closedloop figure`` wrote them
    :raises InputError: if there is none
    """
    found: dict[str, list[Picture]] = {}
    for number, (name, caption) in FIGURES.items():
        file, numbers = folder / f"figure{number}.png", folder / f"figure{number}.npz"
        if file.is_file():
            gap = f" Theory and simulation differ by {_difference(numbers)}." if numbers.is_file() else ""
            found.setdefault(name, []).append(Picture(number, file.resolve(), caption + gap))
    remedy = "write some with closedloop figure N --out FOLDER"
    files = f"figure{min(FIGURES)}.png to figure{max(FIGURES)}.png"
    require(bool(found), f"--figures must be a folder with {files}; found none in {folder}; {remedy}")
    return found


def _difference(numbers: Path) -> str:
    arrays = read_arrays(numbers)
    require("difference" in arrays, f"{numbers} must hold 'difference'; found none; draw the figure again")
    return f"{float(arrays['difference']):.1e}"


def read_report(folder: Path) -> list[Check]:
    """The claims of a report.

    :param folder: where ``closedloop validate`` wrote it
    :raises InputError: if there is no report, or a damaged one
    """
    path = folder / "report.json"
    require(path.is_file(), f"--report must be a folder of closedloop validate; found no report.json in {folder}")
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))["checks"]
        names = ("claim", "theory", "simulation", "difference", "tolerance")
        values = [{name: np.nan if line[name] is None else line[name] for name in names} for line in lines]
        checks = [
            Check(str(claim), float(theory), float(found), float(gap), float(tolerance))
            for claim, theory, found, gap, tolerance in (tuple(v.values()) for v in values)
        ]
    except (ValueError, KeyError, TypeError, OSError):
        what = f"{path} must be a report of closedloop validate; found something else; run validate again"
        raise InputError(what) from None
    return checks


def meaning(entry: Entry) -> str:
    """What a symbol stands for, as prose with mathematics between dollar signs.

    :param entry: the symbol's entry in the table
    """
    text = re.sub(r"\b([a-z])·([a-z])\b", r"$\1\\cdot \2$", entry.meaning)
    text = (
        text.replace("->", r"$\to$").replace("dt/tau", r"$\Delta t/\tau$").replace("2 pi f dt", r"$2\pi f\,\Delta t$")
    )
    return re.sub(r"\b\w+_\w+\b", lambda m: f"${TABLE[m[0]].latex}$" if m[0] in TABLE else m[0], text)
