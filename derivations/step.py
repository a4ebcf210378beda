"""One line of a derivation: an equation, the reason for it, and what kind of line it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from sympy import Basic, Integer

from derivations.linebreak import equation_lines
from derivations.vanishing import Simplifier, entries, gap, vanishes


class Kind(StrEnum):
    """What a line of a derivation is."""

    PROVED = "proved"
    """An equation that holds identically under the result's assumptions: the printed right-hand side is compared exactly
    with an independent value of the left-hand side, or put back into the equation that defines it."""
    DEFINITION = "definition"
    """The left-hand side is a name for the right-hand side."""
    ASSUMPTION = "assumption"
    """Taken to hold; what follows depends on it."""
    ASYMPTOTIC = "asymptotic"
    """A limit or a leading order, without a bound on what is left out."""
    NUMERICAL = "numerical"
    """Not derived: compared with runs by the claim of ``closedloop validate`` that the line names."""


Test = Callable[[Basic], object]
"""Gives, for the printed right-hand side, what must be exactly zero."""


@dataclass(frozen=True)
class Step:
    """One line of a derivation. Make it with :meth:`equal`, :meth:`solves`, or the constructor of another kind.

    :param reason: why the equation holds, in words (LaTeX mathematics between dollar signs)
    :param left: left-hand side as LaTeX
    :param right: right-hand side
    :param kind: what kind of line it is
    :param test: gives, for the printed right-hand side, what must be exactly zero; None if nothing is tested
    :param also: further expressions that the reason says to be zero
    :param by: simplifies what must be zero, where expanding and cancelling do not suffice
    :param check: for a numerical line the claim that decides it, ``"JOB: words"``
    """

    reason: str
    left: str
    right: Basic
    kind: Kind
    test: Test | None = field(default=None, repr=False)
    also: tuple[object, ...] = field(default=(), repr=False)
    by: Simplifier | None = field(default=None, repr=False)
    check: str = ""

    @classmethod
    def equal(
        cls, reason: str, left: str, right: Basic, oracle: object, also: tuple = (), by: Simplifier | None = None
    ) -> "Step":
        """A proved equation: the printed right-hand side equals an independent value of the left-hand side.

        :param reason: why the equation holds
        :param left: left-hand side as LaTeX
        :param right: right-hand side, as printed
        :param oracle: the left-hand side by other algebra than that which gave the right
        :param also: further expressions that the reason says to be zero
        :param by: simplifies the difference, where expanding and cancelling do not suffice
        """
        return cls(reason, left, right, Kind.PROVED, lambda printed: gap(oracle, printed), also, by)

    @classmethod
    def solves(
        cls, reason: str, left: str, right: Basic, equation: Test, also: tuple = (), by: Simplifier | None = None
    ) -> "Step":
        """A proved equation: the printed right-hand side, put into the equation that defines the left, solves it.

        :param reason: why the equation holds, with the defining equation in words or symbols
        :param left: left-hand side as LaTeX
        :param right: right-hand side, as printed
        :param equation: gives, for a value of the left-hand side, what the defining equation says to be zero
        :param also: further expressions that the reason says to be zero
        :param by: simplifies what must be zero, where expanding and cancelling do not suffice
        """
        return cls(reason, left, right, Kind.PROVED, equation, also, by)

    @classmethod
    def define(cls, reason: str, left: str, right: Basic, oracle: object = None) -> "Step":
        """A definition.

        :param reason: what is named, in words
        :param left: the name, as LaTeX
        :param right: what it stands for
        :param oracle: the same thing put together another way, if there is one
        """
        test = None if oracle is None else lambda printed: gap(oracle, printed)
        return cls(reason, left, right, Kind.DEFINITION, test)

    @classmethod
    def assume(cls, reason: str, left: str, right: Basic) -> "Step":
        """An assumption.

        :param reason: what is assumed, in words
        :param left: left-hand side as LaTeX
        :param right: right-hand side
        """
        return cls(reason, left, right, Kind.ASSUMPTION)

    @classmethod
    def asymptotic(
        cls, reason: str, left: str, right: Basic, oracle: object = None, also: tuple = (), by: Simplifier | None = None
    ) -> "Step":
        """A limit or leading order.

        :param reason: in which limit, and why
        :param left: left-hand side as LaTeX
        :param right: right-hand side, as printed
        :param oracle: the limit by other algebra, if computer algebra takes it
        :param also: further expressions that the reason says to be zero
        :param by: simplifies the difference
        """
        test = None if oracle is None else lambda printed: gap(oracle, printed)
        return cls(reason, left, right, Kind.ASYMPTOTIC, test, also, by)

    @classmethod
    def numerical(cls, reason: str, left: str, right: Basic, check: str) -> "Step":
        """An equation that only runs support.

        :param reason: what was compared, in words
        :param left: left-hand side as LaTeX
        :param right: right-hand side
        :param check: the claim of ``closedloop validate`` that decides it, ``"JOB: words"``
        """
        return cls(reason, left, right, Kind.NUMERICAL, check=check)

    @cached_property
    def holds(self) -> bool:
        """Whether everything that is tested is exactly zero; true where nothing is."""
        tested = entries([*self.also]) + (entries(self.test(self.right)) if self.test else [])
        return vanishes(tested, self.by)

    @property
    def verified(self) -> bool:
        """Whether this is a proved equation, as printed."""
        return self.kind is Kind.PROVED and self.test is not None and self.holds

    @property
    def label(self) -> str:
        """The kind as documents say it; of a proof that fails, that it does."""
        if not self.holds:
            return f"{self.kind}, but not verified"
        return "checked numerically" if self.kind is Kind.NUMERICAL else str(self.kind)

    def _repr_latex_(self) -> str:
        return aligned({self.left: self.right})


def unless(condition: bool | None) -> Integer:
    """Zero where a condition holds, such as a sign that a reason states; else one.

    :param condition: the condition, None counting as not shown
    """
    return Integer(0 if condition else 1)


def aligned(equations: Mapping[str, Basic]) -> str:
    """Equations below each other between dollar signs, as notebooks show them.

    :param equations: right-hand sides by their LaTeX left-hand sides
    """
    rows = [r" \\ &\quad ".join(equation_lines(left, right)) for left, right in equations.items()]
    return r"$\displaystyle \begin{aligned}&" + r" \\ &".join(rows) + r"\end{aligned}$"
