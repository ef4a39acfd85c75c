"""ARM bodies for a vault: what is owned, and what others put into the lists that a write replaces whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from provisioner.clients.arm_facts import VaultFacts
from provisioner.resources.marks import TAG, is_our_tag
from provisioner.resources.vault_steps import VaultWanted, missing_marks
from provisioner.spec.model import Network

if TYPE_CHECKING:
    from azure.mgmt.keyvault.models import NetworkRuleSet, VaultCreateOrUpdateParameters, VaultPatchParameters


def _tags_after(wanted: VaultWanted, seen: Mapping[str, str], marks: Sequence[str] = (TAG,)) -> dict[str, str]:
    """marks: those of our tags that are to be set."""
    ours = {key: value for key, value in seen.items() if is_our_tag(key)}
    named = {key.casefold() for key in wanted.tags or ()}
    others = {} if wanted.exact_tags else {key: tag for key, tag in seen.items() if key.casefold() not in named}
    return {**others, **ours, **(wanted.tags or {}), **dict.fromkeys(marks, wanted.mark)}


def creation(wanted: VaultWanted, runner_tenant: str) -> VaultCreateOrUpdateParameters:
    """The whole vault, our mark in it; roles are its permission model, said explicitly (sam-facts 6.1)."""
    from azure.mgmt.keyvault.models import Sku, VaultCreateOrUpdateParameters, VaultProperties

    network = wanted.network or Network()
    properties = VaultProperties(
        tenant_id=wanted.tenant or runner_tenant,
        sku=Sku(family="A", name=wanted.sku or "standard"),
        enable_rbac_authorization=True,
        access_policies=[],
        enable_purge_protection=True if wanted.purge_protection else None,  # false is not accepted (sam-facts 6.1)
        soft_delete_retention_in_days=wanted.retention_days,
        public_network_access=network.public_network_access,
        network_acls=_rules(wanted, None),
    )
    return VaultCreateOrUpdateParameters(location=wanted.location, tags=_tags_after(wanted, {}), properties=properties)


def recovery(wanted: VaultWanted, runner_tenant: str) -> VaultCreateOrUpdateParameters:
    """Brings a soft-deleted vault back with its old settings (sam-facts 6.1)."""
    from azure.mgmt.keyvault.models import Sku, VaultCreateOrUpdateParameters, VaultProperties

    properties = VaultProperties(
        tenant_id=wanted.tenant or runner_tenant,
        sku=Sku(family="A", name=wanted.sku or "standard"),
        create_mode="recover",
    )
    return VaultCreateOrUpdateParameters(location=wanted.location, properties=properties)


def patch(wanted: VaultWanted, seen: VaultFacts) -> VaultPatchParameters:
    """What differs in what the spec owns of an existing one."""
    from azure.mgmt.keyvault.models import Sku, VaultPatchParameters, VaultPatchProperties

    network = wanted.network or Network()
    turn_on = wanted.purge_protection and not seen.purge_protection
    opens_or_closes = network.public_network_access != seen.public_network_access
    tags = _tags_after(wanted, seen.tags, missing_marks(wanted, seen))
    return VaultPatchParameters(
        tags=tags if tags != seen.tags else None,
        properties=VaultPatchProperties(
            sku=Sku(family="A", name=wanted.sku) if wanted.sku and wanted.sku != seen.sku else None,
            enable_purge_protection=True if turn_on else None,
            public_network_access=network.public_network_access if opens_or_closes else None,
            network_acls=_rules(wanted, seen) if _rules_differ(wanted, seen) else None,
        ),
    )


def _rules_differ(wanted: VaultWanted, seen: VaultFacts) -> bool:
    network, ips = wanted.network or Network(), wanted.allowed_ips
    other_action = network.default_action not in (None, seen.default_action)
    added = set(ips or ()) - set(seen.allowed_ips)
    return other_action or bool(added) or (wanted.exact_ips and set(seen.allowed_ips) != set(ips or ()))


def _rules(wanted: VaultWanted, seen: VaultFacts | None) -> NetworkRuleSet | None:
    """The firewall as a whole, because a write replaces it: others' addresses and subnets stay in it."""
    from azure.mgmt.keyvault.models import IPRule, NetworkRuleSet, VirtualNetworkRule

    network = wanted.network
    if network is None or (network.default_action is None and network.allowed_ips is None):
        return None
    others = () if seen is None or wanted.exact_ips else seen.allowed_ips
    ips = dict.fromkeys((*(wanted.allowed_ips or ()), *others))
    return NetworkRuleSet(
        bypass=seen.bypass if seen else "AzureServices",
        default_action=network.default_action or (seen.default_action if seen else "Allow"),
        ip_rules=[IPRule(value=ip) for ip in ips],
        virtual_network_rules=[VirtualNetworkRule(id=rule) for rule in (seen.virtual_network_rules if seen else ())],
    )
