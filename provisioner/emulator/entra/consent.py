"""Delegated grants: what a client may do for a user, what is missing, and who may give it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import kinds, lag
from ..graph.documents import new_app_role_assignment, new_grant, new_service_principal
from ..kernel import Call
from ..store import Document, Transaction
from . import directory, errors
from .asks import Ask
from .directory import Client


@dataclass(frozen=True)
class Permission:
    """A delegated permission a consent screen can list."""

    resource: Document
    value: str
    title: str
    text: str
    needs_admin: bool


def granted_scopes(tx: Transaction, tenant: str, principal: str, resource: str, person: str | None) -> set[str]:
    """Scope values granted to a client on a resource, tenant-wide or for this person (object ids)."""
    found: set[str] = set()
    for grant in tx.find(kinds.GRANT, tenant, "clientId", principal):
        mine = grant["consentType"] == "AllPrincipals" or (person is not None and grant["principalId"] == person)
        if grant["resourceId"] == resource and mine and lag.is_visible(tx, grant):
            found |= set(grant["scope"].split())
    return found


def granted_roles(tx: Transaction, tenant: str, principal: str, resource: Document) -> set[str]:
    """Values of the application permissions assigned to a service principal on a resource."""
    values = {role["id"]: role["value"] for role in resource.get("appRoles", ())}
    assigned = tx.find(kinds.APP_ROLE_ASSIGNMENT, tenant, "principalId", principal)
    return {
        values[assignment["appRoleId"]]
        for assignment in assigned
        if assignment["resourceId"] == resource["id"]
        and assignment["appRoleId"] in values
        and lag.is_visible(tx, assignment)
    }


def declared(call: Call, tenant: Document, client: Client) -> list[Permission]:
    """The delegated permissions the application declares. Raises 650052 for an API the tenant lacks."""
    found: list[Permission] = []
    for access in client.application.get("requiredResourceAccess", ()):
        wanted = {entry["id"] for entry in access["resourceAccess"] if entry["type"] == "Scope"}
        if not wanted:
            continue
        resource = directory.resource_by_app_id(call, tenant, access["resourceAppId"])
        if resource is None:
            name = directory.is_microsofts(access["resourceAppId"]) or "unknown"
            raise errors.resource_principal_missing(call, access["resourceAppId"], name, tenant["displayName"])
        found += [_permission(resource, s) for s in resource["oauth2PermissionScopes"] if s["id"] in wanted]
    return found


def asked(ask: Ask) -> list[Permission]:
    """The permissions a v2 request names one by one."""
    return [_permission(ask.resource, s) for s in ask.resource["oauth2PermissionScopes"] if s["value"] in ask.scopes]


def missing(
    call: Call, tenant: Document, client: Client, person: Document, wanted: Iterable[Permission]
) -> list[Permission]:
    """Those of the wanted permissions that neither the tenant nor this person has granted."""
    if client.principal is None:
        return list(wanted)
    return [
        permission
        for permission in wanted
        if permission.value
        not in granted_scopes(call.tx, tenant["id"], client.principal["id"], permission.resource["id"], person["id"])
    ]


def grant(
    call: Call, tenant: Document, client: Client, permissions: Iterable[Permission], person: Document | None
) -> None:
    """Record a consent, for one person or (None) for the tenant; makes the client's service principal if need be."""
    principal = client.principal or _create_principal(call, tenant, client)
    by_resource: dict[str, set[str]] = {}
    for permission in permissions:
        by_resource.setdefault(permission.resource["id"], set()).add(permission.value)
    for resource_id, values in by_resource.items():
        _extend(call.tx, tenant["id"], principal["id"], resource_id, values, None if person is None else person["id"])


def declares_roles(client: Client, resource_app_id: str) -> bool:
    """True when the application declares application permissions of this API."""
    return any(
        access["resourceAppId"] == resource_app_id
        and any(entry["type"] == "Role" for entry in access["resourceAccess"])
        for access in client.application.get("requiredResourceAccess", ())
    )


def assign_declared_roles(call: Call, tenant: Document, client: Client) -> None:
    """Assign the application permissions the application declares, as the admin consent page does."""
    principal = client.principal or _create_principal(call, tenant, client)
    for access in client.application.get("requiredResourceAccess", ()):
        wanted = {entry["id"] for entry in access["resourceAccess"] if entry["type"] == "Role"}
        resource = directory.resource_by_app_id(call, tenant, access["resourceAppId"])
        if resource is None:
            continue
        held = granted_roles(call.tx, tenant["id"], principal["id"], resource)
        for role in resource["appRoles"]:
            if role["id"] in wanted and role["value"] not in held:
                made = new_app_role_assignment(principal, resource, role["id"], now=call.tx.now)
                call.tx.put(kinds.APP_ROLE_ASSIGNMENT, tenant["id"], made["id"], made)


def _extend(tx: Transaction, tenant: str, client: str, resource: str, values: set[str], person: str | None) -> None:
    """Add to the client's grant on the resource for this person or (None) for everybody, or make one."""
    for existing in tx.find(kinds.GRANT, tenant, "clientId", client):
        if (existing["resourceId"], existing["principalId"]) == (resource, person):
            union = [*existing["scope"].split(), *sorted(values - set(existing["scope"].split()))]
            tx.put(kinds.GRANT, tenant, existing["id"], existing | {"scope": " ".join(union)})
            return
    made = new_grant(client, resource, person, " ".join(sorted(values)))
    tx.put(kinds.GRANT, tenant, made["id"], made)


def _create_principal(call: Call, tenant: Document, client: Client) -> Document:
    """The service principal a first consent makes."""
    made = new_service_principal(client.application, tenant=client.home_tenant, now=call.tx.now)
    return call.tx.put(kinds.SERVICE_PRINCIPAL, tenant["id"], made["id"], made)


def _permission(resource: Document, scope: Document) -> Permission:
    return Permission(
        resource=resource,
        value=scope["value"],
        title=scope.get("userConsentDisplayName") or scope.get("adminConsentDisplayName") or scope["value"],
        text=scope.get("userConsentDescription") or scope.get("adminConsentDescription") or "",
        needs_admin=scope.get("type") == "Admin",
    )
