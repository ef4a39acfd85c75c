"""Partner Center with a user's token: only the reads that prove the token works.

Bodies may begin with a byte order mark, error bodies come in several shapes or none, and the address of a next page
may need mending (sam-facts 4.5); all of that ends here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.retry import retry_after_s
from provisioner.core.errors import ApiError, ApiReplyError, UnreachableError, api_error_class
from provisioner.core.secret import Secret

MFA_REQUIRED = "900421"
_SERVICE = "Partner Center"
_PAGE_SIZE = 500
_MOST_PAGES = 1000
_LONGEST_TEXT = 600
_NOT_FROM_ANSWERS = frozenset({"authorization", "host", "cookie", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True)
class OrganizationProfile:
    """The partner's own organisation. tenant_id: lower case."""

    tenant_id: str
    company_name: str
    domain: str


@dataclass(frozen=True)
class Customer:
    """id: the customer's tenant."""

    id: str
    company_name: str
    domain: str


@dataclass(frozen=True)
class CustomerUser:
    id: str
    user_principal_name: str


@dataclass(frozen=True)
class Page:
    """How to ask for the next page: path and query below the API's origin, and the headers to send along."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()


class PartnerCenterClient:
    """Raises ApiError's classes: UnauthorizedError (code 900421: the sign-in had no MFA), ForbiddenError, …"""

    def __init__(self, session: aiohttp.ClientSession, cloud: CloudEndpoints, access_token: Secret) -> None:
        self._session = session
        self._origin = cloud.partner_center
        self._token = access_token

    async def get_organization_profile(self, *, validate_mfa: bool = False) -> tuple[OrganizationProfile, bool | None]:
        """The partner's organisation, and what Partner Center says of the token's MFA.

        The second is the answer's isMfaCompliant header: None when absent, which means unknown (sam-facts 4.2).
        Only a user's token reads this (sam-facts 4.4).
        """
        page = Page("/v1/profiles/organization", (("ValidateMfa", "true"),) if validate_mfa else ())
        body, headers = await self._get(page)
        said = headers.get("isMfaCompliant", "").strip().lower()
        profile = OrganizationProfile(
            tenant_id=str(body.get("tenantId", "")).lower(),
            company_name=str(body.get("companyName", "")),
            domain=str(body.get("domain", "")),
        )
        return profile, {"true": True, "false": False}.get(said)

    async def list_customers(self, limit: int | None = None) -> tuple[Customer, ...]:
        """The partner's customers, all pages or the first `limit`."""
        size = _PAGE_SIZE if limit is None else min(limit, _PAGE_SIZE)
        items = await self._list(Page(f"/v1/customers?size={size}"), limit)
        return tuple(_customer(item) for item in items)

    async def list_customer_users(self, customer: str) -> tuple[CustomerUser, ...]:
        """A customer's users, all pages. 401 and 403 also mean a missing GDAP role (sam-facts 7)."""
        items = await self._list(Page(f"/v1/customers/{customer}/users"), None)
        return tuple(CustomerUser(str(item.get("id", "")), str(item.get("userPrincipalName", ""))) for item in items)

    async def _list(self, first: Page, limit: int | None) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        page: Page | None = first
        asked: set[Page] = set()
        while page is not None and (limit is None or len(items) < limit):
            if page in asked or len(asked) == _MOST_PAGES:
                raise ApiReplyError(_SERVICE, f"GET {first.path}", 200, "", "its pages do not end")
            asked.add(page)
            body, _ = await self._get(page)
            items += _items(first.path, body)
            page = next_page(body)
        return items[:limit]

    async def _get(self, page: Page) -> tuple[dict[str, Any], Mapping[str, str]]:
        operation = f"GET {urlsplit(page.path).path}"
        correlation = str(uuid.uuid4())
        headers = {
            "Authorization": f"Bearer {self._token.reveal()}",
            "Accept": "application/json",
            "MS-Contract-Version": "v1",
            "MS-RequestId": str(uuid.uuid4()),
            "MS-CorrelationId": correlation,
            "X-Locale": "en-US",
            **dict(page.headers),
        }
        try:
            async with self._session.get(
                URL(self._origin + page.path, encoded=True), headers=headers, allow_redirects=False
            ) as response:
                body = (await response.read()).decode("utf-8-sig", "replace")
                if response.status != 200:
                    raise api_error(operation, response.status, body, response.headers, correlation)
                return _object(operation, body), response.headers
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(
                _SERVICE, operation, 0, "", type(error).__name__,
                next_step="check the network and the proxy, then run the same command again",
            ) from error  # fmt: skip


def next_page(body: Mapping[str, Any]) -> Page | None:
    """Where `links.next` of a collection points, mended: some lack `/v1`, some have two `?` (sam-facts 4.5).

    Only path and query are taken from it: the origin stays the cloud table's. Of its headers those that would change
    who asks, or whom, are left out.
    """
    link = (body.get("links") or {}).get("next") or {}
    uri = link.get("uri")
    if not isinstance(uri, str) or not uri:
        return None
    path, _, query = uri.partition("?")
    path = urlsplit(path).path if "://" in path else path
    path = "/" + path.lstrip("/")
    if not path.startswith("/v1/"):
        path = "/v1" + path
    query = query.replace("?", "&")
    return Page(f"{path}?{query}" if query else path, tuple(_headers(link.get("headers"))))


def _headers(entries: Any) -> Iterator[tuple[str, str]]:
    for entry in entries if isinstance(entries, list) else ():
        name, value = str(entry.get("key", "")), str(entry.get("value", ""))
        if name.isascii() and name.replace("-", "").isalnum() and name.lower() not in _NOT_FROM_ANSWERS:
            yield name, value.replace("\r", "").replace("\n", "")


def api_error(operation: str, status: int, text: str, headers: Mapping[str, str], correlation: str) -> ApiError:
    """The error of an answer, whatever the shape of its body; text that is no documented envelope is not shown."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    code = str(body.get("code", body.get("statusCode", "")))
    wait = headers.get("Retry-After")
    return api_error_class(status)(
        _SERVICE,
        operation,
        status,
        code,
        str(body.get("description") or body.get("message") or "")[:_LONGEST_TEXT],
        correlation_id=headers.get("MS-CorrelationId", correlation),
        retry_after_s=None if wait is None else retry_after_s(wait, 0),
        next_step="the sign-in had no MFA: provisioner consent SPEC" if code == MFA_REQUIRED else "",
    )


def _object(operation: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiReplyError(_SERVICE, operation, 200, "", "the answer is not a JSON object")
    return found


def _items(path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = body.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ApiReplyError(_SERVICE, f"GET {path}", 200, "", "the answer has no list of items")
    return items


def _customer(item: Mapping[str, Any]) -> Customer:
    profile = item.get("companyProfile") or {}
    return Customer(
        id=str(item.get("id", "")).lower(),
        company_name=str(profile.get("companyName", "")),
        domain=str(profile.get("domain", "")),
    )
