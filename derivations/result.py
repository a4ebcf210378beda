"""What a derived result is: a statement, verified steps, expressions, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Basic, Expr, MatrixBase, Tuple

from derivations.linebreak import equation_lines


@dataclass(frozen=True)
class Step:
    """One line of a derivation, an equation with the reason for it.

    :param reason: why the equation holds, in words (LaTeX mathematics between dollar signs)
    :param left: left-hand side as LaTeX
    :param right: right-hand side
    :param residual: an expression or matrix that the step claims to be zero; None for a definition
    """

    reason: str
    left: str
    right: Basic
    residual: Basic | int | None = None

    @property
    def verified(self) -> bool:
        """Whether the residual is exactly zero; a definition needs none."""
        if self.residual is None:
            return True
        if isinstance(self.residual, MatrixBase):
            return all(entry == 0 for entry in self.residual)
        return self.residual == 0

    def _repr_latex_(self) -> str:
        return aligned({self.left: self.right})


RANK_ONE = "The plant is the double integrator; the agent is linear, of rank one, without leak."
"""The assumption of most results."""


@dataclass(frozen=True)
class Background:
    """What a reader should know about a result besides its derivation.

    :param assumptions: what it rests on, a sentence each
    :param differs: where it departs from its source, in words; empty if nowhere
    :param checks: the lines of ``closedloop validate`` that set it beside the experiment, each ``"JOB: words"`` with
        JOB a name in :data:`derivations.checks.jobs.JOBS` and words from the claim
    """

    assumptions: tuple[str, ...] = ()
    differs: str = ""
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A derived result.

    :param name: short name on the command line
    :param title: heading
    :param statement: what is claimed, in words
    :param source: where it was published, or that it is derived here
    :param steps: the derivation
    :param expressions: the derived expressions by their LaTeX left-hand side
    :param background: assumptions, differences from the source, checks against the experiment
    """

    name: str
    title: str
    statement: str
    source: str
    steps: tuple[Step, ...]
    expressions: dict[str, Basic] = field(default_factory=dict)
    background: Background = Background()

    @property
    def verified(self) -> bool:
        """Whether every step's residual is exactly zero."""
        return all(step.verified for step in self.steps)

    def _repr_latex_(self) -> str:
        return aligned(self.expressions)


def aligned(equations: Mapping[str, Basic]) -> str:
    """Equations below each other between dollar signs, as notebooks show them.

    :param equations: right-hand sides by their LaTeX left-hand sides
    """
    rows = [r" \\ &\quad ".join(equation_lines(left, right)) for left, right in equations.items()]
    return r"$\displaystyle \begin{aligned}&" + r" \\ &".join(rows) + r"\end{aligned}$"


def vector(entries) -> Tuple:
    """Expressions as a tuple that prints as one.

    :param entries: the expressions
    """
    return Tuple(*entries)


def difference(left: Expr, right: Expr) -> Expr:
    """left - right, expanded, for use as a residual.

    :param left: an expression
    :param right: an expression
    """
    from sympy import expand

    return expand(left - right)


def taylor_slopes(expression: Expr, letters) -> list[Expr]:
    """First derivatives read off as coefficients of a small shift: an oracle that does not differentiate.

    :param expression: a rational function
    :param letters: the symbols to shift
    """
    from sympy import Dummy, cancel, fraction, together

    numerator, denominator = fraction(together(expression))
    shift = Dummy("h")

    def slope(polynomial: Expr, letter: Expr) -> Expr:
        return polynomial.subs(letter, letter + shift).expand().coeff(shift, 1)

    return [
        cancel((slope(numerator, x) * denominator - numerator * slope(denominator, x)) / denominator**2)
        for x in letters
    ]
