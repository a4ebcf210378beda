"""The book as a web page: every link leads somewhere, no markup shows, mathematics is well-formed."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from sympy import Symbol

from derivations import catalogue
from derivations.documents import book, book_html, book_latex, mathml, printing
from derivations.documents.json import as_json
from derivations.documents.latex import as_latex
from derivations.documents.text import as_text
from derivations.result import Background, Result
from derivations.step import Step
from numerics.common.errors import InputError


@pytest.fixture(scope="session")
def page(whole):
    return book_html.document(whole)


class Links(HTMLParser):
    """Anchors, links and tags of a page, and its text outside style."""

    def __init__(self, page):
        super().__init__()
        self.anchors, self.links, self.tags, self.words, self.inside = [], [], set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.add(tag)
        self.inside.append(tag)
        self.anchors += [found["id"]] if "id" in found else []
        self.links += [value for name, value in found.items() if name in ("href", "src")]
        assert not [name for name in found if name.startswith("on")]

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self.inside:
            self.words.append(data)


@pytest.fixture(scope="session")
def links(page):
    return Links(page)


def test_every_link_leads_somewhere(links):
    assert len(set(links.anchors)) == len(links.anchors)
    inner = {link[1:] for link in links.links if link.startswith("#")}
    assert inner <= set(links.anchors)
    assert set(catalogue.ORDER) <= inner
    outer = [link for link in links.links if not link.startswith(("#", "data:image/png;base64,"))]
    assert all(re.fullmatch(r"https://arxiv\.org/abs/\d{4}\.\d{5}", link) for link in outer)


def test_the_page_is_one_file_without_scripts(links, page):
    assert not links.tags & {"script", "link", "iframe", "object"}
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert "url(" not in page


def test_no_markup_shows(links):
    text = " ".join(links.words)
    assert not re.findall(r".{0,30}[\\${}`].{0,30}", text)
    assert not re.findall(r"\b(?:mathrm|frac|bigl|quad|sigma|lambda)\b\S*", text)


def test_mathematics_is_well_formed(page):
    formulas = re.findall(r"<math\b.*?</math>", page, re.DOTALL)
    assert len(formulas) > 600
    for formula in formulas:
        tree = ElementTree.fromstring(formula)
        assert "".join(tree.itertext()).strip()
        assert {element.tag for element in tree.iter()} <= set(
            [
                "math",
                "mrow",
                "mi",
                "mo",
                "mn",
                "msub",
                "msup",
                "msubsup",
                "mfrac",
                "msqrt",
                "mtable",
                "mtr",
                "mtd",
                "mspace",
                "mover",
                "munder",
                "munderover",
                "mtext",
                "mstyle",
                "mpadded",
            ]
        )


def test_wide_formulas_stay_in_boxes_of_their_own(page):
    displayed = re.findall(r"(.{60})<math display=", page, re.DOTALL)
    assert len(displayed) > 150
    assert all('<div class="equation" tabindex="0">' in before for before in displayed)
    assert re.search(r"\.equation \{[^}]*overflow-x: auto", book_html._STYLE.read_text(encoding="utf-8"))


def test_headings_descend_one_level_at_a_time(page):
    levels = [int(level) for level in re.findall(r"<h(\d)", page.split("<main>")[1])]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_step_that_is_not_verified_says_so(results):
    x = Symbol("x")
    wrong = Result("stage-one", "Wrong", "It is wrong.", "nowhere", (Step.equal("So.", "x", x, x + 1),), ("x",))
    for text in (document([wrong]) for document in (every_form(book_html), every_form(book_latex), as_text, as_latex)):
        assert "proved, but not verified" in text
    assert json.loads(as_json([wrong]))[0]["verified"] is False


KINDS = (
    (Step.equal("So.", "x", Symbol("x"), Symbol("x")), "proved"),
    (Step.define("So.", "x", Symbol("x")), "definition"),
    (Step.assume("So.", "x", Symbol("x")), "assumption"),
    (Step.asymptotic("So.", "x", Symbol("x")), "asymptotic"),
    (Step.numerical("So.", "x", Symbol("x"), "stages: both ends"), "checked numerically"),
)


@pytest.mark.parametrize(("line", "kind"), KINDS)
def test_every_document_says_what_kind_a_step_is(line, kind):
    result = Result("stage-one", "Kinds", "They differ.", "nowhere", (line,), ("x",))
    assert f"[{kind}]" in as_text([result])
    assert f"Step 1 ({kind})." in as_latex([result])
    assert f'title="{kind}"' in every_form(book_html)([result])
    mark = r"\checkmark" if kind == "proved" else f"\\text{{\\small\\itshape {kind}}}"
    assert mark in every_form(book_latex)([result])
    (step,) = json.loads(as_json([result]))[0]["steps"]
    assert step["kind"] == str(line.kind)
    assert step["verified"] is (kind == "proved")


def test_a_numerical_step_names_its_check():
    result = Result("stage-one", "Kinds", "They differ.", "nowhere", (KINDS[-1][0],), ("x",))
    for text in (as_text([result]), every_form(book_html)([result]), json.dumps(json.loads(as_json([result])))):
        assert "both ends" in text
    assert "validate --stages" in as_text([result])


def every_form(module):
    """A book's writer as a function of results."""
    return lambda results: module.document(book.compose(results))


def test_a_failed_claim_says_so(page, whole):
    assert "<strong>fails</strong>" in page
    assert r"\textbf{fails}" in book_latex.document(whole)


def test_text_of_sources_is_escaped(results):
    sly = replace(results["stage-one"], title="a < b", source="<b> & _", background=Background(("Less, $a < b$.",)))
    text = book_html.document(book.compose([sly]))
    assert "a &lt; b" in text
    assert "&lt;b&gt; &amp; _" in text


def test_a_missing_converter_is_said_before_work(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "latex2mathml", None)
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    with pytest.raises(
        InputError, match=r"needs the package latex2mathml; found none; pip install 'closedloop-rnn\[book\]'"
    ):
        printing.Order("html", tmp_path / "book.html").checked()


def test_long_formulas_in_sentences_may_break_before_relations():
    assert "<wbr>" not in mathml.inline("a = b")
    assert mathml.inline(r"abcdefgh(\lambda) = ijklmnopq + rstuvwxyz = 0").count("<wbr>") == 2
