"""One request through the cloud: find the service by host, apply faults, handle, record. No socket here."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from . import clouds, faults, requests_log, shapes
from .kernel import Call, Refusal, Reply, Route
from .services import ROUTERS
from .store import Store, Transaction


def handle(
    store: Store,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Reply:
    """Answer one request in one transaction. `url` is absolute; header names in any case.

    A bug in a handler rolls the transaction back, is told on stderr, and answers 500 in the service's shape.
    """
    try:
        urlsplit(url)
    except ValueError:
        return Reply(400, {"error": {"code": "BadRequest", "message": "The request's URL is malformed."}})
    try:
        with store.transaction() as tx:
            return dispatch(received(tx, method, url, headers or {}, body))
    except Exception:  # noqa: BLE001  whatever a handler's bug raises: the cloud must go on and say what happened
        traceback.print_exc(file=sys.stderr)
    with store.transaction() as tx:
        call = received(tx, method, url, headers or {}, body)
        service = (clouds.locate(call.host) or ("", ""))[0]
        reply = shapes.error(call, service, 500, "The emulator failed to handle this request; see its standard error.")
        requests_log.record(call, service, reply, inner=False)
        return reply


def dispatch(call: Call) -> Reply:
    """Route a call whose `tx` is open, and record it."""
    return _dispatch(call, inner=False)


def _dispatch(call: Call, *, inner: bool) -> Reply:
    found = clouds.locate(call.host)
    if found is None:
        return Reply(421, {"error": {"code": "UnknownHost", "message": f"The emulator has no host {call.host}."}})
    service, cloud = found
    route, params = ROUTERS[service].match(call.method, call.path) or (None, {})
    operation = route.operation if route else ""
    call = replace(
        call, cloud=cloud, inner=lambda part: _dispatch(part, inner=True), operation=operation, params=params
    )
    if service == "control":
        return _handled(call, service, route)
    reply = faults.apply(call, service, lambda part: _handled(part, service, route))
    requests_log.record(call, service, reply, inner=inner)
    return reply


def _handled(call: Call, service: str, route: Route | None) -> Reply:
    if route is None:
        if allowed := ROUTERS[service].methods(call.path):
            reply = shapes.error(call, service, 405, f"{call.method} is not allowed here.")
            return replace(reply, headers={**reply.headers, "Allow": ", ".join(allowed)})
        return shapes.error(call, service, 404, f"The emulator has no {call.method} {call.path}.")
    try:
        return route.handler(call)
    except Refusal as refused:
        return refused.reply


def received(tx: Transaction, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Call:
    """A request as a call, not routed yet. Raises ValueError for a URL that is none."""
    parts = urlsplit(url)
    return Call(
        method=method,
        host=(parts.hostname or "").lower(),
        path=unquote(parts.path) or "/",
        tx=tx,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
    )
