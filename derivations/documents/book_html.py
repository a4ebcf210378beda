"""The book as one web page: MathML, no script, nothing to load."""

import base64
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sympy import Basic

from derivations.documents.book import (
    LINE,
    PREFACE,
    SUBTITLE,
    TITLE,
    Book,
    Chapter,
    Measured,
    Picture,
    meaning,
)
from derivations.documents.claims.claim import Claim
from derivations.documents.claims.table import CLAIMS_TITLE, GROUPS, OPENING
from derivations.documents.letters import OWN, Letters
from derivations.documents.mathml import display, inline
from derivations.linebreak import equation_lines
from derivations.result import Result
from derivations.step import Step
from derivations.wording import decided_by

_STYLE = Path(__file__).with_name("book.css")
FAILS = "<strong>fails</strong>"


def document(book: Book, letters: Letters = OWN) -> str:
    """The whole book."""
    page = _Page(book, letters)
    chapters = [page.chapter(number, chapter) for number, chapter in enumerate(book.chapters, 1)]
    preface = "\n".join(f"<p>{page.prose(paragraph)}</p>" for paragraph in PREFACE)
    ends = [page.claims(len(chapters) + 1)] if book.whole else []
    ends.append(page.symbols(len(chapters) + len(ends) + 1))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{TITLE}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>",
        f"<header><h1>{TITLE}</h1>\n<p>{SUBTITLE}</p></header>",
        page.contents(),
        f'<main>\n<section id="how-to-read"><h2>How to read</h2>\n{preface}</section>',
        *chapters,
        *ends,
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def number(value: float, digits: int = 6) -> str:
    """A number as text.

    :param digits: how many are shown
    """
    return f"{value:.{digits}g}"


def text(raw: str) -> str:
    """Plain Unicode text as HTML: subscripts set as such.

    :param raw: the text
    """
    return re.sub(r"([^\W\d_])_(∞|[^\W_²]+)", r"<i>\1</i><sub>\2</sub>", escape(raw))


def _linked(source: str) -> str:
    """A source with its arXiv numbers as links."""
    return re.sub(r"arXiv (\d{4}\.\d{5})", r'<a href="https://arxiv.org/abs/\1">arXiv \1</a>', text(source))


def _slug(title: str) -> str:
    return "-".join(re.findall(r"\w+", title.lower()))


@dataclass(frozen=True)
class _Page:
    """What the parts of a book look like as HTML."""

    book: Book
    letters: Letters

    def prose(self, paragraph: str) -> str:
        """Prose with mathematics, commands, and names of results that become links."""
        kinds = {
            "words": lambda words: escape(words.replace(r"\&", "&"), quote=False),
            "math": lambda formula: inline(self.letters.formula(formula)),
            "code": lambda words: f"<code>{escape(words)}</code>",
            "name": lambda name: f'<a href="#{name}">{name}</a>',
        }
        return "".join(kinds[kind](piece) for kind, piece in self.book.pieces(paragraph))

    def contents(self) -> str:
        """Table of contents."""
        parts = ['<nav aria-label="Contents"><h4>Contents</h4>\n<ol>']
        for chapter in self.book.chapters:
            inside = "".join(f'<li><a href="#{r.name}">{escape(r.title)}</a></li>\n' for r in chapter.results)
            heading = f'<a href="#{_slug(chapter.title)}">{escape(chapter.title)}</a>'
            parts.append(f"<li>{heading}\n<ol>\n{inside}</ol></li>")
        claims = f'<li><a href="#claims">{CLAIMS_TITLE}</a></li>\n' if self.book.whole else ""
        return "\n".join([*parts, f'{claims}<li><a href="#symbols">Symbols</a></li>\n</ol></nav>'])

    def chapter(self, number: int, chapter: Chapter) -> str:
        slug = _slug(chapter.title)
        parts = [f'<section id="{slug}"><h2><a href="#{slug}">{number} {escape(chapter.title)}</a></h2>']
        parts += [self.result(f"{number}.{index}", result) for index, result in enumerate(chapter.results, 1)]
        return "\n".join([*parts, *map(self.picture, chapter.pictures), "</section>"])

    def picture(self, picture: Picture) -> str:
        data = base64.b64encode(picture.file.read_bytes()).decode("ascii")
        image = f'<img alt="{escape(picture.caption)}" src="data:image/png;base64,{data}">'
        caption = f"<figcaption>{text(picture.caption)} <code>{picture.command}</code></figcaption>"
        return f'<figure id="figure-{picture.number}">{image}\n{caption}</figure>'

    def result(self, number: str, result: Result) -> str:
        """Statement, assumptions, steps, result, source, differences and checks."""
        about, name = result.background, result.name
        parts = [f'<section id="{name}"><h3><a href="#{name}">{number} {escape(result.title)}</a></h3>']
        parts.append(f'<p class="name"><code>{name}</code></p>\n<p>{self.prose(result.statement)}</p>')
        if about.assumptions:
            entries = "\n".join(f"<li>{self.prose(entry)}</li>" for entry in about.assumptions)
            parts.append(f"<h4>Assumptions</h4>\n<ul>{entries}</ul>")
        steps = [self.step(name, index, step) for index, step in enumerate(result.steps, 1)]
        parts += ['<h4>Derivation</h4>\n<ol class="steps">', *steps, "</ol>"]
        equations = "\n".join(self.equation(left, right) for left, right in result.expressions.items())
        parts.append(f'<h4>Result</h4>\n<div class="result">{equations}</div>')
        parts.append(f"<h4>Source</h4>\n<p>{_linked(result.source)}.</p>")
        if about.differs:
            parts.append(f"<h4>Differs from it</h4>\n<p>{self.prose(about.differs)}</p>")
        return "\n".join([*parts, self.checks(self.book.decided(result.background.checks)), "</section>"])

    def step(self, name: str, index: int, step: Step) -> str:
        """One step with its number, its mark and an anchor."""
        anchor, look = f"{name}-{index}", ("good" if step.verified else "kind" if step.holds else "bad")
        mark = f'<span class="{look}" title="{step.label}">{"✓" if step.verified else step.label}</span>'
        head = f'<span class="mark"><a href="#{anchor}">{index}</a>{mark}</span>'
        command, words = decided_by(step.check) if step.check else ("", "")
        decided = f" <code>{command}</code>: {text(words)}." if step.check else ""
        reason = self.prose(step.reason) + decided
        return f'<li id="{anchor}">{head}{reason}\n{self.equation(step.left, step.right)}</li>'

    def equation(self, left: str, right: Basic) -> str:
        """An equation in a box of its own that scrolls where it is wider than the page."""
        lines = equation_lines(self.letters.formula(left), right, self.letters.write, LINE)
        return f'<div class="equation" tabindex="0">{display(lines)}</div>'

    def checks(self, checks: list[Measured]) -> str:
        """The lines of ``validate``, with the numbers of the worst one where a report is at hand."""
        rows = self.lines(checks)
        return "\n".join(["<h4>Numerical check</h4>\n<ul>", *rows, "</ul>"]) if rows else ""

    def lines(self, checks: list[Measured]) -> list[str]:
        """A row for every line of ``validate``."""
        return [f"<li><code>{check.command}</code>: {check.told(text, number, FAILS)}</li>" for check in checks]

    def claims(self, number: int) -> str:
        """The claims of the paper, a table a subject."""
        heading = f'<section id="claims"><h2><a href="#claims">{number} {CLAIMS_TITLE}</a></h2>'
        parts = [heading, *(f"<p>{self.prose(paragraph)}</p>" for paragraph in OPENING)]
        head = "".join(f"<th>{name}</th>" for name in ("claim", "verdict", "decided by"))
        for title, claims in GROUPS.items():
            rows = "\n".join(map(self.claim, claims))
            table = f'<table class="symbols claims">\n<tr>{head}</tr>\n{rows}\n</table>'
            parts.append(f'<h3>{escape(title)}</h3>\n<div class="scroll">{table}</div>')
        return "\n".join([*parts, "</section>"])

    def claim(self, claim: Claim) -> str:
        """One claim: where it stands, the verdict, and what decides it with the numbers at hand."""
        decided = [f'<li><a href="#{name}">{name}</a></li>' for name in claim.results]
        decided += self.lines(self.book.decided(claim.checks))
        how = f": {text(claim.how)}" if claim.how else ""
        cells = f"<td>{text(claim.claim)} <i>{claim.place}</i></td><td><b>{claim.verdict}</b>{how}</td>"
        return f"<tr>{cells}<td>{'<ul>' + ''.join(decided) + '</ul>' if decided else ''}</td></tr>"

    def symbols(self, number: int) -> str:
        """The table of symbols."""
        rows = "\n".join(
            f"<tr><td>{inline(self.letters.write(e.symbol))}</td><td>{self.prose(meaning(e))}</td><td>{e.unit}</td></tr>"
            for e in self.book.symbols.values()
        )
        head = "<tr><th>symbol</th><th>meaning</th><th>unit</th></tr>"
        heading = f'<section id="symbols"><h2><a href="#symbols">{number} Symbols</a></h2>'
        return f'{heading}\n<div class="scroll"><table class="symbols">\n{head}\n{rows}\n</table></div></section>'
