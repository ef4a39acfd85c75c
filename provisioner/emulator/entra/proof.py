"""Who a person is: the account a user name means, and its password."""

from __future__ import annotations

import hmac

from .. import kinds
from ..kernel import Call
from ..store import Document
from . import directory, lockout, person_errors, tokens
from .flow import Flow


def domain_of(flow: Flow) -> str | None:
    """The verified domain that the request's domain_hint names, None for an unknown one."""
    hint = str(flow.pending.get("domainHint") or "").lower()
    alias = flow.alias()
    tenants = flow.call.tx.list(kinds.TENANT, "") if alias is None else [alias]
    known = {domain for tenant in tenants if tenant["cloud"] == flow.call.cloud for domain in tenant["domains"]}
    return hint if hint in known else None


def account(flow: Flow, username: str) -> tuple[Document, Document]:
    """(tenant, person) of a user name. Raises 50034, 50020: the page shows these and stays."""
    call, alias = flow.call, flow.alias()
    found = directory.home_of(call, username)
    if found is None:
        raise person_errors.user_unknown(call, username, "common" if alias is None else alias["displayName"])
    check_home(flow, *found)
    return found


def check_home(flow: Flow, tenant: Document, person: Document) -> None:
    """Raises 50020 for a person of another tenant than the address names."""
    alias = flow.alias()
    if alias is None or tenant["id"] == alias["id"]:
        return
    home = tokens.issuer(tenant["cloud"], tenant["id"], 1)
    raise person_errors.user_of_another_directory(
        flow.call, person["userPrincipalName"], home, flow.pending["clientId"], alias["displayName"]
    )


def check_password(call: Call, tenant: Document, person: Document, password: str) -> Document:
    """The person, who knows the password. Raises 50053, 50126, 50057, 50055, 50144: the page shows these and stays."""
    if lockout.is_locked(call, person):
        raise person_errors.account_locked(call)
    if not hmac.compare_digest(str(person["_password"]).encode(), password.encode()):
        lockout.failed(call, tenant, person, password)
        raise person_errors.password_wrong(call)
    person = lockout.succeeded(call, tenant, person)
    if not person["accountEnabled"]:
        raise person_errors.user_disabled(call)
    if person.get("_passwordExpired") == "onPremises":
        raise person_errors.password_expired_on_premises(call)
    if person.get("_passwordExpired"):
        raise person_errors.password_expired(call)
    return person
