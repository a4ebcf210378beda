"""LaTeX documents compiled to PDF."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from derivations.progress import Progress
from numerics.common.errors import InputError, require

PATIENCE = 300
RUNS = 4
"""At most; usually three: for the pages, for the table of contents, which moves them, and for their numbers in it."""


@dataclass(frozen=True)
class Compiled:
    """A compiled document.

    :param pdf: the file's contents
    :param log: what pdflatex wrote about its last run
    """

    pdf: bytes
    log: str

    @property
    def pages(self) -> int:
        """Number of pages."""
        return int(re.findall(r"\((\d+) pages?", self.log)[-1])

    @property
    def overfull(self) -> list[float]:
        """By how many pt boxes stick out."""
        return [float(width) for width in re.findall(r"Overfull \\[hv]box \((\d+\.\d+)pt too", self.log)]


def require_pdflatex() -> None:
    """Whether pdflatex is installed; to be asked before long work.

    :raises InputError: if it is not
    """
    remedy = "install TeX (Debian: texlive-latex-recommended and lmodern) or choose --format html"
    require(shutil.which("pdflatex") is not None, f"--format pdf needs pdflatex; found none; {remedy}")


def compile_document(source: str, pictures: Sequence[Path] = (), progress: Progress | None = None) -> Compiled:
    """Compile a LaTeX document.

    :param source: the document
    :param pictures: files it includes by their names
    :raises InputError: if pdflatex is missing or refuses the document
    """
    require_pdflatex()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "book.tex").write_text(source, encoding="utf-8")
        for picture in pictures:
            shutil.copyfile(picture, folder / picture.name)
        contents = None
        for index in range(RUNS):
            if progress:
                progress("pdflatex", index, RUNS)
            _run(folder)
            before, contents = contents, _contents(folder)
            if contents == before:
                break
        return Compiled((folder / "book.pdf").read_bytes(), _log(folder))


def _contents(folder: Path) -> str:
    """The table of contents that the last run wrote for the next one."""
    table = folder / "book.toc"
    return table.read_text(encoding="utf-8") if table.is_file() else ""


def _log(folder: Path) -> str:
    log = folder / "book.log"
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""


def _run(folder: Path) -> None:
    """One run of pdflatex; its first complaint becomes the error's line."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "book.tex"]
    wide_log = os.environ | {"max_print_line": "1000"}
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=PATIENCE, env=wide_log)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"pdflatex must finish within {PATIENCE} s; found it still running; choose fewer NAMEs"
        ) from None
    if run.returncode:
        complaint = re.search(r"^! (.*)\.?$(?:[\s\S]*?^(l\.\d+ .*)$)?", _log(folder), re.MULTILINE)
        found = " ".join(filter(None, complaint.groups())) if complaint else "no reason in its log"
        remedy = "check --symbols and --figures, or install texlive-latex-recommended and lmodern"
        raise InputError(f"pdflatex must compile the document; found: {found}; {remedy}")
