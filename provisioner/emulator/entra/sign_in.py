"""A person signs in: user name and password, one-time code where MFA is asked, consent, answer to the application.

A sign-in is a document (kind SIGN_IN) under a handle that travels in the page's form; each POST moves it a stage on:
password -> code -> consent -> answered. A signed-in browser has a session cookie and may skip the first two.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from .. import kinds
from ..graph.microsoft_apps import GRAPH
from ..kernel import Call, Reply
from ..store import Document
from . import answers, asks, consent, directory, errors, grant_errors, mfa, pages, person_errors, session, tokens
from .answers import Recipient
from .consent import Permission
from .errors import SignInRefusal
from .tokens import SignedIn

_SIGN_IN_LIFE_S = 60 * 60


@dataclass(frozen=True)
class _Flow:
    """One sign-in on its way. `pending` is the stored document."""

    call: Call
    handle: str
    pending: Document

    @property
    def recipient(self) -> Recipient:
        return Recipient(**self.pending["recipient"])

    def keep(self, **changes: Any) -> _Flow:
        pending = self.call.tx.put(kinds.SIGN_IN, "", self.handle, self.pending | changes)
        return _Flow(self.call, self.handle, pending)

    def alias(self) -> Document | None:
        alias = self.pending["alias"]
        return None if alias is None else self.call.tx.get(kinds.TENANT, "", alias)

    def client(self, tenant: Document | None) -> directory.Client:
        return directory.client(self.call, self.pending["clientId"], tenant)


def begin(call: Call, pending: dict[str, Any]) -> Reply:
    """Start a sign-in: the session's person goes on at once, anybody else gets the page. Raises SignInRefusal."""
    flow = _Flow(call, secrets.token_urlsafe(32), pending).keep(issued=call.tx.now, stage="password")
    who = session.person(call, pending)
    if who is not None:
        return _proven(flow, who)
    if pending["prompt"] == "none":
        raise person_errors.no_session(call)
    return _password_page(flow, pending["loginHint"], None)


def advance(call: Call) -> Reply:
    """POST of a sign-in page: {handle, action, username, password | otp | tenant_wide}."""
    form = call.form()
    pending = call.tx.get(kinds.SIGN_IN, "", form.get("handle", ""))
    if pending is None or pending["stage"] == "answered" or call.tx.now > pending["issued"] + _SIGN_IN_LIFE_S:
        return pages.error(call, person_errors.sign_in_page_stale(call))
    flow = _Flow(call, form["handle"], pending)
    try:
        if form.get("action") == "cancel":
            raise person_errors.consent_declined(call)
        return _STAGES[pending["stage"]](flow, form)
    except SignInRefusal as refused:
        flow.keep(stage="answered")
        return refuse(flow, refused)


def refuse(flow: _Flow, refused: SignInRefusal) -> Reply:
    """An error at the end of a sign-in: to the application, or a page where there is none to return to."""
    if not flow.recipient.uri:
        return pages.error(flow.call, refused)
    return answers.refuse(flow.call, flow.recipient, refused)


# --- password ---


def _password_page(flow: _Flow, username: str, error: SignInRefusal | None) -> Reply:
    alias = flow.alias()
    client = flow.client(alias)
    tenant = None if alias is None else alias["displayName"]
    return pages.sign_in(flow.call, flow.handle, client.name, tenant, username, error)


def _check_password(flow: _Flow, form: dict[str, str]) -> Reply:
    username = form.get("username", "").strip()
    try:
        tenant, person = _identified(flow, username, form.get("password", ""))
    except SignInRefusal as refused:
        return _password_page(flow, username, refused)
    return _proven(flow, SignedIn(tenant, person, ("pwd",), int(flow.call.tx.now)))


def _identified(flow: _Flow, username: str, password: str) -> tuple[Document, Document]:
    """The person and their tenant. Raises 50034, 50020, 50126, 50057, 50055: the page shows these and stays."""
    call, alias = flow.call, flow.alias()
    found = directory.home_of(call, username)
    if found is None:
        raise person_errors.user_unknown(call, username, "common" if alias is None else alias["displayName"])
    tenant, person = found
    if alias is not None and tenant["id"] != alias["id"]:
        home = tokens.issuer(tenant["cloud"], tenant["id"], 1)
        raise person_errors.user_of_another_directory(
            call, username, home, flow.pending["clientId"], alias["displayName"]
        )
    if not hmac.compare_digest(str(person["_password"]).encode(), password.encode()):
        raise person_errors.password_wrong(call)
    if not person["accountEnabled"]:
        raise person_errors.user_disabled(call)
    if person.get("_passwordExpired"):
        raise person_errors.password_expired(call)
    return tenant, person


# --- second factor ---


def _proven(flow: _Flow, who: SignedIn) -> Reply:
    """A person is known: go on to the second factor, the consent screen or the answer."""
    flow = flow.keep(
        tenant=who.tenant["id"], user=who.person["id"], amr=list(who.amr), authTime=who.auth_time, stage="consent"
    )
    _check_assignment(flow, who)
    named = _named_apis(flow, who.tenant)
    asked = flow.pending.get("forceMfa") or mfa.is_required(who.tenant, named)
    if "mfa" in who.amr or not asked:
        return _consent_or_answer(flow, who)
    resource = next(iter(named), flow.pending["clientId"])
    if flow.pending["prompt"] == "none":
        raise grant_errors.mfa_required(flow.call, resource)
    if not who.person.get("_otp"):
        raise person_errors.mfa_not_registered(flow.call, resource)
    flow = flow.keep(stage="code")
    return _code_page(flow, who, None)


def _named_apis(flow: _Flow, tenant: Document) -> set[str]:
    """appIds of the APIs the request names. v1 without `resource` names none: their policies do not apply."""
    return {ask.app_id for ask in _asks(flow, tenant)}


def _asks(flow: _Flow, tenant: Document) -> list[asks.Ask]:
    pending, call = flow.pending, flow.call
    if pending["kind"] == "adminconsent":
        return []
    if pending["version"] == 2:
        return asks.for_scopes(call, tenant, pending["clientId"], pending["scope"], interactive=True)
    if pending["resource"]:
        return [asks.for_resource(call, tenant, pending["resource"], interactive=True)]
    return []


def _code_page(flow: _Flow, who: SignedIn, error: SignInRefusal | None) -> Reply:
    client = flow.client(who.tenant)
    return pages.one_time_code(flow.call, flow.handle, client.name, who.person["userPrincipalName"], error)


def _check_code(flow: _Flow, form: dict[str, str]) -> Reply:
    who = _who(flow)
    sent = form.get("otp", "").replace(" ", "")
    if not hmac.compare_digest(str(who.person["_otp"]).encode(), sent.encode()):
        return _code_page(flow, who, person_errors.otp_wrong(flow.call))
    return _proven(flow, SignedIn(who.tenant, who.person, ("pwd", "mfa"), int(flow.call.tx.now)))


def _check_assignment(flow: _Flow, who: SignedIn) -> None:
    principal = flow.client(who.tenant).principal
    if principal is None or not principal.get("appRoleAssignmentRequired"):
        return
    assigned = flow.call.tx.find(kinds.APP_ROLE_ASSIGNMENT, who.tenant["id"], "principalId", who.person["id"])
    if not any(assignment["resourceId"] == principal["id"] for assignment in assigned):
        name = who.person["userPrincipalName"]
        raise person_errors.user_not_assigned(flow.call, name, flow.pending["clientId"], principal["displayName"])


# --- consent ---


def _wanted(flow: _Flow, who: SignedIn) -> list[Permission]:
    """The permissions this request is about: those it names, or (v1, .default) those the application declares."""
    client = flow.client(who.tenant)
    requested = _asks(flow, who.tenant)
    static = flow.pending["kind"] == "adminconsent" or flow.pending["version"] == 1
    if static or any(not ask.scopes for ask in requested):
        _check_declared(flow, who, client, requested)
        return consent.declared(flow.call, who.tenant, client)
    return [permission for ask in requested for permission in consent.asked(ask)]


def _check_declared(flow: _Flow, who: SignedIn, client: directory.Client, requested: list[asks.Ask]) -> None:
    declared = [access["resourceAppId"] for access in client.application["requiredResourceAccess"]]
    for ask in requested:
        if ask.scopes or ask.app_id in declared:
            continue
        granted = client.principal and consent.granted_scopes(
            flow.call.tx, who.tenant["id"], client.principal["id"], ask.resource["id"], who.person["id"]
        )
        if not granted:
            shown = f"{client.id}({client.name})"
            raise errors.resource_not_requested(flow.call, shown, ask.audience, ", ".join(declared))


def _consent_or_answer(flow: _Flow, who: SignedIn) -> Reply:
    call, client, prompt = flow.call, flow.client(who.tenant), flow.pending["prompt"]
    wanted = _wanted(flow, who)
    missing = consent.missing(call, who.tenant, client, who.person, wanted)
    must = flow.pending["kind"] == "adminconsent" or prompt == "admin_consent"
    needed = bool(missing) or client.principal is None or prompt == "consent" or must
    if not needed:
        return _answer(flow, who, admin=False)
    if prompt == "none":
        raise grant_errors.not_consented(call, client.id, client.name, error="interaction_required")
    username, admin = who.person["userPrincipalName"], _may_decide_for_all(flow, who, client)
    if not admin and (must or any(permission.needs_admin for permission in missing)):
        refused = person_errors.admin_consent_required(call, client.name)
        flow.keep(stage="approval")
        return session.opened(call, who, pages.approval_needed(call, flow.handle, client.name, username, refused))
    page = pages.consent(
        call,
        flow.handle,
        {"name": client.name, "publisher": client.application.get("publisherDomain") or "", "id": client.id},
        username,
        wanted,
        _declared_roles(flow, who, client) if must else [],
        tenant=who.tenant["displayName"],
        may_decide_for_all=admin and not must,
        must_decide_for_all=must,
    )
    return session.opened(call, who, page)


def _may_decide_for_all(flow: _Flow, who: SignedIn, client: directory.Client) -> bool:
    """Only the admin consent page assigns application permissions, so only there those of Graph count."""
    assigns = flow.pending["kind"] == "adminconsent" and consent.declares_roles(client, GRAPH)
    return directory.may_consent_for_all(who.person, to_graph_roles=assigns)


def _declared_roles(flow: _Flow, who: SignedIn, client: directory.Client) -> list[dict[str, str]]:
    """The application permissions the application declares, for the admin consent page."""
    found = []
    for access in client.application["requiredResourceAccess"]:
        resource = directory.resource_by_app_id(flow.call, who.tenant, access["resourceAppId"])
        ids = {entry["id"] for entry in access["resourceAccess"] if entry["type"] == "Role"}
        roles = () if resource is None else resource["appRoles"]
        found += [{"title": role["displayName"], "text": role["description"]} for role in roles if role["id"] in ids]
    return found


def _decide(flow: _Flow, form: dict[str, str]) -> Reply:
    who = _who(flow)
    if form.get("action") != "accept":
        return _consent_or_answer(flow, who)
    client, wanted = flow.client(who.tenant), _wanted(flow, who)
    admin = _may_decide_for_all(flow, who, client)
    must = flow.pending["kind"] == "adminconsent" or flow.pending["prompt"] == "admin_consent"
    missing = consent.missing(flow.call, who.tenant, client, who.person, wanted)
    if not admin and (must or any(permission.needs_admin for permission in missing)):
        raise person_errors.admin_consent_required(flow.call, client.name)
    for_all = must or (admin and form.get("tenant_wide") == "yes")
    consent.grant(flow.call, who.tenant, client, wanted, None if for_all else who.person)
    if flow.pending["kind"] == "adminconsent":
        consent.assign_declared_roles(flow.call, who.tenant, flow.client(who.tenant))
    return _answer(flow, who, admin=for_all)


def _leave_without_approval(flow: _Flow, _form: dict[str, str]) -> Reply:
    raise person_errors.admin_consent_required(flow.call, flow.client(_who(flow).tenant).name)


# --- the answer ---


def _answer(flow: _Flow, who: SignedIn, *, admin: bool) -> Reply:
    flow.keep(stage="answered")
    pending = flow.pending
    if pending["kind"] == "adminconsent":
        return _admin_consent_answer(flow, who)
    client = flow.client(who.tenant)
    requested = _asks(flow, who.tenant)
    code = tokens.new_code(
        flow.call.tx,
        {
            "tenant": who.tenant["id"],
            "alias": pending["alias"],
            "user": who.person["id"],
            "clientId": client.id,
            "platform": pending["platform"],
            "redirectUri": flow.recipient.uri,
            "codeChallenge": pending["codeChallenge"],
            "codeChallengeMethod": pending["codeChallengeMethod"],
            "audience": requested[0].audience if len(requested) == 1 else None,
            "oidc": list(asks.oidc_scopes(pending["scope"])),
            "amr": list(who.amr),
            "authTime": who.auth_time,
            "nonce": pending["nonce"],
        },
    )
    fields = {"code": code}
    if pending["hybrid"]:
        fields["id_token"] = tokens.id_token(
            flow.call.tx, who, client, pending["version"], nonce=pending["nonce"], code=code
        )
    if pending["clientInfo"]:
        fields["client_info"] = who.client_info
    if admin and pending["version"] == 1:
        fields["admin_consent"] = "True"
    fields["session_state"] = tokens.digest(flow.handle)[:32]
    return session.opened(flow.call, who, answers.send(flow.recipient, fields))


def _admin_consent_answer(flow: _Flow, who: SignedIn) -> Reply:
    if not flow.recipient.uri:
        name = flow.client(who.tenant).name
        return pages.done(flow.call, "Permissions granted", f"{name} may now be used in {who.tenant['displayName']}.")
    fields = {"admin_consent": "True", "tenant": who.tenant["id"]}
    if flow.pending["version"] == 2:
        fields["scope"] = flow.pending["scope"]
    return session.opened(flow.call, who, answers.send(flow.recipient, fields))


def _who(flow: _Flow) -> SignedIn:
    """The person of a sign-in past the password."""
    pending = flow.pending
    tenant = flow.call.tx.get(kinds.TENANT, "", pending["tenant"])
    person = flow.call.tx.get(kinds.USER, pending["tenant"], pending["user"])
    if tenant is None or person is None:
        raise person_errors.sign_in_page_stale(flow.call)
    return SignedIn(tenant, person, tuple(pending["amr"]), pending["authTime"])


_STAGES = {
    "password": _check_password,
    "code": _check_code,
    "consent": _decide,
    "approval": _leave_without_approval,
}
