"""A person signs in: account, password, one-time code where MFA is asked, consent; then the answer (outcome.py).

Each POST of a page moves the sign-in (flow.py) a stage on. A browser that has signed in before has a session cookie
and may skip the proof. A page that says what is wrong stays at its stage.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from .. import kinds
from ..kernel import Call, Reply
from . import (
    asks,
    conditional_access,
    consent,
    device_code,
    directory,
    grant_errors,
    mfa,
    outcome,
    pages,
    people,
    person_errors,
    proof,
    requested,
    session,
)
from . import flow as flows
from .errors import SignInRefusal
from .flow import Flow
from .tokens import SignedIn

Form = dict[str, str]
# a session counts whatever the request says: for the person who picks it
_ANY_SESSION = {"prompt": "", "loginHint": "", "alias": None}


def begin(call: Call, pending: dict[str, Any]) -> Reply:
    """Start a sign-in: the session's person goes on at once, anybody else gets the page. Raises SignInRefusal."""
    flow = flows.opened(call, pending)
    try:
        return flow.greeted(_first(flow))
    except SignInRefusal:
        flow.end()
        raise


def advance(call: Call) -> Reply:
    """POST of a sign-in page: {handle, action, and username, password, otp or tenant_wide}."""
    form = call.form()
    flow = flows.resumed(call, form.get("handle", ""))
    if flow is None:
        return pages.error(person_errors.sign_in_page_stale(call))
    if form.get("action") == "cancel":
        return outcome.cancel(flow)
    try:
        return _STAGES[flow.pending["stage"]](flow, form)
    except SignInRefusal as refused:
        return outcome.refuse(flow, refused)


def _first(flow: Flow) -> Reply:
    call, pending = flow.call, flow.pending
    who = session.person(call, pending)
    if who is not None:
        return _proven(flow.keep(fromSession=True), who)
    if pending["prompt"] == "none":
        raise person_errors.no_session(call)
    known = session.person(call, _ANY_SESSION)
    if pending["prompt"] == "select_account" and known is not None:
        return _picker_page(flow, known)
    hint = pending["loginHint"].strip()
    found = directory.home_of(call, hint) if hint else None
    if found is not None and pending["alias"] in (None, found[0]["id"]):
        return _password_page(_of(flow, *found), found[1]["userPrincipalName"], None)
    return _account_page(flow, hint, None)


# --- account ---


def _account_page(flow: Flow, username: str, error: SignInRefusal | None) -> Reply:
    flow = flow.keep(stage="account")
    alias = flow.alias()
    return pages.account(
        flow.handle,
        flow.client(alias).name,
        tenant=None if alias is None else alias["displayName"],
        domain=proof.domain_of(flow),
        username=username,
        error=error,
    )


def _name_account(flow: Flow, form: Form) -> Reply:
    username, domain = form.get("username", "").strip(), proof.domain_of(flow)
    if domain is not None and "@" not in username:
        username = f"{username}@{domain}"
    try:
        tenant, person = proof.account(flow, username)
    except SignInRefusal as refused:
        return _account_page(flow, username, refused)
    return _password_page(_of(flow, tenant, person), person["userPrincipalName"], None)


def _picker_page(flow: Flow, known: SignedIn) -> Reply:
    flow = flow.keep(stage="picker")
    alias = flow.alias()
    return pages.picker(
        flow.handle,
        flow.client(alias).name,
        tenant=None if alias is None else alias["displayName"],
        username=known.person["userPrincipalName"],
        name=known.person["displayName"],
    )


def _pick_account(flow: Flow, form: Form) -> Reply:
    known = session.person(flow.call, _ANY_SESSION)
    if form.get("action") != "choose" or known is None:
        return _account_page(flow, "", None)
    try:
        proof.check_home(flow, known.tenant, known.person)
    except SignInRefusal as refused:
        return _account_page(flow, known.person["userPrincipalName"], refused)
    return _proven(flow.keep(fromSession=True), known)


# --- password ---


def _password_page(flow: Flow, username: str, error: SignInRefusal | None) -> Reply:
    flow = flow.keep(stage="password")
    return pages.password(flow.handle, username, error)


def _check_password(flow: Flow, form: Form) -> Reply:
    tenant, person = _named(flow)
    username = person["userPrincipalName"]
    if form.get("action") == "back":
        return _account_page(flow, username, None)
    try:
        person = proof.check_password(flow.call, tenant, person, form.get("password", ""))
    except SignInRefusal as refused:
        return _password_page(flow, username, refused)
    return _proven(flow, SignedIn(tenant, person, ("pwd",), int(flow.call.tx.now)))


# --- second factor ---


def _proven(flow: Flow, who: SignedIn) -> Reply:
    """A person is known: go on to the second factor, or past it."""
    flow = _of(flow, who.tenant, who.person).keep(amr=list(who.amr), authTime=who.auth_time)
    people.check_assigned(flow.call, who.tenant, flow.client(who.tenant), who.person)
    named = {ask.app_id for ask in requested.apis(flow, who.tenant)}
    conditional_access.check(flow.call, who.tenant, who.person, named)
    asked = flow.pending.get("forceMfa") or mfa.is_required(who.tenant, named, who.person)
    if "mfa" in who.amr or not asked:
        return _confirm_or_go_on(flow, who)
    resource = next(iter(named), flow.pending["clientId"])
    if flow.pending["prompt"] == "none":
        raise grant_errors.mfa_required(flow.call, resource)
    client, username = flow.client(who.tenant).name, who.person["userPrincipalName"]
    if not who.person.get("_otp"):
        flow = flow.keep(stage="enrolment", resource_id=resource)
        refused = person_errors.mfa_not_registered(flow.call, resource)
        tenant = who.tenant["displayName"]
        return pages.more_information(flow.handle, client, tenant=tenant, username=username, refused=refused)
    flow = flow.keep(stage="code")
    return pages.one_time_code(flow.handle, client, username, None)


def _check_code(flow: Flow, form: Form) -> Reply:
    who = _who(flow)
    sent = form.get("otp", "").replace(" ", "")
    if not hmac.compare_digest(str(who.person["_otp"]).encode(), sent.encode()):
        refused = person_errors.otp_wrong(flow.call)
        client, username = flow.client(who.tenant).name, who.person["userPrincipalName"]
        return pages.one_time_code(flow.handle, client, username, refused)
    return _proven(
        flow.keep(fromSession=False), SignedIn(who.tenant, who.person, ("pwd", "mfa"), int(flow.call.tx.now))
    )


def _leave_without_factor(flow: Flow, form: Form) -> Reply:
    if form.get("action") == "another":
        return _account_page(flow, "", None)
    raise person_errors.mfa_not_registered(flow.call, flow.pending["resource_id"])


# --- a device's program is named before it gets anything ---


def _confirm_or_go_on(flow: Flow, who: SignedIn) -> Reply:
    if flow.kind != "device" or flow.pending.get("confirmed"):
        return _consent_or_answer(flow, who)
    flow = flow.keep(stage="confirm")
    document = device_code.of(flow.call.tx, flow.pending["deviceCode"])
    client = flow.client(who.tenant)
    if document is None:
        raise person_errors.sign_in_page_stale(flow.call)
    page = pages.device_confirm(
        flow.handle,
        client.name,
        client.id,
        username=who.person["userPrincipalName"],
        code=document["userCode"],
        asked_at=datetime.fromtimestamp(document["issued"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    )
    return outcome.remembered(flow, who, page)


def _confirm(flow: Flow, form: Form) -> Reply:
    confirmed = form.get("action") == "continue"
    return _confirm_or_go_on(flow.keep(confirmed=confirmed), _who(flow))


# --- consent ---


def _consent_or_answer(flow: Flow, who: SignedIn) -> Reply:
    call, client, prompt = flow.call, flow.client(who.tenant), flow.pending["prompt"]
    wanted = requested.permissions(flow, who)
    missing = consent.missing(call, who.tenant, client, who.person, wanted)
    must = requested.for_all(flow)
    if not (missing or client.principal is None or prompt == "consent" or must):
        return outcome.answer(flow, who, admin=False)
    if prompt == "none":
        raise grant_errors.not_consented(call, client.id, client.name, error="interaction_required")
    admin = requested.may_decide_for_all(flow, who, client)
    if not admin and (must or any(permission.needs_admin for permission in missing)):
        page = _approval_page(flow.keep(stage="approval"), who, client)
    else:
        page = _consent_page(flow.keep(stage="consent"), who, client, wanted, may_decide_for_all=admin and not must)
    return outcome.remembered(flow, who, page)


def _approval_page(flow: Flow, who: SignedIn, client: directory.Client) -> Reply:
    return pages.approval_needed(
        flow.handle,
        client.name,
        tenant=who.tenant["displayName"],
        username=who.person["userPrincipalName"],
        refused=person_errors.admin_consent_required(flow.call, client.name),
    )


def _consent_page(
    flow: Flow,
    who: SignedIn,
    client: directory.Client,
    wanted: list[consent.Permission],
    *,
    may_decide_for_all: bool,
) -> Reply:
    must = requested.for_all(flow)
    target = urlsplit(flow.recipient.uri)
    named = {
        "name": client.name,
        "publisher": client.application.get("publisherDomain") or "",
        "id": client.id,
        "goes_to": target.netloc or flow.recipient.uri,
    }
    return pages.consent(
        flow.handle,
        named,
        who.person["userPrincipalName"],
        wanted,
        requested.application_roles(flow, who, client) if must else [],
        oidc=asks.oidc_scopes(flow.pending["scope"]),
        tenant=who.tenant["displayName"],
        may_decide_for_all=may_decide_for_all,
        must_decide_for_all=must,
    )


def _decide(flow: Flow, form: Form) -> Reply:
    who = _who(flow)
    if form.get("action") != "accept":
        return _consent_or_answer(flow, who)
    client, wanted = flow.client(who.tenant), requested.permissions(flow, who)
    admin, must = requested.may_decide_for_all(flow, who, client), requested.for_all(flow)
    missing = consent.missing(flow.call, who.tenant, client, who.person, wanted)
    if not admin and (must or any(permission.needs_admin for permission in missing)):
        raise person_errors.admin_consent_required(flow.call, client.name)
    for_all = must or (admin and form.get("tenant_wide") == "yes")
    consent.grant(flow.call, who.tenant, client, wanted, None if for_all else who.person)
    if flow.kind == "adminconsent":
        consent.assign_declared_roles(flow.call, who.tenant, flow.client(who.tenant))
    return outcome.answer(flow, who, admin=for_all)


def _leave_without_approval(flow: Flow, form: Form) -> Reply:
    if form.get("action") == "another":
        return _account_page(flow, "", None)
    raise person_errors.admin_consent_required(flow.call, flow.client(_who(flow).tenant).name)


# --- who it is ---


def _of(flow: Flow, tenant: dict[str, Any], person: dict[str, Any]) -> Flow:
    return flow.keep(tenant=tenant["id"], user=person["id"])


def _named(flow: Flow) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tenant and person of a sign-in past the account page."""
    tenant = flow.call.tx.get(kinds.TENANT, "", flow.pending["tenant"])
    person = flow.call.tx.get(kinds.USER, flow.pending["tenant"], flow.pending["user"])
    if tenant is None or person is None:
        raise person_errors.sign_in_page_stale(flow.call)
    return tenant, person


def _who(flow: Flow) -> SignedIn:
    """The person of a sign-in past the password."""
    return SignedIn(*_named(flow), tuple(flow.pending["amr"]), flow.pending["authTime"])


_STAGES: dict[str, Callable[[Flow, Form], Reply]] = {
    "account": _name_account,
    "picker": _pick_account,
    "password": _check_password,
    "code": _check_code,
    "enrolment": _leave_without_factor,
    "confirm": _confirm,
    "consent": _decide,
    "approval": _leave_without_approval,
}
