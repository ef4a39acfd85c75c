"""ARM's resources as we read them: from JSON, or from the SDKs' models, those of Key Vault being both.

ARM tells case apart neither in ids nor in the names of tags: ids are in lower case here, and our own tags are named as
we write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_OURS = "provisioner"


@dataclass(frozen=True)
class ResourceGroupFacts:
    """A resource group."""

    name: str
    location: str
    tags: dict[str, str]


@dataclass(frozen=True)
class AccessPolicyFacts:
    """What a vault without roles lets one principal do. permissions: family (`secrets` …) to lower-case names.

    application_id: not "" where it holds for a user before that application only.
    """

    object_id: str
    application_id: str
    permissions: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class VaultFacts:
    """A vault. rbac: authorization by roles (an access-policy vault is False). purge_protection cannot be undone.

    access_policies: in force only without roles.
    """

    id: str
    name: str
    location: str
    tenant: str
    sku: str
    rbac: bool
    purge_protection: bool
    soft_delete_retention_days: int | None
    public_network_access: str
    default_action: str
    allowed_ips: tuple[str, ...]
    bypass: str
    virtual_network_rules: tuple[str, ...]
    tags: dict[str, str]
    access_policies: tuple[AccessPolicyFacts, ...] = ()


@dataclass(frozen=True)
class DeletedVaultFacts:
    """A soft-deleted vault that can be recovered until scheduled_purge (UTC)."""

    name: str
    vault_id: str
    location: str
    tags: dict[str, str]
    purge_protection: bool
    scheduled_purge: datetime | None = None


@dataclass(frozen=True)
class RoleAssignmentFacts:
    """A role assignment. name: its GUID. scope: ARM id. role_id: the role definition's GUID, lower case.

    condition: what limits it, in Azure's own language; "" when nothing does.
    """

    id: str
    name: str
    scope: str
    role_id: str
    principal_id: str
    principal_type: str
    description: str
    condition: str = ""


def resource_group(model: Any) -> ResourceGroupFacts:
    return ResourceGroupFacts(model.name, normal_location(model.location), _tags(model.tags))


def vault(body: Mapping[str, Any]) -> VaultFacts:
    """The SDK's model is such a mapping too, by the service's own names."""
    properties = body["properties"]
    acls = properties.get("networkAcls")
    rules = acls or {}
    days = properties.get("softDeleteRetentionInDays")
    return VaultFacts(
        id=body["id"].lower(),
        name=_text(body["name"]),
        location=normal_location(_text(body.get("location"))),
        tenant=_text(properties["tenantId"]).lower(),
        sku=_text(properties["sku"]["name"]),
        rbac=bool(properties.get("enableRbacAuthorization")),
        purge_protection=bool(properties.get("enablePurgeProtection")),
        soft_delete_retention_days=None if days is None else int(days),
        public_network_access=_text(properties.get("publicNetworkAccess")) or "Enabled",
        default_action=_text(rules.get("defaultAction")) if acls else "Allow",
        allowed_ips=tuple(normal_ip(rule["value"]) for rule in _list(rules.get("ipRules"))),
        bypass=_text(rules.get("bypass")) if acls else "AzureServices",
        virtual_network_rules=tuple(_text(rule["id"]) for rule in _list(rules.get("virtualNetworkRules"))),
        tags=_tags(body.get("tags")),
        access_policies=tuple(_access_policy(entry) for entry in _list(properties.get("accessPolicies"))),
    )


def _access_policy(entry: Mapping[str, Any]) -> AccessPolicyFacts:
    given = entry["permissions"]
    families = {family: _list(given.get(family)) for family in ("secrets", "certificates", "keys")}
    return AccessPolicyFacts(
        object_id=_text(entry["objectId"]).lower(),
        application_id=_text(entry.get("applicationId")).lower(),
        permissions={
            family: frozenset(_text(name).lower() for name in names) for family, names in families.items() if names
        },
    )


def deleted_vault(model: Any) -> DeletedVaultFacts:
    properties = model.properties
    return DeletedVaultFacts(
        name=model.name,
        vault_id=properties.vault_id.lower(),
        location=normal_location(properties.location or ""),
        tags=_tags(properties.tags),
        purge_protection=bool(properties.purge_protection_enabled),
        scheduled_purge=properties.scheduled_purge_date,
    )


def role_assignment(body: Mapping[str, Any]) -> RoleAssignmentFacts:
    properties = body["properties"]
    return RoleAssignmentFacts(
        id=body["id"].lower(),
        name=body["name"].lower(),
        scope=_text(properties.get("scope")).lower(),
        role_id=_text(properties.get("roleDefinitionId")).rsplit("/", 1)[-1].lower(),
        principal_id=_text(properties.get("principalId")).lower(),
        principal_type=_text(properties.get("principalType")),
        description=_text(properties.get("description")),
        condition=_text(properties.get("condition")),
    )


def _tags(told: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        (name.lower() if name.lower().startswith(_OURS) else name): _text(value)
        for name, value in ({} if told is None else told).items()
    }


def _text(told: Any) -> str:
    """An empty one where nothing is told. Raises TypeError for what is no text."""
    if not isinstance(told, str | None):
        raise TypeError("a text was expected")
    return told or ""


def _list(told: Any) -> list[Any]:
    """An empty one where nothing is told. Raises TypeError for what is no list."""
    if not isinstance(told, list | None):
        raise TypeError("a list was expected")
    return told or []


def normal_ip(value: str) -> str:
    """An address or range as the service returns it: one address ends in /32 (sam-facts 6.1)."""
    return value if "/" in value else f"{value}/32"


def normal_location(value: str) -> str:
    """ARM takes `West Europe` and `westeurope` as the same place."""
    return value.replace(" ", "").lower()
