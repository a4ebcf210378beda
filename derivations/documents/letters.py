"""The letters of a document: those of the theory, others in their places, or macros."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from sympy import Basic, Symbol

from derivations.result import Result
from numerics.common.errors import require
from theory.core.to_latex import to_latex
from theory.symbols import TABLE, letter

PROTECTED = r"\\(?:mathrm|text|operatorname|begin|end)\{[^{}]*\}"
DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def symbols_of(results: Iterable[Result]) -> dict[str, Symbol]:
    """The symbols in the expressions of some results, by name."""
    expressions = [x for r in results for x in (*(step.right for step in r.steps), *r.expressions.values())]
    found = {symbol for expression in expressions for symbol in expression.free_symbols if isinstance(symbol, Symbol)}
    return {symbol.name: symbol for symbol in sorted(found, key=lambda symbol: symbol.name)}


@dataclass(frozen=True)
class Letters:
    """How symbols are written; the default is the theory's own way.

    :param names: LaTeX by the symbol's name
    :param kept: symbols that keep their letters, such as $L_\\kappa$ where κ is renamed
    """

    names: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()

    def write(self, expression: Basic) -> str:
        """An expression as LaTeX in these letters."""
        return to_latex(expression, self.names)

    def formula(self, text: str) -> str:
        """A formula typed in the theory's letters, in these.

        :param text: LaTeX without dollar signs
        """
        spellings = {old: _grouped(new) for name, new in self.names.items() for old in _spellings(name)}
        if not spellings:
            return text
        spellings |= {old: old for name in self.kept for old in _spellings(name) if "_" in old}
        longest_first = sorted(spellings, key=len, reverse=True)
        pattern = re.compile("|".join([PROTECTED, *(_token(old) for old in longest_first)]))

        def replaced(match: re.Match) -> str:
            new = spellings.get(match[0], match[0])
            before, after = text[: match.start()], text[match.end() :]
            new = f"\\left({new}\\right)" if "^" in new and match[0] in spellings and after[:1] == "^" else new
            left = " " if new[:1].isalpha() and re.search(r"\\[A-Za-z]+$", before) else ""
            right = " " if after[:1].isalpha() and re.search(r"\\[A-Za-z]+$", new) else ""
            return left + new + right

        return pattern.sub(replaced, text)

    def prose(self, text: str) -> str:
        """Prose with mathematics between dollar signs, the mathematics in these letters.

        :param text: the prose
        """
        parts = text.split("$")
        return "$".join(self.formula(part) if index % 2 else part for index, part in enumerate(parts))

    def with_definitions(self, text: str) -> str:
        r"""LaTeX with ``\providecommand`` lines before it for its macros; definitions made earlier win.

        :param text: the LaTeX, in these letters
        """
        used = set(re.findall(r"\\cl[A-Za-z]+", text))
        macros = [name for name, new in self.names.items() if new == _macro(name) and new in used]
        return "".join(f"\\providecommand{{{_macro(name)}}}{{{letter(Symbol(name))}}}\n" for name in macros) + text


def _spellings(name: str) -> set[str]:
    r"""How a symbol may be typed: ``k_{1}`` or ``k_1``, ``c_{max}`` or ``c_{\max}``."""
    printed = letter(Symbol(name))
    short = re.sub(r"_\{(\w|\\[A-Za-z]+)\}$", r"_\1", printed)
    return {printed, short, re.sub(r"_\{(max|min)\}$", r"_{\\\1}", printed)}


def _token(old: str) -> str:
    """The pattern of a letter that is not part of a longer name, a function of something or the transpose's T."""
    word = re.escape(old)
    if old.startswith("\\"):
        return word if old.endswith("}") else rf"{word}(?![A-Za-z_])"
    transposes, after = "^" if old == "T" else "", "" if old.endswith("}") else "(?![A-Za-z_(])"
    return rf"(?<![\\A-Za-z{transposes}]){word}{after}|(?<=_){word}(?=\()"


def _grouped(new: str) -> str:
    """A new name that can carry an exponent."""
    return f"{{{new}}}" if "^" in new or " " in new else new


def _macro(name: str) -> str:
    r"""``\clSigmaZm`` for ``sigma_zm``."""
    words = re.split(r"_|(?<=\D)(?=\d)|(?<=\d)", name.replace("lamda", "lambda"))
    twin = name[:1].islower() and name[:1].upper() + name[1:] in TABLE
    return ("\\clSmall" if twin else "\\cl") + "".join(
        DIGITS[int(word)] if word.isdigit() else word[:1].upper() + word[1:] for word in words
    )


def _nameable(results: Iterable[Result]) -> dict[str, Symbol]:
    """The symbols of the results, and those of the table that prose may mention without being mistaken."""
    table = {name: entry.symbol for name, entry in TABLE.items() if re.search(r"[\\_]", entry.latex)}
    return table | symbols_of(results)


def macros(results: Sequence[Result]) -> Letters:
    """Letters in which every symbol of the theory's table is a macro.

    :param results: the results whose symbols are meant
    """
    known = _nameable(results)
    names = {name: _macro(name) for name in known if name in TABLE}
    return Letters(names, tuple(known.keys() - names.keys()))


def renamed(results: Sequence[Result], pairs: Sequence[str]) -> Letters:
    r"""Letters in which some symbols have other names.

    :param results: the results whose symbols are meant
    :param pairs: ``NAME=LATEX`` each, e.g. ``sigma_zm=\alpha``
    :raises InputError: if a pair is malformed, a symbol unknown, or two symbols would look alike
    """
    known = _nameable(results)
    names: dict[str, str] = {}
    for pair in pairs:
        name, sign, new = (part.strip() for part in pair.partition("="))
        name = name.replace("lambda", "lamda")
        require(bool(name and sign and new), f"--symbols must be NAME=LATEX, as sigma_zm=a; found {pair!r}")
        balanced = new.count("{") == new.count("}") and not re.search(r"[$%#&~]|\\$", new)
        require(balanced, f"--symbols must give LaTeX mathematics with matched braces; found {new!r} for {name}")
        sums = re.search(r"[-+/]|\\[td]?frac|\\over\b", re.sub(r"\{[^{}]*\}", "", new))
        require(not sums, f"--symbols must give a letter, which can carry an exponent; found {new!r} for {name}")
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"choose among {', '.join(known)}"
        require(name in known, f"--symbols must name a symbol of these results; found {name!r}; {hint}")
        require(name not in names, f"--symbols must rename a symbol once; found {name} twice; remove one")
        names[name] = new
    _distinct(symbols_of(results).keys() | names.keys(), names)
    return Letters(names, tuple(known.keys() - names.keys()))


def _distinct(used: Iterable[str], names: Mapping[str, str]) -> None:
    """Refuse two symbols that would look alike."""
    looks: dict[str, str] = {}
    for name in sorted(used):
        look = names.get(name, letter(Symbol(name)))
        other = looks.setdefault(look, name)
        both = f"--symbols must keep symbols apart; found {other} and {name} both written {look}; choose another"
        require(other == name, both)


OWN = Letters()
"""The theory's own letters."""
