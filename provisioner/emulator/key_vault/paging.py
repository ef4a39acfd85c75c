"""Lists come in pages; the next one is told by a marker, so that a change in between loses nothing."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import urlencode

from ..kernel import Reply
from ..store import Document
from . import errors
from .entry import Session

_PAGE = 25  # the service's default and its maximum


def page(current: Session, items: dict[str, Document]) -> Reply:
    """A page of `items` in the order of their keys (names, or version ids)."""
    call = current.call
    size = call.query.get("maxresults", str(_PAGE))
    if not re.fullmatch(r"[0-9]{1,3}", size) or not 1 <= int(size) <= _PAGE:
        raise errors.bad_parameter(f"maxresults must be a number between 1 and {_PAGE}.")
    after = _marker(call.query["$skiptoken"]) if "$skiptoken" in call.query else ""
    keys = [key for key in sorted(items, key=str.lower) if key.lower() > after]
    shown = keys[: int(size)]
    following = None
    if len(keys) > len(shown):
        token = base64.urlsafe_b64encode(json.dumps({"NextMarker": shown[-1].lower()}).encode()).decode()
        query = {**call.query, "$skiptoken": token, "maxresults": size}
        following = f"{current.address}:443{call.path}?{urlencode(query, safe='$')}"
    return Reply(200, {"value": [items[key] for key in shown], "nextLink": following})


def _marker(token: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(token))["NextMarker"])
    except (ValueError, KeyError, TypeError) as error:
        raise errors.bad_parameter("The $skiptoken is invalid.") from error
