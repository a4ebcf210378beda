"""Evidence by name: a claim names by its parameters what it rests on, and receives exactly that."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

REQUEST = ("seeds", "protocol", "progress")
"""What a validation is told, and every gatherer may ask for: the seeds, options of the protocol, who hears of progress."""


def needs(function: Callable) -> tuple[str, ...]:
    """Names of what a claim or a gatherer rests on: its parameters without a default.

    :param function: the claim or the gatherer
    """
    return tuple(name for name, p in signature(function).parameters.items() if p.default is Parameter.empty)


class Evidence:
    """The evidence of one validation: every kind is gathered when it is first asked for, and once.

    :param kinds: what gathers each kind; gatherers name by their parameters what they need themselves
    :param given: what is known from the start: the request, and any evidence that is not to be gathered
    """

    def __init__(self, kinds: Mapping[str, Callable], **given: object) -> None:
        self._kinds, self._found = kinds, given

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = self.answer(self._kinds[name])
        return self._found[name]

    def answer(self, function: Callable):
        """What a claim or a gatherer makes of the evidence that it names.

        :param function: the claim or the gatherer
        """
        return function(**{name: self[name] for name in needs(function)})
