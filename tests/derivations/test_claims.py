"""The table of the paper's claims: what decides each exists, and the file and the book say what the module says."""

import re
from pathlib import Path

import pytest

from derivations import catalogue
from derivations.check import Check
from derivations.documents import book, book_html, book_latex
from derivations.documents.claims.claim import Verdict
from derivations.documents.claims.table import CLAIMS, CLAIMS_TITLE, GROUPS, HEADS, markdown

FILE = Path(__file__).parents[2] / "docs" / "claims.md"
NUMBERS = re.compile(r"^(\|.*\|)[^|]*\|$", re.MULTILINE)
"""A row of the table, its last cell apart."""


def without_numbers(text):
    return NUMBERS.sub(r"\1", text)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.claim[:40])
def test_what_decides_a_claim_exists(claim, decides):
    assert set(claim.results) <= set(catalogue.ORDER)
    for check in claim.checks:
        assert decides(check), check


def test_words_that_no_line_has_are_told(decides):
    assert not decides("main: spectrum of Q: coefficients of the cubic")
    assert not decides("stages: zigzag, batch noise doubled: reversed moves")
    assert decides("stages: zigzag, no batch noise: reversed steps")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.claim[:40])
def test_a_verdict_rests_on_something_and_says_its_condition(claim):
    decided = claim.verdict in (Verdict.CONFIRMED, Verdict.CONDITION, Verdict.DIFFERS)
    assert bool(claim.decided) is decided
    assert claim.how or claim.verdict in (Verdict.CONFIRMED, Verdict.OPEN)
    assert claim.place
    assert claim.claim.endswith(".")
    assert not claim.how.endswith(".")


def test_claims_are_told_once():
    assert len({claim.claim for claim in CLAIMS}) == len(CLAIMS)
    assert sum(map(len, GROUPS.values())) == len(CLAIMS)


def test_the_file_is_what_the_module_writes():
    assert without_numbers(FILE.read_text(encoding="utf-8")) == without_numbers(markdown())


def test_the_file_has_numbers_and_no_claim_fails():
    text = FILE.read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("| ") and HEADS[0] + " |" not in row]
    assert len(rows) == len(CLAIMS)
    for row, claim in zip(rows, CLAIMS, strict=True):
        assert row.count("tolerance") == len(claim.checks), row
    assert "fails" not in text


LINE = Check("L_2: plant block of P³ (relative)", 1.5, 1.25, 0.25, 1e-10)


def test_numbers_are_those_of_the_reports_and_failures_are_told():
    spectrum = Check("spectrum of P: coefficients of the cubic, 26 networks", 1.03, 1.0301, 2e-9, 1e-10)
    text = markdown([LINE, spectrum])
    assert "theory 1.03, simulation 1.0301, difference 2e-09, tolerance 1e-10; **fails**" in text
    assert "1.25" not in text


def test_the_book_of_the_whole_catalogue_has_the_table(whole):
    page, source = book_html.document(whole), book_latex.document(whole)
    assert page.count('<section id="claims">') == 1
    assert f'<li><a href="#claims">{CLAIMS_TITLE}</a></li>' in page
    assert f"\\section{{{CLAIMS_TITLE}}}" in source
    for title in GROUPS:
        assert f"\\subsection{{{title}}}" in source
        assert f"<h3>{title}</h3>" in page
    for claim in CLAIMS:
        assert book_latex.text(claim.claim) in source
        assert book_html.text(claim.claim) in page


def test_a_book_of_a_few_results_has_no_table(results):
    small = book.compose([results["stage-one"]])
    assert CLAIMS_TITLE not in book_html.document(small)
    assert CLAIMS_TITLE not in book_latex.document(small)
