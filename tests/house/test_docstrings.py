"""Every public function, class and method documents exactly the parameters it has."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("theory", "numerics", "derivations")
    for path in sorted((ROOT / package).rglob("[!_]*.py"))
    if path.parent.name != "commands" and path.stem != "cli"
]


def public(module):
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value
        if inspect.isclass(value):
            for inner, member in vars(value).items():
                function = member.__func__ if isinstance(member, classmethod) else member
                if not inner.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{inner}", function


def parameters(value):
    if inspect.isclass(value):
        if dataclasses.is_dataclass(value):
            return {f.name for f in dataclasses.fields(value) if f.init}
        value = vars(value).get("__init__", lambda: None)
    return {p for p in inspect.signature(value).parameters if p not in {"self", "cls", "args", "kwargs"}}


def inherited(value):
    """Fields of the classes that a dataclass extends; they are documented where they are declared."""
    bases = [base for base in getattr(value, "__mro__", ())[1:] if dataclasses.is_dataclass(base)]
    return {field.name for base in bases for field in dataclasses.fields(base)}


def mismatch(value):
    """Names documented but absent, or declared here but not documented."""
    documented = set(re.findall(r":param (\w+):", inspect.getdoc(value) or ""))
    return (documented - parameters(value)) | (parameters(value) - documented - inherited(value))


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_match_signatures(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for label, value in public(module):
        assert inspect.getdoc(value), f"{name}.{label} has no docstring"
        assert not mismatch(value), f"{name}.{label}: {mismatch(value)}"


def test_the_check_notices_a_parameter_nobody_described():
    def forgetful(documented, forgotten):
        """A function.

        :param documented: described
        """

    assert mismatch(forgetful) == {"forgotten"}
