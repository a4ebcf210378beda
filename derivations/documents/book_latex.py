"""The book as a LaTeX document."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sympy import Basic

from derivations.documents.book import (
    LINE,
    PREFACE,
    SUBTITLE,
    TITLE,
    Book,
    Chapter,
    Measured,
    meaning,
)
from derivations.documents.claims.claim import Claim
from derivations.documents.claims.table import CLAIMS_TITLE, GROUPS, OPENING
from derivations.documents.latex import equation
from derivations.documents.letters import OWN, Letters
from derivations.result import Result
from derivations.step import Step
from derivations.wording import decided_by

GREEK = dict(zip("αβγδεηκλμπρσςτφχωΔΣΠ", ["alpha", "beta", "gamma", "delta", "varepsilon", "eta", "kappa", "lambda", "mu", "pi", "rho", "sigma", "varsigma", "tau", "varphi", "chi", "omega", "Delta", "Sigma", "Pi"], strict=True))  # fmt: skip
SIGNS = dict(
    zip(
        "∇∞∂‖≥≤≠≈→∈∝…√",
        ["nabla", "infty", "partial", "Vert", "ge", "le", "ne", "approx", "to", "in", "propto", "dots", "surd"],
        strict=True,
    )
)
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ", "0123456789-T", strict=True))
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}

PREAMBLE = r"""\documentclass[11pt,a4paper,fleqn]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern,amsmath,amssymb,microtype,graphicx,longtable,array}
\usepackage[margin=25mm]{geometry}
\usepackage[colorlinks,allcolors=black]{hyperref}
\pdfinfoomitdate=1 \pdftrailerid{} \pdfsuppressptexinfo=15
\setcounter{MaxMatrixCols}{20}
\setcounter{tocdepth}{2}
\allowdisplaybreaks[1]
\emergencystretch=3em
\setlength{\mathindent}{2em}
\setlength{\jot}{6pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5ex plus 0.3ex}
\makeatletter\@beginparpenalty=10000 \makeatother
\newcommand{\step}[2]{\par\addvspace{1.2ex plus 0.4ex}\textbf{#1}\ifx\relax#2\relax\else\;$#2$\fi\enspace}
\newcommand{\entry}[1]{\par\addvspace{1.2ex plus 0.4ex}\textbf{#1}\enspace}
\newcommand{\together}[1]{{\postdisplaypenalty=5000 #1\par}\penalty0 }
"""

FAILS = r"\textbf{fails}"
SHORT = 16
"""Lines of a list of results up to which a page is not to end within it."""


def text(raw: str) -> str:
    """Plain Unicode text as LaTeX: special characters escaped, Greek and signs as mathematics.

    :param raw: the text
    """
    pieces = re.split(rf"([^\W\d]_(?:∞|[^\W{''.join(RAISED)}]+))", raw)
    return "".join(_subscripted(piece) if index % 2 else _escaped(piece) for index, piece in enumerate(pieces))


def _subscripted(piece: str) -> str:
    letter, under = piece.split("_", 1)
    return f"${_letter(letter)}_{{{_letter(under)}}}$"


def _letter(piece: str) -> str:
    return "".join(f"\\{GREEK[c]} " if c in GREEK else f"\\{SIGNS[c]} " if c in SIGNS else c for c in piece).strip()


def _escaped(piece: str) -> str:
    piece = "".join(SPECIAL.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in piece)
    piece = re.sub(f"[{''.join(RAISED)}]+", lambda m: "$^{" + "".join(RAISED[c] for c in m[0]) + "}$", piece)
    piece = re.sub(r"([<>|])", r"$\1$", piece)
    return "".join(f"$\\{(GREEK | SIGNS)[c]}$" if c in GREEK or c in SIGNS else c for c in piece)


def code(words: str) -> str:
    """A command as LaTeX.

    :param words: the command
    """
    return "\\texttt{" + text(words).replace("--", "-{}-") + "}"


def number(value: float, digits: int = 6) -> str:
    """A number as LaTeX.

    :param digits: how many are shown
    """
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    shown = r"\text{none}" if mantissa == "nan" else mantissa.replace("inf", r"\infty")
    return f"${shown}\\times 10^{{{int(exponent)}}}$" if exponent else f"${shown}$"


def document(book: Book, letters: Letters = OWN, folder: str = "") -> str:
    """The whole book.

    :param folder: where the pictures lie, seen from the document; beside it by default
    """
    page = _Page(book, letters)
    opening = [
        f"\\hypersetup{{pdftitle={{{TITLE}}}}}",
        f"\\graphicspath{{{{{folder}/}}}}" if folder else "",
        f"\\title{{{TITLE}\\\\[1ex]\\large {SUBTITLE}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle",
        "{\\small\\setlength{\\parskip}{0pt}\\tableofcontents}\n\\bigskip",
        "\\section*{How to read}",
        *(page.prose(paragraph) + "\n" for paragraph in PREFACE),
    ]
    chapters = [page.chapter(chapter) for chapter in book.chapters]
    claims = [page.claims()] if book.whole else []
    body = "\n".join([*opening, *chapters, *claims, page.symbols(), "\\end{document}\n"])
    return PREAMBLE + letters.with_definitions(body)


@dataclass(frozen=True)
class _Page:
    """What the parts of a book look like as LaTeX."""

    book: Book
    letters: Letters

    def prose(self, paragraph: str) -> str:
        """Prose with mathematics, commands, and names of results that become links."""
        kinds: dict[str, Callable[[str], str]] = {
            "words": str,
            "math": lambda formula: f"${self.letters.formula(formula)}$",
            "code": code,
            "name": lambda name: f"\\hyperref[{name}]{{{code(name)}}}",
        }
        return "".join(kinds[kind](piece) for kind, piece in self.book.pieces(paragraph))

    def chapter(self, chapter: Chapter) -> str:
        parts = [f"\\section{{{chapter.title}}}", *map(self.result, chapter.results)]
        for picture in chapter.pictures:
            graphic = "width=\\linewidth,height=0.8\\textheight,keepaspectratio"
            parts.append("\\medskip\\noindent\\begin{minipage}{\\linewidth}")
            parts.append(f"\\includegraphics[{graphic}]{{{picture.file.name}}}\n")
            parts.append(f"\\smallskip{{\\small {text(picture.caption)} {code(picture.command)}}}\n\\end{{minipage}}\n")
        return "\n".join(parts)

    def equation(self, left: str, right: Basic) -> str:
        return equation(left, right, self.letters, LINE)

    def result(self, result: Result) -> str:
        """Statement, assumptions, steps, result, source, differences and checks."""
        about = result.background
        parts = [f"\\subsection{{{result.title}}}\\label{{{result.name}}}", code(result.name) + "\\par\\nopagebreak"]
        parts.append(self.prose(result.statement))
        if about.assumptions:
            parts.append("\\entry{Assumptions}" + self.prose(" ".join(about.assumptions)))
        parts += [self.step(index, step) for index, step in enumerate(result.steps, 1)]
        equations = "\n".join(self.equation(left, right) for left, right in result.expressions.items())
        short = equations.count(r"\\") + len(result.expressions) <= SHORT
        parts += ["\\entry{Result}", f"\\together{{{equations}}}" if short else equations]
        parts.append(f"\\entry{{Source}}{text(result.source)}.")
        if about.differs:
            parts.append("\\entry{Differs from it}" + self.prose(about.differs))
        return "\n".join([*parts, *self.checks(self.book.decided(result.background.checks))]) + "\n"

    def step(self, index: int, step: Step) -> str:
        """One step: its number, a mark if it is proved or else its kind, its reason and its equation."""
        mark = r"\checkmark" if step.verified else f"\\text{{\\small\\itshape {step.label}}}"
        command, words = decided_by(step.check) if step.check else ("", "")
        decided = f" {code(command)}: {text(words)}." if step.check else ""
        head = f"\\step{{{index}}}{{{mark}}}{self.prose(step.reason)}{decided}"
        return f"{head}\n{self.equation(step.left, step.right)}"

    def checks(self, checks: list[Measured]) -> list[str]:
        """The lines of ``validate``, with the numbers of the worst one where a report is at hand."""
        rows = self.lines(checks)
        begin = "\\begin{itemize}\\setlength{\\itemsep}{0pt}"
        return ["\\entry{Numerical check}", begin, *rows, "\\end{itemize}"] if rows else []

    def lines(self, checks: list[Measured]) -> list[str]:
        """A row for every line of ``validate``."""
        return [f"\\item {code(check.command)}: {check.told(text, number, FAILS)}" for check in checks]

    def claims(self) -> str:
        """The claims of the paper, by subject."""
        parts = [f"\\clearpage\n\\section{{{CLAIMS_TITLE}}}\\label{{claims}}"]
        parts += [self.prose(paragraph) + "\n" for paragraph in OPENING]
        for title, claims in GROUPS.items():
            parts += [f"\\subsection{{{title}}}", *map(self.claim, claims)]
        return "\n".join(parts)

    def claim(self, claim: Claim) -> str:
        """One claim: where it stands, the verdict, and what decides it with the numbers at hand."""
        rows = [f"\\item \\hyperref[{name}]{{{code(name)}}}" for name in claim.results]
        rows += self.lines(self.book.decided(claim.checks))
        how = f": {text(claim.how)}" if claim.how else ""
        head = f"\\entry{{{claim.verdict}}}{text(claim.claim)} \\textit{{{claim.place}}}{how}."
        begin = "\\begin{itemize}\\setlength{\\itemsep}{0pt}\\small"
        return "\n".join([head, begin, *rows, "\\end{itemize}"] if rows else [head])

    def symbols(self) -> str:
        """The table of symbols."""
        entries = self.book.symbols.values()
        rows = [f"${self.letters.write(e.symbol)}$ & {self.prose(meaning(e))} & {e.unit} \\\\" for e in entries]
        head = "\\textbf{symbol} & \\textbf{meaning} & \\textbf{unit} \\\\ \\hline \\endhead"
        begin = "\\begin{longtable}{l>{\\raggedright\\arraybackslash}p{0.68\\linewidth}l}"
        return "\n".join(["\\clearpage\n\\section{Symbols}", begin, head, *rows, "\\end{longtable}"])
