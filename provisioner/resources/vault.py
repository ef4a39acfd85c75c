"""The Key Vault: created with roles for its permission model, recovered when it was soft-deleted, never replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from provisioner.clients.arm_facts import DeletedVaultFacts, VaultFacts, normal_location
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ConflictError, ForbiddenError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Step
from provisioner.resources import vault_writes
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, could_not_look, left_to_do
from provisioner.resources.elsewhere import VAULT, by_its_manager
from provisioner.resources.lag import retry_while, settling
from provisioner.resources.marks import TAG
from provisioner.resources.rights import READ_GROUP, READ_SUBSCRIPTION, WRITE_VAULT
from provisioner.resources.vault_modes import refuse_absent, refuse_foreign
from provisioner.resources.vault_spec import vault_fragment
from provisioner.resources.vault_steps import VaultWanted, creation_step, recovery_step, update_steps
from provisioner.spec.draft import merged
from provisioner.spec.model import Network, Spec

_DEADLINE_S = 300.0


_FOR_ITS_MANAGER = "have whoever manages the vault change it, or correct the spec"


class Vault:
    """Absent.remains is the soft-deleted vault (DeletedVaultFacts) that still holds the name."""

    name = "vault"
    after: tuple[str, ...] = ()

    def wanted(self, spec: Spec) -> Mapping[Address, VaultWanted]:
        vault = spec.vault
        return {
            Address(spec.name, self.name): VaultWanted(
                name=vault.name,
                mode=vault.mode,
                group=vault.resource_group,
                location=normal_location(vault.location),
                tenant=None if "." in spec.tenant else spec.tenant.lower(),
                mark=spec.name,
                sku=vault.sku,
                purge_protection=vault.purge_protection,
                retention_days=vault.soft_delete_retention_days,
                network=vault.network,
                tags=vault.tags,
                exact_ips=spec.owns_exactly("allowedIps") and (vault.network or Network()).allowed_ips is not None,
                exact_tags=spec.owns_exactly("tags") and vault.tags is not None,
            )
        }

    def rests_on(self, address: Address, wanted: VaultWanted | None) -> tuple[Address, ...]:
        return (
            Address(address.name, "resource_provider", "Microsoft.KeyVault"),
            Address(address.name, "resource_group"),
        )

    async def observe(
        self, wanted: Mapping[Address, VaultWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[VaultFacts]]:
        seen: dict[Address, Observation[VaultFacts]] = {}
        for address, vault in wanted.items():
            try:
                seen[address] = await self._look(vault, read)
            except ForbiddenError as error:
                in_group = error.operation.startswith("get vault")
                right = READ_GROUP if in_group else READ_SUBSCRIPTION  # deletedVaults is read in the subscription
                seen[address] = could_not_look(error, right.told())
        return seen

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
            refuse_foreign(address, wanted, seen.fact)
            steps = update_steps(address, wanted, seen.fact)
            return [by_its_manager(step, VAULT, _FOR_ITS_MANAGER) for step in steps] if wanted.mode == "use" else steps
        remains = seen.remains if isinstance(seen, Absent) else None
        refuse_absent(address, wanted, remains)
        needs = self.rests_on(address, wanted)
        if isinstance(remains, DeletedVaultFacts):
            return (recovery_step(address, wanted, remains, needs),)
        return (creation_step(address, wanted, needs),)

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
        return Present(await self._put(wanted, remains, write))

    async def _put(self, wanted: VaultWanted, remains: object, write: Writer) -> VaultFacts:
        body = vault_writes.creation if remains is None else vault_writes.recovery
        try:
            return await retry_while(
                write,
                settling,
                lambda: write.clients.arm.put_vault(wanted.group, wanted.name, body(wanted, write.runner.tenant_id)),
                f"vault {wanted.name}",
                _DEADLINE_S,
            )
        except ConflictError as error:
            if error.code != "VaultAlreadyExists":
                raise
            raise ConflictError(
                error.service, error.operation, error.status, error.code, error.message,
                correlation_id=error.correlation_id, next_step=await self._who_has_the_name(wanted, write),
            ) from None  # fmt: skip

    async def _who_has_the_name(self, wanted: VaultWanted, write: Writer) -> str:
        """What to do about a name that is taken: ours may lie soft-deleted in another location."""
        held = await write.clients.arm.find_deleted_vault_anywhere(wanted.name)
        if held is not None and held.tags.get(TAG) == wanted.mark:
            return f"it is ours, soft-deleted in {held.location}: write vault.location: {held.location} to recover it"
        return "vault names are unique in all of Azure: choose another vault.name"

    async def _patch(self, wanted: VaultWanted, seen: VaultFacts, write: Writer) -> Observation[VaultFacts]:
        done = await retry_while(
            write,
            settling,
            lambda: write.clients.arm.patch_vault(wanted.group, wanted.name, vault_writes.patch(wanted, seen)),
            f"vault {wanted.name}",
            _DEADLINE_S,
        )
        return Present(done)

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GROUP,) if operation == "observe" else (WRITE_VAULT,)

    def person(self, step: Step, wanted: VaultWanted | None, known: Known, clients: TenantClients) -> str | None:
        return step.todo or None

    def to_spec(self, seen: Mapping[Address, VaultFacts]) -> SpecFragment:
        return merged(map(vault_fragment, seen.values()))
