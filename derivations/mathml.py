"""LaTeX mathematics as MathML that a browser shows without scripts."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from numerics.errors import InputError

MATHML = "http://www.w3.org/1998/Math/MathML"
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


def _row(text: str) -> list[ElementTree.Element]:
    """The elements of one line of mathematics."""
    from latex2mathml.converter import convert

    text = re.sub(r"\\(mathrm|text|operatorname)\{([^{}]*)\}", r"\\mathrm{\2}", text)
    return list(ElementTree.fromstring(convert(text)))


def _serialised(math: ElementTree.Element) -> str:
    text = ElementTree.tostring(math, encoding="unicode")
    return text.replace(f' xmlns="{MATHML}"', "")


def inline(text: str) -> str:
    """Mathematics within a sentence.

    :param text: LaTeX without dollar signs
    """
    math = ElementTree.Element(f"{{{MATHML}}}math")
    math.extend(_row(text))
    return _serialised(math)


def display(lines: Sequence[str]) -> str:
    """A displayed equation, one row a line, all but the first indented.

    :param lines: the lines as LaTeX
    """
    math = ElementTree.Element(f"{{{MATHML}}}math", display="block")
    table = ElementTree.SubElement(math, f"{{{MATHML}}}mtable", displaystyle="true")
    for index, line in enumerate(lines):
        row = ElementTree.SubElement(table, f"{{{MATHML}}}mtr")
        cell = ElementTree.SubElement(row, f"{{{MATHML}}}mtd", {"class": "next" if index else "first"})
        cell.extend(_row(line))
    return _serialised(math)
