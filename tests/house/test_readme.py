"""The README's Python runs, and its commands exist."""

import re
from pathlib import Path

import pytest

from derivations.catalogue import ORDER

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_python_blocks_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})


def test_there_is_python_to_run():
    assert BLOCKS


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_ten_lines_are_ten_lines(block):
    assert len([line for line in block.splitlines() if line.strip()]) <= 10


def test_make_targets_named_in_the_readme_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make (\w+)", README)) <= targets


def test_files_named_in_the_readme_exist():
    for name in re.findall(r"\]\(([^)#]+)\)", README):
        assert name.startswith("http") or (ROOT / name).exists(), name


def test_results_named_in_the_readme_exist():
    table = [line for line in README.splitlines() if re.match(r"\| [1-6](, \d)? \|.*`", line)]
    named = set(re.findall(r"`([a-z-]+)`", " ".join(table)))
    assert len(table) == 5
    assert named | set(re.findall(r"closedloop derive ([a-z][a-z-]+)", README)) <= set(ORDER)
