"""What a derived result is: a statement, its derivation step by step, and where it comes from."""

from dataclasses import dataclass

from sympy import Basic, Dummy, Expr, Tuple, cancel, fraction, together

from derivations.step import Kind, Step, aligned

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
    :param shown: left-hand sides of the steps whose equations are the result
    :param background: assumptions, differences from the source, checks against the experiment
    :raises ValueError: if ``shown`` names no step, or two
    """

    name: str
    title: str
    statement: str
    source: str
    steps: tuple[Step, ...]
    shown: tuple[str, ...]
    background: Background = Background()

    def __post_init__(self) -> None:
        lefts = [step.left for step in self.steps]
        for left in self.shown:
            if lefts.count(left) != 1:
                raise ValueError(f"shown must name one step of {self.name}; found {lefts.count(left)} for {left!r}")

    @property
    def expressions(self) -> dict[str, Basic]:
        """The derived expressions by their LaTeX left-hand side."""
        rights = {step.left: step.right for step in self.steps}
        return {left: rights[left] for left in self.shown}

    @property
    def verified(self) -> bool:
        """Whether every equation is proved as it is printed; definitions need no proof."""
        return all(step.verified or (step.kind is Kind.DEFINITION and step.holds) for step in self.steps)

    @property
    def broken(self) -> tuple[int, ...]:
        """Numbers, from 1, of the steps whose test fails."""
        return tuple(index for index, step in enumerate(self.steps, 1) if not step.holds)

    def _repr_latex_(self) -> str:
        return aligned(self.expressions)


def vector(entries) -> Tuple:
    """Expressions as a tuple that prints as one.

    :param entries: the expressions
    """
    return Tuple(*entries)


def taylor_slopes(expression: Expr, letters) -> list[Expr]:
    """First derivatives read off as coefficients of a small shift: an oracle that does not differentiate.

    :param expression: a rational function
    :param letters: the symbols to shift
    """
    numerator, denominator = fraction(together(expression))
    shift = Dummy("h")

    def slope(polynomial: Expr, letter: Expr) -> Expr:
        return polynomial.subs(letter, letter + shift).expand().coeff(shift, 1)

    return [
        cancel((slope(numerator, x) * denominator - numerator * slope(denominator, x)) / denominator**2)
        for x in letters
    ]
