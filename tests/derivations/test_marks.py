"""The mark of a proof is computed from what is printed: bend anything printed, or any function of the theory, and it is lost."""

from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import sympy
from sympy import Basic, Expr, ImmutableMatrix, Matrix, MatrixBase, Poly, Symbol, Tuple, nan, ones, zeros

from derivations import catalogue
from derivations.result import Result
from derivations.step import Kind, Step, unless
from derivations.vanishing import gap, vanishes
from theory.core.named import Named, Root
from theory.symbols import kappa, lam, sigma_zm

FOLDER = Path(import_module("theory").__file__).parent


@cache
def built(name):
    """A result as it is."""
    return catalogue.result(name)


def bent(value):
    """2 f + 1, whatever f is: every entry of a matrix, a tuple or a plant."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, Poly):
        return Poly(2 * value.as_expr() + 1, value.gen)
    if isinstance(value, MatrixBase):
        return 2 * value + ones(*value.shape)
    if isinstance(value, Named):
        return replace(value, expression=bent(value.expression))
    if isinstance(value, Root):
        return replace(value, polynomial=bent(value.polynomial))
    if isinstance(value, Tuple):
        return Tuple(*(bent(entry) for entry in value))
    if isinstance(value, list | tuple):
        return type(value)(bent(entry) for entry in value)
    if isinstance(value, dict):
        return {key: bent(entry) for key, entry in value.items()}
    if is_dataclass(value):
        moved = [f.name for f in fields(value) if f.init and f.name in ("A", "plant")]
        changed = {name: bent(getattr(value, name)) for name in moved}
        return replace(value, **changed)
    return 2 * value + 1


def imported(name):
    """Functions and constants of the theory that the module of a result imports; letters are no constants."""
    found = []
    for key, value in vars(catalogue.module(name)).items():
        own = getattr(value, "__module__", "") or ""
        function = callable(value) and own.startswith("theory.") and not isinstance(value, type)
        constant = isinstance(value, Expr | ImmutableMatrix) and not isinstance(value, Symbol) and key in constants()
        if function or constant:
            found.append(key)
    return found


def constants():
    """Names of the theory's own constants that are expressions, such as the golden ratio; pi and i are sympy's."""
    modules = [
        import_module(".".join(path.relative_to(FOLDER.parent).with_suffix("").parts))
        for path in FOLDER.rglob("[a-z]*.py")
    ]
    found = {key for module in modules for key, value in vars(module).items() if isinstance(value, Basic | MatrixBase)}
    return {key for key in found if not hasattr(sympy, key)}


BENDS = [(name, key) for name in catalogue.ORDER for key in imported(name)]


@pytest.mark.parametrize(("name", "key"), BENDS)
def test_a_bent_function_of_the_theory_loses_a_mark(monkeypatch, name, key):
    before = sum(step.holds for step in built(name).steps)
    module = catalogue.module(name)
    right = getattr(module, key)
    wrong = (lambda *args, **kwargs: bent(right(*args, **kwargs))) if callable(right) else bent(right)
    monkeypatch.setattr(module, key, wrong)
    try:
        after = module.build()
    except Exception:
        return  # the derivation does not go through: nothing is printed
    assert sum(step.holds for step in after.steps) < before
    assert not after.verified


def negated(value):
    if isinstance(value, Tuple):
        return Tuple(*(negated(entry) for entry in value))
    return -value


def last_entry(value):
    """One entry of several made wrong."""
    if isinstance(value, Tuple):
        return Tuple(*value[:-1], value[-1] + kappa)
    if isinstance(value, MatrixBase):
        changed = Matrix(value)
        changed[-1, -1] += kappa
        return ImmutableMatrix(changed)
    return value + kappa


@pytest.mark.parametrize("wrong", [bent, negated, last_entry])
@pytest.mark.parametrize("name", catalogue.ORDER)
def test_a_changed_printed_equation_loses_its_mark(name, wrong):
    for index, step in enumerate(built(name).steps, 1):
        changed = wrong(step.right)
        if step.kind is Kind.PROVED and changed != step.right:
            assert not replace(step, right=changed).verified, (index, step.left)


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_every_step_that_is_tested_holds(name):
    result = built(name)
    assert result.broken == ()
    assert all(step.verified == (step.kind is Kind.PROVED) for step in result.steps)
    assert all(step.test for step in result.steps if step.kind is Kind.PROVED)


NOT_PROVED = {"axis-minimiser"}
"""Results that hold an asymptotic law, an assumption or a numerical comparison."""


def test_a_result_is_verified_only_where_every_equation_is_proved():
    for name in catalogue.ORDER:
        result = built(name)
        kinds = {step.kind for step in result.steps}
        assert result.verified == (kinds <= {Kind.PROVED, Kind.DEFINITION}), name
    assert not any(built(name).verified for name in NOT_PROVED)


@pytest.mark.parametrize("name", catalogue.ORDER)
def test_no_step_prints_its_own_residual(name):
    for index, step in enumerate(built(name).steps, 1):
        entries = gap(step.right, step.right)
        zero = not isinstance(step.right, Symbol) and vanishes(step.right)
        assert not (zero and step.left in ("0", "")), index
        assert not (zero and len(entries) > 1), (index, step.left)


# what verified means


def step(right, oracle=lam**2 - 1, **rest):
    return Step.equal("Reason.", "x", right, oracle, **rest)


@pytest.mark.parametrize("right", [lam**2 - 1, (lam - 1) * (lam + 1), -(1 - lam**2)])
def test_an_equation_equal_to_its_oracle_is_verified(right):
    assert step(right).verified


@pytest.mark.parametrize("right", [lam**2 + 1, lam, nan, Tuple(lam**2 - 1, 0), -(lam**2) + 1])
def test_an_equation_unequal_to_its_oracle_is_not(right):
    assert not step(right).verified


def test_what_the_reason_says_besides_counts():
    assert step(lam**2 - 1, also=(zeros(2, 2),)).verified
    assert not step(lam**2 - 1, also=(unless(False),)).verified
    assert not step(lam**2 - 1, also=(unless(None),)).verified


def test_matrices_are_compared_entry_by_entry():
    assert step(ImmutableMatrix([[lam, 1]]), Matrix([[lam, 1]])).verified
    assert not step(ImmutableMatrix([[lam, 2]]), Matrix([[lam, 1]])).verified


def test_only_a_proof_is_verified():
    result = Result("n", "T", "S.", "s", (step(lam**2 - 1), Step.define("D.", "y", lam)), ("x",))
    assert result.verified
    for other in (
        Step.asymptotic("A.", "y", lam, lam),
        Step.assume("A.", "y", lam),
        Step.numerical("N.", "y", lam, "main: spectrum"),
    ):
        assert other.holds
        assert not other.verified
        assert not replace(result, steps=(step(lam**2 - 1), other)).verified


def test_shown_names_one_step():
    with pytest.raises(ValueError, match="shown must name one step of n; found 0 for 'z'"):
        Result("n", "T", "S.", "s", (step(sigma_zm),), ("z",))
