"""`$top` and `$skiptoken` of ARM's collections."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from ..kernel import Call, Reply
from ..store import Document
from . import errors


def page(call: Call, items: list[Document]) -> Reply:
    """The items, or with `$top` so many of them and the link to the next."""
    top, start = _number(call, "$top"), _number(call, "$skiptoken") or 0
    if not top:
        return Reply(200, {"value": items[start:]})
    answer: Document = {"value": items[start : start + top]}
    if start + top < len(items):
        query = {**call.query, "$skiptoken": str(start + top)}
        answer["nextLink"] = f"https://{call.host}{quote(call.path)}?{urlencode(query, quote_via=quote, safe='$')}"
    return Reply(200, answer)


def _number(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise errors.invalid_query(name, text)
    return int(text)
