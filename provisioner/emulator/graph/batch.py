"""POST $batch: up to 20 requests in one, each sent through the cloud like any other (sam-facts 5.5).

The outer answer is 200 whatever the inner ones are. Faults, lag and the request list see every inner request.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..faults import Disturbed
from ..kernel import Call, Reply
from ..store import Document
from . import errors
from .service import Request

_MOST = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


def run(request: Request) -> Reply:
    """200 with one response per request, not in the order asked: clients must match by id."""
    steps = request.body().get("requests")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise errors.batch_invalid("a non-empty array 'requests' is required.")
    if len(steps) > _MOST:
        raise errors.batch_too_long()
    _check_ids(steps)
    _check_dependencies(steps)
    calls = [_inner_call(request.call, request.version, step) for step in steps]
    replies: dict[str, Reply] = {}
    for step, call in zip(steps, calls, strict=True):
        failed = any(replies[needed].status >= 400 for needed in step.get("dependsOn") or ())
        replies[step["id"]] = errors.batch_dependency_failed().reply if failed else request.call.inner(call)
    answer = Reply(200, {"responses": [_response(key, reply) for key, reply in reversed(replies.items())]})
    return _disturbed(answer, [reply for reply in replies.values() if isinstance(reply, Disturbed)])


def _disturbed(answer: Reply, faults: list[Disturbed]) -> Reply:
    """There is one connection: what cuts, holds or slows an inner request does it to the whole answer."""
    if not faults:
        return answer
    lost = next((fault.lost for fault in faults if fault.lost), None)
    return Disturbed(answer.status, answer.body, answer.headers, max(fault.delay_s for fault in faults), lost)


def _check_ids(steps: list[Document]) -> None:
    ids = [step.get("id") for step in steps]
    if not all(isinstance(key, str) and key for key in ids):
        raise errors.batch_invalid("every request needs an 'id' that is a non-empty string.")
    if len({str(key).lower() for key in ids}) < len(ids):
        raise errors.batch_invalid("the ids of the requests are not unique.")


def _check_dependencies(steps: list[Document]) -> None:
    """All parallel; or serial, each after the first on the one before it; or several on the same one before them."""
    dependencies = [step.get("dependsOn") or [] for step in steps]
    if not all(isinstance(needed, list) and all(isinstance(key, str) for key in needed) for needed in dependencies):
        raise errors.batch_invalid("'dependsOn' must be an array of ids.")
    serial = [[], *([step["id"]] for step in steps[:-1])]
    named = {tuple(needed) for needed in dependencies if needed}
    if not named or dependencies == serial:
        return
    earlier = [step["id"] for step in steps[: dependencies.index(next(filter(None, dependencies)))]]
    if len(named) > 1 or not all(len(needed) == 1 and needed[0] in earlier for needed in named):
        raise errors.batch_invalid("'dependsOn' must leave the requests parallel, make them serial, or name the same.")


def _inner_call(outer: Call, version: str, step: Document) -> Call:
    method, url = step.get("method"), step.get("url")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise errors.batch_invalid(f"request '{step['id']}' has no valid 'method'.")
    if not isinstance(url, str) or not url or "://" in url.partition("?")[0]:
        raise errors.batch_invalid(f"request '{step['id']}' needs a relative 'url'.")
    parts = urlsplit("/" + url.lstrip("/"))
    path = f"/{version}{unquote(parts.path)}"
    if path.endswith("/$batch"):
        raise errors.batch_invalid("a batch cannot hold a batch.")
    headers, body = _content(step)
    inherited = {name: outer.headers[name] for name in ("authorization", "client-request-id") if name in outer.headers}
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return replace(
        outer, method=method.upper(), path=path, query=query, headers=inherited | headers, body=body, params={}
    )


def _content(step: Document) -> tuple[dict[str, str], bytes]:
    """The headers (lower-case) and body of an inner request: JSON as it is, anything else as base64 text."""
    sent: Any = step.get("headers") or {}
    if not isinstance(sent, Mapping):
        raise errors.batch_invalid(f"the 'headers' of request '{step['id']}' are not an object.")
    headers = {str(name).lower(): str(value) for name, value in sent.items()}
    body = step.get("body")
    if body is None:
        return headers, b""
    content_type = headers.get("content-type")
    if content_type is None:
        raise errors.batch_invalid(f"request '{step['id']}' has a body but no Content-Type header.")
    if content_type.lower().startswith("application/json"):
        return headers, json.dumps(body).encode()
    try:
        return headers, base64.b64decode(str(body), validate=True)
    except binascii.Error as error:
        raise errors.batch_invalid(f"the body of request '{step['id']}' is not base64.") from error


def _response(key: str, reply: Reply) -> Document:
    response: Document = {"id": key, "status": reply.status, "headers": dict(reply.headers)}
    content, content_type = reply.encoded()
    if content_type is not None:
        response["headers"]["Content-Type"] = content_type
        response["body"] = reply.body
    elif content:
        response["body"] = base64.b64encode(content).decode()
    return response
