"""refresh_token: how a refresh token lives and what ends it (sam-facts 3.4).

It is bound to person and client, not to API or tenant. Using it gives a new one; the old one stays good. It dies 90
days after it was issued, so a chain in use never does; one of a single-page application 24 hours after the sign-in.
"""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..kernel import Call
from ..store import Document
from . import client_credential, delegated, directory, errors, grant_errors, person_errors, revocation, tokens
from .token_request import TokenRequest, need
from .tokens import SignedIn


def answer(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    sent = need(call, form, "refresh_token")
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
    request = TokenRequest(call, version, form, tenant, client)
    delegated.check_origin(call, kept["platform"])
    client_credential.prove(call, client, form, kept["platform"])
    _check_age(call, kept)
    who = delegated.who(request, kept)
    revocation.check(call, who, kept["platform"])
    _check_sign_in_frequency(call, who)
    if kept["tenant"] != tenant["id"]:
        _check_delegated_administration(request, who)
    return delegated.issue(request, who, delegated.ask(request, kept, fresh=False), kept, fresh=False)


def _check_age(call: Call, kept: Document) -> None:
    """A single-page application's chain has a fixed end, 24 hours after its first token."""
    ends = kept.get("ends")
    if ends is not None and call.tx.now >= ends:
        raise grant_errors.single_page_refresh_token_expired(
            call, revocation.moment(ends - tokens.SINGLE_PAGE_REFRESH_LIFE_S)
        )
    if call.tx.now >= kept["issued"] + tokens.REFRESH_LIFE_S:
        raise grant_errors.refresh_token_expired(call, revocation.moment(kept["issued"]))


def _check_sign_in_frequency(call: Call, who: SignedIn) -> None:
    """The tenant's `mfa.signInFrequencyHours` is the policy's session control; nothing else shortens a grant."""
    hours = who.tenant["mfa"].get("signInFrequencyHours")
    if hours is not None and call.tx.now >= who.auth_time + hours * 3600:
        raise grant_errors.sign_in_frequency(call, revocation.moment(who.auth_time), int(hours * 3600))


def _check_delegated_administration(request: TokenRequest, who: SignedIn) -> None:
    """A partner's refresh token in a customer tenant: by GDAP, and only for a client present there."""
    if request.tenant["id"] not in who.person.get("_gdap", {}):
        username, home = who.person["userPrincipalName"], who.tenant["displayName"]
        tenant = request.tenant["displayName"]
        raise person_errors.user_of_another_directory(request.call, username, home, request.client.id, tenant)
    if request.client.principal is None:
        raise grant_errors.delegated_admin_not_authorized(
            request.call, request.client.id, request.tenant["displayName"]
        )
