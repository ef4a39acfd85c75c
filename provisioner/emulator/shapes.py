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
    "arm": {
        400: "BadRequest",
        403: "AuthorizationFailed",
        404: "ResourceNotFound",
        429: "SubscriptionRequestsThrottled",
    },
    "key_vault": {400: "BadParameter", 403: "Forbidden", 404: "NotFound", 429: "Throttled"},
    "partner_center": {400: "400", 403: "403", 404: "404", 429: "429"},
}
_COMMON = {405: "MethodNotAllowed", 413: "RequestEntityTooLarge", 500: "InternalServerError", 503: "ServiceUnavailable"}
_TEXTS = {  # worded after the services' own, which people search their logs for
    ("graph", 429): "Too many requests. Please retry again later.",
    ("arm", 429): "Number of requests for this subscription exceeded the limit. Please try again later.",
    ("key_vault", 429): (
        "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
    ),
    ("entra", 429): "There are too many incoming requests. Please try again later.",
    ("entra", 503): "A transient error has occurred. Please try again.",
}


def error(call: Call, service: str, status: int, message: str | None = None, *, code: str | None = None) -> Reply:
    """An error in the wire shape of the service; code and message default to those that go with the status."""
    code = code or _CODES.get(service, {}).get(status) or _COMMON.get(status) or str(status)
    message = message or _TEXTS.get((service, status)) or f"A fault set through the control surface answers {status}."
    return _SHAPES.get(service, _plain)(call, status, code, message)


def _graph(call: Call, status: int, code: str, message: str) -> Reply:
    request_id = str(uuid4())
    client_request_id = call.headers.get("client-request-id", request_id)
    inner = {
        "date": datetime.fromtimestamp(call.tx.now, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    body: Json = {"error": {"code": code, "message": message, "innerError": inner}}
    return Reply(status, body, {"request-id": request_id, "client-request-id": client_request_id})


def _arm(call: Call, status: int, code: str, message: str) -> Reply:
    """A throttled answer says so in the counter of what was asked for: reads, writes or deletes."""
    headers = {"x-ms-request-id": str(uuid4())}
    if status == 429:
        counted = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(call.method, "writes")
        headers[f"x-ms-ratelimit-remaining-subscription-{counted}"] = "0"
    return Reply(status, {"error": {"code": code, "message": message}}, headers)


def _key_vault(_call: Call, status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}}, {"x-ms-request-id": str(uuid4())})


def _plain(_call: Call, status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}})


def _partner_center(_call: Call, status: int, code: str, message: str) -> Reply:
    body = {"code": code, "description": message, "data": [], "source": "PartnerApiServiceCore"}
    return Reply(status, body, {"MS-RequestId": str(uuid4()), "MS-CorrelationId": str(uuid4())})


def _entra(call: Call, status: int, _code: str, message: str) -> Reply:
    if status == 429:
        return entra_errors.body(call.tx, status, "temporarily_unavailable", 90055, message)  # the tenant is throttled
    error_name = "temporarily_unavailable" if status >= 500 else "invalid_request"
    number = 90033 if status >= 500 else 900561  # a transient error; "the endpoint only accepts ... requests"
    return entra_errors.body(call.tx, status, error_name, number, message)


_SHAPES: dict[str, Callable[[Call, int, str, str], Reply]] = {
    "graph": _graph,
    "arm": _arm,
    "key_vault": _key_vault,
    "partner_center": _partner_center,
    "entra": _entra,
}
