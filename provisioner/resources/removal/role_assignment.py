"""The roles we assigned on the vault: withdrawn; the runner's own only when nothing needs it any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.arm_facts import RoleAssignmentFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, Writer, blocked
from provisioner.resources.removal.fate import Fate
from provisioner.resources.rights import ASSIGN_VAULT_ROLES, LIST_SECRETS, READ_VAULT
from provisioner.resources.role_assignment import PURPOSES, RUNNER, made_by_us, runner_address
from provisioner.resources.vault_contents import other_spec, stays_shared
from provisioner.resources.vault_roles import ROLE_IDS
from provisioner.spec.model import Spec

_WITH_THE_VAULT = "it goes with the vault, and does not come back with it"


@dataclass(frozen=True)
class RoleStanding:
    """ours: by its name and description. goes: with the vault. runners: it lets the runner see what is in the vault.

    relied_on: by this other spec, which shares the vault.
    """

    assignment: RoleAssignmentFacts
    ours: bool
    goes: bool
    runners: bool = False
    relied_on: str = ""


class RoleAssignmentRemoval:
    """Others' roles stay with the vault, and go with it. So does the runner's own with a vault that goes: withdrawn
    before, it would blind the run that finishes what this one did not.

    Of a vault that stays, by their addresses, the runner's officer of the secrets goes after its other roles. None is
    withdrawn while another spec keeps something there.
    """

    name = "role_assignment"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, Address]:
        """The vault's address, at one of its own: where a look that fails is told."""
        return {Address(spec.name, self.name): Address(spec.name, "vault")}

    async def observe(
        self, wanted: Mapping[Address, Address], known: Known, read: Reader
    ) -> Mapping[Address, Observation[RoleStanding]]:
        ((address, vault_address),) = wanted.items()
        if (unknown := blocked(known, vault_address)) is not None:
            return {address: unknown}
        vault = known.fact(vault_address)
        if vault is None:
            return {address: Absent()}
        goes = vault.fate is Fate.GOES
        listed = await read.clients.arm.list_role_assignments(vault.vault.id)
        on_it = [assignment for assignment in listed if assignment.scope == vault.vault.id]
        ours = [assignment for assignment in on_it if made_by_us(assignment, address.name, *PURPOSES)]
        other = await other_spec(vault.vault, address.name, read) if ours and not goes else ""
        if isinstance(other, Unknown):
            return {address: other}
        seen: dict[Address, Observation[RoleStanding]] = {address: Absent()}
        for assignment in on_it if goes else ours:
            runners = made_by_us(assignment, address.name, RUNNER)
            here = _address(address.name, assignment, read.runner.object_id if runners else "")
            seen[here] = Present(RoleStanding(assignment, assignment in ours, goes, runners, other))
        return seen

    def steps(
        self, address: Address, wanted: Address | None, seen: Observation[RoleStanding], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        standing = seen.fact
        if not standing.ours:
            return (Step(address, Action.NONE, reason=f"not ours: {_WITH_THE_VAULT}"),)
        if standing.goes and standing.runners:
            return (Step(address, Action.NONE, reason=f"the runner's own: {_WITH_THE_VAULT}"),)
        if standing.relied_on:
            return (Step(address, Action.NONE, reason=stays_shared(standing.assignment, standing.relied_on)),)
        return (
            Step(
                address,
                Action.DELETE,
                "withdraw",
                (Change("principal", standing.assignment.principal_id, None),),
                target=str(address),
                removal=True,
                last=standing.runners,
                seen=standing.assignment.id,
            ),
        )

    async def perform(
        self, step: Step, wanted: Address | None, known: Known, write: Writer
    ) -> Observation[RoleStanding]:
        standing = known.fact(step.address)
        assert standing is not None, "it was seen"
        scope = standing.assignment.scope
        for assignment in await write.clients.arm.list_role_assignments(scope):
            if assignment.id == step.seen:
                await write.clients.arm.delete_role_assignment(scope, assignment.name)
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_VAULT, LIST_SECRETS) if operation == "observe" else (ASSIGN_VAULT_ROLES,)

    def person(self, step: Step, wanted: Address | None, known: Known, clients: TenantClients) -> str | None:
        return f"az role assignment delete --ids {step.seen}"


def _address(name: str, assignment: RoleAssignmentFacts, runner: str) -> Address:
    """As apply names it. runner: who applies, where the assignment is a runner's."""
    role = ROLE_IDS.get(assignment.role_id, assignment.role_id)
    if assignment.principal_id == runner.lower():
        return runner_address(name, role)
    return Address(name, RoleAssignmentRemoval.name, f"{role}/{assignment.principal_id}")
