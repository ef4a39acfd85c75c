"""ARM's resources as we read them, from the SDK's models.

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


def vault(model: Any) -> VaultFacts:
    properties = model.properties
    acls = properties.network_acls
    return VaultFacts(
        id=model.id.lower(),
        name=model.name,
        location=normal_location(model.location or ""),
        tenant=str(properties.tenant_id).lower(),
        sku=str(getattr(properties.sku.name, "value", properties.sku.name)),
        rbac=bool(properties.enable_rbac_authorization),
        purge_protection=bool(properties.enable_purge_protection),
        soft_delete_retention_days=properties.soft_delete_retention_in_days,
        public_network_access=properties.public_network_access or "Enabled",
        default_action=_word(acls.default_action) if acls else "Allow",
        allowed_ips=tuple(normal_ip(rule.value) for rule in (acls.ip_rules or ())) if acls else (),
        bypass=_word(acls.bypass) if acls else "AzureServices",
        virtual_network_rules=tuple(rule.id for rule in (acls.virtual_network_rules or ())) if acls else (),
        tags=_tags(model.tags),
        access_policies=tuple(_access_policy(entry) for entry in properties.access_policies or ()),
    )


def _access_policy(entry: Any) -> AccessPolicyFacts:
    given = entry.permissions
    families = {"secrets": given.secrets, "certificates": given.certificates, "keys": given.keys_property}
    return AccessPolicyFacts(
        object_id=str(entry.object_id).lower(),
        application_id=str(entry.application_id or "").lower(),
        permissions={
            family: frozenset(_word(name).lower() for name in names) for family, names in families.items() if names
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


def role_assignment(model: Any) -> RoleAssignmentFacts:
    return RoleAssignmentFacts(
        id=model.id.lower(),
        name=model.name.lower(),
        scope=(model.scope or "").lower(),
        role_id=(model.role_definition_id or "").rsplit("/", 1)[-1].lower(),
        principal_id=(model.principal_id or "").lower(),
        principal_type=model.principal_type or "",
        description=model.description or "",
        condition=model.condition or "",
    )


def _tags(told: dict[str, str] | None) -> dict[str, str]:
    return {(name.lower() if name.lower().startswith(_OURS) else name): value for name, value in (told or {}).items()}


def normal_ip(value: str) -> str:
    """An address or range as the service returns it: one address ends in /32 (sam-facts 6.1)."""
    return value if "/" in value else f"{value}/32"


def normal_location(value: str) -> str:
    """ARM takes `West Europe` and `westeurope` as the same place."""
    return value.replace(" ", "").lower()


def _word(value: Any) -> str:
    return "" if value is None else str(getattr(value, "value", value))
