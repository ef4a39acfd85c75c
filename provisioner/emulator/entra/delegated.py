"""Tokens for a person: what the grants with a person behind them share (codes, refresh tokens, device codes).

A `record` is the code, refresh token or device code a request redeems: {tenant, user, clientId, platform, amr,
authTime, oidc, audience} and, on a code, nonce. `fresh` tells a first redemption from a refresh.
"""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..kernel import Call
from ..store import Document
from . import asks, conditional_access, consent, errors, grant_errors, mfa, people, person_errors, tokens
from .asks import Ask
from .directory import Platform
from .token_request import TokenRequest, wanted_claims
from .tokens import SignedIn


def check_origin(call: Call, platform: Platform) -> None:
    """A single-page application redeems from a browser, nobody else does. Raises 9002327, 9002326."""
    origin = call.headers.get("origin")
    if platform == "spa" and origin is None:
        raise grant_errors.single_page_code(call)
    if platform != "spa" and origin is not None:
        raise grant_errors.cross_origin(call, origin)


def who(request: TokenRequest, record: Document) -> SignedIn:
    """The person of the record, as the directory has them now. Raises 500341, 50057."""
    home = request.call.tx.get(kinds.TENANT, "", record["tenant"])
    if home is None:
        raise grant_errors.grant_invalid(request.call)
    person = request.call.tx.get(kinds.USER, record["tenant"], record["user"])
    if person is None:
        raise person_errors.user_deleted(request.call)
    if not person["accountEnabled"]:
        raise person_errors.user_disabled(request.call)
    return SignedIn(home, person, tuple(record["amr"]), record["authTime"])


def ask(request: TokenRequest, record: Document, *, fresh: bool) -> Ask:
    """The API asked for now, else the one of the record. v1: `resource` on both legs must be the same for a code."""
    call = request.call
    if request.version == 1:
        sent, before = request.form.get("resource"), record["audience"]
        if sent and before and fresh and sent.rstrip("/") != before.rstrip("/"):
            raise grant_errors.grant_invalid(call)
        if not (sent or before):
            raise errors.resource_not_named(call)
        return asks.for_resource(call, request.tenant, sent or before, interactive=False)
    scope = request.form.get("scope")
    if scope is None:
        if not record["audience"]:
            raise errors.scope_empty(call)
        return asks.for_resource(call, request.tenant, record["audience"], interactive=False)
    found = asks.for_scopes(call, request.tenant, request.client.id, scope, interactive=False)
    if not found and set(scope.split()) <= set(asks.OIDC) and record["audience"]:
        return asks.for_resource(call, request.tenant, record["audience"], interactive=False)
    return asks.single(call, found, scope)


def issue(request: TokenRequest, signed_in: SignedIn, wanted: Ask, record: Document, *, fresh: bool) -> dict[str, Any]:
    """The token answer. Raises 65001, 650056, 650057, 50105, 50076, 50079 and what Conditional Access says."""
    call = request.call
    scopes = _granted(request, signed_in, wanted)
    people.check_assigned(call, request.tenant, request.client, signed_in.person)
    _check_policies(request, signed_in, wanted)
    life_s = tokens.access_life_s()
    token = tokens.user_access_token(
        call,
        signed_in,
        request.client,
        wanted.resource,
        wanted.audience,
        scopes,
        life_s,
        confidential=record["platform"] == "web",
        issued_in=request.tenant,
        contexts=_contexts(request),
        capabilities=request.capabilities,
    )
    answer = request.times(life_s, wanted) | {"scope": _shown_scope(request, wanted, scopes), "access_token": token}
    if request.version == 1 or not fresh or "offline_access" in record["oidc"]:
        answer["refresh_token"] = tokens.new_refresh_token(call.tx, _carried(record, wanted, signed_in))
    if _wants_id_token(request, record, fresh=fresh):
        nonce = record.get("nonce")
        answer["id_token"] = tokens.id_token(call.tx, signed_in, request.client, request.version, nonce=nonce)
    if request.form.get("client_info") == "1":
        answer["client_info"] = signed_in.client_info
    return answer


def _granted(request: TokenRequest, signed_in: SignedIn, wanted: Ask) -> set[str]:
    """The scopes the token carries. Raises 650056 or 650057 for an API never declared, 65001 without a grant."""
    client, call = request.client, request.call
    scopes: set[str] = set()
    if client.principal is not None:
        scopes = consent.granted_scopes(
            call.tx, request.tenant["id"], client.principal["id"], wanted.resource["id"], signed_in.person["id"]
        )
    if scopes and set(wanted.scopes) <= scopes:
        return scopes - set(asks.OIDC)
    declared = [access["resourceAppId"] for access in client.application["requiredResourceAccess"]]
    if not scopes and not wanted.scopes and not declared:
        raise errors.nothing_requested(call, client.id, wanted.app_id)
    if request.version == 1 and not scopes and wanted.app_id not in declared:
        shown = f"{client.id}({client.name})"
        raise errors.resource_not_requested(call, shown, wanted.audience, ", ".join(declared))
    raise grant_errors.not_consented(call, client.id, client.name)


def _check_policies(request: TokenRequest, signed_in: SignedIn, wanted: Ask) -> None:
    """Policies are those of now: one made after the sign-in ends what the sign-in gave (sam-facts 3.4, 3.7)."""
    call, person = request.call, signed_in.person
    conditional_access.check(call, request.tenant, person, {wanted.app_id})
    asked = mfa.is_required(request.tenant, {wanted.app_id}, person) or _contexts(request)
    if asked and "mfa" not in signed_in.amr:
        if not person.get("_otp"):
            raise person_errors.mfa_not_registered(call, wanted.app_id)
        raise grant_errors.mfa_required(call, wanted.app_id)


def _contexts(request: TokenRequest) -> tuple[str, ...]:
    """The authentication contexts (`acrs`) a claims challenge asks for: here each of them means MFA."""
    wanted = wanted_claims(request.call, request.form).get("access_token")
    context = wanted.get("acrs") if isinstance(wanted, dict) else None
    if not isinstance(context, dict):
        return ()
    values = context.get("values", [context.get("value")])
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _carried(record: Document, wanted: Ask, signed_in: SignedIn) -> Document:
    """A new refresh token inherits everything, the strength of the sign-in above all (sam-facts 3.1)."""
    members = ("tenant", "user", "clientId", "platform", "authTime", "oidc", "ends")
    kept = {name: record[name] for name in members if name in record}
    return kept | {"amr": list(signed_in.amr), "audience": wanted.audience}


def _wants_id_token(request: TokenRequest, record: Document, *, fresh: bool) -> bool:
    """A code asked for with openid gives an ID token; a refresh gives one when it asks (v2: or asks for nothing)."""
    if "openid" in request.form.get("scope", "").split():
        return True
    if not fresh and (request.version == 1 or "scope" in request.form):
        return False
    return "openid" in record["oidc"]


def _shown_scope(request: TokenRequest, wanted: Ask, scopes: set[str]) -> str:
    if request.version == 1:
        return " ".join(sorted(scopes))
    audience = wanted.audience.rstrip("/")
    return " ".join(f"{audience}/{value}" for value in (*sorted(scopes), ".default"))
