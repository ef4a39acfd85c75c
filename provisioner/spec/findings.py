"""What a rule says about a spec, before it is tied to a file and a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from provisioner.core.errors import Problem
from provisioner.spec.literal_secrets import shown
from provisioner.spec.nodes import Node, Path, path_text, place_of


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake, or with `is_warning` something a reader should know. `at_key`: the key is wrong, not its value."""

    path: Path
    what: str
    value: object = None
    next_step: str | None = None
    is_warning: bool = False
    at_key: bool = False

    def problem(self, root: Node) -> Problem:
        """The finding at its place; a value that looks like a secret is hidden."""
        place = place_of(root, self.path, at_key=self.at_key)
        value = None if self.value is None else shown(self.value)
        return Problem(self.what, place.file, place.line, place.column, path_text(self.path), value, self.next_step)


class Rule(Protocol):
    """A check of one topic over a spec as plain data.

    What the schema refused is taken out beforehand (a list entry becomes None), so a rule may trust the types of what
    it finds but must expect every key to be missing.
    """

    def __call__(self, spec: Mapping[str, Any]) -> Iterator[Finding]: ...


def nearest(value: str, choices: Iterable[str]) -> str | None:
    """The choice the writer most likely meant: equal but for case and punctuation, else the most similar one."""
    known = list(choices)
    return same_letters(value, known) or next(iter(difflib.get_close_matches(value, known, n=1, cutoff=0.6)), None)


def same_letters(value: str, choices: Iterable[str]) -> str | None:
    """The choice that differs from the value by nothing but case and punctuation."""
    wanted = _letters(value)
    return next((choice for choice in choices if _letters(choice) == wanted), None)


def suggestion(value: str, choices: Iterable[str], otherwise: str) -> str:
    """Next step: the nearest choice, or `otherwise` when none is near."""
    near = nearest(value, choices)
    return f"the nearest known one is {near}" if near is not None else otherwise


def part(spec: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The mapping at these keys, empty where it is missing."""
    found: Any = spec
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def entries(values: Any) -> Iterator[tuple[int, Any]]:
    """The entries of a list that the schema let pass, with their positions."""
    return ((index, value) for index, value in enumerate(values or ()) if value is not None)


def _letters(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())
