"""What a spec says of a vault that was seen, and what no spec can say of it. Pure."""

from __future__ import annotations

from typing import Any

from provisioner.clients.arm_facts import VaultFacts
from provisioner.resources.contract import SpecFragment
from provisioner.resources.marks import is_our_tag
from provisioner.spec.draft import Draft

_AT = ("vault",)
_GROUP = 4  # /subscriptions/ID/resourceGroups/NAME/…


def vault_fragment(vault: VaultFacts) -> SpecFragment:
    """Everything it owns; the marks are ours to set, and no tags of its manager's."""
    told: dict[str, Any] = {
        "name": vault.name,
        "resourceGroup": vault.id.split("/")[_GROUP],
        "location": vault.location,
        "sku": vault.sku.lower(),
    }
    if vault.purge_protection:
        told["purgeProtection"] = True
    if vault.soft_delete_retention_days is not None:
        told["softDeleteRetentionDays"] = vault.soft_delete_retention_days
    told["network"] = {
        "publicNetworkAccess": vault.public_network_access,
        "defaultAction": vault.default_action,
        "allowedIps": [address.removesuffix("/32") for address in vault.allowed_ips],
    }
    tags = {name: value for name, value in vault.tags.items() if not is_our_tag(name)}
    if tags:
        told["tags"] = tags
    omitted = tuple(_beyond(vault))
    return Draft({"vault": told}, omitted={_AT: omitted} if omitted else {})


def _beyond(vault: VaultFacts) -> list[str]:
    """What a spec has no keys for."""
    told = [f"a network rule lets the subnet {rule} in; it stays" for rule in vault.virtual_network_rules]
    if vault.bypass and vault.bypass != "AzureServices":
        told.append(f"network.bypass is {vault.bypass}; it stays")
    if not vault.rbac:
        told.append("it has access policies, not roles, and they stay: `plan` prints the command where one is missing")
    return told
