"""How the authorize endpoint answers the application: query, fragment or form_post (sam-facts 3.1, 5.4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from ..kernel import Call, Reply
from . import pages
from .errors import SignInRefusal


@dataclass(frozen=True)
class Recipient:
    """Where an answer goes, and how. The redirect URI has been matched already."""

    uri: str
    mode: str
    state: str | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def send(recipient: Recipient, fields: dict[str, str]) -> Reply:
    """Hand the fields, and the state, to the redirect URI."""
    if recipient.state is not None:
        fields = fields | {"state": recipient.state}
    if recipient.mode == "form_post":
        return pages.form_post(recipient.uri, fields)
    return Reply(302, None, {"Location": _with_fields(recipient, fields), "Cache-Control": "no-store, no-cache"})


def refuse(_call: Call, recipient: Recipient, refused: SignInRefusal) -> Reply:
    """Hand an error to the redirect URI."""
    fields = {"error": refused.error, "error_description": refused.description}
    return send(recipient, fields | {"error_uri": str(refused.reply.body["error_uri"])})


def _with_fields(recipient: Recipient, fields: dict[str, str]) -> str:
    parts = urlsplit(recipient.uri)
    encoded = urlencode(fields)
    path = parts.path or ("/" if parts.netloc else "")  # a URI without path comes back with one
    if recipient.mode == "fragment":
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, encoded))
    query = "&".join(part for part in (parts.query, encoded) if part)
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))
