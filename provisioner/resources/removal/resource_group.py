"""The resource group goes only if it carries our mark and holds nothing: others' things are never deleted with it.

Nor are the role assignments that others gave at it: nobody brings them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.arm_facts import ResourceGroupFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiError, ConflictError, ForbiddenError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, Writer, blocked
from provisioner.resources.lag import retry_while
from provisioner.resources.marks import TAG
from provisioner.resources.removal.fate import AGAIN, Fate
from provisioner.resources.rights import DELETE_GROUP, READ_GROUP
from provisioner.spec.model import Spec

_DEADLINE_S = 900.0
_SHOWN = 3
_ANY_READ = ("*", "*/read")


@dataclass(frozen=True)
class GroupGoing:
    """vault: the address of ours, which may be in it under this name."""

    name: str
    mark: str
    vault: Address
    vault_name: str


@dataclass(frozen=True)
class _Others:
    """resources: their ids. assignments: how many roles are given at the group, or further in but not on our vault.
    locks: by their ids, at the group or above it.
    """

    resources: tuple[str, ...] = ()
    assignments: int = 0
    locks: tuple[str, ...] = ()

    def told(self) -> str:
        """What keeps the group, in a sentence's words; "" when nothing does."""
        names = ", ".join(each.rsplit("/", 1)[-1] for each in self.resources[:_SHOWN])
        more = f" and {len(self.resources) - _SHOWN} more" if len(self.resources) > _SHOWN else ""
        roles = f"{self.assignments} role assignment{'s' * (self.assignments > 1)} of others"
        parts = (
            f"it holds {names}{more}" * bool(names),
            f"it carries {roles}" * bool(self.assignments),
            f"it is locked by {', '.join(self.locks)}" * bool(self.locks),
        )
        return " and ".join(filter(None, parts))


@dataclass(frozen=True)
class GroupStanding:
    """others: what is in it and does not go before it; None where that cannot be told."""

    group: ResourceGroupFacts
    ours: bool
    others: _Others | None = None


class ResourceGroupRemoval:
    """What is in a group is only seen by who may read it, without a word about the rest."""

    name = "resource_group"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, GroupGoing]:
        vault = spec.vault
        going = GroupGoing(vault.resource_group, spec.name, Address(spec.name, "vault"), vault.name)
        return {Address(spec.name, self.name): going}

    async def observe(
        self, wanted: Mapping[Address, GroupGoing], known: Known, read: Reader
    ) -> Mapping[Address, Observation[GroupStanding]]:
        return {
            address: blocked(known, going.vault) or await self._look(going, known, read)
            for address, going in wanted.items()
        }

    async def _look(self, going: GroupGoing, known: Known, read: Reader) -> Observation[GroupStanding]:
        found = await read.clients.arm.find_group(going.name)
        if found is None:
            return Absent()
        if found.tags.get(TAG) != going.mark:
            return Present(GroupStanding(found, ours=False))
        vault = known.fact(going.vault)
        goes_before = () if vault is None or vault.fate is not Fate.GOES else (vault.vault.id.lower(),)
        return Present(GroupStanding(found, ours=True, others=await _others(going, goes_before, read)))

    def steps(
        self, address: Address, wanted: GroupGoing | None, seen: Observation[GroupStanding], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present) or not seen.fact.ours:
            return ()
        others = seen.fact.others
        if others is None:
            return (Step(address, Action.NONE, reason="what else is in it could not be seen: it stays"),)
        if kept_by := others.told():
            return (Step(address, Action.NONE, reason=f"{kept_by}: it stays"),)
        return (
            Step(
                address,
                Action.DELETE,
                "delete",
                (Change("vault.resourceGroup", seen.fact.group.name, None),),
                target=str(address),
                removal=True,
                reason="we made it, and nothing else is in it",
                seen=seen.fact.group.name,
            ),
        )

    async def perform(
        self, step: Step, wanted: GroupGoing | None, known: Known, write: Writer
    ) -> Observation[GroupStanding]:
        assert wanted is not None, "one a spec"
        arm = write.clients.arm
        found = await arm.find_group(wanted.name)
        if found is None:
            return Absent()
        others = await _others(wanted, (), write)
        if found.tags.get(TAG) != wanted.mark or others is None or others.told():
            raise StaleError(
                f"resource group {wanted.name} holds or carries something of others now, or lost our mark",
                where=str(step.address),
                next_step=AGAIN,
            )
        await retry_while(
            write,
            _on_its_way_out,
            lambda: arm.delete_group(wanted.name),
            f"resource group {wanted.name} to be gone",
            _DEADLINE_S,
        )
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GROUP,) if operation == "observe" else (DELETE_GROUP,)

    def person(self, step: Step, wanted: GroupGoing | None, known: Known, clients: TenantClients) -> str | None:
        return None if wanted is None else f"az group delete --name {wanted.name}"


async def _others(going: GroupGoing, goes_before: Sequence[str], by: Reader | Writer) -> _Others | None:
    """What is in a group; None unless the caller may read whatever there is: a list leaves the rest out unsaid.

    Raises ApiError for a look that failed.
    """
    arm = by.clients.arm
    scope = arm.group_id(going.name)
    try:
        listed = await arm.list_resources(going.name)
        roles = await arm.list_role_assignments(scope, below=True)
        locks = await arm.governance.list_locks(scope)
        permissions = await arm.governance.list_permissions(scope)
    except ForbiddenError:
        return None
    inside, ours = f"{scope}/".lower(), f"{arm.vault_id(going.name, going.vault_name)}/".lower()
    scopes = [f"{role.scope}/" for role in roles]
    others = _Others(
        tuple(each for each in listed if each.lower() not in goes_before),
        sum(each.startswith(inside) and not each.startswith(ours) for each in scopes),
        tuple(lock.id for lock in locks),
    )
    sees_all = any(
        any(action in _ANY_READ for action in permission.actions)
        and not any(action.lower().endswith(("read", "*")) for action in permission.not_actions)
        for permission in permissions
    )
    return others if sees_all or others.told() else None


def _on_its_way_out(error: ApiError) -> bool:
    """Another run has asked for it already."""
    return isinstance(error, ConflictError) and error.code == "ResourceGroupBeingDeleted"
