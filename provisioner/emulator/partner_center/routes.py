"""Partner Center's paths under /v1."""

from __future__ import annotations

import re

from .. import kinds
from ..kernel import Handler, Reply, Route, Router
from . import errors, wire
from .entry import Session, app_or_user, user_only
from .people import people_of

_GDAP_ROLES = {"Directory Reader", "Global Reader", "User Administrator"}  # that read users, sam-facts 7
_LARGEST_PAGE = 500
_DEFAULT_PAGE = 100


def _organization(current: Session) -> Reply:
    return wire.reply(200, wire.organization_profile(current.partner, current.caller.upn))


def _mpn(current: Session) -> Reply:
    return wire.reply(200, wire.mpn_profile(current.partner))


def _legal_business(current: Session) -> Reply:
    return wire.reply(200, wire.legal_business_profile(current.partner))


def _customers(current: Session) -> Reply:
    tenants = [current.call.tx.get(kinds.TENANT, "", each) for each in current.partner["_customers"]]
    items = [wire.customer(tenant) for tenant in tenants if tenant]
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
    roles = (current.user or {}).get("_gdap", {}).get(tenant["id"], ())
    if not _GDAP_ROLES & set(roles):
        raise errors.access_denied("the user has no delegated admin role in this customer that reads users")
    items = [wire.user(person, wire.country(tenant)) for person in people_of(current.call.tx, tenant)]
    start, size = _seek(current)
    uri = f"/customers/{tenant['id']}/users?size={size}"
    return wire.reply(200, wire.collection(items, start, size, uri, f"{uri}?seekOperation=Next"))


def _company(current: Session) -> Reply:
    return wire.reply(200, wire.company_profile(current.customer()))


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


_HANDLERS: tuple[tuple[str, str, Handler], ...] = (
    ("/profiles/organization", "profiles.organization", user_only(_organization)),
    ("/profiles/mpn", "profiles.mpn", user_only(_mpn)),
    ("/profiles/legalbusiness", "profiles.legal_business", app_or_user(_legal_business)),
    ("/customers", "customers.list", app_or_user(_customers)),
    ("/customers/{customer}", "customers.get", app_or_user(_customer)),
    ("/customers/{customer}/users", "customers.users", user_only(_users)),
    ("/customers/{customer}/profiles/company", "customers.company", user_only(_company)),
)

ROUTER = Router(
    (Route("GET", f"/v1{pattern}", f"partner_center.{name}", handler) for pattern, name, handler in _HANDLERS),
    ignore_case=True,
)
