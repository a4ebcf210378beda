"""Derived results as JSON."""

import json
from collections.abc import Sequence

from sympy import Basic, MatrixBase, sstr

from derivations.documents.letters import OWN
from derivations.result import Result


def as_json(results: Sequence[Result]) -> str:
    """JSON: a list of results, each expression as LaTeX and as text that sympy reads back.

    ``sympify(text, locals=theory.symbols.names())`` gives the expression with the symbols of the theory.

    :param results: the results
    """

    def expression(value: Basic) -> dict[str, str]:
        return {
            "latex": OWN.write(value),
            "sympy": sstr(value.tolist() if isinstance(value, MatrixBase) else value),
        }

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
            "steps": [{"reason": s.reason, "left": s.left, **expression(s.right)} for s in r.steps],
            "expressions": {left: expression(right) for left, right in r.expressions.items()},
        }
        for r in results
    ]
    return json.dumps(documents, indent=2, ensure_ascii=False)
