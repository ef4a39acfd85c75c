"""The Key Vault: created with roles for its permission model, recovered when it was soft-deleted, never replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from provisioner.clients.arm_facts import DeletedVaultFacts, VaultFacts, normal_ip, normal_location
from provisioner.clients.tenant import TenantClients
from provisioner.core import compare
from provisioner.core.address import Address
from provisioner.core.errors import ConflictError, ForeignResourceError, ImmutableFieldError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, left_to_do
from provisioner.resources.lag import retry_while, settling
from provisioner.resources.marks import DIGEST_TAG, TAG
from provisioner.resources.rights import READ_GROUP, WRITE_VAULT
from provisioner.spec.model import Network, Spec

if TYPE_CHECKING:
    from azure.mgmt.keyvault.models import NetworkRuleSet, VaultCreateOrUpdateParameters, VaultPatchParameters

_DEADLINE_S = 300.0
_IRREVERSIBLE = "vault.purgeProtection"


@dataclass(frozen=True)
class VaultWanted:
    """location is normalised. mark: the spec's name, our tag's value. None in a field: not owned.

    tenant: its id; None when the spec names a domain, which is the runner's own tenant then.
    """

    name: str
    group: str
    location: str
    tenant: str | None
    mark: str
    sku: str | None
    purge_protection: bool | None
    retention_days: int | None
    network: Network | None
    tags: Mapping[str, str] | None
    exact_ips: bool
    exact_tags: bool

    @property
    def allowed_ips(self) -> tuple[str, ...] | None:
        if self.network is None or self.network.allowed_ips is None:
            return None
        return tuple(normal_ip(ip) for ip in self.network.allowed_ips)


class Vault:
    """Absent.remains is the soft-deleted vault (DeletedVaultFacts) that still holds the name."""

    name = "vault"
    after: tuple[str, ...] = ()

    def wanted(self, spec: Spec) -> Mapping[Address, VaultWanted]:
        vault = spec.vault
        return {
            Address(spec.name, self.name): VaultWanted(
                name=vault.name,
                group=vault.resource_group,
                location=normal_location(vault.location),
                tenant=None if "." in spec.tenant else spec.tenant.lower(),
                mark=spec.name,
                sku=vault.sku,
                purge_protection=vault.purge_protection,
                retention_days=vault.soft_delete_retention_days,
                network=vault.network,
                tags=vault.tags,
                exact_ips=spec.owns_exactly("allowedIps"),
                exact_tags=spec.owns_exactly("tags"),
            )
        }

    async def observe(
        self, wanted: Mapping[Address, VaultWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[VaultFacts]]:
        return {address: await self._look(vault, read) for address, vault in wanted.items()}

    async def _look(self, vault: VaultWanted, read: Reader | Writer) -> Observation[VaultFacts]:
        found = await read.clients.arm.find_vault(vault.group, vault.name)
        if found is not None:
            return Present(found)
        return Absent(await read.clients.arm.find_deleted_vault(vault.name, vault.location))

    def steps(
        self, address: Address, wanted: VaultWanted | None, seen: Observation[VaultFacts], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        if isinstance(seen, Present):
            return self._update(address, wanted, seen.fact)
        remains = seen.remains if isinstance(seen, Absent) else None
        needs = (
            Address(address.name, "resource_provider", "Microsoft.KeyVault"),
            Address(address.name, "resource_group"),
        )
        if isinstance(remains, DeletedVaultFacts):
            return (self._recover(address, wanted, remains, needs),)
        return (
            Step(
                address,
                Action.CREATE,
                "create",
                _fields(wanted),
                needs=needs,
                target=str(address),
                irreversible=bool(wanted.purge_protection),
            ),
        )

    def _recover(
        self, address: Address, wanted: VaultWanted, remains: DeletedVaultFacts, needs: tuple[Address, ...]
    ) -> Step:
        if remains.tags.get(TAG) != wanted.mark:
            raise ForeignResourceError(
                f"the name {wanted.name} is held by a soft-deleted vault that is not ours ({remains.vault_id})",
                where=str(address),
                next_step="choose another vault.name, or have its owner recover or purge that vault",
            )
        return Step(
            address,
            Action.CREATE,
            "recover",
            (Change("vault.name", None, wanted.name),),
            needs=needs,
            target=str(address),
            reason="it was deleted: it comes back with its secrets, and roles are assigned again",
            seen=remains.vault_id,
        )

    def _update(self, address: Address, wanted: VaultWanted, seen: VaultFacts) -> Sequence[Step]:
        _refuse_what_cannot_change(address, wanted, seen)
        network = wanted.network or Network()
        ips, kept_ips = compare.entries(
            "vault.network.allowedIps", wanted.allowed_ips, seen.allowed_ips, exact=wanted.exact_ips
        )
        own_tags = {key: value for key, value in seen.tags.items() if key not in (TAG, DIGEST_TAG)}
        tags = _tag_changes(wanted, own_tags)
        changes = (
            *compare.scalar("vault.sku", wanted.sku, seen.sku),
            *compare.scalar(_IRREVERSIBLE, wanted.purge_protection, seen.purge_protection),
            *compare.scalar(
                "vault.network.publicNetworkAccess", network.public_network_access, seen.public_network_access
            ),
            *compare.scalar("vault.network.defaultAction", network.default_action, seen.default_action),
            *ips,
            *tags,
        )
        permission_model = () if seen.rbac else (self._switched_permission_model(address, wanted),)
        if not changes:
            return permission_model
        return (
            *permission_model,
            Step(
                address,
                Action.UPDATE,
                "update",
                changes,
                kept=kept_ips,
                target=str(address),
                irreversible=any(change.path == _IRREVERSIBLE for change in changes),
                removal=any(change.removes_entry for change in changes),
                seen=seen.id,
            ),
        )

    def _switched_permission_model(self, address: Address, wanted: VaultWanted) -> Step:
        """Never switched by us: that would cut off whoever reads the vault through its access policies."""
        return Step(
            address,
            Action.PERSON,
            "switch permission model",
            (Change("vault.enableRbacAuthorization", False, True),),
            target=str(address),
            reason="somebody switched this vault to access policies; roles give no access to it",
            todo=f"az keyvault update --name {wanted.name} --enable-rbac-authorization true",
        )

    async def perform(
        self, step: Step, wanted: VaultWanted | None, known: Known, write: Writer
    ) -> Observation[VaultFacts]:
        assert wanted is not None, "only destroy removes a vault"  # steps() never plans it
        there = await self._look(wanted, write)
        if isinstance(there, Present):
            left = left_to_do(step, self.steps(step.address, wanted, there, write.clock.now()))
            return await self._patch(wanted, there.fact, write) if left else there
        if step.operation == "update":
            raise StaleError(
                f"vault {wanted.name} is gone since the plan",
                where=str(step.address),
                next_step="run the same command again",
            )
        remains = there.remains if isinstance(there, Absent) else None
        made = await self._put(wanted, remains, write)
        if any(left.action.writes for left in self._update(step.address, wanted, made)):
            return await self._patch(wanted, made, write)  # a recovered one has its old settings
        return Present(made)

    async def _put(self, wanted: VaultWanted, remains: object, write: Writer) -> VaultFacts:
        from azure.mgmt.keyvault.models import Sku, VaultCreateOrUpdateParameters, VaultProperties

        if remains is None:
            body = _creation(wanted, write.runner.tenant_id)
        else:
            properties = VaultProperties(
                tenant_id=wanted.tenant or write.runner.tenant_id,
                sku=Sku(family="A", name=wanted.sku or "standard"),
                create_mode="recover",
            )
            body = VaultCreateOrUpdateParameters(location=wanted.location, properties=properties)
        try:
            return await retry_while(
                write,
                settling,
                lambda: write.clients.arm.put_vault(wanted.group, wanted.name, body),
                f"vault {wanted.name}",
                _DEADLINE_S,
            )
        except ConflictError as error:
            if error.code != "VaultAlreadyExists":
                raise
            raise ConflictError(
                error.service, error.operation, error.status, error.code, error.message,
                correlation_id=error.correlation_id,
                next_step="vault names are unique in all of Azure: choose another vault.name",
            ) from error  # fmt: skip

    async def _patch(self, wanted: VaultWanted, seen: VaultFacts, write: Writer) -> Observation[VaultFacts]:
        done = await retry_while(
            write,
            settling,
            lambda: write.clients.arm.patch_vault(wanted.group, wanted.name, _patch(wanted, seen)),
            f"vault {wanted.name}",
            _DEADLINE_S,
        )
        return Present(done)

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GROUP,) if operation == "observe" else (WRITE_VAULT,)

    def person(self, step: Step, wanted: VaultWanted | None, known: Known, clients: TenantClients) -> str | None:
        return step.todo or None

    def to_spec(self, seen: Mapping[Address, VaultFacts]) -> SpecFragment:
        for fact in seen.values():
            network = {
                "publicNetworkAccess": fact.public_network_access,
                "defaultAction": fact.default_action,
                "allowedIps": list(fact.allowed_ips),
            }
            return {"vault": {"name": fact.name, "location": fact.location, "sku": fact.sku, "network": network}}
        return {}


def _refuse_what_cannot_change(address: Address, wanted: VaultWanted, seen: VaultFacts) -> None:
    where = f"{address} ({seen.id})"
    if seen.tags.get(TAG) != wanted.mark:
        raise ForeignResourceError(
            f"vault {wanted.name} exists and is not ours (no tag {TAG}={wanted.mark})",
            where=where,
            next_step="choose another vault.name; taking over an existing vault (mode: adopt, use) is not built yet",
        )
    fixed = (
        ("location", wanted.location, seen.location),
        ("tenant", wanted.tenant, seen.tenant),
        ("softDeleteRetentionDays", wanted.retention_days, seen.soft_delete_retention_days),
    )
    for path, want, have in fixed:
        if want is not None and want != have:
            raise ImmutableFieldError(
                f"vault.{path} is {have} and can never be changed; the spec says {want}",
                where=where,
                next_step=f"write {have} in the spec, or name another vault",
            )
    if wanted.purge_protection is False and seen.purge_protection:
        raise ImmutableFieldError(
            "vault.purgeProtection is on and can never be turned off; the spec says false",
            where=where,
            next_step="write purgeProtection: true, or leave the key out",
        )


def _fields(wanted: VaultWanted) -> tuple[Change, ...]:
    network = wanted.network or Network()
    values = (
        ("vault.name", wanted.name),
        ("vault.location", wanted.location),
        ("vault.sku", wanted.sku),
        (_IRREVERSIBLE, wanted.purge_protection),
        ("vault.softDeleteRetentionDays", wanted.retention_days),
        ("vault.network.publicNetworkAccess", network.public_network_access),
        ("vault.network.defaultAction", network.default_action),
    )
    return (
        *(Change(path, None, value) for path, value in values if value is not None),
        *(Change("vault.network.allowedIps", None, ip) for ip in wanted.allowed_ips or ()),
        *(Change(f"vault.tags.{key}", None, value) for key, value in (wanted.tags or {}).items()),
    )


def _tag_changes(wanted: VaultWanted, seen: Mapping[str, str]) -> tuple[Change, ...]:
    if wanted.tags is None:
        return ()
    changed = tuple(
        Change(f"vault.tags.{key}", seen.get(key), value)
        for key, value in wanted.tags.items()
        if seen.get(key) != value
    )
    extra = (key for key in sorted(seen) if key not in wanted.tags) if wanted.exact_tags else ()
    return changed + tuple(Change(f"vault.tags.{key}", seen[key], None) for key in extra)


def _tags_after(wanted: VaultWanted, seen: Mapping[str, str]) -> dict[str, str]:
    ours = {key: value for key, value in seen.items() if key in (TAG, DIGEST_TAG)}
    others = {} if wanted.exact_tags else dict(seen)
    return {**others, **ours, **(wanted.tags or {}), TAG: wanted.mark}


def _creation(wanted: VaultWanted, runner_tenant: str) -> VaultCreateOrUpdateParameters:
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


def _patch(wanted: VaultWanted, seen: VaultFacts) -> VaultPatchParameters:
    from azure.mgmt.keyvault.models import Sku, VaultPatchParameters, VaultPatchProperties

    network = wanted.network or Network()
    turn_on = wanted.purge_protection and not seen.purge_protection
    return VaultPatchParameters(
        tags=_tags_after(wanted, seen.tags),
        properties=VaultPatchProperties(
            sku=Sku(family="A", name=wanted.sku) if wanted.sku and wanted.sku != seen.sku else None,
            enable_purge_protection=True if turn_on else None,
            public_network_access=network.public_network_access,
            network_acls=_rules(wanted, seen),
        ),
    )


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
