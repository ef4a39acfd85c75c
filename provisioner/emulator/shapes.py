"""The error a service gives where none of its handlers spoke: unknown path, injected fault, our own bug.

Each service has its own wire shape, and clients parse it, so a fault in a foreign shape would rehearse nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from .entra import errors as entra_errors
from .kernel import Call, Json, Reply

_CODES = {
    "graph": {400: "BadRequest", 403: "Authorization_RequestDenied", 404: "ResourceNotFound", 429: "TooManyRequests"},
    "arm": {400: "BadRequest", 403: "AuthorizationFailed", 404: "ResourceNotFound", 429: "TooManyRequests"},
    "key_vault": {400: "BadParameter", 403: "Forbidden", 404: "NotFound", 429: "Throttled"},
    "partner_center": {400: "400", 403: "403", 404: "404", 429: "429"},
}
_COMMON = {405: "MethodNotAllowed", 413: "RequestEntityTooLarge", 500: "InternalServerError", 503: "ServiceUnavailable"}


def error(call: Call, service: str, status: int, message: str, *, code: str | None = None) -> Reply:
    """An error in the wire shape of the service; the code defaults to the one that goes with the status."""
    code = code or _CODES.get(service, {}).get(status) or _COMMON.get(status) or str(status)
    return _SHAPES.get(service, _plain)(call, status, code, message)


def _graph(call: Call, status: int, code: str, message: str) -> Reply:
    request_id = str(uuid4())
    inner = {
        "date": datetime.fromtimestamp(call.tx.now, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": call.headers.get("client-request-id", request_id),
    }
    body: Json = {"error": {"code": code, "message": message, "innerError": inner}}
    return Reply(status, body, {"request-id": request_id})


def _plain(_call: Call, status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}})


def _partner_center(_call: Call, status: int, code: str, message: str) -> Reply:
    body = {"code": code, "description": message, "data": [], "source": "PartnerApiServiceCore"}
    return Reply(status, body)


def _entra(call: Call, status: int, _code: str, message: str) -> Reply:
    error_name = "temporarily_unavailable" if status >= 500 else "invalid_request"
    number = 90033 if status >= 500 else 900561  # a transient error; "the endpoint only accepts ... requests"
    return entra_errors.body(call.tx, status, error_name, number, message)


_SHAPES: dict[str, Callable[[Call, int, str, str], Reply]] = {
    "graph": _graph,
    "partner_center": _partner_center,
    "entra": _entra,
}
