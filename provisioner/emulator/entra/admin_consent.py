"""The admin consent page: an administrator grants what an application declares, for the whole tenant.

`/{tenant}/adminconsent` and `/{tenant}/v2.0/adminconsent`, with client_id and optional redirect_uri, state, scope.
"""

from __future__ import annotations

from ..kernel import Call, Reply
from . import answers, directory, errors, pages, sign_in
from .answers import Recipient
from .errors import SignInRefusal


def ask_v1(call: Call) -> Reply:
    return _ask(call, 1)


def ask_v2(call: Call) -> Reply:
    return _ask(call, 2)


def _ask(call: Call, version: int) -> Reply:
    try:
        tenant = directory.tenant(call)
        if not call.query.get("client_id"):
            raise errors.parameter_missing(call, "client_id")
        client = directory.client(call, call.query["client_id"], tenant)
        uri = call.query.get("redirect_uri", "")
        if uri:
            directory.redirect_platform(call, client.application, uri)
    except SignInRefusal as refused:
        return pages.error(refused)
    recipient = Recipient(uri, "query", call.query.get("state"))
    pending = {
        "kind": "adminconsent",
        "version": version,
        "alias": None if tenant is None else tenant["id"],
        "clientId": client.id,
        "recipient": recipient.document(),
        "scope": call.query.get("scope", ""),
        "prompt": "",
        "loginHint": call.query.get("login_hint", ""),
    }
    try:
        return sign_in.begin(call, pending)
    except SignInRefusal as refused:
        return answers.refuse(call, recipient, refused) if uri else pages.error(refused)
