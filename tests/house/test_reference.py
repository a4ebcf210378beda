"""The reference documentation builds without a warning, its links resolve, and the symbol map names what exists."""

import dataclasses
import importlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from derivations.documents.book import meaning
from derivations.documents.reference import build
from derivations.documents.symbol_map import PAPER, in_code
from derivations.documents.text import plain
from numerics.common.errors import InputError
from theory.symbols import TABLE

ROOT = Path(__file__).parents[2]
PLACES = sorted({place for _, _, places in PAPER for place in places})


class Page(HTMLParser):
    """Link targets, anchors and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors.add(found.get("id"))
        if tag == "a" and "href" in found:
            self.links.add(found["href"])

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in build(tmp_path_factory.mktemp("site"))}


def page(pages, name):
    return next(found for path, found in pages.items() if path.as_posix().endswith(name))


def test_every_module_has_a_page(pages):
    for package in ("theory", "numerics", "derivations"):
        for path in (ROOT / package).rglob("[!_]*.py"):
            assert page(pages, f"{path.relative_to(ROOT).with_suffix('')}.html")


def test_links_resolve(pages):
    for path, found in pages.items():
        for link in found.links:
            if link.startswith(("http", "#")) or link == "":
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve()
            assert target in pages, f"{path.name}: {link}"
            assert not anchor or anchor in pages[target].anchors, f"{path.name}: {link}"


def test_no_page_names_a_folder_of_the_machine(pages):
    site = next(iter(pages)).parent
    while not (site / "search.js").is_file():
        site = site.parent
    files = [path for path in site.rglob("*") if path.is_file()]
    assert not [path.name for path in files if str(ROOT) in path.read_text(encoding="utf-8")]


def test_field_lists_are_read_as_such(pages):
    assert not [
        path.name for path, found in pages.items() if re.search(r":(param|raises|func|mod|class) ?", found.text)
    ]
    assert "Parameters" in page(pages, "numerics/experiment/train.html").text


def split(place):
    """The module that a dotted path starts with, and the names in it."""
    parts = place.split(".")
    depth = next(n for n in range(1, len(parts) + 1) if (ROOT.joinpath(*parts[:n]).with_suffix(".py")).exists())
    return parts[:depth], parts[depth:]


def resolve(place):
    """The object at a dotted path; a dataclass field without default counts."""
    module, names = split(place)
    found = importlib.import_module(".".join(module))
    for name in names:
        fields = {field.name for field in dataclasses.fields(found)} if dataclasses.is_dataclass(found) else set()
        found = None if name in fields else getattr(found, name)
    return found


@pytest.mark.parametrize("place", PLACES)
def test_the_symbol_map_names_what_exists(place, pages):
    resolve(place)
    module, names = split(place)
    anchors = tuple(
        f"{place}.html#{'.'.join(names)}" for place in (module[-1], module[0])
    )  # public names: the package's
    assert any(link.endswith(anchors) for link in page(pages, "symbol_map.html").links)


def test_a_name_that_is_gone_is_told():
    with pytest.raises(AttributeError):
        resolve("theory.core.loop.ReducedLoop.matrices")


def test_every_letter_of_the_theory_is_on_the_page(pages):
    text = page(pages, "symbol_map.html").text
    for entry in TABLE.values():
        assert plain(meaning(entry)) in text
        assert in_code(entry.symbol) in text


def test_subscripts_stay_as_they_are_spelt(pages):
    text = page(pages, "symbol_map.html").text
    assert "σmu" in text
    assert "L∞" in text
    assert "visible product σ_zu σ_vm" in text
    assert "leak of the neurons, Δt/τ" in text
    assert "2π f Δt" in text


def test_without_pdoc_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pdoc", None)
    with pytest.raises(InputError, match=r"pdoc must be installed .* pip install 'closedloop-rnn\[docs\]'"):
        build(tmp_path)
