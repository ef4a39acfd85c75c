"""The device code flow (sam-facts 3.5): a program shows a code, a person types it on the device page.

A DEVICE_CODE document lives 15 minutes under the SHA-256 of its device code: {key, userCode, version, alias (tenant id
or None), clientId, scope, resource, issued, polled (None before the first poll), state: "pending", "approved",
"declined" or "redeemed"}; approval adds {tenant, user, amr, authTime}. Redeeming it is device_grant.py.
"""

from __future__ import annotations

import secrets
from typing import Any
from uuid import uuid4

from .. import kinds
from ..clouds import CLOUDS
from ..kernel import Call, Reply
from ..store import Document, Transaction
from . import asks, directory, errors, wire
from .answers import Recipient
from .token_request import fields, need
from .tokens import SignedIn, digest

LIFE_S = 15 * 60
INTERVAL_S = 5
PAGE = "/common/oauth2/deviceauth"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that can be taken for another
# Where a person is sent; short links that lead to PAGE at the cloud's login host.
SHORT_LINKS = {"/devicelogin": "public", "/deviceloginus": "usgov", "/deviceloginchina": "china"}


# --- what the program asks ---


def issue_v1(call: Call) -> Reply:
    """POST /{tenant}/oauth2/devicecode with client_id and resource: numbers are strings, the address is a URL."""
    form = fields(call)
    document, code = _new(call, 1, form, "", form.get("resource") or None)
    shown = _shown(call, document, code)
    shown["verification_url"] = shown.pop("verification_uri")
    return _reply(call, {name: str(value) for name, value in shown.items()})


def issue_v2(call: Call) -> Reply:
    """POST /{tenant}/oauth2/v2.0/devicecode with client_id and scope."""
    form = fields(call)
    if "resource" in form:
        raise errors.parameter_not_supported(call, "resource")
    document, code = _new(call, 2, form, need(call, form, "scope"), None)
    return _reply(call, _shown(call, document, code))


def _new(call: Call, version: int, form: dict[str, str], scope: str, resource: str | None) -> tuple[Document, str]:
    """The stored request and its device code. Raises 900144, what the client and the APIs named raise."""
    tenant = directory.tenant(call)
    client = directory.client(call, need(call, form, "client_id"), tenant)
    if tenant is not None and scope:
        asks.for_scopes(call, tenant, client.id, scope, interactive=True)
    if tenant is not None and resource:
        asks.for_resource(call, tenant, resource, interactive=True)
    code = secrets.token_urlsafe(120)
    document = {
        "key": digest(code),
        "userCode": "".join(secrets.choice(_LETTERS) for _ in range(9)),
        "version": version,
        "alias": None if tenant is None else tenant["id"],
        "clientId": client.id,
        "scope": scope,
        "resource": resource,
        "issued": call.tx.now,
        "polled": None,
        "state": "pending",
    }
    return _keep(call.tx, document), code


def _shown(call: Call, document: Document, code: str) -> dict[str, Any]:
    paths = {cloud: path for path, cloud in SHORT_LINKS.items()}
    uri, user_code = f"https://microsoft.com{paths[call.cloud]}", document["userCode"]
    message = f"To sign in, use a web browser to open the page {uri} and enter the code {user_code} to authenticate."
    return {
        "user_code": user_code,
        "device_code": code,
        "verification_uri": uri,
        "expires_in": LIFE_S,
        "interval": INTERVAL_S,
        "message": message,
    }


def _reply(call: Call, body: dict[str, Any]) -> Reply:
    return Reply(200, body, wire.headers(call, str(uuid4())))


def short_link(call: Call) -> Reply:
    """https://microsoft.com/devicelogin and its sisters, https://login.microsoft.com/device: on to the page."""
    cloud = SHORT_LINKS.get(call.path, call.cloud)
    return Reply(302, None, {"Location": f"https://{CLOUDS[cloud].login[0]}{PAGE}"})


# --- the page where a person types the code ---


def find(tx: Transaction, user_code: str) -> Document | None:
    """The request a typed code belongs to, in any case, with or without dashes and spaces.

    None when the code was never given out, is over, or has been decided already.
    """
    wanted = "".join(letter for letter in user_code.upper() if letter.isalnum())
    for document in tx.find(kinds.DEVICE_CODE, "", "userCode", wanted):
        if document["state"] == "pending" and not is_over(tx, document):
            return document
    return None


def ask(_call: Call, document: Document) -> dict[str, Any]:
    """The sign-in of this request, as sign_in.begin takes it: kind "device", no one to answer to.

    `deviceCode` is the document's key: at the end the sign-in approves or declines the document under it.
    """
    return {
        "kind": "device",
        "deviceCode": document["key"],
        "version": document["version"],
        "alias": document["alias"],
        "clientId": document["clientId"],
        "platform": "publicClient",
        "recipient": Recipient("", "query", None).document(),
        "hybrid": False,
        "nonce": None,
        "codeChallenge": None,
        "codeChallengeMethod": None,
        "resource": document["resource"],
        "scope": document["scope"],
        "forceMfa": False,
        "prompt": "",
        "loginHint": "",
        "clientInfo": False,
    }


def approve(tx: Transaction, document: Document, signed_in: SignedIn) -> None:
    """The person signed in and consented: the program's next poll gets tokens."""
    who = {
        "tenant": signed_in.tenant["id"],
        "user": signed_in.person["id"],
        "amr": list(signed_in.amr),
        "authTime": signed_in.auth_time,
    }
    _keep(tx, document | who | {"state": "approved"})


def decline(tx: Transaction, document: Document) -> None:
    """The person pressed cancel: the program's next poll is told so."""
    _keep(tx, document | {"state": "declined"})


def of(tx: Transaction, key: str) -> Document | None:
    """The document behind the `deviceCode` of a sign-in, None once it is over or decided."""
    document = tx.get(kinds.DEVICE_CODE, "", key)
    if document is None or document["state"] != "pending" or is_over(tx, document):
        return None
    return document


def is_over(tx: Transaction, document: Document) -> bool:
    return tx.now >= float(document["issued"]) + LIFE_S


def _keep(tx: Transaction, document: Document) -> Document:
    return tx.put(kinds.DEVICE_CODE, "", document["key"], document)
