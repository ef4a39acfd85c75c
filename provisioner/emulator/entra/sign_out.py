"""The end of a browser's session: /{tenant}/oauth2/logout and /oauth2/v2.0/logout. It ends no token (sam-facts 3.4)."""

from __future__ import annotations

from ..kernel import Call, Reply
from . import answers, directory, pages, session
from .answers import Recipient
from .errors import SignInRefusal


def end(call: Call) -> Reply:
    """Back to `post_logout_redirect_uri` when the application `client_id` has registered it; a page otherwise."""
    parameters = dict(call.query) if call.method == "GET" else call.form()
    try:
        tenant = directory.tenant(call)
        uri, client_id = parameters.get("post_logout_redirect_uri", ""), parameters.get("client_id", "")
        if uri and client_id:
            directory.redirect_platform(call, directory.client(call, client_id, tenant).application, uri)
    except SignInRefusal as refused:
        return pages.error(refused)
    if uri and client_id:
        back = answers.send(Recipient(uri, "query", parameters.get("state")), {})
        return session.closed(call, back)
    return session.closed(call, pages.done("You signed out", "It's a good idea to close all browser windows."))
