"""Who may use the control surface, and how it reads what it is sent."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from typing import Any

from ..kernel import Call, Handler, Json, Reply
from ..store import Transaction
from .errors import bad_request, unauthorized

_MOST_SECONDS = 1e10


def token(tx: Transaction) -> str:
    """The bearer token of the control surface, made at first use."""
    stored = tx.meta("control_token")
    if stored is None:
        stored = secrets.token_urlsafe(24)
        tx.set_meta("control_token", stored)
    return stored


def authorized(handler: Handler) -> Handler:
    """The handler, for callers that send the token."""

    def checked(call: Call) -> Reply:
        scheme, _, sent = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(sent.encode(), token(call.tx).encode()):
            raise unauthorized()
        return handler(call)

    return checked


def members(call: Call, known: Collection[str] | None = None) -> dict[str, Any]:
    """The JSON object of the body, which may hold the known members only (None: the reader checks them)."""
    try:
        body = call.json()
    except ValueError as error:
        raise bad_request("the body must be a JSON object") from error
    if not isinstance(body, dict):
        raise bad_request("the body must be a JSON object")
    if known is not None:
        _known(body, known, "member")
    return body


def parameters(call: Call, *known: str) -> dict[str, str]:
    """The query, which may hold the known parameters only."""
    _known(call.query, known, "parameter")
    return dict(call.query)


def _known(sent: Collection[str], known: Collection[str], what: str) -> None:
    if unknown := sorted(set(sent) - set(known)):
        text = f"known are {', '.join(known)}" if known else "none is known here"
        raise bad_request(f"unknown {what} {', '.join(unknown)}; {text}")


def number(value: Json, name: str) -> float:
    """A number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST_SECONDS:
        raise bad_request(f"{name} must be a number of seconds")
    return float(value)


def text(body: dict[str, Any], name: str) -> str:
    """A member that must be there and be text."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"{name} must be text")
    return value
