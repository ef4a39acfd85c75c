"""The resource group the vault lives in. Made when missing; what others put into it is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.arm_facts import ResourceGroupFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.marks import TAG
from provisioner.resources.rights import READ_GROUP, WRITE_SUBSCRIPTION
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class GroupWanted:
    """location: where the group's own metadata lives; an existing group may be anywhere."""

    name: str
    location: str
    mark: str
    vault: Address


@dataclass(frozen=True)
class GroupFact:
    """group None: the vault in it proves it is there, and nobody looked further."""

    group: ResourceGroupFacts | None


class ResourceGroup:
    """Present is enough: location and tags of an existing group are not ours to change."""

    name = "resource_group"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, GroupWanted]:
        """None where the vault is another's. One that was adopted may have gone with its group, and comes back."""
        if spec.vault.mode == "use":
            return {}
        group = GroupWanted(spec.vault.resource_group, spec.vault.location, spec.name, Address(spec.name, "vault"))
        return {Address(spec.name, self.name): group}

    def rests_on(self, address: Address, wanted: GroupWanted | None) -> tuple[Address, ...]:
        return ()

    async def observe(
        self, wanted: Mapping[Address, GroupWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[GroupFact]]:
        seen: dict[Address, Observation[GroupFact]] = {}
        for address, group in wanted.items():
            if (unknown := blocked(known, group.vault)) is not None:
                seen[address] = unknown
            elif known.fact(group.vault) is not None:
                seen[address] = Present(GroupFact(None))
            else:
                seen[address] = await self._look(group, read)
        return seen

    async def _look(self, group: GroupWanted, read: Reader | Writer) -> Observation[GroupFact]:
        found = await read.clients.arm.find_group(group.name)
        return Absent() if found is None else Present(GroupFact(found))

    def steps(
        self, address: Address, wanted: GroupWanted | None, seen: Observation[GroupFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None or isinstance(seen, Present):
            return ()
        return (
            Step(
                address,
                Action.CREATE,
                "create",
                (
                    Change("vault.resourceGroup", None, wanted.name),
                    Change("vault.location", None, wanted.location),
                ),
                target=str(address),
            ),
        )

    async def perform(
        self, step: Step, wanted: GroupWanted | None, known: Known, write: Writer
    ) -> Observation[GroupFact]:
        assert wanted is not None, "only destroy removes a group"  # steps() never plans it
        there = await self._look(wanted, write)
        if isinstance(there, Present):
            return there
        made = await write.clients.arm.create_group(wanted.name, wanted.location, {TAG: wanted.mark})
        return Present(GroupFact(made))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GROUP,) if operation == "observe" else (WRITE_SUBSCRIPTION,)

    def person(self, step: Step, wanted: GroupWanted | None, known: Known, clients: TenantClients) -> str | None:
        if wanted is None:
            return None
        return (
            f"az group create --name {wanted.name} --location {wanted.location} --subscription {clients.subscription}"
        )

    def to_spec(self, seen: Mapping[Address, GroupFact]) -> SpecFragment:
        return SpecFragment({})  # the vault's id says in which group it is
