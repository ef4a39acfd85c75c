"""A browser that has signed in stays signed in for a day: a cookie here, a SESSION document under its SHA-256."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from .. import kinds
from ..kernel import Call, Reply
from . import tokens
from .tokens import SignedIn

_LIFE_S = 24 * 3600
_COOKIE = "ESTSAUTH"


def person(call: Call, pending: Mapping[str, Any]) -> SignedIn | None:
    """Who this browser is signed in as, when the sign-in (see sign_in.py) lets that count."""
    if pending["prompt"] in ("login", "select_account"):
        return None
    key = _key(call)
    kept = None if key is None else call.tx.get(kinds.SESSION, "", key)
    if kept is None or call.tx.now > kept["issued"] + _LIFE_S:
        return None
    tenant = call.tx.get(kinds.TENANT, "", kept["tenant"])
    known = call.tx.get(kinds.USER, kept["tenant"], kept["user"])
    if tenant is None or known is None or not known["accountEnabled"]:
        return None
    if kept["authTime"] < int(max(known.get("_tokensValidFrom", 0), known.get("_passwordChanged", 0))):
        return None
    domain = pending.get("domainHint", "").lower()
    if domain not in ("", "organizations", *tenant["domains"]):
        return None
    hint = pending["loginHint"].lower()
    if hint not in ("", known["userPrincipalName"].lower()):
        return None
    if pending["alias"] not in (None, tenant["id"]) or tenant["cloud"] != call.cloud:
        return None
    return SignedIn(tenant, known, tuple(kept["amr"]), kept["authTime"])


def opened(call: Call, who: SignedIn, reply: Reply) -> Reply:
    """The reply, with the cookie that keeps this person signed in."""
    secret = secrets.token_urlsafe(32)
    body = {
        "tenant": who.tenant["id"],
        "user": who.person["id"],
        "amr": list(who.amr),
        "authTime": who.auth_time,
        "issued": call.tx.now,
    }
    call.tx.put(kinds.SESSION, "", tokens.digest(secret), body)
    cookie = f"{_COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=None"
    return Reply(reply.status, reply.body, {**reply.headers, "Set-Cookie": cookie})


def closed(call: Call, reply: Reply) -> Reply:
    """The reply, and this browser is signed in no longer."""
    if (key := _key(call)) is not None:
        call.tx.delete(kinds.SESSION, "", key)
    cookie = f"{_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None"
    return Reply(reply.status, reply.body, {**reply.headers, "Set-Cookie": cookie})


def _key(call: Call) -> str | None:
    """The key of the browser's session, from its cookie."""
    try:
        cookie = SimpleCookie(call.headers.get("cookie", "")).get(_COOKIE)
    except CookieError:
        return None
    return None if cookie is None else tokens.digest(cookie.value)
