"""The vault we made goes with all it holds, and can be recovered; one that was adopted is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisioner.clients.arm_facts import DeletedVaultFacts, VaultFacts, normal_location
from provisioner.clients.arm_governance import Lock
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiError, ForbiddenError, NotFoundError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, Writer, could_not_look
from provisioner.resources.lag import retry_while, settling
from provisioner.resources.marks import ADOPTED_TAG, NOTES, TAG
from provisioner.resources.removal.application import PURGE, RELEASE
from provisioner.resources.removal.fate import AGAIN, Fate, VaultStanding, fate_of
from provisioner.resources.rights import LIST_SECRETS, PURGE_VAULT, READ_GROUP, READ_SUBSCRIPTION, WRITE_VAULT
from provisioner.spec.model import Mode, Spec

_DEADLINE_S = 300.0
_MARKS = (TAG, ADOPTED_TAG)
_OUR_TAGS = (*_MARKS, *NOTES)


@dataclass(frozen=True)
class VaultGoing:
    """mark: the spec's name, our tag's value. location is normalised."""

    name: str
    group: str
    location: str
    mode: Mode
    mark: str


@dataclass(frozen=True)
class VaultRemoval:
    """Absent.remains is the soft-deleted vault, if it is ours. purge: also delete it for good."""

    purge: bool = False
    name = "vault"
    after: tuple[str, ...] = ()

    def wanted(self, spec: Spec) -> Mapping[Address, VaultGoing]:
        vault = spec.vault
        going = VaultGoing(vault.name, vault.resource_group, normal_location(vault.location), vault.mode, spec.name)
        return {Address(spec.name, self.name): going}

    async def observe(
        self, wanted: Mapping[Address, VaultGoing], known: Known, read: Reader
    ) -> Mapping[Address, Observation[VaultStanding]]:
        return {address: await self._look(going, read) for address, going in wanted.items()}

    async def _look(self, going: VaultGoing, read: Reader) -> Observation[VaultStanding]:
        try:
            found = await read.clients.arm.find_vault(going.group, going.name)
        except ForbiddenError as error:
            return could_not_look(error, READ_GROUP.told())
        if found is not None:
            fate = fate_of(going.mode, ours=found.tags.get(TAG) == going.mark, adopted=ADOPTED_TAG in found.tags)
            standing = VaultStanding(found, fate, locks=await _locks(found, read))
            return await self._with_what_it_holds(standing, read) if fate is Fate.GOES else Present(standing)
        try:
            return Absent(await _remains(going, read))
        except ApiError as error:  # what lies there soft-deleted is only the purge's
            return could_not_look(error, READ_SUBSCRIPTION.told()) if self.purge else Absent()

    async def _with_what_it_holds(self, standing: VaultStanding, read: Reader) -> Observation[VaultStanding]:
        """For whoever decides: others may keep something in our vault. Nothing is removed one by one, so a runner
        without a right to look there may delete it; but nobody deletes for good what nobody looked at.
        """
        clients, name = read.clients, standing.vault.name
        try:
            secrets: tuple[SecretFacts, ...] | None = await clients.vault(name).list_secrets()
        except ForbiddenError as error:
            if self.purge:
                return could_not_look(error, LIST_SECRETS.told())
            secrets = None
        try:
            keys: tuple[str, ...] | None = await clients.keys(name).list_names()
        except ForbiddenError:
            keys = None
        return Present(replace(standing, secrets=secrets, keys=keys))

    def steps(
        self, address: Address, wanted: VaultGoing | None, seen: Observation[VaultStanding], now: datetime
    ) -> Sequence[Step]:
        assert wanted is not None, "one a spec"
        if isinstance(seen, Present):
            vault, fate = seen.fact.vault, seen.fact.fate
            if fate is Fate.RELEASED:
                return (_release(address, vault),)
            if fate is Fate.GOES:
                until = now + seen.fact.retention
                if not self.purge:
                    return (_delete(address, vault, until),)
                return (
                    _delete(address, vault, until if vault.purge_protection else None),
                    _purge(address, vault, until),
                )
            return () if wanted.mode != "create" else (_not_ours(address, vault),)
        remains = seen.remains if isinstance(seen, Absent) else None
        return (_purge(address, remains, remains.scheduled_purge),) if self.purge and remains is not None else ()

    async def perform(
        self, step: Step, wanted: VaultGoing | None, known: Known, write: Writer
    ) -> Observation[VaultStanding]:
        assert wanted is not None, "one a spec"
        if step.operation == PURGE:
            return await self._purged(step, wanted, write)
        arm = write.clients.arm
        found = await arm.find_vault(wanted.group, wanted.name)
        if found is None:
            return Absent()
        ours, adopted = found.tags.get(TAG) == wanted.mark, ADOPTED_TAG in found.tags
        if step.operation == RELEASE:
            return Present(VaultStanding(await _released(wanted, write), Fate.STAYS))
        if not ours or adopted:
            raise _no_longer_ours(step)
        try:
            await retry_while(
                write,
                settling,
                lambda: arm.delete_vault(wanted.group, wanted.name),
                f"vault {wanted.name}",
                _DEADLINE_S,
            )
        except NotFoundError:
            return Absent()
        try:
            return Absent(await _remains(wanted, write))
        except ApiError:  # it is deleted: until when it can be recovered is all that is not known
            return Absent()

    async def _purged(self, step: Step, wanted: VaultGoing, write: Writer) -> Observation[VaultStanding]:
        arm = write.clients.arm
        deleted = await arm.find_deleted_vault(wanted.name, wanted.location)
        if deleted is None:
            if await arm.find_vault(wanted.group, wanted.name) is not None:
                raise StaleError("somebody recovered the vault", where=str(step.address), next_step=AGAIN)
            return Absent()
        if not _made_by_us(wanted, deleted) or deleted.vault_id.lower() != step.seen.lower():
            raise _no_longer_ours(step)
        await retry_while(
            write,
            settling,
            lambda: arm.purge_vault(wanted.name, wanted.location),
            f"vault {wanted.name} to be purged",
            _DEADLINE_S,
        )
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        if operation == "observe":
            return (READ_GROUP, READ_SUBSCRIPTION)
        return (PURGE_VAULT,) if operation == PURGE else (WRITE_VAULT,)

    def person(self, step: Step, wanted: VaultGoing | None, known: Known, clients: TenantClients) -> str | None:
        if wanted is None or step.operation == RELEASE:
            return None
        if step.operation == PURGE:
            return f"az keyvault purge --name {wanted.name} --location {wanted.location}"
        return f"az keyvault delete --name {wanted.name} --resource-group {wanted.group}"


async def _locks(vault: VaultFacts, read: Reader) -> tuple[Lock, ...] | None:
    """Those that hold for the vault; None where the runner may not list them. Raises ApiError."""
    try:
        return await read.clients.arm.governance.list_locks(vault.id)
    except ForbiddenError:
        return None


async def _remains(going: VaultGoing, by: Reader | Writer) -> DeletedVaultFacts | None:
    """The soft-deleted vault, if it is ours. Raises ApiError."""
    found = await by.clients.arm.find_deleted_vault(going.name, going.location)
    return found if found is not None and _made_by_us(going, found) else None


def _made_by_us(going: VaultGoing, deleted: DeletedVaultFacts) -> bool:
    return deleted.tags.get(TAG) == going.mark and ADOPTED_TAG not in deleted.tags


def _no_longer_ours(step: Step) -> StaleError:
    return StaleError("the vault lost our mark since the plan", where=str(step.address), next_step=AGAIN)


def _delete(address: Address, vault: VaultFacts, until: datetime | None) -> Step:
    """until: when it can no longer be recovered; None where it is purged at once."""
    recoverable = f"; can be recovered until {until:%Y-%m-%d}" if until is not None else ""
    return Step(
        address,
        Action.DELETE,
        "delete",
        (Change("vault.name", vault.name, None),),
        target=str(address),
        removal=True,
        reason=f"with all it holds{recoverable}",
        seen=vault.id,
    )


def _purge(address: Address, vault: VaultFacts | DeletedVaultFacts, until: datetime | None) -> Step:
    """Purge protection cannot be lifted: it is held for the retention time (sam-facts 6.1)."""
    if vault.purge_protection:
        held = f" until {until:%Y-%m-%d}" if until is not None else ""
        return Step(address, Action.NONE, reason=f"it cannot be purged: purge protection holds it{held}")
    return Step(
        address,
        Action.DELETE,
        PURGE,
        (Change("vault.name", vault.name, None),),
        target=str(address),
        removal=True,
        irreversible=True,
        reason="for good, with all it holds",
        seen=vault.id if isinstance(vault, VaultFacts) else vault.vault_id,
    )


def _release(address: Address, vault: VaultFacts) -> Step:
    notes = sum(tag in vault.tags for tag in NOTES)
    beside = f"with {notes} note{'s' * (notes > 1)} of ours; " if notes else ""
    return Step(
        address,
        Action.UPDATE,
        RELEASE,
        tuple(Change(f"vault.tags.{tag}", vault.tags[tag], None) for tag in _MARKS if tag in vault.tags),
        target=str(address),
        removal=True,
        reason=f"{beside}it was there before us, and stays as it is",
        seen=vault.id,
    )


def _not_ours(address: Address, vault: VaultFacts) -> Step:
    return Step(address, Action.NONE, reason=f"vault {vault.name} has not our mark: it stays")


async def _released(going: VaultGoing, write: Writer) -> VaultFacts:
    """Without our tags. ARM replaces them whole, so they are read right before."""
    from azure.mgmt.keyvault.models import VaultPatchParameters

    arm = write.clients.arm

    async def released() -> VaultFacts:
        found = await arm.find_vault(going.group, going.name)
        if found is None:
            raise StaleError(f"vault {going.name} is gone since the plan", where=going.name, next_step=AGAIN)
        if found.tags.get(TAG, going.mark) != going.mark or not any(tag in found.tags for tag in _OUR_TAGS):
            return found
        kept = {name: tag for name, tag in found.tags.items() if name not in _OUR_TAGS}
        return await arm.patch_vault(going.group, going.name, VaultPatchParameters(tags=kept))

    return await retry_while(write, settling, released, f"vault {going.name}", _DEADLINE_S)
