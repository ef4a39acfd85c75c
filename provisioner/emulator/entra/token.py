"""The token endpoints, v1 and v2: codes, refresh tokens and app-only tokens (sam-facts 3.2 to 3.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import asks, client_credential, consent, directory, errors, grant_errors, mfa, person_errors, tokens
from .asks import Ask
from .directory import Client, Platform
from .tokens import SignedIn


@dataclass(frozen=True)
class _Request:
    """A token request as far as all grants share it."""

    call: Call
    version: int
    form: dict[str, str]
    tenant: Document
    client: Client


def issue_v1(call: Call) -> Reply:
    return _issue(call, 1)


def issue_v2(call: Call) -> Reply:
    return _issue(call, 2)


def _issue(call: Call, version: int) -> Reply:
    form = call.form()
    grant_type, _ = _need(call, form, "grant_type"), _need(call, form, "client_id")
    if version == 2 and "resource" in form:
        raise errors.parameter_not_supported(call, "resource")
    if grant_type == "authorization_code":
        answer = _from_code(call, version, form)
    elif grant_type == "refresh_token":
        answer = _from_refresh_token(call, version, form)
    elif grant_type == "client_credentials":
        answer = _for_application(call, version, form)
    else:
        raise errors.grant_type_not_supported(call, grant_type)
    return Reply(200, answer, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


def _need(call: Call, form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise errors.parameter_missing(call, name)
    return value


# --- client_credentials ---


def _for_application(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    tenant = directory.named_tenant(call)
    client = directory.client(call, form["client_id"], tenant)
    request = _Request(call, version, form, tenant, client)
    proof = client_credential.prove(call, client, request.form, "web")
    if client.principal is None:
        raise errors.client_principal_missing(call, client.id, request.tenant["displayName"])
    ask = _application_ask(request)
    roles = consent.granted_roles(call.tx, request.tenant["id"], client.principal["id"], ask.resource)
    life_s = tokens.access_life_s()
    token = tokens.application_access_token(
        call.tx,
        request.tenant,
        client,
        client.principal,
        ask.resource,
        ask.audience,
        roles,
        life_s,
        by_certificate=proof == "certificate",
    )
    return _times(request, life_s, ask) | {"access_token": token}


def _application_ask(request: _Request) -> Ask:
    """v1 `resource`, or one v2 `<audience>/.default` (sam-facts 3.2)."""
    if request.version == 1:
        resource = request.form.get("resource")
        if not resource:
            raise errors.resource_not_named(request.call)
        return asks.for_resource(request.call, request.tenant, resource, interactive=False)
    scope = _need(request.call, request.form, "scope")
    if not all(value.endswith("/.default") for value in scope.split()):
        raise errors.scope_invalid(request.call, scope)
    found = asks.for_scopes(request.call, request.tenant, request.client.id, scope, interactive=False)
    return asks.single(request.call, found, scope)


# --- authorization_code ---


def _from_code(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    key = tokens.digest(_need(call, form, "code"))
    code = call.tx.get(kinds.AUTHORIZATION_CODE, "", key)
    alias = directory.tenant(call)
    if code is None or code["clientId"] != form["client_id"]:
        raise grant_errors.grant_invalid(call)
    home = call.tx.get(kinds.TENANT, "", code["tenant"])
    if home is None:
        raise grant_errors.grant_invalid(call)
    if (None if alias is None else alias["id"]) != code["alias"]:
        raise grant_errors.code_of_another_tenant(call)
    request = _Request(call, version, form, home, directory.client(call, form["client_id"], home))
    _check_redirect(request, code)
    platform: Platform = code["platform"]
    if platform == "spa":
        raise grant_errors.single_page_code(call)
    client_credential.prove(call, request.client, form, platform)
    _check_verifier(request, code)
    if code["redeemed"]:
        raise grant_errors.code_redeemed(call)
    if call.tx.now >= code["issued"] + tokens.CODE_LIFE_S:
        raise grant_errors.code_expired(call)
    who = _who(request, code)
    ask = _delegated_ask(request, code)
    answer = _delegated(request, who, ask, code, platform)
    call.tx.put(kinds.AUTHORIZATION_CODE, "", key, code | {"redeemed": True})
    return answer


def _check_redirect(request: _Request, code: Document) -> None:
    """The redirect URI must be leg 1's. v1 forgives leaving it out, as the old samples do (sam-facts 3.2)."""
    sent = request.form.get("redirect_uri")
    if sent is None and request.version == 2:
        raise errors.parameter_missing(request.call, "redirect_uri")
    if sent is not None and sent != code["redirectUri"]:
        raise errors.reply_address_changed(request.call, sent, code["redirectUri"])


def _check_verifier(request: _Request, code: Document) -> None:
    challenge, verifier = code["codeChallenge"], request.form.get("code_verifier")
    if challenge is None:
        if verifier is not None:
            raise grant_errors.code_verifier_wrong(request.call)
        return
    if verifier is None:
        raise errors.parameter_missing(request.call, "code_verifier")
    proof = verifier
    if code["codeChallengeMethod"] == "S256":
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(proof.encode(), str(challenge).encode()):
        raise grant_errors.code_verifier_wrong(request.call)


# --- refresh_token ---


def _from_refresh_token(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    sent = _need(call, form, "refresh_token")
    kept = call.tx.get(kinds.REFRESH_TOKEN, "", tokens.digest(sent))
    if kept is None and not sent.startswith("1."):
        raise errors.malformed(call)
    named = directory.tenant(call)
    client = directory.client(call, form["client_id"], named)
    if kept is None or kept["clientId"] != client.id:
        raise grant_errors.grant_invalid(call)
    tenant = named or call.tx.get(kinds.TENANT, "", kept["tenant"])
    if tenant is None:
        raise grant_errors.grant_invalid(call)
    if named is None:  # over /organizations the person's own tenant answers
        client = directory.client(call, client.id, tenant)
    request = _Request(call, version, form, tenant, client)
    client_credential.prove(call, request.client, request.form, kept["platform"])
    if call.tx.now >= kept["issued"] + tokens.REFRESH_LIFE_S:
        issued = datetime.fromtimestamp(kept["issued"], UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        raise grant_errors.refresh_token_expired(call, issued)
    who = _who(request, kept)
    if kept["tenant"] != request.tenant["id"]:
        _check_delegated_administration(request, who)
    return _delegated(request, who, _delegated_ask(request, kept), kept, kept["platform"])


def _check_delegated_administration(request: _Request, who: SignedIn) -> None:
    """A partner's refresh token in a customer tenant: by GDAP, and only for a client present there (sam-facts 3.4)."""
    if request.tenant["id"] not in who.person.get("_gdap", {}):
        username, home = who.person["userPrincipalName"], who.tenant["displayName"]
        tenant = request.tenant["displayName"]
        raise person_errors.user_of_another_directory(request.call, username, home, request.client.id, tenant)
    if request.client.principal is None:
        raise grant_errors.delegated_admin_not_authorized(
            request.call, request.client.id, request.tenant["displayName"]
        )


# --- what both give ---


def _who(request: _Request, record: Document) -> SignedIn:
    """The person of a code or refresh token, as the directory has them now."""
    home = request.call.tx.get(kinds.TENANT, "", record["tenant"])
    person = request.call.tx.get(kinds.USER, record["tenant"], record["user"])
    if home is None or person is None:
        raise grant_errors.grant_invalid(request.call)
    if not person["accountEnabled"]:
        raise person_errors.user_disabled(request.call)
    return SignedIn(home, person, tuple(record["amr"]), record["authTime"])


def _delegated_ask(request: _Request, record: Document) -> Ask:
    """The API asked for now, else the one of the record. v1: `resource` on both legs must be the same for a code."""
    call = request.call
    if request.version == 1:
        sent, before = request.form.get("resource"), record["audience"]
        if sent and before and "redeemed" in record and sent.rstrip("/") != before.rstrip("/"):
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


def _delegated(request: _Request, who: SignedIn, ask: Ask, record: Document, platform: Platform) -> dict[str, Any]:
    call = request.call
    scopes = _granted(request, who, ask)
    if mfa.is_required(request.tenant, {ask.app_id}) and "mfa" not in who.amr:
        raise grant_errors.mfa_required(call, ask.app_id)
    life_s = tokens.access_life_s()
    token = tokens.user_access_token(
        call.tx,
        who,
        request.client,
        ask.resource,
        ask.audience,
        scopes,
        life_s,
        confidential=platform == "web",
        issued_in=request.tenant,
    )
    answer = _times(request, life_s, ask) | {"scope": _shown_scope(request, ask, scopes), "access_token": token}
    if request.version == 1 or "redeemed" not in record or "offline_access" in record["oidc"]:
        answer["refresh_token"] = tokens.new_refresh_token(call.tx, _carried(record, ask, who))
    if _wants_id_token(request, record):
        answer["id_token"] = tokens.id_token(call.tx, who, request.client, request.version, nonce=record.get("nonce"))
    if request.form.get("client_info") == "1":
        answer["client_info"] = who.client_info
    return answer


def _granted(request: _Request, who: SignedIn, ask: Ask) -> set[str]:
    """The scopes the token carries. Raises 650057 for an API the application never declared, 65001 without a grant."""
    client, call = request.client, request.call
    scopes: set[str] = set()
    if client.principal is not None:
        scopes = consent.granted_scopes(
            call.tx, request.tenant["id"], client.principal["id"], ask.resource["id"], who.person["id"]
        )
    if scopes and set(ask.scopes) <= scopes:
        return scopes - set(asks.OIDC)
    declared = [access["resourceAppId"] for access in client.application["requiredResourceAccess"]]
    if request.version == 1 and not scopes and ask.app_id not in declared:
        shown = f"{client.id}({client.name})"
        raise errors.resource_not_requested(call, shown, ask.audience, ", ".join(declared))
    raise grant_errors.not_consented(call, client.id, client.name)


def _carried(record: Document, ask: Ask, who: SignedIn) -> Document:
    """A new refresh token inherits everything, the strength of the sign-in above all (sam-facts 3.1)."""
    members = ("tenant", "user", "clientId", "platform", "authTime", "oidc")
    return {name: record[name] for name in members} | {"amr": list(who.amr), "audience": ask.audience}


def _wants_id_token(request: _Request, record: Document) -> bool:
    """A code asked for with openid gives an ID token; a refresh gives one when it asks (v2: or asks for nothing)."""
    if "openid" in request.form.get("scope", "").split():
        return True
    is_refresh = "redeemed" not in record
    if is_refresh and (request.version == 1 or "scope" in request.form):
        return False
    return "openid" in record["oidc"]


def _shown_scope(request: _Request, ask: Ask, scopes: set[str]) -> str:
    if request.version == 1:
        return " ".join(sorted(scopes))
    audience = ask.audience.rstrip("/")
    return " ".join(f"{audience}/{value}" for value in (*sorted(scopes), ".default"))


def _times(request: _Request, life_s: int, ask: Ask) -> dict[str, Any]:
    """The members about time: numbers in v2, strings and more of them in v1 (sam-facts 3.2)."""
    if request.version == 2:
        return {"token_type": "Bearer", "expires_in": life_s, "ext_expires_in": life_s}
    now = int(request.call.tx.now)
    return {
        "token_type": "Bearer",
        "expires_in": str(life_s),
        "ext_expires_in": str(life_s),
        "expires_on": str(now + life_s),
        "not_before": str(now),
        "resource": ask.audience,
    }
