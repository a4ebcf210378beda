"""Derived results as LaTeX."""

from collections.abc import Sequence

from sympy import Basic

from derivations.documents.letters import OWN, Letters
from derivations.linebreak import WIDTH, equation_lines
from derivations.result import Result
from derivations.step import Step

PREAMBLE = "\n".join(
    [
        r"\documentclass{article}",
        r"\usepackage{amsmath}",
        r"\setcounter{MaxMatrixCols}{20}",
        r"\allowdisplaybreaks",
        r"\begin{document}",
    ]
)


def equation(left: str, right: Basic, letters: Letters = OWN, width: int = WIDTH) -> str:
    """A displayed equation; a long right-hand side is broken into aligned lines.

    :param width: of a line, as :func:`derivations.linebreak.printed_width` counts
    """
    lines = equation_lines(letters.formula(left), right, letters.write, width)
    if len(lines) == 1:
        return "\\begin{equation*}\n" + lines[0] + "\n\\end{equation*}"
    stay = "*" if lines[0].endswith("=") else ""
    first = f"&{lines[0]} \\\\{stay}\n&\\quad "
    return "\\begin{align*}\n" + first + " \\\\\n&\\quad ".join(lines[1:]) + "\n\\end{align*}"


def _step(index: int, step: Step, letters: Letters) -> str:
    """One step: its number, its kind, its reason and its equation."""
    head = f"\\paragraph{{Step {index} ({step.label}).}} {letters.prose(step.reason)}"
    return f"{head}\n{equation(step.left, step.right, letters)}"


def as_latex(results: Sequence[Result], standalone: bool = False, letters: Letters = OWN) -> str:
    """LaTeX that compiles in a plain article with amsmath.

    :param standalone: whether to add a preamble, for a document of its own
    """
    parts = []
    for result in results:
        parts.append(f"\\section*{{{result.title}}}\n{letters.prose(result.statement)}\n")
        parts += [_step(i, step, letters) for i, step in enumerate(result.steps, 1)]
        parts.append("\\paragraph{Result.}")
        parts += [equation(left, right, letters) for left, right in result.expressions.items()]
        parts.append("\\emph{Source:} " + result.source.replace("&", r"\&") + ".\n")
    text = letters.with_definitions("\n".join(parts))
    return f"{PREAMBLE}\n{text}\n\\end{{document}}\n" if standalone else text + "\n"
