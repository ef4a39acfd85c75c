"""$expand: at most one relation in a request, up to 20 objects of it, as on directory objects in general."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..store import Document
from . import query_errors
from .filterable import ResourceType

_MOST = 20
_CLAUSE = re.compile(r"(\w+|\*)(?:\(\$select=([\w,]+)\))?")
Related = Mapping[str, Callable[[Document], list[Document]]]
"""By the relation's name, what finds an object's related ones, as the wire shows them."""


@dataclass(frozen=True)
class Expansion:
    """One relation; `chosen` members of the related objects, all when empty."""

    name: str
    chosen: tuple[str, ...]
    find: Callable[[Document], list[Document]]


def asked(text: str | None, of: ResourceType, related: Related) -> Expansion | None:
    """What $expand asks for; None without it. Raises for an unknown relation, and for more than one."""
    if text is None:
        return None
    found = _CLAUSE.fullmatch(text.strip())
    if found is None:
        raise query_errors.query_option_unsupported("$expand")
    name, chosen = found[1], tuple((found[2] or "").split(",")) if found[2] else ()
    if name not in related:
        raise query_errors.select_unknown_property(name, of.name)
    return Expansion(name, chosen, related[name])


def expanded(document: Document, expansion: Expansion) -> Document:
    """The member that holds the related objects."""
    found = expansion.find(document)[:_MOST]
    if expansion.chosen:
        keep = {*expansion.chosen, "@odata.type"}
        found = [{name: value for name, value in each.items() if name in keep} for each in found]
    return {expansion.name: found}
