"""The walls of the house: theory is exact, the experiment is independent, nothing imports derivations."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMERICS = ROOT / "numerics"
SHARED = [*(NUMERICS / "common").glob("*.py"), *(NUMERICS / "replay").glob("*.py")]
"""The words in which both sides speak."""
WITNESS = [
    *(NUMERICS / "experiment").rglob("*.py"),
    *SHARED,
    *(NUMERICS / "interop" / f"{n}.py" for n in ("state_space", "neurons", "tables")),
]


def dotted(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def roots(path):
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", sorted((ROOT / "theory").rglob("*.py")), ids=lambda p: p.stem)
def test_theory_imports_sympy_and_itself_only(path):
    standard = {"dataclasses", "functools", "itertools", "operator", "collections", "typing"}
    assert roots(path) <= {"sympy", "theory", "lazy_loader"} | standard


@pytest.mark.parametrize("path", sorted((ROOT / "theory").rglob("*.py")), ids=lambda p: p.stem)
def test_theory_contains_no_float(path):
    constants = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant)]
    assert not [c.value for c in constants if isinstance(c.value, float)]


@pytest.mark.parametrize("path", sorted(WITNESS), ids=dotted)
def test_experiment_imports_neither_theory_nor_sympy(path):
    names = set(imported(path))
    assert not {n for n in names if n.split(".")[0] in {"theory", "sympy", "derivations"}}
    assert {n for n in names if n.startswith("numerics")} <= {dotted(other) for other in WITNESS}


THEORY_SIDE = [
    path for path in NUMERICS.rglob("*.py") if path.parent.name != "experiment" and "experiment" not in path.parts
]


@pytest.mark.parametrize("path", sorted(THEORY_SIDE), ids=dotted)
def test_nothing_else_in_numerics_imports_the_experiment(path):
    assert not [name for name in imported(path) if name.startswith("numerics.experiment")]


@pytest.mark.parametrize("path", sorted(SHARED), ids=dotted)
def test_what_both_sides_share_imports_neither(path):
    packages = {".".join(name.split(".")[:2]) for name in imported(path) if name.startswith("numerics.")}
    assert packages <= {"numerics.common", "numerics.replay"}


def test_the_experiment_is_all_there():
    assert {"numerics.experiment.simulate", "numerics.experiment.train", "numerics.common.weights"} <= set(
        map(dotted, WITNESS)
    )


def test_training_runs_without_sympy_in_the_process():
    script = "import sys, numerics.experiment.train, numerics.replay.closed_loop; sys.exit('sympy' in sys.modules or 'theory' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("package", ["theory", "numerics"])
def test_nothing_imports_derivations(package):
    assert all("derivations" not in roots(path) for path in (ROOT / package).rglob("*.py"))


CLOSED = {
    "checks": ("figures", "commands"),
    "evidence": ("checks", "figures", "commands"),
    "figures": ("checks", "commands"),
}
"""What the packages of ``derivations`` must not import: claims and figures both take their numbers from the evidence."""


@pytest.mark.parametrize("package", CLOSED)
def test_checks_never_import_figures(package):
    forbidden = tuple(f"derivations.{other}" for other in CLOSED[package])
    for path in (ROOT / "derivations" / package).glob("*.py"):
        assert not [name for name in imported(path) if name.startswith(forbidden)], path.name


RUNNERS = {
    "numerics.reduced.descent",
    "numerics.experiment.train",
    "numerics.reduced.open_loop.descent",
    "numerics.experiment.open_loop",
}


def test_figures_only_draw():
    for path in (ROOT / "derivations" / "figures").glob("*.py"):
        assert not RUNNERS & set(imported(path)), path.name


@pytest.mark.parametrize("package", ["checks", "evidence", "figures", "studies"])
def test_no_runs_are_kept_in_a_module(package):
    for path in (ROOT / "derivations" / package).glob("*.py"):
        names = [
            node.names
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
        ]
        assert not {"cache", "lru_cache"} & {alias.name for some in names for alias in some}, path.name


def test_code_is_generated_in_one_package_only():
    users = {p.stem for p in (ROOT / "numerics").rglob("*.py") if "lambdify" in p.read_text(encoding="utf-8")}
    assert users == {"codegen"}
