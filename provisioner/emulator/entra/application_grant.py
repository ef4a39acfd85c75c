"""client_credentials: a token for the application itself (sam-facts 3.2)."""

from __future__ import annotations

from typing import Any

from ..kernel import Call
from . import asks, client_credential, consent, directory, errors, tokens
from .asks import Ask
from .token_request import TokenRequest, need


def answer(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    tenant = directory.named_tenant(call, version)
    client = directory.client(call, form["client_id"], tenant)
    request = TokenRequest(call, version, form, tenant, client)
    proof = client_credential.prove(call, client, form, "web")
    if client.principal is None:
        raise errors.client_principal_missing(call, client.id, tenant["displayName"])
    ask = _ask(request)
    life_s = tokens.access_life_s()
    token = tokens.application_access_token(
        call,
        tenant,
        client,
        client.principal,
        ask.resource,
        ask.audience,
        consent.granted_roles(call.tx, tenant["id"], client.principal["id"], ask.resource),
        life_s,
        by_assertion=proof == "assertion",
        capabilities=request.capabilities,
    )
    return request.times(life_s, ask) | {"access_token": token}


def _ask(request: TokenRequest) -> Ask:
    """v1 `resource`, or one v2 `<audience>/.default`."""
    call, form = request.call, request.form
    if request.version == 1:
        if not form.get("resource"):
            raise errors.resource_not_named(call)
        return asks.for_resource(call, request.tenant, form["resource"], interactive=False)
    scope = need(call, form, "scope")
    if not all(value.endswith("/.default") for value in scope.split()):
        raise errors.scope_invalid(call, scope)
    found = asks.for_scopes(call, request.tenant, request.client.id, scope, interactive=False)
    return asks.single(call, found, scope)
