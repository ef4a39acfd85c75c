"""The token endpoints, v1 and v2: which grant a request uses, and the answer around it (sam-facts 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ..kernel import Call, Reply
from . import application_grant, client_credential, code_grant, device_grant, errors, refresh_grant, wire
from .token_request import fields, need, wanted_claims

_Grant = Callable[[Call, int, dict[str, str]], dict[str, Any]]
_GRANTS: dict[str, _Grant] = {
    "authorization_code": code_grant.answer,
    "refresh_token": refresh_grant.answer,
    "client_credentials": application_grant.answer,
    "urn:ietf:params:oauth:grant-type:device_code": device_grant.answer,
    "device_code": device_grant.answer,  # as v1 libraries say it, and msal-node at v2
}


def issue_v1(call: Call) -> Reply:
    return _issue(call, 1)


def issue_v2(call: Call) -> Reply:
    return _issue(call, 2)


def preflight(call: Call) -> Reply:
    """What a browser asks before a single-page application redeems a code from it."""
    allowed = {
        "Access-Control-Allow-Origin": call.headers.get("origin", "*"),
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": call.headers.get("access-control-request-headers", ""),
        "Access-Control-Max-Age": "86400",
    }
    return Reply(200, None, wire.headers(call, str(uuid4())) | allowed)


def _issue(call: Call, version: int) -> Reply:
    form = client_credential.with_basic(call, fields(call))
    grant_type, _ = need(call, form, "grant_type"), need(call, form, "client_id")
    if version == 2 and "resource" in form:
        raise errors.parameter_not_supported(call, "resource")
    if grant_type not in _GRANTS:
        raise errors.grant_type_not_supported(call, grant_type)
    wanted_claims(call, form)
    answer = _GRANTS[grant_type](call, version, form)
    headers = wire.headers(call, str(uuid4()))
    if origin := call.headers.get("origin"):
        headers["Access-Control-Allow-Origin"] = origin
    return Reply(200, answer, headers)
