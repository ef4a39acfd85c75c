"""The page's paths: the page, the part of it that changes, and its three buttons."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from .. import control, faults, kinds
from ..kernel import Call, Handler, Refusal, Reply, Route
from ..refusals import refusal
from . import sight

SPANS = {"3600": "1 hour", "86400": "1 day", "604800": "1 week", "6912000": "80 days"}
SERVICES = {
    "graph.*": "Microsoft Graph",
    "arm.*": "Azure Resource Manager",
    "key_vault.*": "Key Vault",
    "partner_center.*": "Partner Center",
    "entra.*": "Entra sign-in",
    "*": "everything",
}
_THROTTLING = {"action": "status", "status": 429, "retryAfter": 5, "count": 10}


@refusal("control.page_closed")
def page_closed(call: Call) -> Refusal:
    return Refusal(_html(call, 401, "closed.html"))


@refusal("control.page_not_asking")
def not_from_the_page() -> Refusal:
    return Refusal(Reply(403, {"error": "this does not come from the status page"}))


@refusal("control.page_bad_form")
def bad_form(why: str) -> Refusal:
    return Refusal(Reply(400, {"error": why}))


def show(call: Call) -> Reply:
    """The page; with the token in the address, the cookie and the address without it."""
    sent = call.query.get("token")
    if sent is not None:
        if not hmac.compare_digest(sent.encode(), control.token(call.tx).encode()):
            raise page_closed(call)
        name, value = _cookie(call)
        cookie = f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict"
        return Reply(303, None, {"Location": "/", "Set-Cookie": cookie, "Cache-Control": "no-store"})
    _check_cookie(call)
    return _html(call, 200, "status.html", spans=SPANS, services=SERVICES, **sight.now(call.tx))


def show_now(call: Call) -> Reply:
    """The parts that change, which the page asks for again and again."""
    _check_cookie(call)
    return _html(call, 200, "now.html", **sight.now(call.tx))


def advance(call: Call) -> Reply:
    span = _form(call).get("seconds", "")
    if span not in SPANS:
        raise bad_form(f"seconds must be one of {', '.join(SPANS)}")
    call.tx.advance_clock(float(span))
    return _back()


def throttle(call: Call) -> Reply:
    operation = _form(call).get("operation", "")
    if operation not in SERVICES:
        raise bad_form(f"operation must be one of {', '.join(SERVICES)}")
    faults.add(call.tx, _THROTTLING | {"operation": operation})
    return _back()


def clear_faults(call: Call) -> Reply:
    _form(call)
    for fault in call.tx.list(kinds.FAULT, ""):
        call.tx.delete(kinds.FAULT, "", fault["id"])
    return _back()


def _back() -> Reply:
    return Reply(303, None, {"Location": "/", "Cache-Control": "no-store"})


def _form(call: Call) -> dict[str, str]:
    """The fields of a form of the page itself."""
    _check_cookie(call)
    if call.headers.get("origin") != f"https://{call.headers.get('host', '')}":
        raise not_from_the_page()
    return call.form()


def _check_cookie(call: Call) -> None:
    name, value = _cookie(call)
    pairs = (pair.strip().partition("=") for pair in call.headers.get("cookie", "").split(";"))
    sent = next((found for key, _, found in pairs if key == name), "")
    if not hmac.compare_digest(sent.encode(), value.encode()):
        raise page_closed(call)


def _cookie(call: Call) -> tuple[str, str]:
    """Its name, of its own for each state folder as ports share cookies; and its value, which is not the token."""
    secret = control.token(call.tx).encode()
    name = hashlib.sha256(secret).hexdigest()[:8]
    return f"__Host-emulator-{name}", hmac.new(secret, b"status page", hashlib.sha256).hexdigest()


def _html(call: Call, status: int, template: str, **values: Any) -> Reply:
    nonce = secrets.token_urlsafe(16)
    html = _templates().get_template(template).render(nonce=nonce, **values)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # "no-referrer" would send forms with Origin: null
    }
    return Reply(status, html.encode(), headers)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """The page's own templates, and the stylesheet it shares with the sign-in pages."""
    return Environment(
        loader=ChoiceLoader([PackageLoader("provisioner.emulator", folder) for folder in ("status", "pages")]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_HANDLERS: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "/", "page", show),
    ("GET", "/now", "page.now", show_now),
    ("POST", "/clock", "page.clock", advance),
    ("POST", "/faults", "page.faults", throttle),
    ("POST", "/faults/clear", "page.faults_clear", clear_faults),
)
ROUTES = tuple(Route(method, path, f"control.{name}", handler) for method, path, name, handler in _HANDLERS)
