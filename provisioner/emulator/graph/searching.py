"""$search on directory objects: "property:text" clauses in double quotes, joined by AND and OR (advanced only).

The service tokenizes both sides: a clause holds when each word of it begins a word of the property. OR binds weaker
than AND.
"""

from __future__ import annotations

import re

from ..store import Document
from . import query_errors
from .filterable import ResourceType

_CLAUSE = re.compile(r'\s*"([A-Za-z]+):((?:[^"\\]|\\.)+)"\s*')
_JOIN = re.compile(r"(AND|OR)(?=[\s\"])")
_WORD = re.compile(r"\w+")
_Clause = tuple[str, list[str]]


def matching(text: str | None, documents: list[Document], of: ResourceType, *, eventual: bool) -> list[Document]:
    """The documents $search finds; all without one. Raises for a missing header, bad syntax, an unknown property."""
    if text is None:
        return documents
    if not of.searchable:
        raise query_errors.query_option_unsupported("$search")
    if not eventual:
        raise query_errors.search_needs_eventual()
    groups = _parsed(text, of)
    return [each for each in documents if any(all(_holds(clause, each) for clause in group) for group in groups)]


def _parsed(text: str, of: ResourceType) -> list[list[_Clause]]:
    """Groups joined by OR, each of clauses joined by AND."""
    groups: list[list[_Clause]] = [[]]
    position = 0
    while True:
        found = _CLAUSE.match(text, position)
        if found is None:
            raise query_errors.search_syntax(position, text[:200])
        if found[1] not in of.searchable:
            raise query_errors.search_unsupported_property(found[1], of.name)
        groups[-1].append((found[1], _words(found[2])))
        position = found.end()
        if position == len(text):
            return groups
        join = _JOIN.match(text, position)
        if join is None:
            raise query_errors.search_syntax(position, text[:200])
        if join[1] == "OR":
            groups.append([])
        position = join.end()


def _holds(clause: _Clause, document: Document) -> bool:
    name, wanted = clause
    words = _words(str(document.get(name) or ""))
    return all(any(word.startswith(each) for word in words) for each in wanted)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
