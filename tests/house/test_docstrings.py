"""Everything public says what it is, and what users call describes every parameter that it has."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

import closedloop

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


def documented(value):
    return set(re.findall(r":param (\w+):", inspect.getdoc(value) or ""))


def undescribed(value):
    """Parameters declared here that are not described."""
    return parameters(value) - documented(value) - inherited(value)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_match_signatures(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for label, value in public(module):
        assert inspect.getdoc(value), f"{name}.{label} has no docstring"
        assert not documented(value) - parameters(value), f"{name}.{label} describes what it does not have"


def called_by_users():
    """The public names, with the methods of the classes."""
    for name in closedloop.__all__:
        value = getattr(closedloop, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value
        if inspect.isclass(value):
            methods = {inner: member for inner, member in vars(value).items() if inspect.isfunction(member)}
            yield from ((f"{name}.{inner}", found) for inner, found in methods.items() if not inner.startswith("_"))


@pytest.mark.parametrize(("name", "value"), list(called_by_users()))
def test_what_users_call_describes_every_parameter(name, value):
    assert not undescribed(value), f"{name}: {undescribed(value)}"


def test_the_check_notices_a_parameter_nobody_described():
    def forgetful(described, forgotten):
        """A function.

        :param described: described
        """

    assert undescribed(forgetful) == {"forgotten"}
