"""One term for one thing: names that are not used, and the terms of the glossary that stand for them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TERMS = {
    "authority": "control-to-output transfer",
    "feed": "feedthrough",
    "heard": "input response",
    "meeting": "double root",
    "reading": "input response, or observation",
    "room": "workspace",
    "standing": "training state, or checkpoint",
    "tone": "sinusoid",
    "view": "output matrix",
}
"""Words that no name has as a part, and the term to use."""


def parts(path):
    """The words of every name that a module defines or gives to an argument: classes, functions, parameters, variables."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            name = node.name
        elif isinstance(node, (ast.arg, ast.keyword)):
            name = node.arg or ""
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        else:
            continue
        for word in re.split("_|(?<=[a-z])(?=[A-Z])", name):
            yield word.lower().removesuffix("s"), node.lineno


def unwanted(path):
    return [f"{path}:{line}: {word}; use {TERMS[word]}" for word, line in parts(path) if word in TERMS]


@pytest.mark.parametrize("package", ["theory", "numerics", "derivations"])
def test_names_are_made_of_the_words_of_the_glossary(package):
    assert not [line for path in sorted((ROOT / package).rglob("*.py")) for line in unwanted(path)]


def test_every_term_to_use_is_in_the_glossary():
    glossary = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| term | means |")[2]
    wanted = {term for terms in TERMS.values() for term in re.split(", or ", terms)}
    assert not {term for term in wanted if term not in glossary}


def test_the_search_finds_a_word_inside_a_name(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("class MeetingRoots:\n    def tones_loss(self, feed):\n        heard = feed\n", encoding="utf-8")
    assert [word for word, _ in parts(path) if word in TERMS] == ["meeting", "tone", "feed", "heard"]
