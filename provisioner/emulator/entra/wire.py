"""The headers every answer of Entra's protocol endpoints carries."""

from __future__ import annotations

import re

from ..kernel import Call

_SERVER = "2.1.22000.5 - NEULR1 ProdSlices"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COMMON = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    "x-ms-ests-server": _SERVER,
    "X-XSS-Protection": "0",
}


def correlation_id(call: Call) -> str | None:
    """The client's own id of this request (`client-request-id`), when it sent a GUID."""
    sent = call.headers.get("client-request-id") or call.query.get("client-request-id", "")
    return sent if _GUID.fullmatch(sent) else None


def headers(call: Call, request_id: str) -> dict[str, str]:
    """For answers nobody may keep: tokens and errors. `request_id` is the trace id of an error's text."""
    found = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"} | _COMMON
    found["x-ms-request-id"] = request_id
    correlation = correlation_id(call)
    if correlation is not None and call.headers.get("return-client-request-id", "").lower() == "true":
        found["client-request-id"] = correlation
    return found


def public_headers(request_id: str) -> dict[str, str]:
    """For metadata and keys, which any page may read."""
    shared = {"Cache-Control": "max-age=86400, private", "Access-Control-Allow-Origin": "*"}
    return shared | {"Access-Control-Allow-Methods": "GET, OPTIONS"} | _COMMON | {"x-ms-request-id": request_id}
