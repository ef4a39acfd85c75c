"""Built-in role definitions: ids of sam-facts 6.2, actions as Azure's documentation of built-in roles lists them.

The ids of Owner, Contributor, Reader, User Access Administrator and Role Based Access Control Administrator are those
of the same documentation.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

from ..store import Document

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
KEY_VAULT_SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
KEY_VAULT_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
KEY_VAULT_CONTRIBUTOR = "f25e0fa2-a7c4-4377-a976-54943a77a395"
KEY_VAULT_DATA_ACCESS_ADMINISTRATOR = "8b54135c-b56d-4d72-a534-26097cfdc8d8"


@dataclass(frozen=True)
class Role:
    """A role definition. `assigns_only`: role ids its holder may assign (its built-in condition); None is all."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    assigns_only: frozenset[str] | None = None

    def allows(self, action: str) -> bool:
        """True when the role permits this control-plane action."""
        return _matches(self.actions, action) and not _matches(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        """True when the role permits this data-plane action."""
        return _matches(self.data_actions, action)

    @property
    def permissions(self) -> Document:
        """ARM's permission."""
        return {
            "actions": list(self.actions),
            "notActions": list(self.not_actions),
            "dataActions": list(self.data_actions),
            "notDataActions": [],
        }

    def wire(self, scope: str) -> Document:
        """ARM's roleDefinition as seen from a scope ("" or "/subscriptions/ID")."""
        properties = {
            "roleName": self.name,
            "type": "BuiltInRole",
            "description": self.description,
            "assignableScopes": ["/"],
            "permissions": [self.permissions],
        }
        return {
            "properties": properties,
            "id": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{self.id}",
            "type": "Microsoft.Authorization/roleDefinitions",
            "name": self.id,
        }


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


_READS_VAULTS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.KeyVault/operations/read",
)
_VAULT_DATA = "Microsoft.KeyVault/vaults"
_USES_KEYS = (
    "read",
    *(f"{verb}/action" for verb in ("update", "backup", "encrypt", "decrypt", "wrap", "unwrap", "sign", "verify")),
)
_READS_SECRETS = (f"{_VAULT_DATA}/secrets/getSecret/action", f"{_VAULT_DATA}/secrets/readMetadata/action")
_ASSIGNS = ("Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete")

_DATA_ROLES = (
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Perform all data plane operations on a key vault and all objects in it.",
        _READS_VAULTS,
        data_actions=(f"{_VAULT_DATA}/*",),
    ),
    Role(
        KEY_VAULT_SECRETS_OFFICER,
        "Key Vault Secrets Officer",
        "Perform any action on the secrets of a key vault, except manage permissions.",
        _READS_VAULTS,
        data_actions=(f"{_VAULT_DATA}/secrets/*",),
    ),
    Role(KEY_VAULT_SECRETS_USER, "Key Vault Secrets User", "Read secret contents.", data_actions=_READS_SECRETS),
    Role(
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        "Key Vault Certificates Officer",
        "Perform any action on the certificates of a key vault, except manage permissions.",
        _READS_VAULTS,
        data_actions=(
            f"{_VAULT_DATA}/certificatecas/*",
            f"{_VAULT_DATA}/certificates/*",
            f"{_VAULT_DATA}/certificatecontacts/write",
        ),
    ),
    Role(
        "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
        "Key Vault Certificate User",
        "Read entire certificate contents including secret and key portion.",
        data_actions=(f"{_VAULT_DATA}/certificates/read", f"{_VAULT_DATA}/keys/read", *_READS_SECRETS),
    ),
    Role(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        "Perform any action on the keys of a key vault, except manage permissions.",
        _READS_VAULTS,
        data_actions=(f"{_VAULT_DATA}/keys/*", f"{_VAULT_DATA}/keyrotationpolicies/*"),
    ),
    Role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        "Perform cryptographic operations using keys.",
        data_actions=tuple(f"{_VAULT_DATA}/keys/{each}" for each in _USES_KEYS),
    ),
    Role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        "Read metadata of keys and perform wrap/unwrap operations.",
        data_actions=tuple(f"{_VAULT_DATA}/keys/{each}" for each in ("read", "wrap/action", "unwrap/action")),
    ),
    Role(
        "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
        "Key Vault Crypto Service Release User",
        "Release keys.",
        data_actions=(f"{_VAULT_DATA}/keys/release/action",),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Read metadata of key vaults and its certificates, keys and secrets.",
        _READS_VAULTS,
        data_actions=(f"{_VAULT_DATA}/*/read", f"{_VAULT_DATA}/secrets/readMetadata/action"),
    ),
)

_CONTROL_ROLES = (
    Role(OWNER, "Owner", "Grants full access to manage all resources, including to assign roles.", ("*",)),
    Role(
        CONTRIBUTOR,
        "Contributor",
        "Grants full access to manage all resources, but does not allow you to assign roles.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role(READER, "Reader", "View all resources, but does not allow you to make any changes.", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Lets you manage user access to Azure resources.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Manage access to Azure resources by assigning roles using Azure RBAC.",
        ("*/read", *_ASSIGNS, "Microsoft.Support/*"),
    ),
    Role(
        KEY_VAULT_CONTRIBUTOR,
        "Key Vault Contributor",
        "Manage key vaults, but not assign roles in Azure RBAC, nor access secrets, keys or certificates.",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.KeyVault/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ),
        ("Microsoft.KeyVault/locations/deletedVaults/purge/action",),
    ),
    Role(
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",
        "Key Vault Purge Operator",
        "Allows permanent deletion of soft-deleted vaults.",
        (
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/deletedVaults/read",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
        ),
    ),
    Role(
        KEY_VAULT_DATA_ACCESS_ADMINISTRATOR,
        "Key Vault Data Access Administrator",
        "Manage access to Key Vault by adding or removing role assignments for the Key Vault data roles.",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            *_ASSIGNS,
        ),
        assigns_only=frozenset(role.id for role in _DATA_ROLES),
    ),
)

ROLES: dict[str, Role] = {role.id: role for role in (*_CONTROL_ROLES, *_DATA_ROLES)}
