"""The book as a LaTeX document."""

import re
from itertools import count

from derivations.book import PREFACE, SUBTITLE, TITLE, Book, Chapter, Measured, meaning
from derivations.document_latex import OWN, equation
from derivations.letters import Letters
from derivations.result import Result
from theory.symbols import Entry

GREEK = dict(zip("αβγδεηκλμπρσςτφχΔΣΠ", "alpha beta gamma delta varepsilon eta kappa lambda mu pi rho sigma varsigma "
    "tau varphi chi Delta Sigma Pi".split(), strict=True))  # fmt: skip
SIGNS = dict(zip("∇∞∂‖≥≤≠≈→∈∝…√", "nabla infty partial Vert ge le ne approx to in propto dots surd".split(), strict=True))
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ", "0123456789-T", strict=True))
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern,amsmath,amssymb,microtype,graphicx,longtable,array}
\usepackage[margin=25mm]{geometry}
\usepackage[colorlinks,allcolors=black]{hyperref}
\pdfinfoomitdate=1 \pdftrailerid{} \pdfsuppressptexinfo=15
\setcounter{MaxMatrixCols}{20}
\setcounter{tocdepth}{2}
\allowdisplaybreaks
\emergencystretch=3em
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5ex plus 0.3ex}
\newcommand{\step}[2]{\par\addvspace{1.2ex plus 0.4ex}\textbf{#1}\ifx\relax#2\relax\else\;$#2$\fi\enspace}
\newcommand{\entry}[1]{\par\addvspace{1.2ex plus 0.4ex}\textbf{#1}\enspace}
"""


def text(raw: str) -> str:
    """Plain Unicode text as LaTeX: special characters escaped, Greek and signs as mathematics.

    :param raw: the text
    """
    pieces = re.split(r"([^\W\d]_(?:∞|\w+))", raw)
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


def prose(paragraph: str, letters: Letters = OWN) -> str:
    """Prose with commands between double backquotes, as LaTeX.

    :param paragraph: the prose
    :param letters: the letters of its mathematics
    """
    parts = re.split(r"``(.+?)``", paragraph)
    return "".join(_code(part) if index % 2 else letters.prose(part) for index, part in enumerate(parts))


def _code(words: str) -> str:
    return "\\texttt{" + text(words).replace("--", "-{}-") + "}"


def document(book: Book, letters: Letters = OWN, folder: str = "") -> str:
    """The whole book.

    :param book: the book
    :param letters: the letters to write it in
    :param folder: where the pictures lie, seen from the document; beside it by default
    """
    opening = [
        PREAMBLE + letters.definitions(),
        f"\\hypersetup{{pdftitle={{{TITLE}}}}}",
        f"\\graphicspath{{{{{folder}/}}}}" if folder else "",
        f"\\title{{{TITLE}\\\\[1ex]\\large {SUBTITLE}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle",
        "\\tableofcontents\n\\bigskip",
        "\\section*{How to read}",
        *(prose(paragraph, letters) + "\n" for paragraph in PREFACE),
    ]
    chapters = [_chapter(chapter, book, letters) for chapter in book.chapters]
    return "\n".join([*opening, *chapters, _symbols(list(book.symbols.values()), letters), "\\end{document}\n"])


def _chapter(chapter: Chapter, book: Book, letters: Letters) -> str:
    parts = [f"\\section{{{chapter.title}}}"]
    parts += [_result(result, book.checks(result), letters) for result in chapter.results]
    for picture in chapter.pictures:
        width = r"width=\linewidth,height=0.8\textheight,keepaspectratio"
        parts.append(f"\\begin{{figure}}[htbp]\n\\centering\n\\includegraphics[{width}]{{{picture.file.name}}}")
        source = _code(f"closedloop figure {picture.number}")
        parts.append(f"\n\\smallskip{{\\small {text(picture.caption)} ({source})}}\n\\end{{figure}}")
    return "\n".join(parts)


def _result(result: Result, checks: list[Measured], letters: Letters) -> str:
    """Statement, assumptions, steps, result, source, differences and checks."""
    about = result.background
    parts = [f"\\subsection{{{result.title}}}\\label{{{result.name}}}", _code(result.name) + "\\par"]
    parts.append(letters.prose(result.statement))
    if about.assumptions:
        parts.append("\\entry{Assumptions}" + letters.prose(" ".join(about.assumptions)))
    for index, step in zip(count(1), result.steps):  # noqa: B905
        mark = "" if step.residual is None else r"\checkmark" if step.verified else r"\text{not verified}"
        parts.append(f"\\step{{{index}}}{{{mark}}}{letters.prose(step.reason)}")
        parts.append(equation(step.left, step.right, letters))
    parts.append("\\entry{Result}")
    parts += [equation(left, right, letters) for left, right in result.expressions.items()]
    parts.append(f"\\entry{{Source}}{text(result.source)}.")
    if about.differs:
        parts.append("\\entry{Differs}" + letters.prose(about.differs))
    return "\n".join([*parts, *_checks(checks)]) + "\n"


def _checks(checks: list[Measured]) -> list[str]:
    """The lines of ``validate``, with the numbers of the worst one where a report is at hand."""
    if not checks:
        return []
    rows = []
    for check in checks:
        line = check.worst
        if line is None:
            rows.append(f"\\item {_code(check.command)}: {text(check.words)}")
            continue
        several = f"; worst of {len(check.lines)}" if len(check.lines) > 1 else ""
        verdict = "" if line.passed else " \\textbf{fails}"
        rows.append(
            f"\\item {_code(check.command)}: {text(line.claim)}{several}. Theory {_number(line.theory)}, simulation "
            f"{_number(line.simulation)}, difference {_number(line.difference, 2)} (tolerance "
            f"{_number(line.tolerance, 2)}){verdict}."
        )
    return ["\\entry{Numerical check}", "\\begin{itemize}\\setlength{\\itemsep}{0pt}", *rows, "\\end{itemize}"]


def _number(value: float, digits: int = 6) -> str:
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"${mantissa}\\times 10^{{{int(exponent)}}}$" if exponent else f"${mantissa}$".replace("nan", r"\text{none}")


def _symbols(entries: list[Entry], letters: Letters) -> str:
    """The table of symbols."""
    rows = [f"${letters.write(e.symbol)}$ & {letters.prose(meaning(e))} & {e.unit} \\\\" for e in entries]
    head = "\\textbf{symbol} & \\textbf{meaning} & \\textbf{unit} \\\\ \\hline \\endhead"
    table = ["\\begin{longtable}{l>{\\raggedright\\arraybackslash}p{0.68\\linewidth}l}", head, *rows, "\\end{longtable}"]
    return "\n".join(["\\section{Symbols}", *table])
