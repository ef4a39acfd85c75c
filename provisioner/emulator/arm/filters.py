"""ARM's `$filter`: the two forms its collections take, joined by `and`."""

from __future__ import annotations

import re

from . import errors

_EQUALS = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_CALL = re.compile(r"(\w+)\((?:'((?:[^']|'')*)')?\)")
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)  # not inside a literal


def clauses(text: str | None) -> list[tuple[str, str]]:
    """(name in lower case, literal or "") of `name eq 'x'` and `name('x')`; none for no filter.

    Raises InvalidFilterInQueryString for anything else.
    """
    if not text:
        return []
    found = []
    for part in _AND.split(text.strip()):
        match = _EQUALS.fullmatch(part) or _CALL.fullmatch(part)
        if match is None:
            raise errors.invalid_filter(text)
        found.append((match[1].lower(), (match[2] or "").replace("''", "'")))
    return found
