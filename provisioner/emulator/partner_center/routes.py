"""Partner Center's paths under /v1."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from .. import kinds
from ..kernel import Call, Refusal, Reply, Route, Router
from ..store import Document
from . import activity, consents, errors, wire
from .entry import Operation, Session, answered, ids
from .people import people_of

_GDAP_ROLES = {"Directory Reader", "Global Reader", "User Administrator"}  # that read users, sam-facts 7
_LARGEST_PAGE = 500
_DEFAULT_PAGE = 100


def _organization(current: Session) -> Reply:
    return wire.reply(200, wire.organization_profile(current.partner, current.caller.upn))


def _mpn(current: Session) -> Reply:
    return wire.reply(200, wire.mpn_profile(current.partner))


def _support(current: Session) -> Reply:
    return wire.reply(200, wire.support_profile(current.partner))


def _billing(current: Session) -> Reply:
    return wire.reply(200, wire.billing_profile(current.partner))


def _legal_business(current: Session) -> Reply:
    return wire.reply(200, wire.legal_business_profile(current.partner))


def _customers(current: Session) -> Reply:
    tenants = [current.call.tx.get(kinds.TENANT, "", each) for each in current.partner["_customers"]]
    wanted = _filter(current)
    items = [item for tenant in tenants if tenant and _meets(item := wire.customer(tenant), wanted)]
    start, size = _seek(current)
    uri = f"/customers?size={size}"
    return wire.reply(200, wire.collection(items, start, size, uri, f"{uri}&seekOperation=Next"))


def _customer(current: Session) -> Reply:
    tenant = current.customer()
    return wire.reply(200, wire.customer(tenant) | {"allowDelegatedAccess": True})


def _users(current: Session) -> Reply:
    """Asks for a GDAP role in that customer, which being Admin agent does not give (sam-facts 7).

    The next link has a second `?` where `&` belongs, as an official example does; a client repairs it.
    """
    tenant = current.customer()
    if not _GDAP_ROLES & current.delegated_roles(tenant):
        raise errors.access_denied("the user has no delegated admin role in this customer that reads users")
    items = [wire.user(person, wire.country(tenant)) for person in people_of(current.call.tx, tenant)]
    start, size = _seek(current)
    uri = f"/customers/{tenant['id']}/users?size={size}"
    return wire.reply(200, wire.collection(items, start, size, uri, f"{uri}?seekOperation=Next"))


def _company(current: Session) -> Reply:
    return wire.reply(200, wire.company_profile(current.customer()))


def _adoption(current: Session) -> Reply:
    return wire.reply(200, activity.adoption(current.call, current.partner["id"]))


def _requests(current: Session) -> Reply:
    return wire.reply(200, wire.bare_collection(activity.requests(current.call.tx, current.partner["id"])))


def _people_without_mfa(current: Session) -> Reply:
    return wire.reply(200, wire.bare_collection(activity.people_without_mfa(current.call.tx, current.partner["id"])))


def _filter(current: Session) -> tuple[str, str] | None:
    """(member of the company profile, beginning) of {"Field":"CompanyName","Value":"Cont","Operator":"starts_with"}."""
    text = current.call.query.get("filter")
    if text is None:
        return None
    try:
        wanted: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise errors.invalid_input("filter is not JSON") from error
    found = {str(key).lower(): value for key, value in wanted.items()} if isinstance(wanted, dict) else {}
    member = {"companyname": "companyName", "domain": "domain"}.get(str(found.get("field")).lower())
    if member is None or found.get("operator") != "starts_with" or not isinstance(found.get("value"), str):
        raise errors.invalid_input("filter takes CompanyName or Domain, with the operator starts_with")
    return member, found["value"]


def _meets(item: Document, wanted: tuple[str, str] | None) -> bool:
    return wanted is None or str(item["companyProfile"][wanted[0]]).lower().startswith(wanted[1].lower())


def _seek(current: Session) -> tuple[int, int]:
    """(position, page size): seekOperation=Next goes with the token the last page named."""
    query, headers = current.call.query, current.call.headers
    size = query.get("size", str(_DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,3}", size) or int(size) > _LARGEST_PAGE:
        raise errors.invalid_input(f"size must be a number up to {_LARGEST_PAGE}")
    count = int(size) or _DEFAULT_PAGE  # documented requests send size=0 for "as many as you like"
    if query.get("seekOperation") is None:
        return 0, count
    if query["seekOperation"] != "Next" or "ms-continuationtoken" not in headers:
        raise errors.invalid_input("seekOperation=Next goes with the header MS-ContinuationToken")
    try:
        return wire.position(headers["ms-continuationtoken"]), count
    except ValueError as error:
        raise errors.invalid_input("MS-ContinuationToken is not one of ours") from error


# method, path, name, operation, whether App+User only
_OPERATIONS: tuple[tuple[str, str, str, Operation, bool], ...] = (
    ("GET", "/profiles/organization", "profiles.organization", _organization, True),
    ("GET", "/profiles/mpn", "profiles.mpn", _mpn, True),
    ("GET", "/profiles/support", "profiles.support", _support, True),
    ("GET", "/profiles/billing", "profiles.billing", _billing, True),
    ("GET", "/profiles/legalbusiness", "profiles.legal_business", _legal_business, False),
    ("GET", "/customers", "customers.list", _customers, False),
    ("GET", "/customers/{customer}", "customers.get", _customer, False),
    ("GET", "/customers/{customer}/users", "customers.users", _users, True),
    ("GET", "/customers/{customer}/profiles/company", "customers.company", _company, True),
    ("GET", "/customers/{customer}/applicationconsents", "consents.list", consents.list_all, True),
    ("POST", "/customers/{customer}/applicationconsents", "consents.create", consents.create, True),
    ("GET", "/customers/{customer}/applicationconsents/{application}", "consents.get", consents.get, True),
    ("DELETE", "/customers/{customer}/applicationconsents/{application}", "consents.delete", consents.delete, True),
    ("GET", "/applicationmfaadoptionstatus", "mfa.adoption", _adoption, True),
    ("GET", "/partnerRequests", "mfa.requests", _requests, True),
    ("GET", "/nonMfaCompliantPartnerPrincipals", "mfa.people_without", _people_without_mfa, True),
)


def _unknown(current: Session) -> Reply:
    raise errors.not_implemented(current.call.method, current.call.path)


def _generate_token(call: Call) -> Reply:
    """The old App-only recipe: it took tokens for Azure AD Graph, which nobody issues any more (sam-facts 4.1)."""
    refused = errors.token_exchange_retired() if call.headers.get("authorization") else errors.no_token()
    raise Refusal(replace(refused.reply, headers=ids(call) | dict(refused.reply.headers)))


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
ROUTER = Router(
    (
        *(
            Route(
                method,
                f"/v1{pattern}",
                f"partner_center.{name}",
                answered(operation, f"{method.capitalize()} /v{{version}}{pattern}", user_only=user_only),
            )
            for method, pattern, name, operation, user_only in _OPERATIONS
        ),
        Route("POST", "/generatetoken", "partner_center.generate_token", _generate_token),
        *(
            Route(
                method,
                "/v1/{rest:rest}",
                "partner_center.unknown",
                answered(_unknown, f"{method.capitalize()} /v{{version}}/*", user_only=False),
            )
            for method in _METHODS
        ),
    ),
    ignore_case=True,
)
