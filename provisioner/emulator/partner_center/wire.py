"""Partner Center's bodies: a UTF-8 byte order mark before every one, seek-paged collections (sam-facts 4.5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from ..kernel import Json, Reply
from ..store import Document

_MARK = b"\xef\xbb\xbf"


def reply(status: int, body: Json, headers: dict[str, str] | None = None) -> Reply:
    """A JSON answer with its byte order mark, which strict JSON readers choke on."""
    encoded = _MARK + json.dumps(body, separators=(",", ":")).encode()
    return Reply(status, encoded, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def link(uri: str, headers: dict[str, str] | None = None) -> Document:
    pairs = [{"key": key, "value": value} for key, value in (headers or {}).items()]
    return {"uri": uri, "method": "GET", "headers": pairs}


def attributes(object_type: str, **more: str) -> Document:
    return {**more, "objectType": object_type}


def collection(items: Sequence[Document], start: int, size: int, self_uri: str, next_uri: str) -> Document:
    """The page from `start` on. The next one is announced by a link without /v1 and an opaque header to send along."""
    page = list(items[start : start + size])
    links = {"self": link(self_uri)}
    if start + size < len(items):
        links["next"] = link(next_uri, {"MS-ContinuationToken": continuation(start + size)})
    return {"totalCount": len(page), "items": page, "links": links, "attributes": attributes("Collection")}


def bare_collection(items: Sequence[Document]) -> Document:
    """A collection that is never paged and has no links, as those of the MFA resources are."""
    return {"totalCount": len(items), "items": list(items), "attributes": attributes("Collection")}


def consent(document: Document) -> Document:
    shown = {key: value for key, value in document.items() if not key.startswith("_")}
    return shown | {"attributes": attributes("ApplicationConsent")}


def continuation(start: int) -> str:
    return base64.b64encode(json.dumps({"seek": start}).encode()).decode()


def position(token: str) -> int:
    """What `continuation` wrote; raises ValueError for anything else."""
    try:
        return max(0, int(json.loads(base64.b64decode(token, validate=True))["seek"]))
    except (KeyError, TypeError) as error:
        raise ValueError("not a continuation token") from error


def customer(tenant: Document) -> Document:
    """An item of the list of customers."""
    return {
        "id": tenant["id"],
        "companyProfile": company_profile(tenant),
        "relationshipToPartner": "reseller",
        "attributes": attributes("Customer"),
    }


def company_profile(tenant: Document) -> Document:
    return {
        "tenantId": tenant["id"],
        "domain": tenant["domains"][0],
        "companyName": tenant["displayName"],
        "attributes": attributes("CustomerCompanyProfile"),
    }


def user(person: Document, country: str) -> Document:
    """An item of a customer's users."""
    names: list[str] = person["displayName"].split(" ")
    return {
        "usageLocation": country,
        "id": person["id"],
        "userPrincipalName": person["userPrincipalName"],
        "firstName": names[0],
        "lastName": names[-1],
        "displayName": person["displayName"],
        "userDomainType": "managed",
        "state": "active" if person["accountEnabled"] else "inactive",
        "attributes": attributes("CustomerUser"),
    }


def organization_profile(tenant: Document, email: str | None) -> Document:
    more: dict[str, Any] = {"email": email} if email else {}
    return {
        "id": tenant["id"],
        "companyName": tenant["displayName"],
        "defaultAddress": _address(tenant),
        "tenantId": tenant["id"],
        "domain": tenant["domains"][0],
        **more,
        "language": "en",
        "culture": "en-US",
        "profileType": "OrganizationProfile",
        "links": {"self": link("/profiles/organization")},
        "attributes": attributes("OrganizationProfile", etag=_etag(tenant)),
    }


def legal_business_profile(tenant: Document) -> Document:
    return {
        "companyName": tenant["displayName"],
        "address": _address(tenant),
        "primaryContact": {"firstName": "Primary", "lastName": "Contact", "email": f"contact@{tenant['domains'][0]}"},
        "vettingStatus": "authorized",
        "vettingSubStatus": "none",
        "profileType": "LegalBusinessProfile",
        "links": {"self": link("/profiles/legalbusiness")},
        "attributes": attributes("LegalBusinessProfile", etag=_etag(tenant)),
    }


def mpn_profile(tenant: Document) -> Document:
    """The partner's Partner Program (formerly MPN) id; a number made from the tenant's id."""
    return {
        "mpnId": str(int(tenant["id"][:8], 16) % 9_000_000 + 1_000_000),
        "partnerName": tenant["displayName"],
        "profileType": "MpnProfile",
        "links": {"self": link("/profiles/mpn")},
        "attributes": attributes("MpnProfile", etag=_etag(tenant)),
    }


def support_profile(tenant: Document) -> Document:
    return {
        "email": f"support@{tenant['domains'][0]}",
        "telephone": "4255555555",
        "website": f"www.{tenant['domains'][0]}",
        "profileType": "support_profile",
        "links": {"self": link("/profiles/support")},
        "attributes": attributes("SupportProfile", etag=_etag(tenant)),
    }


def billing_profile(tenant: Document) -> Document:
    return {
        "companyName": tenant["displayName"],
        "address": _address(tenant),
        "primaryContact": {"firstName": "Primary", "lastName": "Contact", "email": f"contact@{tenant['domains'][0]}"},
        "purchaseOrderNumber": "",
        "taxId": "",
        "billingCurrency": "CNY" if tenant["cloud"] == "china" else "USD",
        "billingDay": 1,
        "profileType": "billing_profile",
        "links": {"self": link("/profiles/billing")},
        "attributes": attributes("BillingProfile", etag=_etag(tenant)),
    }


def country(tenant: Document) -> str:
    return "CN" if tenant["cloud"] == "china" else "US"


def _address(tenant: Document) -> Document:
    city = "Beijing" if tenant["cloud"] == "china" else "Redmond"
    return {"country": country(tenant), "city": city, "addressLine1": "1 Main Street", "postalCode": "10000"}


def _etag(tenant: Document) -> str:
    return base64.b64encode(tenant["id"][:8].encode()).decode()
