"""The HTML a person sees. Templates and style are in emulator/pages; nothing is fetched from anywhere else."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ..kernel import Reply
from . import risk
from .consent import Permission
from .errors import SignInRefusal

# What the pages say in plain words; code and message stand in the details beside it.
_PLAIN = {
    50034: "We could not find an account with that user name. Check the spelling, or ask your administrator.",
    50020: "This account does not exist in the organization you sign in to. Use a different account, or have this one "
    "added as an external user first.",
    50126: "Your account or password is incorrect.",
    50053: "Your account is locked for a while after too many wrong passwords. Try again later.",
    50057: "Your account is disabled. Ask your administrator to enable it.",
    50055: "Your password has expired. Ask your administrator for a new one.",
    50144: "Your password has expired. Ask your administrator for a new one.",
    500121: "That is not the code we expect. Enter the code your authenticator shows now.",
    50011: "The application wants its answer at an address that is not registered for it.",
    500113: "The application has no address registered to answer to.",
    700016: "The application is not known in this organization.",
    90002: "There is no such organization in this cloud.",
    50194: "The application takes only people of its own organization, and the address names none.",
    90014: "This sign-in is over.",
}
# What to do about an error that cannot go back to the application.
_NEXT_STEPS = {
    50011: "Add exactly this redirect URI, letter case and last slash included, to the application's registration, or "
    "correct the one the application sends.",
    500113: "Add a redirect URI to the application's registration.",
    900971: "The application must send redirect_uri with its request.",
    700016: "Check the client id, and that the application is registered in this organization or is multitenant and "
    "has been consented to here.",
    7000112: "Have an administrator enable the application's service principal in this organization.",
    50194: "Use the address of the application's own tenant, or make the application multitenant.",
    90002: "Check the tenant id or domain in the address, and that it belongs to this cloud.",
    900144: "The application must send the parameter named in the details.",
    90014: "Start again from the application: going back to an old page, or using it twice, ends a sign-in.",
}
_START_AGAIN = "Start again from the application. If it happens again, give the details above to your administrator."


def account(
    handle: str,
    client: str,
    *,
    tenant: str | None,
    domain: str | None,
    username: str,
    error: SignInRefusal | None,
) -> Reply:
    """Who signs in. `domain` completes a user name without one."""
    shown: dict[str, Any] = {"client": client, "tenant": tenant, "domain": domain, "username": username}
    return _page("account.html", handle=handle, alert=_alert(error), **shown)


def picker(handle: str, client: str, *, tenant: str | None, username: str, name: str) -> Reply:
    """The account this browser is signed in with, or another one."""
    return _page("picker.html", handle=handle, client=client, tenant=tenant, username=username, name=name)


def password(handle: str, username: str, error: SignInRefusal | None) -> Reply:
    return _page("password.html", handle=handle, username=username, alert=_alert(error))


def one_time_code(handle: str, client: str, username: str, error: SignInRefusal | None) -> Reply:
    """The second factor."""
    return _page("one_time_code.html", handle=handle, client=client, username=username, alert=_alert(error))


def more_information(handle: str, client: str, *, tenant: str, username: str, refused: SignInRefusal) -> Reply:
    """A second factor is needed, and this person has none."""
    shown: dict[str, Any] = {"client": client, "tenant": tenant, "username": username}
    return _page("more_information.html", handle=handle, alert=_alert(refused), **shown)


def consent(
    handle: str,
    client: dict[str, Any],
    username: str,
    permissions: list[Permission],
    application_roles: list[dict[str, str]],
    *,
    oidc: tuple[str, ...],
    tenant: str,
    may_decide_for_all: bool,
    must_decide_for_all: bool,
) -> Reply:
    """What the application asks for, each with its risk, with accept and cancel.

    `client` is {name, publisher, id, goes_to}; application_roles are {title, text, value}.
    """
    by_api: dict[str, list[dict[str, Any]]] = {}
    if identity := [risk.OIDC_TEXTS[value] for value in oidc if value in risk.OIDC_TEXTS]:
        by_api["Your sign-in"] = identity
    for permission in permissions:
        by_api.setdefault(permission.resource["displayName"], []).append(_listed(permission))
    roles = [role | {"risk": risk.of_application(role["value"]), "needs_admin": False} for role in application_roles]
    return _page(
        "consent.html",
        handle=handle,
        client=client,
        username=username,
        apis=by_api or {"Your sign-in": [risk.OIDC_TEXTS["openid"]]},
        application_roles=roles,
        tenant=tenant,
        may_decide_for_all=may_decide_for_all,
        for_all=must_decide_for_all,
    )


def _listed(permission: Permission) -> dict[str, Any]:
    title, text = permission.title, permission.text
    if title == permission.value == "user_impersonation":  # published without words of its own
        title, text = f"Use {permission.resource['displayName']} as you", "It can do there whatever you may do."
    return {
        "title": title,
        "text": text,
        "needs_admin": permission.needs_admin,
        "risk": risk.of_delegated(permission.value, needs_admin=permission.needs_admin),
    }


def approval_needed(handle: str, client: str, *, tenant: str, username: str, refused: SignInRefusal) -> Reply:
    """An administrator is needed, and this person is none."""
    shown: dict[str, Any] = {"client": client, "tenant": tenant, "username": username}
    return _page("approval_needed.html", handle=handle, alert=_alert(refused), **shown)


def error(refused: SignInRefusal) -> Reply:
    """An error that cannot go to the application: what it is and what to do about it."""
    next_step = _NEXT_STEPS.get(refused.number, _START_AGAIN)
    return _page("error.html", status=400, alert=_alert(refused), next_step=next_step)


def device_code(code: str, problem: str | None) -> Reply:
    """Where a person types the code their device shows."""
    return _page("device_code.html", code=code, problem=problem)


def device_confirm(handle: str, client: str, client_id: str, *, username: str, code: str, asked_at: str) -> Reply:
    """Which program the code is for, before it gets anything."""
    shown: dict[str, Any] = {
        "client": client,
        "client_id": client_id,
        "username": username,
        "code": code,
        "asked_at": asked_at,
    }
    return _page("device_confirm.html", handle=handle, **shown)


def done(title: str, text: str) -> Reply:
    """A page that ends a flow without an application to return to."""
    return _page("done.html", title=title, text=text)


def form_post(uri: str, fields: dict[str, str]) -> Reply:
    """A page that posts the answer to the application: by itself, or by a button where scripts are off."""
    return _page("form_post.html", uri=uri, fields=fields)


def _page(template: str, *, status: int = 200, **values: Any) -> Reply:
    nonce = secrets.token_urlsafe(16)
    html = _templates().get_template(template).render(nonce=nonce, **values)
    return Reply(status, html.encode(), _headers(nonce))


def _headers(nonce: str) -> dict[str, str]:
    # form-action is left open: a form's answer is a redirect to whatever URI the application registered, which
    # may redirect again, and browsers hold every hop against it
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store, no-cache",
        "Pragma": "no-cache",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }


def _alert(error: SignInRefusal | None) -> dict[str, Any] | None:
    if error is None:
        return None
    body = error.reply.body
    return {
        "text": _PLAIN.get(error.number, error.message),
        "number": error.number,
        "message": error.message,
        "correlation_id": body["correlation_id"],
        "trace_id": body["trace_id"],
        "timestamp": body["timestamp"],
    }


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("provisioner.emulator", "pages"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
