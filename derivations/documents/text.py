"""Derived results as plain Unicode text."""

import re
from collections.abc import Sequence

from sympy import Basic, LambertW, MatrixBase, Symbol, exp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from derivations.documents.letters import OWN
from derivations.result import Result
from derivations.wording import decided_by

GREEK = {
    r"\alpha": "α",
    r"\sigma": "σ",
    r"\gamma": "γ",
    r"\delta": "δ",
    r"\lambda": "λ",
    r"\Lambda": "Λ",
    r"\kappa": "κ",
    r"\rho": "ρ",
    r"\theta": "θ",
    r"\tau": "τ",
    r"\beta": "β",
    r"\eta": "η",
    r"\Sigma": "Σ",
    r"\zeta": "ζ",
    r"\xi": "ξ",
    r"\Gamma": "Γ",
    r"\Theta": "Θ",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\parallel": "∥",
    r"\ast": "*",
    r"\le": "≤",
    r"\ll": "≪",
    r"\Pi": "Π",
    r"\chi": "χ",
    r"\varsigma": "ς",
    r"\bar g": "ḡ",
    r"\bar{g}": "ḡ",
    r"\infty": "∞",
    r"\in ": "∈ ",
    r"\dots": "…",
    r"\partial": "∂",
    r"\nabla": "∇",
    r"\Delta": "Δ",
    r"\Delta t": "Δt",
    r"\pm": "±",
    r"\neq": "≠",
    r"\times": "×",
    r"\to": "→",
    r"\leftarrow": "←",
    r"\sum": "Σ",
    r"\det": "det",
    r"\min": "min",
    r"\lim": "lim",
    r"\dot": "d/dt ",
    r"\sqrt": "√",
    r"\varphi": "φ",
    r"\pi": "π",
    r"\omega": "ω",
    r"\epsilon": "ε",
    r"\sin": "sin",
    r"\cos": "cos",
    r"\leq": "≤",
    r"\log": "log",
    r"\ln": "ln",
    r"\ ": " ",
    r"\mu": "μ",
    r"\max": "max",
    r"\geq": "≥",
    r"\approx": "≈",
    r"\propto": "∝",
    r"\cdot": "·",
    r"\|": "‖",
    r"\,": " ",
    r"\;": " ",
}


def plain(text: str) -> str:
    """Light LaTeX as plain Unicode text.

    :param text: prose with mathematics between dollar signs, or a left-hand side
    """
    text = re.sub(r"\\(left|right|bigl|bigr|Bigl|Bigr)(?![a-z])|\$", "", text)
    text = re.sub(r"\\(?:mathrm|text)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\t?frac(\w)(\w)", r"\1/\2", text)
    for command in sorted(GREEK, key=len, reverse=True):
        text = re.sub(re.escape(command) + ("(?![a-z])" if command[-1].isalpha() else ""), GREEK[command], text)
    text = re.sub(r"\\hat ?\{?(\w)\}?", "\\1\u0302", text)
    text = re.sub("(_[α-ω])(?=[α-ω])", r"\1 ", text)
    previous = None
    while previous != text:
        previous = text
        text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", _ratio, text)
        text = re.sub(r"([_^])\{([^{}]*)\}(?=([A-Za-z∂]?))", lambda m: m[1] + _grouped(m[2]) + (m[3] and " "), text)
        text = re.sub(r"(?<![_^\w])\{([^{}]*)\}|(?<=√)\{([^{}]*)\}", lambda m: _grouped(m[1] or m[2] or ""), text)
    return re.sub(" *· *", "·", re.sub(" {2,}", " ", text)).strip()


def _grouped(content: str) -> str:
    """A group without its braces, in parentheses if it is more than one word."""
    one = r"\d+|(?!\w*[a-z][α-ω])[^\W\d]\w*'*|\*|\([^()]*\)|"
    return content if re.fullmatch(one, content) else f"({content})"


def _ratio(match: re.Match) -> str:
    return f"{_grouped(match[1])}/{_grouped(match[2])}"


def as_text(results: Sequence[Result]) -> str:
    """Plain text, one equation a line."""
    lines: list[str] = []
    for result in results:
        lines += [f"{result.name}: {result.title}", plain(result.statement), f"source: {result.source}", ""]
        for index, step in enumerate(result.steps, 1):
            lines += [
                f"  {index}. [{step.label}] {plain(step.reason)}",
                f"     {_equation_text(step.left, step.right)}",
            ]
            lines += ["     " + ": ".join(decided_by(step.check))] if step.check else []
        lines += ["", *(f"  {_equation_text(left, right)}" for left, right in result.expressions.items()), ""]
    return "\n".join(lines)


class _Letters(StrPrinter):
    """Expressions in the letters of the prose: σ_zm, λ, κ, e^s, π."""

    def _print_Symbol(self, expr: Symbol) -> str:
        return plain(OWN.write(expr))

    def _print_exp(self, expr: exp) -> str:
        return f"e^{self.parenthesize(expr.args[0], PRECEDENCE['Func'])}"

    def _print_LambertW(self, expr: LambertW) -> str:
        return f"W_0({self._print(expr.args[0])})"

    def _print_Pi(self, expr: Basic) -> str:
        return "π"


def _equation_text(left: str, right: Basic) -> str:
    value = _Letters().doprint(right.tolist() if isinstance(right, MatrixBase) else right)
    value = re.sub(r"\bsqrt\((\w+)\)", r"√\1", value).replace("sqrt(", "√(")
    return f"{plain(left)} = {value.replace('**', '^')}"
