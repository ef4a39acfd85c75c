"""What the service checks of an application as a whole, after a change was merged into it (sam-facts 5.1, 5.4)."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..kernel import Call
from ..kinds import APPLICATION, DELETED_ITEM, TENANT
from ..store import Document, Transaction
from . import errors, redirect_uris
from .deleted_items import retained
from .service import is_guid

_ORGANIZATION_AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs")
_PERSONAL_AUDIENCES = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
_TYPE = "application"
_MOST_APIS, _MOST_PERMISSIONS, _MOST_PERMISSIONS_OF_API_WITH_PERSONAL_ACCOUNTS = 50, 400, 30
_MOST_ENTRIES = 1200
MOST_SECRETS_WITH_PERSONAL_ACCOUNTS = 2


def takes_personal_accounts(application: Document) -> bool:
    return application["signInAudience"] in _PERSONAL_AUDIENCES


def are_valid_tags(tags: list[str]) -> bool:
    """1 to 256 characters each, no white space, none twice; of a service principal too."""
    return len(set(tags)) == len(tags) and all(1 <= len(tag) <= 256 and tag.split() == [tag] for tag in tags)


def check(call: Call, tenant: Document, application: Document, before: Document | None) -> None:
    """Raises the refusal for the first rule broken; `before` is the application as stored, None for a new one."""
    _check_audience(call.cloud, application)
    personal = takes_personal_accounts(application)
    _check_texts(application, personal)
    _check_tags(application)
    _check_permissions(application, personal)
    redirect_uris.check(application, personal_accounts=personal)
    _check_identifiers(call.tx, tenant, application, before, personal)
    _check_published(application)
    _check_size(application)
    if before is not None:
        _check_disabled_first(before, application)
    _check_unique_name(call.tx, tenant["id"], application, before)


def _check_audience(cloud: str, application: Document) -> None:
    """Personal accounts exist in the public cloud only."""
    allowed = _ORGANIZATION_AUDIENCES + (_PERSONAL_AUDIENCES if cloud == "public" else ())
    if application["signInAudience"] not in allowed:
        raise errors.property_invalid("signInAudience", _TYPE)


def _check_texts(application: Document, personal: bool) -> None:
    name = application["displayName"]
    if not name:
        raise errors.property_missing("displayName", _TYPE)
    if len(name) > (90 if personal else 120):
        raise errors.property_invalid("displayName", _TYPE)
    if len(application["description"] or "") > 1024:
        raise errors.property_invalid("description", _TYPE)


def _check_tags(application: Document) -> None:
    if not are_valid_tags(application["tags"]):
        raise errors.property_invalid("tags", _TYPE)


def _check_permissions(application: Document, personal: bool) -> None:
    asked = application["requiredResourceAccess"]
    if len(asked) > _MOST_APIS:
        raise errors.too_many("requiredResourceAccess", _MOST_APIS)
    if sum(len(api.get("resourceAccess", ())) for api in asked) > _MOST_PERMISSIONS:
        raise errors.too_many("requiredResourceAccess", _MOST_PERMISSIONS)
    if len({api.get("resourceAppId") for api in asked}) < len(asked):
        raise errors.property_invalid("requiredResourceAccess", _TYPE)
    for api in asked:
        permissions = api.get("resourceAccess", [])
        if personal and len(permissions) > _MOST_PERMISSIONS_OF_API_WITH_PERSONAL_ACCOUNTS:
            raise errors.too_many("requiredResourceAccess", _MOST_PERMISSIONS_OF_API_WITH_PERSONAL_ACCOUNTS)
        well_formed = all(is_guid(p.get("id")) and p.get("type") in ("Scope", "Role") for p in permissions)
        distinct = len({(p.get("id"), p.get("type")) for p in permissions}) == len(permissions)
        if not (is_guid(api.get("resourceAppId")) and well_formed and distinct):
            raise errors.property_invalid("requiredResourceAccess", _TYPE)


def _check_identifiers(
    tx: Transaction, tenant: Document, application: Document, before: Document | None, personal: bool
) -> None:
    """Unique in the directory; among multitenant applications unique in the whole cloud (sam-facts 5.1)."""
    uris = application["identifierUris"]
    longest = 120 if personal else 255
    if len(set(uris)) < len(uris) or any(len(uri) > longest or not _is_absolute(uri) for uri in uris):
        raise errors.property_invalid("identifierUris", _TYPE)
    for uri in set(uris) - set(before["identifierUris"] if before else ()):
        _check_names_its_owner(tenant, application, uri, personal)
    multitenant = application["signInAudience"] != "AzureADMyOrg"
    for home in tx.list(TENANT, "") if uris else ():
        if home["id"] != tenant["id"] and not (multitenant and home["cloud"] == tenant["cloud"]):
            continue
        for other in tx.list(APPLICATION, home["id"]):
            abroad = home["id"] != tenant["id"] and other["signInAudience"] == "AzureADMyOrg"
            if other["id"] != application["id"] and not abroad and set(uris) & set(other["identifierUris"]):
                raise errors.identifier_uri_taken()


def _is_absolute(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).scheme)
    except ValueError:
        return False


def _check_names_its_owner(tenant: Document, application: Document, uri: str, personal: bool) -> None:
    """A new URI names a verified domain (or one below it), or after api:// the tenant's or the application's id.

    Applications with version 2 tokens are free of it, and other schemes are.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https", "api") or personal:
        return
    if application["api"]["requestedAccessTokenVersion"] == 2:
        return
    host = parts.netloc.partition(":")[0].lower()
    ids = (tenant["id"], application["appId"]) if parts.scheme == "api" else ()
    if host not in ids and not any(host == name or host.endswith(f".{name}") for name in tenant["domains"]):
        raise errors.identifier_uri_unverified(uri)


def _check_size(application: Document) -> None:
    """All lists together (sam-facts 5.1, manifest)."""
    asked = application["requiredResourceAccess"]
    published = sum(len(items) for items in _published(application).values())
    redirects = sum(len(application[platform]["redirectUris"]) for platform in redirect_uris.PLATFORMS)
    plain = ("addIns", "identifierUris", "keyCredentials", "passwordCredentials", "tags")
    lists = sum(len(application[name]) for name in plain) + sum(len(api.get("resourceAccess", ())) for api in asked)
    if lists + published + redirects > _MOST_ENTRIES:
        raise errors.object_too_large()


def _published(application: Document) -> dict[str, list[Document]]:
    """The scopes and roles an application publishes, by the member that holds them."""
    return {"appRoles": application["appRoles"], "api": application["api"]["oauth2PermissionScopes"]}


def _check_published(application: Document) -> None:
    for member, items in _published(application).items():
        complete = all(is_guid(item.get("id")) and "isEnabled" in item for item in items)
        if not complete or len({item["id"] for item in items}) < len(items):
            raise errors.property_invalid(member, _TYPE)


def _check_disabled_first(before: Document, after: Document) -> None:
    """An enabled scope or role may be neither removed nor renamed, only disabled."""
    after_by_member = _published(after)
    for member, old in _published(before).items():
        values = {item["id"]: item.get("value") for item in after_by_member[member]}
        if any(item["isEnabled"] and values.get(item["id"], item) != item.get("value") for item in old):
            raise errors.permission_still_enabled()


def _check_unique_name(tx: Transaction, tenant: str, application: Document, before: Document | None) -> None:
    """Set once; unique among all applications, also those not visible yet and the soft-deleted (sam-facts 5.1)."""
    name = application["uniqueName"]
    had = before and before["uniqueName"]
    if had == name or (not had and name is None):
        return
    if had:
        raise errors.unique_name_immutable()
    if not name:
        raise errors.property_invalid("uniqueName", _TYPE)
    living = tx.find(APPLICATION, tenant, "uniqueName", name)
    deleted = [item for item in tx.find(DELETED_ITEM, tenant, "uniqueName", name) if retained(tx, item)]
    if any(other["id"] != application["id"] for other in [*living, *deleted]):
        raise errors.unique_name_taken()
