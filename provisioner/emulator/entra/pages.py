"""The HTML a person sees. Templates and style are in emulator/pages; nothing is fetched from anywhere else."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ..kernel import Call, Reply
from .consent import Permission
from .errors import SignInRefusal

# form-action is left open: form_post goes to whatever redirect URI the application registered.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store, no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# What the sign-in page says in plain words; the code stands beside it.
_ADVICE = {
    50034: "We could not find an account with that user name in this directory.",
    50126: "Your account or password is incorrect.",
    50057: "Your account is disabled. Ask your administrator to enable it.",
    50055: "Your password has expired. Ask your administrator for a new one.",
    50020: "This account belongs to another directory and is not a member of this one. Use a different account.",
    500121: "That code is not right. Enter the code your authenticator shows now.",
}
_ABOUT_THE_NAME = frozenset({50034, 50020, 50057})


def sign_in(
    call: Call, handle: str, client: str, tenant: str | None, username: str, error: SignInRefusal | None
) -> Reply:
    """User name and password; the cursor stands in the field to fill in or to mend."""
    at_name = not username or (error is not None and error.number in _ABOUT_THE_NAME)
    return _page(
        "sign_in.html",
        call,
        handle=handle,
        client=client,
        tenant=tenant,
        username=username,
        at_name=at_name,
        alert=_alert(error),
    )


def one_time_code(call: Call, handle: str, client: str, username: str, error: SignInRefusal | None) -> Reply:
    """The second factor."""
    return _page("one_time_code.html", call, handle=handle, client=client, username=username, alert=_alert(error))


def consent(
    call: Call,
    handle: str,
    client: dict[str, Any],
    username: str,
    permissions: list[Permission],
    application_roles: list[dict[str, str]],
    *,
    tenant: str,
    may_decide_for_all: bool,
    must_decide_for_all: bool,
) -> Reply:
    """What the application asks for, with accept and cancel."""
    by_api: dict[str, list[Permission]] = {}
    for permission in permissions:
        by_api.setdefault(permission.resource["displayName"], []).append(permission)
    return _page(
        "consent.html",
        call,
        handle=handle,
        client=client,
        username=username,
        apis=by_api,
        application_roles=application_roles,
        tenant=tenant,
        may_decide_for_all=may_decide_for_all,
        must_decide_for_all=must_decide_for_all,
    )


def approval_needed(call: Call, handle: str, client: str, username: str, refused: SignInRefusal) -> Reply:
    """An administrator is needed, and this person is none."""
    return _page("approval_needed.html", call, handle=handle, client=client, username=username, refused=refused)


def error(call: Call, refused: SignInRefusal) -> Reply:
    """An error that cannot go to the application."""
    return _page("error.html", call, status=400, refused=refused, body=refused.reply.body)


def done(call: Call, title: str, text: str) -> Reply:
    """A page that ends a flow without an application to return to."""
    return _page("done.html", call, title=title, text=text)


def form_post(uri: str, fields: dict[str, str]) -> Reply:
    """A page that posts the answer to the application by itself."""
    html = _templates().get_template("form_post.html").render(uri=uri, fields=fields)
    return Reply(200, html.encode(), _HEADERS)


def _page(template: str, call: Call, *, status: int = 200, **values: Any) -> Reply:
    html = _templates().get_template(template).render(host=call.host, **values)
    return Reply(status, html.encode(), _HEADERS)


def _alert(error: SignInRefusal | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"text": _ADVICE.get(error.number, error.message), "code": f"AADSTS{error.number}"}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("provisioner.emulator", "pages"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
