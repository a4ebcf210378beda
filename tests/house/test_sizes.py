"""Files and functions stay short enough to be read at once."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for package in ("numerics", "benchmarks") for path in (ROOT / package).rglob("*.py"))
FILE, FUNCTION = 300, 40
"""Lines, documentation included."""


def too_long(source: str) -> list[str]:
    """What is too long in a file."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    lengths = {node.name: node.end_lineno - node.lineno + 1 for node in functions}
    found = [name for name, length in lengths.items() if length > FUNCTION]
    return [*found, *(["the file"] if source.count("\n") > FILE else [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    assert not too_long(path.read_text(encoding="utf-8"))


def test_the_check_notices_what_is_too_long():
    assert too_long("def long():\n" + "    x = 1\n" * 40) == ["long"]
    assert too_long("x = 1\n" * 301) == ["the file"]
    assert too_long("def short():\n" + "    x = 1\n" * 39) == []
