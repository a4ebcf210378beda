"""Derived results in the form that was asked for, on the screen or in a file."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from derivations.documents import book, book_html, book_latex, letters, mathml, pdf
from derivations.documents.json import as_json
from derivations.documents.latex import as_latex
from derivations.documents.text import as_text
from derivations.progress import Progress
from derivations.result import Result
from derivations.wording import counted
from numerics.common.errors import choice, require
from numerics.common.files import atomic, check_writable, write_text

FORMATS = ("text", "latex", "json", "pdf", "html", "tex")
BOOKS = ("pdf", "html", "tex")
SUFFIXES = {"pdf": ("pdf",), "html": ("html",), "tex": ("tex", "latex"), "json": ("json",)}
"""What a file that ends so is taken for."""


@dataclass(frozen=True)
class Order:
    """What is to be printed, and how.

    :param format: one of :data:`FORMATS`
    :param out: the file; the screen, or a default name for a book, if None
    :param standalone: whether LaTeX gets a preamble
    :param symbols: ``NAME=LATEX`` for symbols with other names
    :param macros: whether symbols become macros
    :param figures: folder of the figures of a book
    :param reports: folders of the reports that a book quotes
    """

    format: str = "text"
    out: Path | None = None
    standalone: bool = False
    symbols: tuple[str, ...] = ()
    macros: bool = False
    figures: Path | None = None
    reports: tuple[Path, ...] = ()

    @property
    def target(self) -> Path | None:
        """The file to write; None for the screen."""
        return Path(f"book.{self.format}") if self.out is None and self.format in BOOKS else self.out

    def checked(self) -> "Order":
        """The same order, once nothing stands in its way.

        :raises InputError: if options contradict each other, a tool is missing, or the file cannot be written
        """
        form = choice("--format", self.format, FORMATS)
        if self.out is not None:
            _check_suffix(self.out, form)
        require(not self.standalone or form == "latex", f"--standalone goes with --format latex; found {form}")
        require(not self.macros or form in ("latex", "tex"), f"--macros goes with --format latex or tex; found {form}")
        lettered = form not in ("text", "json")
        require(not self.symbols or lettered, f"--symbols goes with latex, pdf, html and tex; found --format {form}")
        require(not (self.symbols and self.macros), "--macros leaves names to TeX; found also --symbols; remove one")
        for option, given in (("--figures", self.figures), ("--report", self.reports)):
            require(not given or form in BOOKS, f"{option} goes with --format pdf, html or tex; found {form}")
        if form == "pdf":
            pdf.require_pdflatex()
        if form == "html":
            mathml.require_converter()
        if self.target:
            check_writable(self.target)
        book.compose((), self.figures, self.reports)
        return self


def _check_suffix(out: Path, form: str) -> None:
    suffix = out.suffix.lower().lstrip(".")
    meant = SUFFIXES.get(suffix, () if form in BOOKS else (form,))
    what = f"end in .{form}" if form in BOOKS else f"not end in .{suffix}"
    remedy = f" or ask for --format {' or '.join(meant)}" if meant else ""
    require(form in meant, f"--out must {what} for --format {form}; found {out}; rename it{remedy}")


def produce(order: Order, results: Sequence[Result], progress: Progress | None = None) -> str:
    """Print the results; returns what belongs on the screen.

    :param order: what is to be printed
    :raises InputError: if a file cannot be written or pdflatex refuses the document
    """
    names = letters.macros(results) if order.macros else letters.renamed(results, order.symbols)
    if order.format in BOOKS:
        return _book(order, order.target or Path(), results, names, progress)
    if order.format == "latex":
        text = as_latex(results, order.standalone, names)
    else:
        text = as_json(results) if order.format == "json" else as_text(results)
    if order.out is None:
        return text
    write_text(order.out, text if text.endswith("\n") else text + "\n")
    return str(order.out)


def _book(
    order: Order, path: Path, results: Sequence[Result], names: letters.Letters, progress: Progress | None
) -> str:
    whole, done = book.compose(results, order.figures, order.reports), "replaced" if path.exists() else "written"
    length = counted(len(whole.results), "result")
    if order.format == "html":
        write_text(path, book_html.document(whole, names))
    elif order.format == "tex":
        write_text(path, book_latex.document(whole, names, _seen_from(path, order.figures)))
    else:
        source = book_latex.document(whole, names)
        compiled = pdf.compile_document(source, [picture.file for picture in whole.pictures], progress)
        with atomic(path, "wb") as handle:
            handle.write(compiled.pdf)
        length += f", {counted(compiled.pages, 'page')}"
    return f"{path} {done}: {length}, {path.stat().st_size / 1000:.0f} kB"


def _seen_from(path: Path, figures: Path | None) -> str:
    """The folder of figures as a TeX document at ``path`` names it."""
    if figures is None:
        return ""
    folder = os.path.relpath(figures.resolve(), path.resolve().parent).replace(os.sep, "/")
    plain = re.fullmatch(r"[\w./+-]+", folder) is not None
    require(plain, f"--figures must have a path that TeX reads, without spaces or signs; found {folder}; rename it")
    return folder
