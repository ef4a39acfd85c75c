"""A sign-in on its way: its document, the handle in the page's form that names it, and the browser it belongs to.

A handle is good for one POST: the next page has another one. A POST counts only from the browser that began the
sign-in, which a cookie of its own proves; so nobody can have somebody else finish a sign-in they began.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import directory, tokens
from .answers import Recipient

_LIFE_S = 60 * 60
_COOKIE = "__Host-SignIn"


@dataclass(frozen=True)
class Flow:
    """`pending` is the stored document; `new_browser` the cookie to set, empty where the browser has it already."""

    call: Call
    handle: str
    pending: Document
    new_browser: str = ""

    @property
    def recipient(self) -> Recipient:
        return Recipient(**self.pending["recipient"])

    @property
    def kind(self) -> str:
        return str(self.pending["kind"])

    def keep(self, **changes: Any) -> Flow:
        pending = self.call.tx.put(kinds.SIGN_IN, "", self.handle, self.pending | changes)
        return replace(self, pending=pending)

    def end(self) -> None:
        self.call.tx.delete(kinds.SIGN_IN, "", self.handle)

    def greeted(self, reply: Reply) -> Reply:
        """The reply to a browser that began a sign-in, with the cookie that ties the two."""
        if not self.new_browser:
            return reply
        cookie = f"{_COOKIE}={self.new_browser}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return replace(reply, headers={**reply.headers, "Set-Cookie": cookie})

    def alias(self) -> Document | None:
        """The tenant the address names, None for `common`."""
        alias = self.pending["alias"]
        return None if alias is None else self.call.tx.get(kinds.TENANT, "", alias)

    def client(self, tenant: Document | None) -> directory.Client:
        # a page's own address names no tenant: what is not found was looked for where the sign-in began
        call = replace(self.call, params={"tenant": self.pending["alias"] or "common"})
        return directory.client(call, self.pending["clientId"], tenant)


def opened(call: Call, pending: dict[str, Any]) -> Flow:
    """A new sign-in in this browser."""
    browser = _browser(call)
    new_browser = "" if browser else secrets.token_urlsafe(32)
    belongs = {"issued": call.tx.now, "_browser": tokens.digest(browser or new_browser)}
    return Flow(call, secrets.token_urlsafe(32), pending, new_browser).keep(**belongs)


def resumed(call: Call, handle: str) -> Flow | None:
    """The sign-in a page's form names, under its next handle; None when it is over, used or another browser's."""
    pending = call.tx.get(kinds.SIGN_IN, "", handle)
    if pending is None or call.tx.now > pending["issued"] + _LIFE_S:
        return None
    if not hmac.compare_digest(pending["_browser"], tokens.digest(_browser(call))):
        return None
    call.tx.delete(kinds.SIGN_IN, "", handle)
    return Flow(call, secrets.token_urlsafe(32), pending).keep()


def _browser(call: Call) -> str:
    try:
        cookie = SimpleCookie(call.headers.get("cookie", "")).get(_COOKIE)
    except CookieError:
        return ""
    return "" if cookie is None else cookie.value
