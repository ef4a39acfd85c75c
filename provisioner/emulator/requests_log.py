"""The list of requests the cloud got and how it answered, secret values masked.

Tests ask it what was sent; bodies and headers are kept because they are checked against Microsoft's API descriptions.
The list is bounded: it holds the newest KEPT requests and at most PRUNED_EVERY more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from .kernel import Call, Json, Reply
from .store import Transaction

MASK = "***"
# Fields, query parameters and JSON members whose value is a secret, in lower case: a client that misspells one has
# still sent it. `authorization` is a header, of a request inside a `$batch` too.
SECRET_MEMBERS = frozenset(
    {
        "access_token",
        "assertion",
        "authorization",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "handle",
        "id_token",
        "id_token_hint",
        "oidctoken",
        "otp",
        "password",
        "proof",
        "refresh_token",
        "secrettext",
    }
)
_SECRET_IN_JSON = SECRET_MEMBERS - {"code"}  # there it is an error's
# `value` elsewhere is a list or a permission's name. In a vault also: the password of an imported certificate, a JWK's
# private members. An issuer answers a job's token as `value`.
_SECRET_AT = {
    "key_vault": frozenset({"value", "pwd", "d", "p", "q", "dp", "dq", "qi", "k", "key_hsm"}),
    "issuers": frozenset({"value"}),
}
_ARM_SECRET = re.compile("/secrets(/|$)", re.IGNORECASE)  # a secret written through ARM: properties.value
_PRIVATE_KEY = "X509CertAndPassword"  # the `key` of such a key credential is a PKCS #12
_SECRET_HEADERS = frozenset({"cookie", "set-cookie"})
_URL_HEADERS = frozenset({"location", "referer", "azure-asyncoperation"})
KEPT = 100_000
PRUNED_EVERY = 1_000
_KEPT_BYTES = 64 * 1024


def record(call: Call, service: str, reply: Reply, *, inner: bool) -> int:
    """Add a request to the list; returns its sequence number. `inner` marks a part of a `$batch`."""
    secret = _secret_in_json(call, service)
    detail = {
        "service": service,
        "inner": inner,
        "request": {"headers": _headers(call.headers), "body": _body(call.headers, call.body, secret)},
        "response": {"headers": _headers(reply.headers), "body": _reply_body(reply, secret)},
    }
    query = urlencode(_masked_fields(call.query), quote_via=quote, safe="*$/:", errors="replace")
    url = f"{call.url}?{query}" if query else call.url
    cursor = call.tx.sql.execute(
        "INSERT INTO requests (time, operation, method, url, status, detail) VALUES (?,?,?,?,?,?)",
        (call.tx.now, call.operation, call.method, url, reply.status, json.dumps(detail)),
    )
    sequence = int(cursor.lastrowid or 0)
    if sequence % PRUNED_EVERY == 0:
        call.tx.sql.execute("DELETE FROM requests WHERE seq<=?", (sequence - KEPT,))
    return sequence


def listed(tx: Transaction, since: int = 0) -> list[dict[str, Any]]:
    """Requests with a sequence number above `since`, oldest first."""
    rows = tx.sql.execute(
        "SELECT seq, time, operation, method, url, status, detail FROM requests WHERE seq>? ORDER BY seq", (since,)
    )
    names = ("seq", "time", "operation", "method", "url", "status")
    return [dict(zip(names, row[:6], strict=True)) | json.loads(row[6]) for row in rows]


def clear(tx: Transaction) -> None:
    """Forget all requests; sequence numbers go on."""
    tx.sql.execute("DELETE FROM requests")


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): _masked_header(name.lower(), value) for name, value in headers.items()}


def _masked_header(name: str, value: str) -> str:
    """A header's value without its secrets: codes and tokens travel in the query or fragment of a Location."""
    if name in _SECRET_HEADERS or "authorization" in name:
        return MASK
    if name not in _URL_HEADERS:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return MASK
    masked = [urlencode(_masked_fields(dict(parse_qsl(part, keep_blank_values=True))), safe="*") for part in parts[3:]]
    return urlunsplit((*parts[:3], *masked))


def _masked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: MASK if name.lower() in SECRET_MEMBERS else value for name, value in fields.items()}


def _secret_in_json(call: Call, service: str) -> frozenset[str]:
    """The members of JSON bodies whose value is a secret at this address, in lower case."""
    if service == "arm" and _ARM_SECRET.search(call.path):
        return _SECRET_IN_JSON | {"value"}
    return _SECRET_IN_JSON | _SECRET_AT.get(service, frozenset())


def _body(headers: Mapping[str, str], body: bytes, secret: frozenset[str]) -> Json:
    """A request's body: form fields and JSON as objects, masked; anything else as its size."""
    if not body:
        return None
    if "form-urlencoded" in headers.get("content-type", ""):
        return _masked_fields(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    return _json_body(body, secret)


def _reply_body(reply: Reply, secret: frozenset[str]) -> Json:
    if isinstance(reply.body, bytes):
        return _json_body(reply.body, secret) if reply.body else None
    return _masked(reply.body, secret)


def _json_body(body: bytes, secret: frozenset[str]) -> Json:
    if len(body) > _KEPT_BYTES or not re.match(rb"(\xef\xbb\xbf)?\s*[\[{]", body):
        return f"{len(body)} bytes"
    try:
        return _masked(json.loads(body.decode("utf-8-sig")), secret)
    except (ValueError, RecursionError):
        return f"{len(body)} bytes"


def _masked(value: Json, secret: frozenset[str]) -> Json:
    """The same JSON with secrets masked, whatever the type a client gave them; lists of objects are collections."""
    if isinstance(value, dict):
        hidden = secret | {"key"} if value.get("type") == _PRIVATE_KEY else secret
        return {
            name: MASK if name.lower() in hidden and _may_be_secret(item) else _masked(item, secret)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, secret) for item in value]
    return value


def _may_be_secret(value: Json) -> bool:
    is_collection = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return value is not None and not is_collection
