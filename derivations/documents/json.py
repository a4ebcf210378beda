"""Derived results as JSON."""

import json
from collections.abc import Sequence

from sympy import Basic, MatrixBase, sstr

from derivations.documents.letters import OWN
from derivations.result import Result
from derivations.step import Step


def as_json(results: Sequence[Result]) -> str:
    """JSON: a list of results, each expression as LaTeX and as text that sympy reads back, each step with its kind.

    A step is ``verified`` where it is a proof whose test, computed from the printed equation, holds; a result where every
    equation that is no definition is.

    ``sympify(text, locals=theory.symbols.names())`` gives the expression with the symbols of the theory.
    """

    def expression(value: Basic) -> dict[str, str]:
        return {
            "latex": OWN.write(value),
            "sympy": sstr(value.tolist() if isinstance(value, MatrixBase) else value),
        }

    def step(line: Step) -> dict[str, object]:
        check = {"check": line.check} if line.check else {}
        said = {"kind": str(line.kind), "verified": line.verified, **check, "reason": line.reason, "left": line.left}
        return {**said, **expression(line.right)}

    documents = [
        {
            "name": r.name,
            "title": r.title,
            "statement": r.statement,
            "source": r.source,
            "assumptions": list(r.background.assumptions),
            "differs": r.background.differs,
            "checks": list(r.background.checks),
            "verified": r.verified,
            "steps": [step(s) for s in r.steps],
            "expressions": {left: expression(right) for left, right in r.expressions.items()},
        }
        for r in results
    ]
    return json.dumps(documents, indent=2, ensure_ascii=False)
