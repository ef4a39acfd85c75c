"""How a sign-in ends: an answer to the application, a code approved for a device, or a page where nobody waits."""

from __future__ import annotations

from ..kernel import Reply
from . import answers, asks, device_code, pages, person_errors, requested, session, tokens
from .errors import SignInRefusal
from .flow import Flow
from .tokens import SignedIn


def remembered(flow: Flow, who: SignedIn, reply: Reply) -> Reply:
    """The reply, and a session for this person unless the browser's own brought them here."""
    return reply if flow.pending.get("fromSession") else session.opened(flow.call, who, reply)


def answer(flow: Flow, who: SignedIn, *, admin: bool) -> Reply:
    """The person is known and has consented (`admin`: for the tenant)."""
    flow.end()
    reply = _ENDS[flow.kind](flow, who, admin)
    return remembered(flow, who, reply)


def refuse(flow: Flow, refused: SignInRefusal) -> Reply:
    """An error at the end of a sign-in: to the application, or a page where there is none to return to."""
    flow.end()
    if not flow.recipient.uri:
        return pages.error(refused)
    return answers.refuse(flow.call, flow.recipient, refused)


def cancel(flow: Flow) -> Reply:
    """The person pressed cancel: 65004 for the application; a device's code is declined."""
    refused = person_errors.consent_declined(flow.call)
    if flow.kind != "device":
        return refuse(flow, refused)
    flow.end()
    document = device_code.of(flow.call.tx, flow.pending["deviceCode"])
    if document is not None:
        device_code.decline(flow.call.tx, document)
    return pages.done("You declined the sign-in", "The program was told so. You can close this window.")


def _code(flow: Flow, who: SignedIn, admin: bool) -> Reply:
    pending = flow.pending
    client = flow.client(who.tenant)
    named = requested.apis(flow, who.tenant)
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
            "audience": named[0].audience if len(named) == 1 else None,
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
    return answers.send(flow.recipient, fields)


def _admin_consent(flow: Flow, who: SignedIn, _admin: bool) -> Reply:
    if not flow.recipient.uri:
        name = flow.client(who.tenant).name
        return pages.done("Permissions granted", f"{name} may now be used in {who.tenant['displayName']}.")
    fields = {"admin_consent": "True", "tenant": who.tenant["id"]}
    if flow.pending["version"] == 2:
        fields["scope"] = flow.pending["scope"]
    return answers.send(flow.recipient, fields)


def _device(flow: Flow, who: SignedIn, _admin: bool) -> Reply:
    document = device_code.of(flow.call.tx, flow.pending["deviceCode"])
    if document is None:
        return pages.device_code("", "That code is over. Have the program show a new one.")
    device_code.approve(flow.call.tx, document, who)
    name = flow.client(who.tenant).name
    return pages.done("You are signed in", f"{name} goes on where you started it. You can close this window.")


_ENDS = {"authorize": _code, "adminconsent": _admin_consent, "device": _device}
