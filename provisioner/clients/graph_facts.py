"""Directory objects as we read them: Graph's JSON in, Python names out. Only what some kind looks at.

Ids are in lower case, so that no comparison sees how a service spells them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Literal, TypeVar

from provisioner.core.errors import ApiReplyError
from provisioner.core.secret import Secret

Json = dict[str, Any]
Facts = TypeVar("Facts")

APPLICATION_SELECT = (
    "id",
    "appId",
    "uniqueName",
    "displayName",
    "signInAudience",
    "tags",
    "web",
    "publicClient",
    "spa",
    "requiredResourceAccess",
    "passwordCredentials",
    "keyCredentials",
    "createdDateTime",
)
SERVICE_PRINCIPAL_SELECT = ("id", "appId", "displayName", "accountEnabled")
API_SELECT = (*SERVICE_PRINCIPAL_SELECT, "oauth2PermissionScopes", "appRoles")


@dataclass(frozen=True)
class PasswordCredential:
    """A client secret without its value. Times are UTC."""

    key_id: str
    display_name: str
    ends_at: datetime | None


@dataclass(frozen=True)
class KeyCredential:
    """A certificate on an application. thumbprint: SHA-1 in upper-case hex, "" where nothing tells. Times are UTC.

    wire: the entry as Graph gave it, without its key: what has to be sent back when the list is replaced.
    """

    key_id: str
    display_name: str
    thumbprint: str
    starts_at: datetime | None
    ends_at: datetime | None
    wire: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True)
class NewKey:
    """A certificate to be added: its public part. Graph works out thumbprint and dates where they are left out."""

    display_name: str
    der: bytes
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class FederatedCredential:
    """A trust in the tokens of an issuer. id: "" for one that is yet to be made."""

    id: str
    name: str
    issuer: str
    subject: str
    audience: str
    description: str = ""


@dataclass(frozen=True)
class RequiredPermission:
    """One entry of requiredResourceAccess. kind: `Scope` (delegated) or `Role` (application)."""

    api_app_id: str
    permission_id: str
    kind: Literal["Scope", "Role"]


@dataclass(frozen=True)
class ApplicationFacts:
    """An application. id: its object id. redirect URIs by platform, as the service has them."""

    id: str
    app_id: str
    unique_name: str
    display_name: str
    sign_in_audience: str
    tags: tuple[str, ...]
    web_redirect_uris: tuple[str, ...]
    public_redirect_uris: tuple[str, ...]
    spa_redirect_uris: tuple[str, ...]
    home_page_url: str
    id_token_issuance: bool
    required: tuple[RequiredPermission, ...]
    passwords: tuple[PasswordCredential, ...]
    keys: tuple[KeyCredential, ...] = ()
    created_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class ServicePrincipalFacts:
    """A service principal. scopes and roles: what an API publishes and has enabled, value to id."""

    id: str
    app_id: str
    display_name: str
    enabled: bool
    scopes: dict[str, str]
    roles: dict[str, str]


@dataclass(frozen=True)
class GrantFacts:
    """An oauth2PermissionGrant. resource_id: the API's service principal (object id). scopes: as a set, in order."""

    id: str
    client_id: str
    resource_id: str
    consent_type: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class AppRoleAssignmentFacts:
    """An app role granted to our service principal."""

    id: str
    resource_id: str
    app_role_id: str


def _shaped(what: str) -> Callable[[Callable[[Json], Facts]], Callable[[Json], Facts]]:
    """A reader that raises ApiReplyError for an object that is not in its documented shape."""

    def shaped(read: Callable[[Json], Facts]) -> Callable[[Json], Facts]:
        @wraps(read)
        def checked(body: Json) -> Facts:
            try:
                return read(body)
            except (AttributeError, KeyError, TypeError, ValueError):
                told = f"{what} is not in its documented shape"
                raise ApiReplyError("Graph", f"read {what}", 200, "", told) from None

        return checked

    return shaped


@_shaped("an application")
def application(body: Json) -> ApplicationFacts:
    web = body.get("web") or {}
    return ApplicationFacts(
        id=body["id"].lower(),
        app_id=body["appId"].lower(),
        unique_name=body.get("uniqueName") or "",
        display_name=body.get("displayName") or "",
        sign_in_audience=body.get("signInAudience") or "",
        tags=tuple(body.get("tags") or ()),
        web_redirect_uris=tuple(web.get("redirectUris") or ()),
        public_redirect_uris=tuple((body.get("publicClient") or {}).get("redirectUris") or ()),
        spa_redirect_uris=tuple((body.get("spa") or {}).get("redirectUris") or ()),
        home_page_url=web.get("homePageUrl") or "",
        id_token_issuance=bool((web.get("implicitGrantSettings") or {}).get("enableIdTokenIssuance")),
        required=tuple(
            RequiredPermission(api["resourceAppId"].lower(), entry["id"].lower(), entry["type"])
            for api in body.get("requiredResourceAccess") or ()
            for entry in api.get("resourceAccess") or ()
        ),
        passwords=tuple(
            PasswordCredential(
                entry["keyId"].lower(),
                entry.get("displayName") or "",
                moment(entry.get("endDateTime")),
            )
            for entry in body.get("passwordCredentials") or ()
        ),
        keys=tuple(_key(entry) for entry in body.get("keyCredentials") or ()),
        created_at=moment(body.get("createdDateTime")),
        deleted_at=moment(body.get("deletedDateTime")),
    )


def _key(entry: Json) -> KeyCredential:
    return KeyCredential(
        key_id=entry["keyId"].lower(),
        display_name=entry.get("displayName") or "",
        thumbprint=_thumbprint(entry),
        starts_at=moment(entry.get("startDateTime")),
        ends_at=moment(entry.get("endDateTime")),
        wire={name: value for name, value in entry.items() if name != "key"},
    )


def _thumbprint(entry: Json) -> str:
    """Of the certificate itself where Graph sends it; else customKeyIdentifier, hex text or base64 (sam-facts 5.2)."""
    if entry.get("key") and entry.get("type") == "AsymmetricX509Cert":
        return hashlib.sha1(base64.b64decode(entry["key"]), usedforsecurity=False).hexdigest().upper()
    told = str(entry.get("customKeyIdentifier") or "")
    if re.fullmatch(r"[0-9A-Fa-f]{40}", told):
        return told.upper()
    try:
        raw = base64.b64decode(told, validate=True)
    except ValueError:
        return ""
    return raw.hex().upper() if len(raw) == hashlib.sha1(usedforsecurity=False).digest_size else ""


@_shaped("a federated identity credential")
def federated_credential(body: Json) -> FederatedCredential:
    (audience,) = body["audiences"]
    return FederatedCredential(
        body["id"].lower(), body["name"], body["issuer"], body["subject"], audience, body.get("description") or ""
    )


@_shaped("a new client secret")
def new_password(body: Json) -> tuple[str, Secret]:
    """Its keyId, and its value, which Graph tells this once."""
    return str(body["keyId"]).lower(), Secret(str(body["secretText"]))


@_shaped("a service principal")
def service_principal(body: Json) -> ServicePrincipalFacts:
    return ServicePrincipalFacts(
        id=body["id"].lower(),
        app_id=body["appId"].lower(),
        display_name=body.get("displayName") or "",
        enabled=bool(body.get("accountEnabled", True)),
        scopes=_published(body.get("oauth2PermissionScopes")),
        roles=_published(body.get("appRoles")),
    )


@_shaped("a grant")
def grant(body: Json) -> GrantFacts:
    return GrantFacts(
        id=body["id"],
        client_id=body["clientId"].lower(),
        resource_id=body["resourceId"].lower(),
        consent_type=body["consentType"],
        scopes=tuple(dict.fromkeys((body.get("scope") or "").split())),
    )


@_shaped("an app role assignment")
def app_role_assignment(body: Json) -> AppRoleAssignmentFacts:
    return AppRoleAssignmentFacts(body["id"], body["resourceId"].lower(), body["appRoleId"].lower())


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 time of Graph (`…Z`, up to seven decimals) as UTC."""
    return None if not text else datetime.fromisoformat(text)


def _published(entries: list[Json] | None) -> dict[str, str]:
    return {entry["value"]: entry["id"].lower() for entry in entries or () if entry.get("value") and entry["isEnabled"]}
