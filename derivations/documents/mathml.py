"""LaTeX mathematics as MathML that a browser shows without scripts."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from derivations.linebreak import printed_width
from numerics.common.errors import InputError

MATHML = "http://www.w3.org/1998/Math/MathML"
BRACKETS = tuple("()[]{}|‖∣∥/")
CLOSING = tuple(")]}|‖∣∥!′'")
NAMES = ("∂", "∞")
SIGNS = tuple("+-−±∓")
RELATIONS = tuple("=<>≤≥≠≈→←∝≪≫∈")
UNBROKEN = 22
"""Width up to which a formula in a sentence stays in one piece."""

ElementTree.register_namespace("", MATHML)


def require_converter() -> None:
    """Whether the converter is installed; to be asked before long work.

    :raises InputError: if it is not
    """
    try:
        import latex2mathml.converter  # noqa: F401
    except ImportError:
        what = "--format html needs the package latex2mathml; found none; pip install 'closedloop-rnn[book]'"
        raise InputError(what) from None


def _tag(name: str) -> str:
    return f"{{{MATHML}}}{name}"


def _row(text: str) -> list[ElementTree.Element]:
    """The elements of one line of mathematics."""
    from latex2mathml.converter import convert

    text = re.sub(r"\\(mathrm|text|operatorname)\{([^{}]*)\}", r"\\mathrm{\2}", text)
    math = ElementTree.fromstring(convert(text))
    for parent in math.iter():
        _space(list(parent))
    row = list(math)
    while len(row) == 1 and row[0].tag == _tag("mrow"):
        row = list(row[0])
    return row


def _space(children: list[ElementTree.Element]) -> None:
    """Space as in print: none around brackets and bars, a sign binds to what follows, names of functions are names."""
    before = None
    for child in children:
        if child.tag == _tag("mo"):
            letters = (child.text or "").strip()
            if letters in BRACKETS:
                child.attrib |= {"lspace": "0", "rspace": "0"}
            elif letters in SIGNS and (before is None or _opens(before)):
                child.set("form", "prefix")
            elif letters in NAMES or (letters.isalpha() and letters.isascii()):
                child.tag, child.text = _tag("mi"), letters
        before = child


def _opens(element: ElementTree.Element) -> bool:
    """Whether a sign after this element belongs to what follows."""
    return element.tag == _tag("mo") and (element.text or "").strip() not in CLOSING


def _serialised(math: ElementTree.Element) -> str:
    text = ElementTree.tostring(math, encoding="unicode")
    return text.replace(f' xmlns="{MATHML}"', "")


def inline(text: str) -> str:
    """Mathematics within a sentence; if it is long, in pieces between which a line may end, before relations.

    :param text: LaTeX without dollar signs
    """
    long = printed_width(text) > UNBROKEN
    pieces: list[list[ElementTree.Element]] = [[]]
    for element in _row(text):
        mark = (element.text or "").strip() if element.tag == _tag("mo") else ""
        if mark in RELATIONS and pieces[-1] and long:
            element.set("form", "infix")
            pieces.append([])
        pieces[-1].append(element)
    return "<wbr>".join(_inline(piece) for piece in pieces)


def _inline(piece: list[ElementTree.Element]) -> str:
    math = ElementTree.Element(_tag("math"))
    math.extend(piece)
    return _serialised(math)


def display(lines: Sequence[str]) -> str:
    """A displayed equation, one row a line, all but the first indented.

    :param lines: the lines as LaTeX
    """
    math = ElementTree.Element(_tag("math"), display="block")
    table = ElementTree.SubElement(math, _tag("mtable"), displaystyle="true")
    for index, line in enumerate(lines):
        row = ElementTree.SubElement(table, _tag("mtr"))
        cell = ElementTree.SubElement(row, _tag("mtd"), {"class": "next" if index else "first"})
        cell.extend(_row(line))
    return _serialised(math)
