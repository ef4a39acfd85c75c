"""The device code grant: a program polls until its person has decided (sam-facts 3.5).

Who may: a redirect URI decides nothing here, so the application's "allow public client flows" does
(`isFallbackPublicClient`). With it the client is public: no credential, 700025 for one that is sent. Without it the
service asks for a credential (7000218), and one that proves itself is a confidential client, whose refresh token
outlives a change of password (3.4): a web application with a secret may use this grant. The state of the request comes
first: programs have polled "pending" for minutes before they were told that a credential is missing (reports of
7000218 after the person had signed in).
"""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..kernel import Call
from ..store import Document
from . import asks, client_credential, delegated, device_code, directory, grant_errors, revocation, tokens
from .directory import Platform
from .token_request import TokenRequest, need


def answer(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    named = "code" if version == 1 and "code" in form else "device_code"  # v1 libraries send `code`
    key = tokens.digest(need(call, form, named))
    alias = directory.tenant(call)
    client = directory.client(call, form["client_id"], alias)
    document = call.tx.get(kinds.DEVICE_CODE, "", key)
    if document is None or document["clientId"] != client.id:
        raise grant_errors.device_code_unknown(call)
    if (None if alias is None else alias["id"]) != document["alias"]:
        raise grant_errors.code_of_another_tenant(call)
    _check_decided(call, version, document)
    tenant = call.tx.get(kinds.TENANT, "", document["tenant"])
    if tenant is None:
        raise grant_errors.grant_invalid(call)
    request = TokenRequest(call, version, form, tenant, directory.client(call, client.id, tenant))
    platform: Platform = "publicClient" if request.client.may_be_public else "web"
    client_credential.prove(call, request.client, form, platform)
    record = document | {
        "platform": platform,
        "oidc": list(asks.oidc_scopes(document["scope"])),
        "audience": _audience(request, document),
    }
    ask = delegated.ask(request, record, fresh=True)
    who = delegated.who(request, record)
    revocation.check(call, who, platform)
    given = delegated.issue(request, who, ask, record, fresh=True)
    call.tx.put(kinds.DEVICE_CODE, "", key, document | {"state": "redeemed"})
    return given


def _check_decided(call: Call, version: int, document: Document) -> None:
    """Raises 54005, 70020 (v1: 70019), 70018, 70016. A poll that comes too soon is told to slow down."""
    if document["state"] == "redeemed":
        raise grant_errors.code_redeemed(call)
    if device_code.is_over(call.tx, document):
        expired = grant_errors.device_code_expired_v1 if version == 1 else grant_errors.device_code_expired
        raise expired(call)
    if document["state"] == "declined":
        raise grant_errors.authorization_declined(call)
    if document["state"] == "pending":
        before = document["polled"]
        call.tx.put(kinds.DEVICE_CODE, "", document["key"], document | {"polled": call.tx.now})
        if before is not None and call.tx.now < before + device_code.INTERVAL_S - 1:  # a second for the network
            raise grant_errors.slow_down(call)
        raise grant_errors.authorization_pending(call)


def _audience(request: TokenRequest, document: Document) -> str | None:
    """The API the program named when it asked for the code; the first of several."""
    if document["version"] == 1:
        resource: str | None = document["resource"]
        return resource
    found = asks.for_scopes(request.call, request.tenant, request.client.id, document["scope"], interactive=False)
    return found[0].audience if found else None
